// What is in exported files beside the numbers: names, texts, graphs and drawings.

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { instance as openGraphviz } from '@viz-js/viz';
import { FORMAT_NAMES, FORMATS, filesOf } from '../../src/export/formats.ts';
import { drawingOf } from '../../src/export/graph/drawing.ts';
import { placed, type Rectangle } from '../../src/export/graph/layout.ts';
import type { Subject } from '../../src/export/subject.ts';
import { permuted } from '../../src/export/tensors.ts';
import { macs, params } from '../../src/search/network.ts';
import { layoutOf } from '../../src/search/parameters.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { DEFAULT_RECIPE } from '../../src/training/recipe.ts';
import { decodeTensors } from '../../src/training/safetensors.ts';
import { anyGenotype } from '../search/genotypes.ts';
import { CASES, subjectOf, type SubjectCase } from './subjects.ts';

const subjects = CASES.map((given) => ({ title: given.title, subject: subjectOf(given) }));
const [first] = subjects as [(typeof subjects)[number]];
const resnet = subjects.find(({ title }) => title.includes('ResNet'))?.subject as Subject;

const textOf = (subject: Subject, format: (typeof FORMAT_NAMES)[number], name?: string): string => {
  const files = filesOf(format, subject);
  const file = name === undefined ? files[0] : files.find((one) => one.name === name);
  return file?.content as string;
};

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

test('axes of a tensor are permuted as NumPy does', () => {
  // np.arange(6).reshape(1, 2, 3).transpose(2, 0, 1)
  const { shape, values } = permuted(Float32Array.from([0, 1, 2, 3, 4, 5]), [1, 2, 3], [2, 0, 1]);
  expect(shape).toEqual([3, 1, 2]);
  expect([...values]).toEqual([0, 3, 1, 4, 2, 5]);
});

test('every format of any architecture can be written', () => {
  fc.assert(
    fc.property(
      anyGenotype(1, 4),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 4 }),
      (genes, size, channels) => {
        const given: SubjectCase = {
          title: '',
          model: { kind: 'architecture', space: 'mstf', genotype: mstf.canonical(genes), initChannels: 4 },
          input: [size, size + 1, channels],
          classes: 3,
        };
        const subject = subjectOf(given);
        for (const format of FORMAT_NAMES) {
          const files = FORMATS[format].write(subject);
          expect(files[0]?.name).toBe(`model${FORMATS[format].extension}`);
          for (const { name, content } of files) {
            expect(name.startsWith('model')).toBe(true);
            expect(content.length).toBeGreaterThan(0);
          }
        }
        const { boxes, groups } = placed(drawingOf(subject.network));
        for (const { group, at } of groups) {
          const inside = [...boxes].filter(([, box]) => overlap(at, box)).map(([id]) => id);
          expect(inside.toSorted()).toEqual(group.members.toSorted());
        }
      },
    ),
    { numRuns: 25 },
  );
});

describe('without weights', () => {
  const subject = { ...first.subject, values: null };

  test.each(['onnx', 'tfjs'] as const)('%s is refused, with advice', (format) => {
    expect(() => filesOf(format, subject)).toThrow(
      expect.objectContaining({
        code: 'INVALID_STATE',
        message: expect.stringContaining('json, svg or dot'),
      }),
    );
  });

  test('PyTorch has its source alone, and graphs are as ever', () => {
    expect(FORMATS.pytorch.write(subject).map(({ name }) => name)).toEqual(['model.py']);
    expect(textOf(subject, 'dot')).toBe(textOf(first.subject, 'dot'));
  });
});

describe('PyTorch', () => {
  test.each(subjects)('$title: a tensor for each parameter, called as its path', ({ subject }) => {
    const [, weights] = FORMATS.pytorch.write(subject);
    const { tensors, metadata } = decodeTensors(weights?.content as Uint8Array);
    const { parameters, floats } = layoutOf(subject.network);
    expect(tensors).toHaveLength(parameters.length);
    expect(new Set(tensors.map(({ name }) => name)).size).toBe(tensors.length);
    expect(tensors.reduce((sum, { values }) => sum + values.length, 0)).toBe(floats);
    expect(metadata['weights_sha256']).toMatch(/^[0-9a-f]{64}$/u);
    const isBaseline = subject.model.kind === 'baseline';
    expect(tensors.map(({ name }) => name)).toContain(
      isBaseline ? 's0.b0.part1.conv.weight' : 'b0.pre.conv.weight',
    );
  });

  test.each(subjects)(
    '$title: lines of at most 79 letters, no tabs, no spaces at their ends',
    ({ subject }) => {
      const lines = textOf(subject, 'pytorch').split('\n');
      expect(lines.filter((line) => line.length > 79 || /\t|\s$/u.test(line))).toEqual([]);
    },
  );
});

