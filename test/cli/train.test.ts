// `mednas train`, as a person or a script runs it: the real engine on the bundled images.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolders } from '../service/laboratory.ts';
import { writeDataset } from '../service/studio.ts';
import { mednas, type Outcome, startMednas } from './mednas.ts';

const newFolder = scratchFolders();

const GENOTYPE = '0,0,1,1,2,2,3,0,4,0,0,1,2,3';
const EPOCHS = 4;
/** Some tenths of a second an epoch. */
const SMALL =
  `train --genotype ${GENOTYPE} --init-channels 4 --epochs ${EPOCHS} --batch 64 --seed 5 --workers 1`.split(
    ' ',
  );

interface Report {
  readonly run: {
    readonly id: string;
    readonly status: string;
    readonly bestEpoch: number;
    readonly model: Readonly<Record<string, unknown>>;
    readonly recipe: Readonly<Record<string, unknown>>;
    readonly weights: { readonly path: string; readonly sha256: string };
  };
  readonly validation: { readonly auc: number; readonly acc: number };
  readonly test: {
    readonly auc: number;
    readonly acc: number;
    readonly aucInterval: readonly [number, number];
  };
  readonly curves: Readonly<Record<string, readonly number[]>>;
}

function reportOf({ code, stdout, stderr }: Outcome): Report {
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  return JSON.parse(stdout) as Report;
}

let expected: Report;
let folder: string;
let uninterrupted: Outcome;
beforeAll(async () => {
  folder = newFolder();
  uninterrupted = await mednas([...SMALL, '--json'], { cwd: folder });
  expected = reportOf(uninterrupted);
}, 60_000);

test('its document: the run, both splits, curves, and weights that are the ones it tells of', () => {
  const { run, validation, test, curves } = expected;
  expect(run).toMatchObject({
    status: 'completed',
    model: { kind: 'architecture', space: 'mstf', initChannels: 4 },
    recipe: { epochs: EPOCHS, batchSize: 64, optimizer: 'adam', learningRate: 0.001, seed: 5 },
  });
  expect(Object.values(curves).map(({ length }) => length)).toEqual(Array.from({ length: 6 }, () => EPOCHS));
  expect(curves['validationAuc']?.[run.bestEpoch]).toBe(validation.auc);
  expect(Math.max(...(curves['validationAuc'] ?? []))).toBe(validation.auc);
  expect(curves['learningRate']).toEqual([1e-3, 1e-3, 1e-4, 1e-5].map((rate) => expect.closeTo(rate, 12)));
  for (const value of [test.auc, test.acc]) expect(value > 0 && value <= 1).toBe(true);
  expect(test.aucInterval[0]).toBeLessThanOrEqual(test.auc);
  const bytes = readFileSync(join(folder, run.weights.path));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(run.weights.sha256);
});

test('progress goes to stderr, a line an epoch, and how to go on first of all', () => {
  const lines = uninterrupted.stderr.trimEnd().split('\n');
  expect(lines[0]).toBe(`If it stops: mednas train --resume ${expected.run.id}`);
  expect(lines.slice(1)).toHaveLength(EPOCHS);
  expect(lines[1]).toMatch(
    /^epoch 1\/4: validation AUC 0\.\d{4}, best 0\.\d{4}, ACC 0\.\d{4}, loss \d\.\d{4}, \d+ s left$/u,
  );
});

test('shown again, and as a page', async () => {
  const { code, stdout } = await mednas(['train', '--resume', expected.run.id], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout).toContain(
    `Training ${expected.run.id} completed: genotype ${GENOTYPE}, 4 channels, on breastmnist.`,
  );
  expect(stdout).toContain(expected.test.auc.toFixed(4));
  expect(stdout).toMatch(/at specificity 0\.9 /u);
});

