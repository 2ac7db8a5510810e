// The evaluator over a real Redis, with workers in this process.

import { once } from 'node:events';
import { Redis } from 'ioredis';
import { drawBatch } from '../../src/data/batch.ts';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Fleet } from '../../src/engine/fleet.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import type { QueueWorker } from '../../src/queue/worker.ts';
import type { Evaluation, Protocol } from '../../src/search/evaluation.ts';
import { randomFor } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { randomGenotype } from '../../src/search/variation.ts';
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
  prepared = await prepare(datasets, local, { ...TINY, space: 'mstf', dataset: 'breastmnist', indicators: ['jacobCov', 'synflow'] });
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
  await redis.close();
});

async function open(patienceMs?: number): Promise<{ readonly engine: Engine; readonly fleet: Fleet }> {
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

const evaluate = ({ engine }: { readonly engine: Engine }, signal = NEVER): Promise<readonly Evaluation[]> =>
  engine.evaluator(prepared.protocol, prepared.batch).evaluate(GENOTYPES, signal);

test('scores are those of the engine, each told once', async () => {
  await work();
  const { engine, fleet } = await open();
  const told: number[] = [];
  const scored = await engine
    .evaluator(prepared.protocol, prepared.batch)
    .evaluate(GENOTYPES, NEVER, async (i) => void told.push(i));
  expect(bare(scored)).toEqual(expected);
  expect(told.toSorted((a, b) => a - b)).toEqual(GENOTYPES.map((_, i) => i));
  expect(engine.load()).toMatchObject({ waiting: 0 });
  expect((await fleet.jobs())?.outcomes).toMatchObject({ returned: 0, lost: 0, died: 0, failed: 0 });
  expect((await fleet.jobs())?.outcomes.completed).toBeGreaterThan(2);
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
