// The crash test in small (`npm run crash-test` is the whole), and two services over one archive of which
// the one that runs the search is killed.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { openArchive } from '../../src/storage/archive.ts';
import { EVENTS } from '../../src/storage/records.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';
import {
  crash,
  isFlawless,
  judge,
  momentsOf,
  newMongo,
  newSqlite,
  type Outcome,
  SEARCH,
  type Store,
} from './crash.ts';
import { CLI, follow, type Heard, startSearch, startService } from './process.ts';

let mongo: MongoServer;
let expected: readonly object[];
const stores: Store[] = [];
const opened = (store: Store): Store => {
  stores.push(store);
  return store;
};

beforeAll(async () => {
  const build = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']);
  if (build.status !== 0) throw new Error(String(build.stdout));
  mongo = await startMongoServer();
  ({ population: expected } = await crash(opened(newSqlite()), 'service', []));
}, 120_000);
afterAll(async () => {
  for (const { dispose } of stores) dispose();
  await mongo.close();
});

const STORAGES: readonly (readonly [string, () => Store])[] = [
  ['SQLite', newSqlite],
  ['MongoDB', () => newMongo(mongo)],
];

const expectFlawless = (outcome: Outcome): void =>
  expect([isFlawless(outcome, expected), outcome]).toEqual([true, outcome]);

test.each(STORAGES)(
  '%s: a service killed twice, and a search that ends the same',
  async (_, open) => {
    expectFlawless(await crash(opened(open()), 'service', momentsOf(7, 2, 1500)));
  },
  120_000,
);

test('a worker killed in the middle of a score costs nothing but that score again', async () => {
  const outcome = await crash(opened(newSqlite()), 'worker', [300]);
  expectFlawless(outcome);
  expect(outcome.kills).toBe(1);
}, 120_000);

test.each(STORAGES)(
  '%s: the other of two services takes over by itself, and computes nothing twice',
  async (_, open) => {
    const store = opened(open());
    const [first, second] = [await startService(store.environment), await startService(store.environment)];
    const id = await startSearch(first.url, SEARCH, 'one');
    const heard: Heard[] = [];
    // Followed on the one that does not run it, from beginning to end.
    const following = (async () => {
      for await (const event of follow(second.url, id, 0)) heard.push(event);
    })();
    // Who runs it tells at once; the other looks every two seconds.
    for await (const { sequence } of follow(first.url, id, 0)) if (sequence >= 20) break;
    await first.kill();
    const killedAt = Date.now();
    const documents = await store.open();
    const { items } = await openArchive(documents).listArchitectures(
      {},
      { by: 'macs', direction: 'asc' },
      1000,
    );
    const known = new Set<string>(items.map(({ item }) => item.architecture));
    const knownAt = await documents.count(EVENTS, []);
    await following;
    expect(heard.map(({ sequence }) => sequence)).toEqual(heard.map((_, i) => i + 1));
    expect(heard.at(-1)?.status).toBe('COMPLETED');
    expect(await second.stop()).toBe(true);
    const events = await documents.find(EVENTS, { order: [['sequence', 'asc']] });
    const after = events.filter(({ body }) => Date.parse(body.at) > killedAt);
    // Within a lease, for it sees that its neighbour is dead.
    expect(Date.parse(after[0]?.body.at ?? '') - killedAt).toBeLessThan(16_000);
    await documents.close();
    expectFlawless({
      ...(await judge(store, { id, heard }, known, knownAt)),
      kills: 1,
      acknowledged: 30,
      seconds: 0,
    });
  },
  120_000,
);

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

const onFullDevice = existsSync('/dev/full') ? test : test.skip;

onFullDevice('a service whose log cannot be written serves, and ends when it is told to', async () => {
  const port = await freePort();
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'serve'], {
    env: { ...opened(newSqlite()).environment, PORT: String(port) },
    stdio: ['ignore', full, 'inherit'],
  });
  closeSync(full);
  const exit = once(child, 'exit');
  const isAlive = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isAlive()) && child.exitCode === null) await setTimeout(50);
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
});
