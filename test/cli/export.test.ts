// `mednas export`: from a genotype, an architecture of the archive and a training, to files that are whole or not
// there.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf } from '../../src/export/formats.ts';
import { architectureId } from '../../src/search/identity.ts';
import { networkOfModel } from '../../src/search/model.ts';
import { layoutOf, valuesOf } from '../../src/search/parameters.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { openArchive } from '../../src/storage/archive.ts';
import type { ArchitectureRecord, TrainingId, TrainingRecord } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { openWeights } from '../../src/storage/weights.ts';
import { DEFAULT_RECIPE } from '../../src/training/recipe.ts';
import { decodeTensors } from '../../src/training/safetensors.ts';
import { scratchFolder } from '../data/scratch.ts';
import { CASES, subjectOf } from '../export/subjects.ts';
import { mednas } from './mednas.ts';

const { folder } = scratchFolder();
const GENOTYPE = '0,0,1,1,2,2,3,3,4,4,0,1,2,3';
const canonical = mstf.canonical(GENOTYPE.split(',').map(Number));

const run = (...args: readonly string[]) => mednas(['export', ...args], { cwd: folder });

interface Report {
  readonly format: string;
  readonly model: { readonly id: string };
  readonly input: readonly number[];
  readonly classes: number;
  readonly weights: { readonly origin: string; readonly sha256: string };
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

async function report(...args: readonly string[]): Promise<Report> {
  const { code, stdout, stderr } = await run(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Report;
}

test.each([
  ['onnx', ['model.onnx']],
  ['pytorch', ['model.py', 'model.safetensors']],
  ['tfjs', ['model.json', 'model-shard1of1.bin']],
  ['json', ['model.graph.json']],
  ['svg', ['model.svg']],
  ['dot', ['model.dot']],
])('%s into a folder, with its card', async (format, names) => {
  const out = join(folder, 'exports', format);
  const { files, model, input, classes } = await report(
    '--genotype',
    GENOTYPE,
    '--format',
    format,
    '--out',
    out,
  );
  const all = [...names, 'MODEL_CARD.md', 'card.json'];
  expect(files.map(({ path }) => path)).toEqual(all.map((name) => join(out, name)));
  expect(readdirSync(out).toSorted()).toEqual(all.toSorted());
  for (const { path, bytes, sha256 } of files) {
    const content = readFileSync(path);
    expect(content).toHaveLength(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  }
  expect({ id: model.id, input, classes }).toEqual({
    id: architectureId('mstf', canonical),
    input: [28, 28, 1],
    classes: 2,
  });
});

test('a file that ends as the format does is the main one, and gives the others their names', async () => {
  await report('--genotype', GENOTYPE, '--format', 'pytorch', '--out', 'net.py');
  await report('--genotype', GENOTYPE, '--format', 'json', '--out', 'net.json');
  await report('--genotype', GENOTYPE, '--format', 'onnx', '--out', 'net.onnx');
  const names = readdirSync(folder).filter((name) => name.startsWith('net'));
  expect(names.toSorted()).toEqual([
    'net.MODEL_CARD.md',
    'net.card.json',
    'net.json',
    'net.onnx',
    'net.py',
    'net.safetensors',
  ]);
  expect(readFileSync(join(folder, 'net.py'), 'utf8')).toContain('load("net.safetensors")');
});

test('sizes and seed are those of the flags; equal ones, equal bytes', async () => {
  const flags = ['--input-size', '32', '--input-channels', '3', '--classes', '7', '--init-channels', '8'];
  const asked = (seed: string, out: string) =>
    report('--genotype', GENOTYPE, '--format', 'onnx', '--out', out, ...flags, '--seed', seed);
  const [one, again, other] = [await asked('1', 'one'), await asked('1', 'again'), await asked('2', 'other')];
  expect({ input: one.input, classes: one.classes }).toEqual({ input: [32, 32, 3], classes: 7 });
  expect(again.files[0]?.sha256).toBe(one.files[0]?.sha256);
  expect(other.weights.sha256).not.toBe(one.weights.sha256);
});

describe('what is there already', () => {
  const args = ['--genotype', GENOTYPE, '--format', 'dot', '--out', 'there.dot'];

  test('stays as it is without --force, and nothing else is written', async () => {
    const place = join(folder, 'kept');
    mkdirSync(place);
    writeFileSync(join(place, 'MODEL_CARD.md'), 'mine');
    const { code, stderr } = await run(...args.slice(0, -1), 'kept');
    expect(code).toBe(2);
    expect(stderr).toMatch(/MODEL_CARD\.md is there already.*--force.*\[CONFLICT\]/u);
    expect(readdirSync(place)).toEqual(['MODEL_CARD.md']);
    expect((await run(...args.slice(0, -1), 'kept', '--force')).code).toBe(0);
    expect(readdirSync(place).toSorted()).toEqual(['MODEL_CARD.md', 'card.json', 'model.dot']);
  });

  test('is no obstacle when it is the same', async () => {
    expect((await run(...args)).code).toBe(0);
    expect((await run(...args)).code).toBe(0);
  });

  test('a folder in the place of a file, or a file in that of a folder, is told of', async () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'taken', 'model.dot'), { recursive: true });
    const under = await run(...args.slice(0, -1), 'file/below');
    const over = await run(...args.slice(0, -1), 'taken');
    expect([under.code, over.code]).toEqual([2, 2]);
    expect(under.stderr).toContain('a file is in the place of its folder');
    expect(over.stderr).toContain('a folder is in its place');
  });
});

