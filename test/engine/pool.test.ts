import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { inProcess } from '../../src/learning/school.ts';
import { type Evaluation, TRAINING_FREE, isLasting, type Protocol } from '../../src/search/evaluation.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomFor } from '../../src/search/random.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { imagesFor } from './backend.contract.ts';
import { evaluatorContract } from './evaluator.contract.ts';
import { DIES, DIES_ONCE, IS_BUGGY } from './deviant.worker.ts';

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

test('the same scores of all indicators from one, two and three workers, in the order of the genotypes', async () => {
  const all = { ...protocol, indicators: TRAINING_FREE };
  const [one, two, three] = await Promise.all(
    [1, 2, 3].map((workers) =>
      withEngine({ workers }, async (engine) =>
        values(await engine.evaluator(all, batch).evaluate(genotypes, never)),
      ),
    ),
  );
  expect(two).toEqual(one);
  expect(three).toEqual(one);
  expect(one?.some(({ status }) => status === 'ok')).toBe(true);
});

describe.each([1, 2])('%i threads', (workers) => {
  evaluatorContract('the pool', {
    open: async () => inProcess(await openEngine({ workers })),
    atOnce: workers,
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
  ])('$name', async ({ name, genotype, given, images, reason }) => {
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
      // Another machine may have the memory; the rest lasts.
      expect(evaluation && isLasting(evaluation)).toBe(name !== 'more memory than there is');
      const [next] = await engine.evaluator(protocol, batch).evaluate([live], never);
      expect(next?.status).toBe('ok');
    });
  });
});

const deviant = new URL('./deviant.worker.ts', import.meta.url).href;

/** Shared with the worker, which counts what it begins. */
const countedBatch = () => ({
  images: batch.images,
  labels: new Int32Array(new SharedArrayBuffer(4 * protocol.batchSize)),
});
const genotypeOf = (first: number) => [first, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];

test('a crashed worker is replaced: its architecture is tried again, and given up the second time', async () => {
  const counted = countedBatch();
  const firsts = [0, DIES, DIES_ONCE, 1];
  await withEngine({ workers: 2, worker: deviant }, async (engine) => {
    const told: number[] = [];
    const evaluations = await engine
      .evaluator(protocol, counted)
      .evaluate(firsts.map(genotypeOf), never, (i) => Promise.resolve(void told.push(i)));
    expect(evaluations.map(({ status }) => status)).toEqual(['ok', 'infeasible', 'ok', 'ok']);
    expect(evaluations[1]).toMatchObject({
      reason: 'its worker crashed twice: worker exited with code: 3',
      machine: true,
      scores: {},
      macs: expect.any(Number) as number,
    });
    expect(told.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect([counted.labels[DIES], counted.labels[DIES_ONCE]]).toEqual([2, 2]);
    const sound = await engine.evaluator(protocol, batch).evaluate([genotypeOf(DIES_ONCE)], never);
    expect(values(sound)).toEqual(values([evaluations[2] as Evaluation]));
  });
});

test('a fault of ours is no property of the architecture: it fails the call', async () => {
  const counted = countedBatch();
  await withEngine({ workers: 1, worker: deviant }, async (engine) => {
    const failing = engine.evaluator(protocol, counted).evaluate([genotypeOf(IS_BUGGY)], never);
    await expect(failing).rejects.toMatchObject({ message: 'a bug' });
    expect(counted.labels[IS_BUGGY]).toBe(1);
  });
});

test('searches share the workers, and stopping one leaves the other', async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const controller = new AbortController();
    const stopped = engine
      .evaluator(protocol, batch)
      .evaluate(genotypes, controller.signal, () =>
        Promise.resolve(controller.abort(new Error('not this one'))),
      );
    const [kept] = await Promise.all([
      engine.evaluator(protocol, batch).evaluate(genotypes, never),
      expect(stopped).rejects.toThrow('not this one'),
    ]);
    expect(kept).toHaveLength(genotypes.length);
  });
});

test("a batch that is not the protocol's is refused", async () => {
  await withEngine({ workers: 1 }, async (engine) => {
    const wrong = { images: batch.images.subarray(1), labels: batch.labels };
    expect(() => engine.evaluator(protocol, wrong)).toThrow(
      /8 images of 12 x 12 x 1 has 1152 values; got 1151/,
    );
    await expect(engine.inspect(genotypeOf(0), protocol, wrong)).rejects.toThrow('got 1151');
  });
});

test('a closed engine scores nothing any more', async () => {
  const engine = await openEngine({ workers: 1 });
  const evaluator = engine.evaluator(protocol, batch);
  await evaluator.evaluate(genotypes.slice(0, 1), never);
  await engine.close();
  await expect(evaluator.evaluate(genotypes, never)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
});

describe('a check', () => {
  test('passes while the engine is idle, and while it is at work', async () => {
    await withEngine({ workers: 1 }, async (engine) => {
      await Promise.all([engine.check(), engine.check()]);
      let told = 0;
      const scoring = engine.evaluator(protocol, batch).evaluate(genotypes, never, () => {
        told += 1;
        return Promise.resolve();
      });
      await engine.check();
      // It has not waited for its turn.
      expect(told).toBe(0);
      await scoring;
      await engine.check();
    });
  });

  test.each([
    ['no worker starts', new URL('./no.worker.ts', import.meta.url).href],
    ['every worker dies', new URL('./dying.worker.ts', import.meta.url).href],
  ])('fails when %s', async (_, worker) => {
    await withEngine({ workers: 1, worker }, async (engine) => {
      for (let i = 0; i < 2; i++) {
        await expect(engine.check()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
      }
    });
  });

  test('fails when the engine is closed', async () => {
    const engine = await openEngine({ workers: 1 });
    await engine.close();
    await expect(engine.check()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  });
});

describe('inspection', () => {
  test('shows what a score was made of', async () => {
    await withEngine({ workers: 1 }, async (engine) => {
      const genotype = genotypeOf(0);
      const { evaluation, reluUnits, kernelRow0, logits0 } = await engine.inspect(genotype, protocol, batch);
      const [scored] = await engine.evaluator(protocol, batch).evaluate([genotype], never);
      expect(values([evaluation])).toEqual(values([scored as Evaluation]));
      expect(kernelRow0).toHaveLength(8);
      expect(kernelRow0[0]).toBe(reluUnits);
      expect(logits0).toHaveLength(2);
    });
  });

  test('of an architecture that does not fit says so', async () => {
    await withEngine({ workers: 1 }, async (engine) => {
      const large = { ...protocol, initChannels: 512, batchSize: 64, input: [224, 224, 1] as const };
      const images = new Float32Array(64 * 224 * 224);
      const inspected = await engine.inspect(genotypeOf(5), large, { images, labels: batch.labels });
      expect(inspected).toMatchObject({ kernelRow0: [], logits0: [] });
      expect(inspected.evaluation).toMatchObject({
        status: 'infeasible',
        reason: expect.stringMatching(
          /out of memory, it needs \d+ MiB, and a worker may take \d+ MiB/,
        ) as string,
      });
    });
  });
});

test('the engine says beforehand whether a batch fits', async () => {
  await withEngine({ workers: 2 }, (engine) => {
    engine.requireFit(protocol, 4);
    const large = { ...protocol, batchSize: 4096, input: [224, 224, 3] as const };
    expect(() => engine.requireFit(large, 4)).toThrow(
      expect.objectContaining({ code: 'BATCH_TOO_LARGE', field: 'batchSize' }) as Error,
    );
    return Promise.resolve();
  });
});
