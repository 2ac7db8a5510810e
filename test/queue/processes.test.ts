// Two services on one archive and three worker processes, on a real Redis: whatever dies meanwhile, the search
// ends in the population it has in one process, bit for bit.

import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { openArchive } from '../../src/storage/archive.ts';
import type { SearchId } from '../../src/storage/records.ts';
import { newSqlite, type Store } from '../crash/crash.ts';
import { follow, type ServiceProcess, startSearch, startService } from '../crash/process.ts';
import { archivedPopulation, eventsOf, expectWholeJournal } from '../service/laboratory.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { type Gang, startGang, startWorkerProcess } from './process.ts';

/** Some seconds for three threads. */
const SEARCH = {
  dataset: 'breastmnist',
  population: 16,
  offspring: 16,
  generations: 6,
  initChannels: 16,
  batchSize: 64,
  seed: 5,
} as const;
/** Ten seconds and more, so that some workers are killed meanwhile. */
const LONG = { ...SEARCH, initChannels: 48 } as const;

let redis: RedisServer;
let expected: readonly object[];
const closing: (() => Promise<unknown> | void)[] = [];
const atLast = (close: () => Promise<unknown> | void): void => void closing.push(close);

/** The archived end of a search that somebody has followed to it. */
async function endOf(store: Store, id: string): Promise<readonly object[]> {
  const raw = Buffer.from(id, 'base64url').toString().slice('Search:'.length) as SearchId;
  const documents = await store.open();
  const archive = openArchive(documents);
  const { population: size, offspring, generations } = SEARCH;
  expectWholeJournal(await eventsOf(archive, raw), size + generations * offspring, generations);
  const population = await archivedPopulation(archive, raw);
  await documents.close();
  return population;
}

function newStore(): Store {
  const store = newSqlite();
  atLast(store.dispose);
  return store;
}

/** Follows to the end, over another service when one is lost; tells of each event. */
async function followAll(
  urls: readonly string[],
  id: string,
  onEvent: (count: number) => void = () => undefined,
) {
  let last = 0;
  let status: string | undefined;
  for (let i = 0; status !== 'COMPLETED'; i++) {
    try {
      for await (const event of follow(urls[i % urls.length] as string, id, last)) {
        last = event.sequence;
        status = event.status ?? status;
        onEvent(last);
      }
    } catch {
      await setTimeout(50); // that service is gone
    }
  }
}

/** The population that one process comes to. */
async function alone(input: object): Promise<readonly object[]> {
  const store = newStore();
  const service = await startService(store.environment);
  const id = await startSearch(service.url, input, 'alone');
  await followAll([service.url], id);
  await service.stop();
  return await endOf(store, id);
}

beforeAll(async () => {
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  if (build.status !== 0) throw new Error(String(build.stdout));
  redis = await startRedis();
  expected = await alone(SEARCH);
}, 120_000);
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(() => redis.kill());

interface Scene {
  readonly store: Store;
  readonly services: readonly [ServiceProcess, ServiceProcess];
  readonly gang: Gang;
  readonly id: string;
}

/** A search begun on the first of two services. */
async function begin(input: object = SEARCH): Promise<Scene> {
  const store = newStore();
  const environment = { ...store.environment, MEDNAS_QUEUE: redis.url };
  const [gang, ...services] = await Promise.all([
    startGang(3, { MEDNAS_QUEUE: redis.url }),
    startService(environment),
    startService(environment),
  ]);
  atLast(gang.stop);
  for (const { stop } of services) atLast(stop);
  return {
    store,
    services,
    gang,
    id: await startSearch(services[0].url, input, 'many'),
  };
}

test('three workers score what two services coordinate', async () => {
  const { store, services, id } = await begin();
  await followAll([services[1].url], id);
  expect(await endOf(store, id)).toEqual(expected);
  const response = await fetch(`${services[1].url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        '{ workers { id host backend numerics threads speed busy version since lastSeen } engine { workers } }',
    }),
  });
  const { data } = (await response.json()) as {
    readonly data: Record<string, readonly Record<string, unknown>[]>;
  };
  expect(data['workers']).toHaveLength(3);
  for (const worker of data['workers'] ?? []) expect(worker).toMatchObject({ backend: 'wasm', threads: 1 });
  expect(data['engine']).toEqual({ workers: 3 });
}, 120_000);

test('a worker killed every three seconds', async () => {
  const wanted = await alone(LONG);
  const { store, services, gang, id } = await begin(LONG);
  const over = new AbortController();
  let kills = 0;
  async function kill(): Promise<void> {
    while (!over.signal.aborted) {
      // Before it is killed: none counts that comes after the end.
      const index = kills % 3;
      kills += 1;
      await Promise.all([gang.kill(index).then(() => gang.replace(index)), setTimeout(3000)]);
    }
  }
  const killing: Promise<void>[] = [];
  await followAll([services[0].url], id, (count) => {
    // In the midst of the first generation.
    if (count === 6) killing.push(kill());
  });
  over.abort();
  expect(await Promise.all(killing)).toHaveLength(1);
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(await endOf(store, id)).toEqual(wanted);
}, 300_000);

test('the service that coordinates killed', async () => {
  const { store, services, id } = await begin();
  const killing: Promise<void>[] = [];
  await followAll([services[1].url], id, (count) => {
    if (count === 40) killing.push(services[0].kill());
  });
  expect(await Promise.all(killing)).toHaveLength(1);
  expect(await endOf(store, id)).toEqual(expected);
}, 120_000);

test('Redis killed, and started again empty', async () => {
  const { store, services, id } = await begin();
  const restarting: Promise<void>[] = [];
  await followAll([services[1].url], id, (count) => {
    if (count === 40) restarting.push(redis.kill().then(redis.start));
  });
  expect(await Promise.all(restarting)).toHaveLength(1);
  expect(await endOf(store, id)).toEqual(expected);
}, 120_000);

test('workers that are told to end give their jobs back to the last', async () => {
  const { store, services, gang, id } = await begin();
  const last = await startWorkerProcess({ MEDNAS_QUEUE: redis.url });
  atLast(last.stop);
  const stopping: Promise<boolean>[] = [];
  await followAll([services[0].url], id, (count) => {
    if (count === 40) stopping.push(gang.stop());
  });
  expect(await Promise.all(stopping)).toEqual([true]);
  expect(await endOf(store, id)).toEqual(expected);
}, 120_000);