describe('TF.js', () => {
  test('weights are cut into shards of 4 MiB that the manifest lists in order', () => {
    const big = subjectOf({
      title: '',
      model: { kind: 'baseline', name: 'resnet18', initChannels: 32 },
      input: [28, 28, 1],
      classes: 2,
    });
    const [main, ...shards] = FORMATS.tfjs.write(big);
    const { weightsManifest } = JSON.parse(main?.content as string) as {
      readonly weightsManifest: readonly [
        {
          readonly paths: readonly string[];
          readonly weights: readonly { readonly shape: readonly number[] }[];
        },
      ];
    };
    const [{ paths, weights }] = weightsManifest;
    expect(shards.length).toBeGreaterThan(2);
    expect(paths).toEqual(shards.map(({ name }) => name));
    expect(shards.slice(0, -1).every(({ content }) => content.length === 4 * 2 ** 20)).toBe(true);
    const floats = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(shards.reduce((sum, { content }) => sum + content.length, 0)).toBe(4 * floats);
  });
});

describe('JSON', () => {
  const schema = JSON.parse(
    readFileSync(new URL('../../docs/graph.schema.json', import.meta.url), 'utf8'),
  ) as object;
  const validate = new Ajv({ allowUnionTypes: true }).compile(schema);

  test.each(subjects)('$title: as its schema says', ({ subject }) => {
    const graph = JSON.parse(textOf(subject, 'json')) as {
      readonly totals: object;
      readonly nodes: readonly { readonly params: number }[];
    };
    expect(validate(graph) ? null : validate.errors).toBeNull();
    expect(graph.totals).toMatchObject({ macs: macs(subject.network), params: params(subject.network) });
    expect(graph.nodes.reduce((sum, node) => sum + node.params, 0)).toBe(params(subject.network));
  });

  test('the schema refuses what is no such graph', () => {
    const graph = JSON.parse(textOf(first.subject, 'json')) as Record<string, unknown>;
    expect(validate({ ...graph, version: 2 })).toBe(false);
    expect(validate({ ...graph, nodes: [] })).toBe(false);
    expect(validate({ ...graph, more: 1 })).toBe(false);
  });
});

const contains = (outer: Rectangle, inner: Rectangle): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