test.each([
  [['--genotype', '0,0,9'], /INVALID_GENOTYPE/u],
  [['--genotype', '9,0,1,1,2,2,3,3,4,4,0,1,2,3'], /Gene 0 .* from 0 to 7; got 9/u],
  [['--genotype', '0,x,1,1,2,2,3,3,4,4,0,1,2,3'], /got 'x'/u],
  [[], /one of --genotype, --architecture and --run; got none/u],
  [['--genotype', GENOTYPE, '--run', 'x'], /got --genotype and --run/u],
  [['--genotype', GENOTYPE, '--classes', '0'], /--classes is an integer from 1 to 1000; got '0'/u],
  [['--genotype', GENOTYPE, '--init-channels', '6'], /--init-channels is a multiple of 4/u],
  [['--genotype', GENOTYPE, '--seed', '1.5'], /--seed is an integer/u],
  [['--architecture', 'nobody'], /no architecture 'nobody' in the archive.*--genotype.*\[NOT_FOUND\]/u],
  [['--run', 'nothing'], /no training 'nothing'.*\[NOT_FOUND\]/u],
  [['--run', 'x', '--classes', '3'], /--classes is given with --run/u],
])('%p is refused', async (args, said) => {
  const { code, stderr, stdout } = await run(...args, '--format', 'svg', '--out', 'refused');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
  expect(readdirSync(folder)).not.toContain('refused');
});

test('a format there is not, and a name that would break what is written, are refused', async () => {
  const format = await run('--genotype', GENOTYPE, '--format', 'caffe', '--out', 'x');
  expect(format.stderr).toContain("--format is one of onnx, pytorch, tfjs, json, svg, dot; got 'caffe'");
  const name = await run('--genotype', GENOTYPE, '--format', 'pytorch', '--out', 'a"b.py');
  expect(name.stderr).toContain('--out names a file in letters');
});

