// A service over a queue: what its searches come to when workers fail them, and how they share them.

import { setTimeout } from 'node:timers/promises';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import { MedNasError } from '../../src/search/errors.ts';
import type { Evaluation } from '../../src/search/evaluation.ts';
import {
  archivedPopulation,
  eventsOf,
  type Laboratory,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
  TINY,
} from '../service/laboratory.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startWorker } from './fleet.ts';

const newFolder = scratchFolders();
let redis: RedisServer;
let local: Engine;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  redis = await startRedis();
  local = await openEngine({ workers: 1 });
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await local.close();
  await redis.kill();
});

async function open(): Promise<Laboratory> {
  const { engine, school } = await openQueueEngine({
    url: redis.url,
    local: { ...local, close: () => Promise.resolve() },
    onError: () => undefined,
  });
  const laboratory = await openLaboratory({ folder: newFolder(), engine, school });
  closing.push(async () => {
    await laboratory.close();
    await engine.close();
  });
  return laboratory;
}

const work = async (
  ...args: Parameters<typeof startWorker> extends [unknown, ...infer Rest] ? Rest : never
) => {
  const worker = await startWorker(redis.url, ...args);
  closing.push(() => worker.close());
  return worker;
};

test('a search whose workers fail pauses with their reason, and goes on when they are mended', async () => {
  const laboratory = await open();
  const reason = 'The images cannot be got here.';
  const broken = await startWorker(redis.url, local, {
    batches: { of: () => Promise.reject(new MedNasError('UNKNOWN_DATASET', reason)) },
  });
  const { id } = await laboratory.service.searches.start(TINY);
  const paused = await settled(laboratory, id);
  expect(paused).toMatchObject({
    status: 'paused',
    failure: { code: 'WORKERS_UNAVAILABLE', message: expect.stringContaining(reason) },
  });
  await broken.close();
  await work(local);
  await laboratory.service.searches.resume(id);
  expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
  expect(await archivedPopulation(laboratory.archive, id)).toEqual(await purePopulation(local, TINY));
}, 60_000);

test('a short search does not wait for a long one that came before it', async () => {
  // Ten milliseconds a score, whatever it is of.
  const slow: Engine = {
    ...local,
    evaluator(protocol, batch) {
      const real = local.evaluator(protocol, batch);
      return {
        evaluate: (genotypes, signal, onScored) =>
          real.evaluate(genotypes, signal, async (i, evaluation: Evaluation) => {
            await setTimeout(10);
            await onScored?.(i, evaluation);
          }),
      };
    },
  };
  await work(slow);
  const [one, other] = [await open(), await open()];
  const long = await one.service.searches.start({ ...TINY, population: 1600, generations: 0, seed: 1 });
  while ((await eventsOf(one.archive, long.id)).length < 5) await setTimeout(10);
  const short = await other.service.searches.start({ ...TINY, generations: 1, seed: 2 });
  expect(await settled(other, short.id)).toMatchObject({ status: 'completed' });
  expect((await one.archive.getSearch(long.id)).body.status).toBe('running');
  await one.service.searches.cancel(long.id);
}, 60_000);

test('trouble with the queue is told as such, not as the failure of a run', async () => {
  const failures: unknown[] = [];
  let tell: (error: unknown) => void = () => undefined;
  const trouble = new Promise((resolve) => (tell = resolve));
  const service = await compose(
    readConfig({ MEDNAS_DATA_DIR: newFolder(), MEDNAS_QUEUE: redis.url, MEDNAS_WORKERS: '1' }),
    { onDownload: () => undefined, onQueue: tell, onError: (error) => failures.push(error) },
  );
  closing.push(service.close);
  await redis.kill();
  expect(await trouble).toHaveProperty('message', expect.stringMatching(/ECONN/));
  await redis.start();
  expect(failures).toEqual([]);
}, 60_000);
