import fc from 'fast-check';
import { mstf } from '../../src/search/space/mstf.ts';
import { orderOf, pressed, questionOf } from '../../web/src/architecture/asked.ts';
import { drawingOf, type Level } from '../../web/src/architecture/drawing.ts';
import { genesOf, heritageOf, inherited, tally } from '../../web/src/architecture/genes.ts';
import { valueOf } from '../../web/src/measure/measured.ts';
import { toWhole } from '../../web/src/measure/whole.ts';
import { graphNodeLabel, operationLabel } from '../../web/src/architecture/labels.ts';
import { type Box, type Direction, pathAlong, placed } from '../../web/src/architecture/layout.ts';
import { NO_PAGES, PAGE, type Pages, received, rowAt, wanted } from '../../web/src/architecture/pages.ts';
import { histogramOf, placeOf, standingOf, wordsOf } from '../../web/src/architecture/standing.ts';

const OPERATIONS = mstf.operations;

describe('labels', () => {
  test.each([
    ['sep_conv_3x3', 'sep conv 3×3'],
    ['conv_7x1_1x7', 'conv 7×1 1×7'],
    ['max_pool_4x4', 'max pool 4×4'],
    ['identity', 'identity'],
  ])('of %s is %s', (name, label) => {
    expect(operationLabel(name)).toBe(label);
  });

  test.each([
    [
      'CONV',
      [
        ['kernel', [3, 3]],
        ['channels', [16]],
      ],
      'conv 3×3',
    ],
    [
      'DEPTHWISE',
      [
        ['kernel', [5, 5]],
        ['dilation', [1]],
      ],
      'depthwise 5×5',
    ],
    [
      'DEPTHWISE',
      [
        ['kernel', [5, 5]],
        ['dilation', [2]],
      ],
      'depthwise 5×5 dil 2',
    ],
    ['MAX_POOL', [['size', [4]]], 'max pool 4×4'],
    ['RELU', [], 'ReLU'],
  ] as const)('of %s with %j is %s', (op, attributes, label) => {
    const told = attributes.map(([name, values]) => ({ name, values: [...values] }));
    expect(graphNodeLabel({ op, attributes: told })).toBe(label);
  });

  test('SynFlow is told by its logarithm, others by their value', () => {
    expect(valueOf({ name: 'SYNFLOW', value: 1e10, log: 23 })).toBe(23);
    expect(valueOf({ name: 'GRASP', value: -2, log: null })).toBe(-2);
    expect(valueOf({ name: 'JACOB_COV', value: null, log: null })).toBeNull();
  });
});