describe('drawings', () => {
  test.each(subjects)(
    '$title: each node is in one box, and boxes do not overlap',
    ({ subject: { network } }) => {
      const drawing = drawingOf(network);
      const boxes = drawing.sections.flatMap((section) => section.boxes);
      const homes = network.nodes.map(
        ({ path }) => boxes.filter(({ id }) => path === id || path.startsWith(`${id}.`)).length,
      );
      expect(homes.every((count) => count === 1)).toBe(true);
      expect(boxes.reduce((sum, box) => sum + box.params, 0)).toBe(params(network));

      const { boxes: places, frames, groups } = placed(drawing);
      const rectangles = boxes.map(({ id }) => places.get(id) as Rectangle);
      expect(rectangles.some((a, i) => rectangles.some((b, j) => j < i && overlap(a, b)))).toBe(false);
      frames.forEach(({ section, at }) => {
        for (const { id } of section.boxes) expect(contains(at, places.get(id) as Rectangle)).toBe(true);
      });
      for (const { group, at } of groups) {
        const inside = boxes.filter(({ id }) => overlap(at, places.get(id) as Rectangle)).map(({ id }) => id);
        expect(inside.toSorted()).toEqual(group.members.toSorted());
      }
    },
  );

  test.each(subjects)('$title: all but the image are read from, all but the output read', ({ subject }) => {
    const { sections, edges } = drawingOf(subject.network);
    const ids = sections.flatMap(({ boxes }) => boxes.map(({ id }) => id));
    expect(ids.filter((id) => !edges.some(([, to]) => to === id))).toEqual(['input']);
    expect(ids.filter((id) => !edges.some(([from]) => from === id))).toEqual([ids.at(-1)]);
    expect(edges.every(([from, to]) => ids.includes(from) && ids.includes(to))).toBe(true);
  });

  test('what the SVG says is escaped, its tags are closed, and it draws every edge and box', () => {
    const name = '<b> & "quoted"';
    const dataset = {
      name,
      title: name,
      task: 'binary-class',
      classes: ['a', 'b'],
      samples: {},
      licence: null,
      url: null,
    };
    const subject = { ...resnet, facts: { ...resnet.facts, dataset } };
    const svg = textOf(subject, 'svg');
    const open: string[] = [];
    const closed = [...svg.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/gu)].flatMap(
      ([, close, tag = '', own]) => {
        if (close === '/') return [[open.pop(), tag]];
        if (own !== '/') open.push(tag);
        return [];
      },
    );
    expect(open).toEqual([]);
    expect(closed.filter(([opened, tag]) => opened !== tag)).toEqual([]);
    expect(closed.length).toBeGreaterThan(50);
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('dataset: &lt;b&gt; &amp; &quot;quoted&quot;');
    expect(svg.replaceAll(/&(?:amp|lt|gt|quot);/gu, '')).not.toContain('&');
    const { sections } = drawingOf(subject.network);
    for (const { id } of sections.flatMap(({ boxes }) => boxes)) expect(svg).toContain(`<g id="${id}">`);
  });

  test.each(subjects)(
    '$title: Graphviz lays its source out, every box and edge of it',
    async ({ subject }) => {
      const graphviz = await openGraphviz();
      const { sections, edges } = drawingOf(subject.network);
      const drawn = graphviz.renderJSON(textOf(subject, 'dot')) as {
        readonly objects: readonly { readonly name: string }[];
        readonly edges: readonly object[];
      };
      const names = drawn.objects.map(({ name }) => name);
      expect(names).toEqual(
        expect.arrayContaining(sections.flatMap(({ boxes }) => boxes.map(({ id }) => id))),
      );
      expect(names.filter((name) => name.startsWith('cluster_')).length).toBeGreaterThanOrEqual(
        sections.length,
      );
      expect(drawn.edges).toHaveLength(edges.length);
    },
  );
});

describe('the model card', () => {
  const trained: Subject = {
    ...resnet,
    facts: {
      version: '1.2.3',
      seed: 5,
      dataset: {
        name: 'breastmnist',
        title: 'BreastMNIST (breast ultrasound)',
        task: 'binary-class',
        classes: ['malignant', 'normal, benign'],
        samples: { train: 546, val: 78, test: 156 },
        licence: 'CC BY 4.0',
        url: 'https://zenodo.org/records/10519652',
      },
      training: {
        id: 'a-run',
        recipe: DEFAULT_RECIPE,
        epoch: 41,
        metrics: [
          { split: 'test', name: 'AUC', value: 0.9012, interval: [0.85, 0.94] },
          { split: 'test', name: 'quadratic kappa', value: null, interval: null },
        ],
      },
    },
  };

  test('travels with every format, the same', () => {
    const cards = FORMAT_NAMES.map((format) => textOf(trained, format, 'MODEL_CARD.md'));
    expect(new Set(cards).size).toBe(1);
    for (const format of FORMAT_NAMES)
      expect(filesOf(format, trained).map(({ name }) => name)).toContain('card.json');
  });

  test.each([
    ['| test | AUC | 0.9012 | 0.8500 to 0.9400 |'],
    ['| test | quadratic kappa | - | - |'],
    ['after epoch 42 of 100'],
    ['| licence of the data | CC BY 4.0 |'],
    ['| learningRate | 0.001 |'],
    ['not a medical device'],
    ['(x / 255 - 0.5) / 0.5'],
    ['load("model.safetensors")'],
  ])('of a trained network says %s', (text) => {
    expect(textOf(trained, 'onnx', 'MODEL_CARD.md')).toContain(text);
  });

  test('of an untrained one says that it has learned nothing', () => {
    const page = textOf(first.subject, 'svg', 'MODEL_CARD.md');
    expect(page).toContain('it has learned nothing');
    expect(page).not.toContain('### Measured');
  });

  test('has the hash of the weights, which changes with one of them', () => {
    const hashOf = (subject: Subject): unknown =>
      (JSON.parse(textOf(subject, 'json', 'card.json')) as { readonly weights: { readonly sha256: unknown } })
        .weights.sha256;
    const values = Float32Array.from(trained.values as Float32Array);
    expect(hashOf({ ...trained, values })).toBe(hashOf(trained));
    values[values.length - 1] = 17;
    expect(hashOf({ ...trained, values })).not.toBe(hashOf(trained));
  });
});
