// What a queue promises as any evaluator and any school do, with workers in this process on a real Redis.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import type { Computing } from '../../src/learning/school.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import { evaluatorContract } from '../engine/evaluator.contract.ts';
import { schoolContract } from '../learning/school.contract.ts';
import { openLearning } from '../support/learning.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startWorker, testedBy } from './fleet.ts';

let redis: RedisServer;
let local: Engine;
beforeAll(async () => {
  redis = await startRedis();
  local = await openEngine({ workers: 1 });
});
afterAll(async () => {
  await local.close();
  await redis.kill();
});

/** A queue with so many workers of this engine, which are closed with it. */
async function open(workers: number, engine: Engine): Promise<Computing> {
  const started = await Promise.all(Array.from({ length: workers }, () => startWorker(redis.url, engine)));
  const opened = await openQueueEngine({
    url: redis.url,
    local: { ...local, close: () => Promise.resolve() },
    onError: () => undefined,
  });
  const { close } = opened.engine;
  return {
    school: opened.school,
    engine: {
      ...opened.engine,
      async close() {
        await Promise.all(started.map((worker) => worker.close()));
        await close();
      },
    },
  };
}

describe.each([1, 2])('a queue with %i workers', (workers) => {
  // Each has one thread, which has one score told of and one to come.
  evaluatorContract('a queue', { open: () => open(workers, local), atOnce: 2 * workers });
  schoolContract('a queue', async (permits) => {
    const { engine, school } = await open(workers, testedBy(local, { ...local, ...openLearning(permits) }));
    return { school, close: () => engine.close() };
  });
});
