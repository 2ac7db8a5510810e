// Trainings in backups and in the archive's checks: what is in a file goes on elsewhere, what is damaged is found.

import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from '../../src/storage/backup/capture.ts';
import { writeBackup } from '../../src/storage/backup/file.ts';
import { restore } from '../../src/storage/backup/restore.ts';
import type { Collection, Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import { COLLECTIONS, EPOCHS, EVENTS, type TrainingId, TRAININGS } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { openStudio, TINY_TRAINING, writeDataset } from '../service/studio.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';

const newFolder = scratchFolders();
const CLOCK = new Date('2026-01-01T00:00:00Z');
const quiet = (): void => undefined;

let mongo: MongoServer;
let source: string;
let file: string;
let paused: TrainingId;
let completed: string | undefined;
beforeAll(async () => {
  mongo = await startMongoServer();
  source = newFolder();
  file = join(source, 'backup.gz');
  const studio = await openStudio({ folder: source, permits: 12 });
  const dataset = writeDataset(source);
  const { trainings } = studio.service;
  const whole = await trainings.start({ ...TINY_TRAINING, dataset });
  completed = (await studio.settled(whole.id)).best?.sha256;
  const part = await trainings.start({ ...TINY_TRAINING, dataset });
  studio.permits.grant(7);
  await studio.permits.wanted();
  paused = part.id;
  const snapshot = await studio.documents.snapshot(COLLECTIONS);
  // While it runs: its second epoch is stored, the third under way.
  await writeBackup(file, CLOCK, capture(snapshot));
  await snapshot.close();
  await studio.close();
});
afterAll(() => mongo.close());

let databases = 0;
const STORAGES: readonly (readonly [string, () => Promise<Documents>])[] = [
  ['SQLite', () => openSqlite(newFolder())],
  ['MongoDB', () => openMongo(`${mongo.uri}/trainings${databases++}`)],
];

async function findings(documents: Documents): Promise<readonly string[]> {
  const snapshot = await documents.snapshot(COLLECTIONS);
  const found: string[] = [];
  for await (const { where, what } of verify(snapshot)) found.push(`${where}: ${what}`);
  await snapshot.close();
  return found;
}

describe.each(STORAGES)('restored on %s', (_, open) => {
  async function restored(withFiles: boolean) {
    const documents = await open();
    const counts = await restore(documents, file, false, CLOCK, quiet);
    expect(counts.restored).toMatchObject({ trainings: 2, epochs: 6, leases: 2 });
    expect(await findings(documents)).toEqual([]);
    const folder = newFolder();
    if (withFiles) cpSync(join(source, 'weights'), join(folder, 'weights'), { recursive: true });
    return await openStudio({ folder, openDocuments: () => Promise.resolve(documents) });
  }

  test('with the files of weights, a training goes on to the same weights', async () => {
    const studio = await restored(true);
    expect(await studio.service.trainings.recover()).toBe(1);
    const record = await studio.settled(paused);
    expect([record.status, record.best?.sha256]).toEqual(['completed', completed]);
    expect(await studio.findings()).toEqual([]);
    await studio.close();
  });

  test('without them, it is paused and says what is missing', async () => {
    const studio = await restored(false);
    await studio.service.trainings.recover();
    expect(await studio.settled(paused)).toMatchObject({
      status: 'paused',
      failure: { code: 'INVALID_STATE', message: expect.stringContaining('checkpoint of epoch 2') },
    });
    const file = await studio.service.weightsOf(paused);
    expect(existsSync(file?.path ?? '')).toBe(false);
    await studio.close();
  });
});

test.each<readonly [string, Collection<unknown>, string, object, RegExp]>([
  ['a status of no kind', TRAININGS, 'id', { status: 'idle' }, /status is not one of/],
  ['an epoch that is not a number', TRAININGS, 'id', { epoch: null }, /epoch is not an integer/],
  ['a record beyond its epochs', TRAININGS, 'id', { epoch: 3 }, /has finished epoch 3, and 2 are stored/],
  ['epochs without a best one', TRAININGS, 'id', { best: null }, /none of them is its best/],
  ['an epoch of another', EPOCHS, 'training', { training: 'x' }, /belongs under the id x:/],
  ['a validation that is missing', EPOCHS, 'training', { validation: null }, /validation is not an object/],
  ['an event out of order', EVENTS, 'search', { sequence: 9 }, /number 9 follows/],
  ['an event of nobody', EVENTS, 'search', { search: 'nobody' }, /of a search that is missing/],
])('%s is found', async (_, collection, key, change, wanted) => {
  const documents = await openSqlite(newFolder());
  await restore(documents, file, false, CLOCK, quiet);
  const [one] = await documents.find<object>(collection as never, { where: [[key, 'eq', paused]], limit: 1 });
  if (one === undefined) throw new Error('nothing to damage');
  expect(await documents.replace(collection, one.id, one.version, { ...one.body, ...change })).toBe(true);
  expect((await findings(documents)).join('\n')).toMatch(wanted);
  await documents.close();
});