describe('standing', () => {
  test.each([
    [5, [], 'Nothing to compare it with'],
    [5, [5, 5], 'The same as all 3'],
    [5, [1, 2, 3], 'The largest of 4'],
    [5, [1, 5, 3], 'Among the largest of 4'],
    [0, [1, 2, 3], 'The smallest of 4'],
    [1, [1, 2, 3], 'Among the smallest of 4'],
    [2.5, [1, 2, 3], 'Larger than 66 % of the 3 others'],
  ])('of %d among %j', (value, others, words) => {
    expect(wordsOf(standingOf(value, others))).toBe(words);
  });

  test('of one above very few says so, never 0 %', () => {
    const others = [1, ...Array.from({ length: 150 }, () => 9)];
    expect(wordsOf(standingOf(1.5, others))).toBe('Larger than less than 1 % of the 151 others');
  });

  test.each([
    [[0, 1, 2, 3], 2, [2, 2]],
    [[0, 10], 5, [1, 0, 0, 0, 1]],
    [[7, 7, 7], 3, [0, 3, 0]],
  ])('histogram of %j in %d bins', (values, bins, counts) => {
    expect(histogramOf(values, bins).counts).toEqual(counts);
  });

  test('every value is in one bin, and none lies beyond the ends', () => {
    const values = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 40 }), (values, bins) => {
        const histogram = histogramOf(values, bins);
        expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(values.length);
        for (const value of values) {
          expect(placeOf(value, histogram)).toBeGreaterThanOrEqual(0);
          expect(placeOf(value, histogram)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('genes', () => {
  const form = { blockLength: 6, normal: 2, operations: OPERATIONS };

  test('are told by node and role', () => {
    expect(genesOf([0, 0, 6, 1, 0, 5], form)).toEqual([
      { node: 'n1', role: 'operation', label: 'sep conv 3×3' },
      { node: 'n1', role: 'input', label: 'input' },
      { node: 'n2', role: 'operation', label: 'identity' },
      { node: 'n2', role: 'input', label: 'n1' },
      { node: 'r1', role: 'operation', label: 'max pool 2×2' },
      { node: 'r2', role: 'operation', label: 'avg pool 4×4' },
    ]);
  });

  test.each([
    ['place by place', [1, 0, 2, 1], [1, 0, 3, 0], [4, 0, 2, 0], 2, ['first', 'both', 'second', 'neither']],
    [
      'pools wherever they stand',
      [0, 0, 1, 2],
      [0, 1, 2, 3],
      [0, 0, 4, 5],
      0,
      ['both', 'second', 'first', 'first'],
    ],
    ['pools of no parent', [3], [1], [2], 0, ['neither']],
  ] as const)('are inherited %s', (_, child, first, second, normal, from) => {
    expect(heritageOf(child, first, second, { normal })).toEqual(from);
  });

  test('are told block by block, with what the parents have there', () => {
    const [a, b] = [
      [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0],
      [1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1],
    ];
    const child = [0, 0, 0, 1, 0, 0, 1, 0, 7, 1, 1, 1];
    const blocks = inherited(child, [a ?? [], b ?? []], form);
    expect(blocks).toHaveLength(2);
    expect(blocks[1]?.[2]).toEqual({
      node: 'n2',
      role: 'operation',
      label: 'zero',
      from: 'neither',
      first: 'sep conv 3×3',
      second: 'sep conv 5×5',
    });
    expect(tally(blocks)).toEqual({ both: 4, first: 4, second: 3, neither: 1 });
  });
});

const OP_NAMES = {
  input: 'INPUT',
  conv: 'CONV',
  depthwise: 'DEPTHWISE',
  batchNorm: 'BATCH_NORM',
  relu: 'RELU',
  zero: 'ZERO',
  concat: 'CONCAT',
  add: 'ADD',
  maxPool: 'MAX_POOL',
  avgPool: 'AVG_POOL',
  globalAvgPool: 'GLOBAL_AVG_POOL',
  dense: 'DENSE',
} as const;

/** A network as the API tells it, without its costs. */
function told(genotype: readonly number[]) {
  const { nodes, blocks } = mstf.build(genotype, { input: [28, 28, 1], classes: 2, initChannels: 4 });
  const cost = { macs: 1, params: 0 };
  const toCell = (cell: (typeof blocks)[number]['normal'][number]) => ({
    ...cell,
    ...cost,
    shape: [...(nodes[cell.output]?.shape ?? [])],
  });
  return {
    nodes: nodes.map(({ op, path, shape }, index) => ({
      index,
      op: OP_NAMES[op],
      path,
      shape: [...shape],
      attributes: [],
      ...cost,
    })),
    edges: nodes.flatMap(({ inputs, shape }, target) =>
      inputs.map((source) => ({ source, target, shape: [...shape] })),
    ),
    blocks: blocks.map(({ path, channels, normal, reduction }) => ({
      path,
      channels,
      ...cost,
      normal: normal.map(toCell),
      reduction: reduction.map(toCell),
    })),
  };
}

const anyGenotype = fc
  .integer({ min: 1, max: 3 })
  .chain((blocks) => fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))));

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('drawing', () => {
  //            n1    n2    n3    n4    n5    pools
  const GENES = [0, 0, 6, 1, 7, 0, 3, 2, 5, 3, 0, 1, 2, 5];

  test('of cells has a node for each cell node, and marks loose ends', () => {
    const { sections, edges } = drawingOf(told(GENES), 'cells');
    expect(sections.map(({ id }) => id)).toEqual(['stem', 'b0', 'head']);
    const block = sections[1];
    expect(block?.nodes.map(({ id }) => id.slice(3))).toEqual([
      'pre',
      'n1',
      'n2',
      'n3',
      'n4',
      'n5',
      'normal',
      'r1',
      'r2',
      'r3',
      'r4',
      'reduction',
    ]);
    expect(block?.nodes.filter(({ loose }) => loose).map(({ id }) => id)).toEqual(['b0.n4', 'b0.n5']);
    expect(block?.nodes.map(({ kind }) => kind)).toEqual([
      'conv',
      'conv',
      'pass',
      'pass',
      'conv',
      'conv',
      'data',
      'pool',
      'pool',
      'pool',
      'pool',
      'data',
    ]);
    expect(edges).toContainEqual(['b0.n1', 'b0.n2']);
    expect(edges).toContainEqual(['b0.n5', 'b0.normal']);
    expect(edges).not.toContainEqual(['b0.n1', 'b0.normal']);
    expect(edges).toContainEqual(['b0.reduction', 'head.pool']);
  });

  test('tells all of the network’s costs once', () => {
    for (const level of ['cells', 'operations'] as const) {
      const network = told(GENES);
      // Of cell nodes the API sums up; identities cost nothing.
      const blocks = network.blocks.map((block) => ({
        ...block,
        normal: block.normal.map((cell) => ({
          ...cell,
          macs: network.nodes.filter(({ path }) => path === cell.path || path.startsWith(`${cell.path}.`))
            .length,
        })),
        reduction: block.reduction.map((cell) => ({ ...cell, macs: 2 })),
      }));
      const { sections } = drawingOf({ ...network, blocks }, level);
      expect(sections.reduce((sum, { macs }) => sum + macs, 0)).toBe(network.nodes.length);
    }
  });

  test('has its ends among its nodes, and places all of them apart and within their frame', () => {
    const levels = fc.constantFrom<Level>('cells', 'operations');
    const directions = fc.constantFrom<Direction>('LR', 'TB');
    fc.assert(
      fc.property(anyGenotype, levels, directions, (genotype, level, direction) => {
        const drawing = drawingOf(told(genotype), level);
        const ids = new Set(drawing.sections.flatMap(({ nodes }) => nodes.map(({ id }) => id)));
        expect(drawing.edges.flat().filter((id) => !ids.has(id))).toEqual([]);
        const { boxes, edges, frames, width, height } = placed(drawing, direction);
        expect(boxes.size).toBe(ids.size);
        expect(edges).toHaveLength(drawing.edges.length);
        for (const { section, box } of frames) {
          const inside = section.nodes.map(({ id }) => boxes.get(id) as Box);
          expect(box.x + box.width).toBeLessThanOrEqual(width);
          expect(box.y + box.height).toBeLessThanOrEqual(height);
          for (const [i, one] of inside.entries()) {
            expect(one.x >= box.x && one.y >= box.y).toBe(true);
            expect(one.x + one.width <= box.x + box.width && one.y + one.height <= box.y + box.height).toBe(
              true,
            );
            expect(inside.slice(i + 1).filter((other) => overlap(one, other))).toEqual([]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  test.each([
    [[], 5, ''],
    [
      [
        [0, 0],
        [10, 0],
      ],
      5,
      'M0 0L10 0',
    ],
    [
      [
        [0, 0],
        [10, 0],
        [10, 10],
      ],
      4,
      'M0 0L6 0Q10 0 10 4L10 10',
    ],
    [
      [
        [0, 0],
        [10, 0],
        [10, 4],
      ],
      99,
      'M0 0L5 0Q10 0 10 2L10 4',
    ],
    [
      [
        [0, 0],
        [0, 0],
        [4, 0],
      ],
      2,
      'M0 0L0 0Q0 0 2 0L4 0',
    ],
  ] as const)('path along %j', (points, radius, path) => {
    expect(
      pathAlong(
        points.map(([x, y]) => ({ x, y })),
        radius,
      ),
    ).toBe(path);
  });
});

describe('what is asked of the archive', () => {
  test.each([
    ['', null],
    ['  ', null],
    ['0', 0],
    ['1,500', 1500],
    ['1.5M', 1_500_000],
    ['20 k', 20_000],
    ['.5g', 500_000_000],
    ['-1', Number.NaN],
    ['1e6', Number.NaN],
    ['many', Number.NaN],
    ['99999999T', Number.NaN],
  ])('%j is %d', (text, value) => {
    expect(toWhole(text)).toBe(value);
  });

  test('what is empty or not understood binds nothing', () => {
    const nothing = {
      dataset: '',
      maxMacs: '',
      maxParams: 'x',
      initChannels: '',
      feasible: '',
      sort: 'NO.WAY',
    };
    expect(questionOf(nothing)).toEqual({ filter: {}, orderBy: { by: 'JACOB_COV', direction: 'DESC' } });
    expect(
      questionOf({ ...nothing, dataset: 'd', maxMacs: '1k', feasible: 'false', sort: 'PARAMS.ASC' }),
    ).toEqual({
      filter: { dataset: 'd', maxMacs: 1000, feasible: false },
      orderBy: { by: 'PARAMS', direction: 'ASC' },
    });
  });

  test('a column pressed again turns round', () => {
    expect(pressed('JACOB_COV.DESC', 'MACS')).toBe('MACS.DESC');
    expect(pressed('MACS.DESC', 'MACS')).toBe('MACS.ASC');
    expect(pressed('MACS.ASC', 'MACS')).toBe('MACS.DESC');
    expect(orderOf('toString.ASC')).toEqual({ by: 'JACOB_COV', direction: 'ASC' });
  });
});

describe('pages', () => {
  const page = (number: number, total: number) => {
    const rows = Array.from({ length: Math.min(PAGE, total - number * PAGE) }, (_, i) => number * PAGE + i);
    return { total, rows, next: (number + 1) * PAGE < total ? `after ${number}` : null };
  };
  /** Loads all that is wanted for some rows; how many pages that took. */
  function load(pages: Pages<number>, sight: { first: number; last: number }, total: number) {
    let [now, steps] = [pages, 0];
    for (;;) {
      const next = wanted(now, sight);
      if (next === null) return { pages: now, steps };
      expect(next.after).toBe(next.page === 0 ? null : `after ${next.page - 1}`);
      now = received(now, next.page, page(next.page, total), sight);
      steps++;
    }
  }

  test('nothing is wanted of an empty list, nor beyond its end', () => {
    expect(load(NO_PAGES, { first: 0, last: 40 }, 0).steps).toBe(1);
    expect(load(NO_PAGES, { first: 0, last: 4000 }, 150).steps).toBe(2);
  });

  test('rows far down are reached by walking there, and few pages are held', () => {
    const { pages, steps } = load(NO_PAGES, { first: 19_960, last: 19_999 }, 20_000);
    expect(steps).toBe(200);
    expect(pages.held.size).toBeLessThanOrEqual(10);
    expect(rowAt(pages, 19_999)).toBe(19_999);
    expect(rowAt(pages, 0)).toBeUndefined();
    const back = load(pages, { first: 10_000, last: 10_030 }, 20_000);
    expect(back.steps).toBe(1);
    expect(rowAt(back.pages, 10_030)).toBe(10_030);
  });

  test('a list that has become shorter ends where its last page does', () => {
    const { pages } = load(NO_PAGES, { first: 0, last: 10 }, 1000);
    const shorter = received(
      pages,
      1,
      { total: 1000, rows: [100, 101], next: null },
      { first: 90, last: 110 },
    );
    expect(shorter.total).toBe(102);
    expect(wanted(shorter, { first: 900, last: 940 })).toBeNull();
  });
});
