import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import type { Evaluation, Protocol } from '../../src/search/evaluation.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomFor } from '../../src/search/random.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { imagesFor } from './backend.contract.ts';

const protocol: Protocol = {
  space: 'mstf',
  dataset: 'test',
  batch: 'test',
  batchSize: 8,
  input: [12, 12, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 4,
  seed: 3,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'test',
};
const batch = { images: imagesFor(3, 8, [12, 12, 1]), labels: new Int32Array(8) };
const random = randomFor(1, 0, 'immigrants');
const genotypes = Array.from({ length: 12 }, () => randomGenotype(random, mstf.upperBounds(2)));
const never = new AbortController().signal;

/** What must be the same from every worker: all but the time it took. */
const values = (evaluations: readonly Evaluation[]) =>
  evaluations.map((evaluation) => ({
    ...evaluation,
    scores: Object.entries(evaluation.scores).map(([name, { value, log }]) => [name, value, log]),
  }));

async function withEngine<T>(options: Parameters<typeof openEngine>[0], use: (engine: Engine) => Promise<T>) {
  const engine = await openEngine(options);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

test('the same scores from one, two and three workers, in the order of the genotypes', async () => {
  const [one, two, three] = await Promise.all(
    [1, 2, 3].map((workers) =>
      withEngine({ workers }, async (engine) =>
        values(await engine.evaluator(protocol, batch).evaluate(genotypes, never)),
      ),
    ),
  );
  expect(two).toEqual(one);
  expect(three).toEqual(one);
  expect(one?.some(({ status }) => status === 'ok')).toBe(true);
});

test('each score is told once, and waited for', async () => {
  await withEngine({ workers: 2 }, async (engine) => {
    const told: number[] = [];
    const evaluations = await engine.evaluator(protocol, batch).evaluate(genotypes, never, async (i) => {
      await Promise.resolve();
      told.push(i);
    });
    expect(told.toSorted((a, b) => a - b)).toEqual(genotypes.map((_, i) => i));
    expect(evaluations).toHaveLength(genotypes.length);
  });
});

test('a listener that rejects stops the work and rejects the call', async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    let told = 0;
    const failing = engine.evaluator(protocol, batch).evaluate(genotypes, never, () => {
      told += 1;
      return Promise.reject(new Error('the archive is full'));
    });
    await expect(failing).rejects.toThrow('the archive is full');
    expect(told).toBe(1);
  });
});

test('an aborted call drops what has not begun', async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const controller = new AbortController();
    let told = 0;
    const aborted = engine.evaluator(protocol, batch).evaluate(genotypes, controller.signal, () => {
      told += 1;
      controller.abort(new Error('enough'));
      return Promise.resolve();
    });
    await expect(aborted).rejects.toThrow('enough');
    expect(told).toBe(1);
  });
});

describe('what cannot be scored is infeasible, with the reason, and the others go on', () => {
  const dead = [7, 0, 7, 0, 7, 0, 7, 0, 7, 0, 0, 0, 0, 0];
  const live = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];

  test.each([
    {
      name: 'no path to the output',
      genotype: dead,
      given: {},
      images: batch.images,
      reason: /synflow: no path/,
    },
    {
      name: 'two equal images',
      genotype: live,
      given: { batchSize: 2 },
      images: Float32Array.from({ length: 2 * 144 }, (_, i) => Math.sin(i % 144)),
      reason: /jacobCov: .*singular/,
    },
    {
      name: 'more memory than there is',
      genotype: [5, 0, 5, 0, 5, 0, 5, 0, 5, 0, 0, 1, 2, 3],
      given: { initChannels: 512, batchSize: 64, input: [224, 224, 1] as const },
      images: new Float32Array(64 * 224 * 224),
      reason: /jacobCov: out of memory, it needs \d+ MiB/,
    },
  ])('$name', async ({ genotype, given, images, reason }) => {
    await withEngine({ workers: 1 }, async (engine) => {
      const evaluator = engine.evaluator(
        { ...protocol, ...given, indicators: ['jacobCov', 'synflow'] },
        { images, labels: batch.labels },
      );
      const [evaluation] = await evaluator.evaluate([genotype], never);
      expect(evaluation).toMatchObject({
        status: 'infeasible',
        reason: expect.stringMatching(reason) as string,
      });
      const [next] = await engine.evaluator(protocol, batch).evaluate([live], never);
      expect(next?.status).toBe('ok');
    });
  });
});

test('a crashed worker is replaced: its architecture is tried again, and given up the second time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-'));
  const worker = new URL('./crashing.worker.ts', import.meta.url).href;
  const first = (gene: number) => [gene, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];
  await withEngine({ workers: 2, worker }, async (engine) => {
    const marked = { ...protocol, dataset: join(folder, 'crashed-once') };
    const evaluations = await engine
      .evaluator(marked, batch)
      .evaluate([first(0), first(5), first(4), first(1)], never);
    expect(evaluations.map(({ status }) => status)).toEqual(['ok', 'infeasible', 'ok', 'ok']);
    expect(evaluations[1]).toMatchObject({
      reason: expect.stringMatching(/failed twice: .*exit/i) as string,
    });
  });
  rmSync(folder, { recursive: true });
});
