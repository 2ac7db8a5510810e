// The evaluator over a real Redis, with workers in this process.

import { setTimeout } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Fleet } from '../../src/engine/fleet.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import { queueOf } from '../../src/queue/jobs.ts';
import { PREFIX } from '../../src/queue/redis.ts';
import type { QueueWorker } from '../../src/queue/worker.ts';
import { type Computing, inProcess } from '../../src/learning/school.ts';
import type { Evaluation } from '../../src/search/evaluation.ts';
import { randomFor } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { prepare, type Prepared } from '../../src/service/protocol.ts';
import { scratchFolders, TINY } from '../service/laboratory.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startWorker } from './fleet.ts';

const newFolder = scratchFolders();
const NEVER = new AbortController().signal;
const random = randomFor(1, 0, 'variation');
const GENOTYPES = Array.from({ length: 24 }, () => randomGenotype(random, mstf.upperBounds(2)));

let redis: RedisServer;
let local: Engine;
let prepared: Prepared;
let expected: readonly unknown[];
const closing: (() => Promise<unknown>)[] = [];

const bare = (evaluations: readonly Evaluation[]): readonly unknown[] =>
  JSON.parse(
    JSON.stringify(evaluations, (key, value: unknown) => (key === 'seconds' ? 0 : value)),
  ) as readonly unknown[];

beforeAll(async () => {
  redis = await startRedis();
  local = await openEngine({ workers: 1 });
  const datasets = openDatasets({ folders: [], dataFolder: newFolder(), download: false });
  prepared = await prepare(
    { datasets, ...inProcess(local) },
    {
      ...TINY,
      space: 'mstf',
      dataset: 'breastmnist',
      indicators: ['jacobCov', 'synflow'],
      estimateEpochs: 3,
    },
  );
  expected = bare(await local.evaluator(prepared.protocol, prepared.batch).evaluate(GENOTYPES, NEVER));
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
});
afterAll(async () => {
  await local.close();
  await redis.kill();
});

async function open(patienceMs?: number): Promise<Computing & { readonly fleet: Fleet }> {
  const opened = await openQueueEngine({
    url: redis.url,
    local: { ...local, close: () => Promise.resolve() },
    onError: () => undefined,
    ...(patienceMs !== undefined && { patienceMs }),
  });
  closing.push(() => opened.engine.close());
  return opened;
}

async function work(alter: (engine: Engine) => Engine = (engine) => engine): Promise<QueueWorker> {
  const worker = await startWorker(redis.url, alter(local));
  closing.push(() => worker.close());
  return worker;
}

const evaluate = ({ engine }: Pick<Computing, 'engine'>, signal = NEVER): Promise<readonly Evaluation[]> =>
  engine.evaluator(prepared.protocol, prepared.batch).evaluate(GENOTYPES, signal);

test('what became of its jobs is counted', async () => {
  await work();
  const opened = await open();
  expect(bare(await evaluate(opened))).toEqual(expected);
  expect(opened.engine.load()).toMatchObject({ waiting: 0 });
  const outcomes = (await opened.fleet.jobs())?.outcomes;
  expect(outcomes).toMatchObject({ returned: 0, lost: 0, died: 0, failed: 0 });
  expect(outcomes?.completed).toBeGreaterThan(2);
});

test('two that ask for the same share the jobs', async () => {
  const [one, other] = [await open(), await open()];
  const both = Promise.all([evaluate(one), evaluate(other)]);
  await work();
  for (const scored of await both) expect(bare(scored)).toEqual(expected);
});

test('a worker that comes later finds the jobs', async () => {
  const scoring = evaluate(await open());
  await work();
  expect(bare(await scoring)).toEqual(expected);
});

/** An engine that stops before a score until it is let go on. */
function held(): {
  readonly alter: (engine: Engine) => Engine;
  readonly reached: Promise<void>;
  readonly letGo: () => void;
} {
  let tell: () => void;
  let letGo: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (tell = resolve));
  const free = new Promise<void>((resolve) => (letGo = resolve));
  return {
    reached,
    letGo,
    alter: (engine) => ({
      ...engine,
      evaluator(protocol, batch) {
        const real = engine.evaluator(protocol, batch);
        return {
          async evaluate(genotypes, signal, onScored) {
            if (protocol.dataset === 'breastmnist') {
              tell();
              await free;
            }
            return await real.evaluate(genotypes, signal, onScored);
          },
        };
      },
    }),
  };
}

const jobsIn = async ({ fleet }: { readonly fleet: Fleet }): Promise<number> => {
  const jobs = await fleet.jobs();
  return (jobs?.waiting ?? 0) + (jobs?.active ?? 0);
};

test('a search that is stopped rejects at once, and leaves no jobs', async () => {
  const hold = held();
  const opened = await open();
  await work(hold.alter);
  const stop = new AbortController();
  const scoring = evaluate(opened, stop.signal);
  await hold.reached;
  const stoppedAt = performance.now();
  stop.abort(new Error('enough'));
  await expect(scoring).rejects.toThrow('enough');
  expect(performance.now() - stoppedAt).toBeLessThan(1000);
  hold.letGo();
  // Waiting ones are taken out, and those at work end without another score.
  while ((await jobsIn(opened)) > 0) await setTimeout(20);
  expect(opened.engine.load().waiting).toBe(0);
  // And it may be asked for again at once.
  expect(bare(await evaluate(opened))).toEqual(expected);
});