describe('from the archive', () => {
  const given = CASES[0] as (typeof CASES)[number];
  const subject = subjectOf(given);
  const values = subject.values as Float32Array;
  const protocol = {
    dataset: 'breastmnist',
    task: 'binary-class',
    data: 'test',
    samples: { train: 546, val: 78, test: 156 },
    input: given.input,
    classes: given.classes,
    multiLabel: false,
    numerics: 'test',
  } as const;
  const training: TrainingRecord = {
    id: 'finished' as TrainingId,
    model: given.model,
    architecture: null,
    dataset: 'breastmnist',
    recipe: DEFAULT_RECIPE,
    protocol,
    status: 'running',
    failure: null,
    idempotencyKey: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    finishedAt: null,
    epoch: 3,
    best: null,
    measured: null,
  };
  const scored = {
    architecture: architectureId('mstf', canonical),
    protocolId: 'protocol',
    protocol: {
      space: 'mstf',
      dataset: 'retinamnist',
      input: [28, 28, 3],
      classes: 5,
      multiLabel: false,
      initChannels: 12,
      seed: 9,
    },
    genotype: canonical,
    evaluation: { status: 'infeasible', reason: 'test', scores: {}, macs: 0, params: 0 },
    scoredAt: '2026-01-01T00:00:00.000Z',
  } as unknown as ArchitectureRecord;

  beforeAll(async () => {
    const data = join(folder, 'data');
    const archive = openArchive(await openSqlite(data));
    const weights = openWeights(join(data, 'weights'));
    const network = networkOfModel(given.model, { input: given.input, classes: given.classes });
    const file = await weights.writeBest(training.id, 2, {
      tensors: layoutOf(network).parameters.map((one) => ({ ...one, values: valuesOf(values, one) })),
      metadata: {},
    });
    const best = { epoch: 2, loss: 0.5, auc: 0.875, acc: 0.75, ...file };
    await archive.addTraining({ ...training, best });
    await archive.addTraining({ ...training, id: 'young' as TrainingId, epoch: -1 });
    await archive.addTraining({ ...training, id: 'lost' as TrainingId, best });
    await archive.addArchitecture(scored);
    await archive.close();
  });

  const inArchive = (...args: readonly string[]) =>
    mednas(['export', ...args], { cwd: folder, env: { MEDNAS_DATA_DIR: join(folder, 'data') } });

  const globalId = (text: string): string => Buffer.from(text).toString('base64url');

  test.each(['finished', globalId('TrainingRun:finished')])(
    'a training, %s: the weights it learned',
    async (id) => {
      const out = `run-${id}`;
      const { code, stderr } = await inArchive('--run', id, '--format', 'pytorch', '--out', out);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const written = decodeTensors(new Uint8Array(readFileSync(join(folder, out, 'model.safetensors'))));
      const wanted = decodeTensors(
        filesOf('pytorch', subject).find(({ name }) => name === 'model.safetensors')?.content as Uint8Array,
      );
      expect(written.tensors).toEqual(wanted.tensors);
      const card = readFileSync(join(folder, out, 'MODEL_CARD.md'), 'utf8');
      expect(card).toContain('after epoch 3 of 100');
      expect(card).toContain('| validation | AUC | 0.8750 | - |');
      expect(card).toContain('CC BY 4.0');
    },
  );

  test.each([
    ['young', /Training young has no weights yet.*no epoch is finished.*--genotype.*\[INVALID_STATE\]/u],
    ['lost', /not on this machine/u],
  ])('a training without weights, %s, is an error that says what to do', async (id, said) => {
    const { code, stderr } = await inArchive('--run', id, '--format', 'onnx', '--out', 'none');
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test.each([
    architectureId('mstf', canonical),
    `protocol:${architectureId('mstf', canonical)}`,
    globalId(`Architecture:protocol:${architectureId('mstf', canonical)}`),
  ])('an architecture, %s: as it was scored, unless told otherwise', async (id) => {
    const asScored = await inArchive('--architecture', id, '--format', 'json', '--out', `a-${id}`, '--json');
    const { model, input, classes, weights } = JSON.parse(asScored.stdout) as Report;
    expect({ initChannels: 12, ...model, input, classes }).toMatchObject({
      initChannels: 12,
      genotype: canonical,
      input: [28, 28, 3],
      classes: 5,
    });
    expect(weights.origin).toBe('initial, not trained (seed 9)');
    const larger = ['--input-size', '64', '--out', `b-${id}`];
    const other = await inArchive('--architecture', id, '--format', 'json', '--json', ...larger);
    expect((JSON.parse(other.stdout) as Report).input).toEqual([64, 64, 3]);
  });
});
