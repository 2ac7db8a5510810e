// An owner that sleeps past its lease and wakes up late: whatever it was about to write is refused, and the
// search ends as if it had never woken.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { LEASE_MS, openLeases } from '../../src/service/leases.ts';
import { openArchive } from '../../src/storage/archive.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import { EVENTS, GENERATIONS, INDIVIDUALS, SEARCHES } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { startMongoServer } from '../support/mongo/server.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  MINUTE,
  MINUTE_EVALUATIONS,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
  withWrites,
} from './laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
let expected: readonly object[];
let mongo: Awaited<ReturnType<typeof startMongoServer>>;
beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
  expected = await purePopulation(engine, MINUTE);
  mongo = await startMongoServer();
});
afterAll(async () => {
  await mongo.close();
  await engine.close();
});

/** Whatever a run writes to its search. */
const contentOf = (documents: Documents): Promise<readonly unknown[]> =>
  Promise.all([SEARCHES, INDIVIDUALS, GENERATIONS, EVENTS].map((one) => documents.find<unknown>(one, {})));

let databases = 0;
const STORAGES: Readonly<Record<string, () => () => Promise<Documents>>> = {
  SQLite() {
    const folder = newFolder();
    return () => openSqlite(folder);
  },
  MongoDB() {
    const uri = `${mongo.uri}/fencing${databases++}`;
    return () => openMongo(uri);
  },
};

// Where it falls asleep: before its nth write to a collection.
const SLEEPS = [
  ['events', 1],
  ['events', 3],
  ['individuals', 1],
  ['generations', 2],
  ['searches', 2],
  ['searches', 4],
] as const;

describe.each(Object.keys(STORAGES))('%s', (storage) => {
  test.each(SLEEPS)('before its write to %s number %i', async (name, nth) => {
    const openDocuments = STORAGES[storage]?.() as () => Promise<Documents>;
    let wake = (): void => undefined;
    const awake = new Promise<void>((resolve) => {
      wake = resolve;
    });
    let writes = 0;
    let tell: () => void;
    const asleep = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const sleeper = await openLaboratory({
      folder: newFolder(),
      engine,
      openDocuments,
      documents: (real) =>
        withWrites(real, async (_, collection) => {
          if (collection === name) writes += 1;
          if (writes < nth) return;
          tell();
          await awake;
        }),
    });
    const { id } = await sleeper.service.searches.start(MINUTE);
    await asleep;

    const documents = await openDocuments();
    const late = (): Date => new Date(Date.now() + 2 * LEASE_MS);
    const fence = await openLeases(openArchive(documents), late).take(id);
    expect(fence).toBe(2);
    const before = await contentOf(documents);
    wake();
    await sleeper.service.searches.settled(id);
    expect(await contentOf(documents)).toEqual(before);
    expect(sleeper.errors).toEqual([]);
    await documents.close();
    await sleeper.close();

    const next = await openLaboratory({
      folder: newFolder(),
      engine,
      openDocuments,
      now: () => new Date(Date.now() + 4 * LEASE_MS),
    });
    expect(await next.service.searches.recover()).toBe(1);
    expect(await settled(next, id)).toMatchObject({ status: 'completed', failure: null });
    expect(await archivedPopulation(next.archive, id)).toEqual(expected);
    expectWholeJournal(await eventsOf(next.archive, id), MINUTE_EVALUATIONS, MINUTE.generations);
    await next.close();
  });
});

test('a fence grows with each owner, released or not, and ends with its search', async () => {
  const archive = openArchive(await openSqlite(newFolder()));
  const now = (): Date => new Date();
  const [first, second] = [openLeases(archive, now), openLeases(archive, now)];
  const id = 'a-search' as never;
  expect(await first.take(id)).toBe(1);
  expect(await first.take(id)).toBe(1);
  expect(await second.take(id)).toMatchObject({ fence: 1 });
  await first.release(id);
  expect(await second.take(id)).toBe(2);
  await first.release(id);
  expect(await first.take(id)).toMatchObject({ fence: 2 });
  expect(await first.take(id, true)).toBe(3);
  await archive.removeSearch(id);
  expect(await archive.findLease(id)).toBeNull();
  await archive.close();
});