describe('stopped while it trains, it goes on to the same weights', () => {
  /** Sends the signal after so many epochs, and goes on. */
  async function stopAfter(epochs: number, signal: NodeJS.Signals) {
    const cwd = newFolder();
    const { child, outcome } = startMednas([...SMALL, '--json'], { cwd });
    let seen = '';
    child.stderr.on('data', (text: string) => {
      const isNews = !seen.includes(`epoch ${epochs}/`);
      seen += text;
      // Once: a second one ends the process.
      if (isNews && seen.includes(`epoch ${epochs}/`)) child.kill(signal);
    });
    const stopped = await outcome;
    const id = /--resume (\S+)/u.exec(stopped.stderr)?.[1] ?? '';
    const resumed = await mednas(['train', '--resume', id, '--workers', '2', '--json'], { cwd });
    return { stopped, report: reportOf(resumed) };
  }

  test.each([1, 2])(
    'killed after %i epochs',
    async (epochs) => {
      const { stopped, report } = await stopAfter(epochs, 'SIGKILL');
      expect(stopped.signal).toBe('SIGKILL');
      expect(report.run.weights.sha256).toBe(expected.run.weights.sha256);
      expect(report.test).toEqual(expected.test);
      expect(report.curves).toEqual({ ...expected.curves, seconds: expect.any(Array) });
    },
    60_000,
  );

  test('interrupted, as by Ctrl-C: paused, and it says how to go on', async () => {
    const { stopped, report } = await stopAfter(1, 'SIGINT');
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('Pausing; the epoch under way begins again');
    expect(stopped.stderr).toMatch(/Training \S+ is paused\. Continue with: mednas train --resume \S+\n$/u);
    expect(report.run.weights.sha256).toBe(expected.run.weights.sha256);
  }, 60_000);
});

test('an architecture is named as a search names it, with its channels and dataset', async () => {
  const cwd = newFolder();
  const search =
    'search --population 2 --offspring 2 --generations 0 --init-channels 4 --blocks 1 --batch 4 --json';
  const { stdout } = await mednas(search.split(' '), { cwd });
  const { best } = JSON.parse(stdout) as {
    readonly best: { readonly id: string; readonly genotype: readonly number[] };
  };
  const report = reportOf(
    await mednas(['train', '--architecture', best.id, '--epochs', '1', '--json'], { cwd }),
  );
  expect(report.run.model).toEqual({
    kind: 'architecture',
    space: 'mstf',
    genotype: best.genotype,
    initChannels: 4,
  });
}, 60_000);

test.each<readonly [string, string, RegExp]>([
  ['nothing to train', 'train', /one of architecture, genotype, baseline; got none/],
  ['two of them', 'train --baseline resnet18 --genotype 0,1', /got genotype and baseline/],
  ['an unknown baseline', 'train --baseline resnet34', /--baseline is one of resnet18; got 'resnet34'/],
  ['an unknown architecture', 'train --architecture abc', /no architecture 'abc'.*\[NOT_FOUND\]/],
  ['no epochs', 'train --baseline resnet18 --epochs 0', /--epochs is an integer from 1 .* got 0/],
  ['a learning rate of 0', 'train --baseline resnet18 --learning-rate 0', /--learning-rate is .* got 0/],
  ['a negative one', 'train --baseline resnet18 --learning-rate=-1', /--learning-rate is .* got -1/],
  ['words for numbers', 'train --baseline resnet18 --batch many', /--batch is .* got 'many'/],
  ['a gene that is none', 'train --genotype 0,0,x', /INVALID_GENOTYPE/],
  ['no such training', 'train --resume abc', /no training 'abc'/],
  ['settings for what goes on', 'train --resume abc --epochs 3', /cannot be used with option/],
])('%s: exit code 2, and why', async (_, line, why) => {
  const { code, stderr } = await mednas(line.split(' '), { cwd: newFolder() });
  expect([code, stderr]).toEqual([2, expect.stringMatching(why)]);
});

test('a training that diverges: exit code 1, with the epoch, the cause and what may help', async () => {
  const cwd = newFolder();
  const dataset = writeDataset(cwd);
  const { code, stderr } = await mednas(
    `train --genotype ${GENOTYPE} --init-channels 4 --epochs 30 --batch 8 --optimizer sgd --momentum 0.99 --learning-rate 10 --decay 1 --dataset ${dataset}`.split(
      ' ',
    ),
    { cwd },
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /is failed\. .* in epoch \d+ is not a finite number.* below 10 may help.*\[DIVERGED\]/u,
  );
});