test('what Redis loses is put in again', async () => {
  const hold = held();
  const opened = await open();
  await work(hold.alter);
  const scoring = evaluate(opened);
  await hold.reached;
  await redis.kill();
  await redis.start();
  hold.letGo();
  expect(bare(await scoring)).toEqual(expected);
  expect((await opened.fleet.jobs())?.outcomes.lost).toBeGreaterThan(0);
});

test('what Redis refuses pauses a search rather than failing it', async () => {
  const opened = await open();
  const client = new Redis(redis.url);
  closing.push(async () => {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  });
  await client.config('SET', 'maxmemory', '1');
  await expect(evaluate(opened)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/The queue cannot be used: .*OOM/u),
  });
});

test('the service cannot score while Redis is away', async () => {
  const { engine, fleet } = await open();
  await engine.check();
  await redis.kill();
  await expect(engine.check()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  await expect(fleet.workers()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  await redis.start();
  while (
    !(await engine.check().then(
      () => true,
      () => false,
    ))
  )
    await setTimeout(50);
});

test('architectures whose workers die are infeasible by the machine’s verdict, one by one', async () => {
  const opened = await open();
  // Takes jobs, and is not heard of again.
  const dying = new Worker(queueOf('score', local.info.numerics), () => new Promise(() => undefined), {
    connection: { url: redis.url },
    prefix: PREFIX,
    concurrency: 100,
    lockDuration: 200,
    stalledInterval: 200,
    maxStalledCount: 0,
    skipLockRenewal: true,
  });
  dying.on('error', () => undefined);
  closing.push(() => dying.close(true));
  const scored = await evaluate(opened);
  expect(scored).toHaveLength(GENOTYPES.length);
  for (const evaluation of scored) {
    expect(evaluation).toMatchObject({ status: 'infeasible', machine: true, scores: {} });
    expect(evaluation).toHaveProperty('reason', expect.stringMatching(/workers that scored it died/u));
  }
});

const TOLD = 'There is no such dataset here.';
const FAILURES: readonly (readonly [name: string, error: Error, told: RegExp])[] = [
  ['expected', new MedNasError('UNKNOWN_DATASET', TOLD), /There is no such dataset here\. \(worker \S+\)/u],
  ['unforeseen', new Error('/secret/path'), /: something went wrong that its log tells of \(worker \S+\)/u],
];

test.each(FAILURES)(
  'an %s error of workers is told, and a mended worker scores the same jobs',
  async (_, error, told) => {
    const opened = await open();
    const errors: unknown[] = [];
    const broken = await startWorker(redis.url, local, {
      batches: { of: () => Promise.reject(error) },
      onError: (one) => errors.push(one),
    });
    const failure = { code: 'WORKERS_UNAVAILABLE', message: expect.stringMatching(told) };
    await expect(evaluate(opened)).rejects.toMatchObject(failure);
    expect(errors).toContain(error);
    await broken.close();
    await work();
    expect(bare(await evaluate(opened))).toEqual(expected);
  },
  60_000,
);

test('a search is scored by workers of its own arithmetic, and gives up without them', async () => {
  const opened = await open(50);
  await work((engine) => ({ ...engine, info: { ...engine.info, numerics: 'another' } }));
  const before = prepared.protocol.numerics;
  while (opened.engine.info.numerics !== 'another') await setTimeout(50);
  expect(opened.engine.numericsFor?.(null)).toBe('another');
  expect(opened.engine.numericsFor?.(before)).toBe(before);
  await expect(evaluate(opened)).rejects.toMatchObject({
    code: 'WORKERS_UNAVAILABLE',
    message: expect.stringContaining(`no worker whose arithmetic is '${before}'`),
  });
});

test('a batch must fit the smallest worker', async () => {
  const { engine } = await open();
  const settings = { ...prepared.protocol, initChannels: 512, batchSize: 1024 };
  // Nobody knows yet.
  engine.requireFit(settings, 2);
  await work((real) => ({ ...real, info: { ...real.info, workerMemory: 2 ** 20 } }));
  while (engine.info.workers === 0) await setTimeout(50);
  expect(() => engine.requireFit(settings, 2)).toThrow(expect.objectContaining({ code: 'BATCH_TOO_LARGE' }));
});

test('a machine that computes otherwise takes no jobs', async () => {
  const wrong: Engine = {
    ...local,
    async inspect(...args) {
      const inspection = await local.inspect(...args);
      return {
        ...inspection,
        evaluation: { ...inspection.evaluation, scores: { jacobCov: { value: 118, seconds: 0 } } },
      };
    },
  };
  await expect(startWorker(redis.url, wrong)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/takes no jobs: jacobCov is 118, not 118\.304/u),
  });
});

test('nor does one that trains otherwise', async () => {
  const wrong: Engine = {
    ...local,
    async train(lesson, signal) {
      const learned = await local.train(lesson, signal);
      return { ...learned, losses: learned.losses.map((loss) => 1.002 * loss) };
    },
  };
  await expect(startWorker(redis.url, wrong)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/takes no jobs: a loss in training is 1\.56\d+, not 1\.5575/u),
  });
});

test('the fleet is who has been heard of', async () => {
  const { fleet } = await open();
  expect(await fleet.workers()).toEqual([]);
  const worker = await work();
  expect(await fleet.workers()).toMatchObject([
    { id: worker.describe().id, numerics: local.info.numerics, workers: 1, version: 'test', busy: 0 },
  ]);
  expect((await fleet.workers())[0]?.speed).toBeGreaterThan(1e6);
  closing.pop();
  await worker.close();
  expect(await fleet.workers()).toEqual([]);
});
