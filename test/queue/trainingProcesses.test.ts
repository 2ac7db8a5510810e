// Two services on one archive and one folder, and three worker processes, on a real Redis: whatever dies meanwhile, a
// training comes to the weights it comes to in one process, bit for bit.

import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { newSqlite, type Store } from '../crash/crash.ts';
import { ask, type ServiceProcess, startService } from '../crash/process.ts';
import { expectWhole, followTraining, type Heard, startTraining, weightsOf } from '../crash/trainings.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startWorkerProcess, type WorkerProcess } from './process.ts';

const EPOCHS = 5;
/** About two seconds an epoch. */
const INPUT = {
  genotype: [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3],
  initChannels: 16,
  epochs: EPOCHS,
  seed: 5,
};

let redis: RedisServer;
let expected: string;
const closing: (() => Promise<unknown> | void)[] = [];
const atLast = (close: () => Promise<unknown> | void): void => void closing.push(close);

function newStore(): Store {
  const store = newSqlite();
  atLast(store.dispose);
  return store;
}

beforeAll(async () => {
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  if (build.status !== 0) throw new Error(String(build.stdout));
  redis = await startRedis();
  const service = await startService(newStore().environment);
  const id = await startTraining(service.url, INPUT);
  await followTraining(service.url, id, []);
  expected = await weightsOf(service, id);
  await service.stop();
}, 120_000);
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(() => redis.kill());

interface Scene {
  readonly store: Store;
  readonly services: readonly [ServiceProcess, ServiceProcess];
  readonly id: string;
  /** Kills the worker that is at work, and starts another. */
  readonly killBusy: () => Promise<void>;
}

/** A training begun on the first of two services. */
async function begin(): Promise<Scene> {
  const store = newStore();
  const environment = { ...store.environment, MEDNAS_QUEUE: redis.url };
  const worker = (): Promise<WorkerProcess> => startWorkerProcess({ MEDNAS_QUEUE: redis.url });
  const [services, ...workers] = await Promise.all([
    Promise.all([startService(environment), startService(environment)]),
    worker(),
    worker(),
    worker(),
  ]);
  atLast(() => Promise.all(workers.map(({ stop }) => stop())));
  for (const { stop } of services) atLast(stop);

  async function busyPid(): Promise<number> {
    for (;;) {
      const { workers: told } = await ask<{
        readonly workers: readonly { readonly id: string; readonly busy: number }[];
      }>(services[1].url, '{ workers { id busy } }', {});
      const busy = told.find((one) => one.busy > 0);
      if (busy !== undefined) return Number(/-(?<pid>\d+)-[^-]+$/u.exec(busy.id)?.groups?.['pid']);
      await setTimeout(50);
    }
  }

  return {
    store,
    services,
    id: await startTraining(services[0].url, INPUT),
    async killBusy() {
      const pid = await busyPid();
      const i = workers.findIndex(({ child }) => child.pid === pid);
      // One that had ended before it was found is no news.
      if (i < 0) return;
      await (workers[i] as WorkerProcess).kill();
      workers[i] = await worker();
    },
  };
}

/** The weights it has come to. */
async function endOf({ store, services, id }: Scene, heard: readonly Heard[]): Promise<string> {
  await expectWhole(store, heard, EPOCHS);
  return await weightsOf(services[1], id);
}

test('three workers train what two services coordinate', async () => {
  const scene = await begin();
  const heard: Heard[] = [];
  await followTraining(scene.services[1].url, scene.id, heard);
  expect(await endOf(scene, heard)).toBe(expected);
}, 120_000);

test('the worker that trains killed, twice', async () => {
  const scene = await begin();
  const heard: Heard[] = [];
  for (const epoch of [0, 2]) {
    await followTraining(scene.services[1].url, scene.id, heard, epoch);
    await scene.killBusy();
  }
  await followTraining(scene.services[1].url, scene.id, heard);
  expect(await endOf(scene, heard)).toBe(expected);
}, 240_000);

test('the service that coordinates killed', async () => {
  const scene = await begin();
  const heard: Heard[] = [];
  await followTraining(scene.services[1].url, scene.id, heard, 1);
  await scene.services[0].kill();
  await followTraining(scene.services[1].url, scene.id, heard);
  expect(await endOf(scene, heard)).toBe(expected);
}, 120_000);

test('Redis killed, and started again empty', async () => {
  const scene = await begin();
  const heard: Heard[] = [];
  await followTraining(scene.services[1].url, scene.id, heard, 1);
  await redis.kill();
  await redis.start();
  await followTraining(scene.services[1].url, scene.id, heard);
  expect(await endOf(scene, heard)).toBe(expected);
}, 120_000);
