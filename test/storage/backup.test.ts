// An archive to a file and back, between SQLite and MongoDB: nothing is lost, nothing damaged gets in.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import type { SearchId } from '../../src/storage/records.ts';
import { capture } from '../../src/storage/backup/capture.ts';
import { writeBackup } from '../../src/storage/backup/file.ts';
import { restore } from '../../src/storage/backup/restore.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import { COLLECTIONS, LEASES, SEARCHES } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  holdAt,
  MINUTE,
  MINUTE_EVALUATIONS,
  openLaboratory,
  purePopulation,
  settled,
} from '../service/laboratory.ts';

let engine: Engine;
let mongo: MongoServer;
let folder: string;
/** An archive of one completed search and one that is held in its second generation. */
let source: string;
let heldId: SearchId;
let stopHolding: () => Promise<void>;
/** Of that archive, while the held search's run was at it. */
let file: string;

const CLOCK = new Date('2026-01-01T00:00:00Z');
const HELD = { ...MINUTE, seed: 12 };
const toFile = async (documents: Documents, path: string) => {
  const snapshot = await documents.snapshot(COLLECTIONS);
  try {
    return await writeBackup(path, CLOCK, capture(snapshot));
  } finally {
    await snapshot.close();
  }
};
let files = 0;
const newPath = (): string => join(folder, `path${files++}`);

beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
  mongo = await startMongoServer();
  folder = mkdtempSync(join(tmpdir(), 'mednas-'));
  source = newPath();
  const first = await openLaboratory({ folder: source, engine });
  const { id } = await first.service.searches.start(MINUTE);
  await settled(first, id);
  await first.close();
  const hold = holdAt(3);
  const second = await openLaboratory({ folder: source, engine, onComputed: hold.onComputed });
  ({ id: heldId } = await second.service.searches.start(HELD));
  await hold.reached;
  stopHolding = second.close;
  const documents = await openSqlite(source);
  file = newPath();
  await toFile(documents, file);
  await documents.close();
});
afterAll(async () => {
  await stopHolding();
  await mongo.close();
  await engine.close();
  rmSync(folder, { recursive: true });
});

const quiet = (): void => undefined;
const contentOf = (documents: Documents) =>
  Promise.all(
    COLLECTIONS.filter((one) => one !== LEASES).map((one) => documents.find<unknown>(one as never, {})),
  );
const linesOf = (path: string): readonly string[] =>
  gunzipSync(readFileSync(path)).toString().trimEnd().split('\n');
const rowsOf = (path: string): readonly string[] => linesOf(path).slice(1, -1);

const STORAGES: readonly (readonly [string, () => Promise<Documents>])[] = [
  ['SQLite', () => openSqlite(newPath())],
  ['MongoDB', () => openMongo(`${mongo.uri}/backup${files++}`)],
];

test.each(STORAGES)('to %s and from there to a file again: the same documents', async (_, open) => {
  const documents = await open();
  const { restored, skipped } = await restore(documents, file, false, CLOCK, quiet);
  expect(restored).toMatchObject({ searches: 2, leases: 2 });
  expect(Object.values(skipped).every((count) => count === 0)).toBe(true);
  const again = newPath();
  const { sha256, counts } = await toFile(documents, again);
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(counts).toEqual(restored);
  const content = (path: string) =>
    rowsOf(path)
      .map((line) => JSON.parse(line) as { collection: string; id: string })
      .toSorted((a, b) => (a.collection + a.id < b.collection + b.id ? -1 : 1));
  expect(content(again)).toEqual(content(file));
  await documents.close();
});

test.each(STORAGES)('a search that was running goes on in %s to the same end', async (_, open) => {
  const openDocuments = open;
  const documents = await openDocuments();
  await restore(documents, file, false, CLOCK, quiet);
  const laboratory = await openLaboratory({
    folder: newPath(),
    engine,
    openDocuments: () => Promise.resolve(documents),
  });
  expect(await laboratory.service.searches.recover()).toBe(1);
  expect(await settled(laboratory, heldId)).toMatchObject({ status: 'completed' });
  expect(await archivedPopulation(laboratory.archive, heldId)).toEqual(await purePopulation(engine, HELD));
  expectWholeJournal(await eventsOf(laboratory.archive, heldId), MINUTE_EVALUATIONS, MINUTE.generations);
  await laboratory.close();
});

test('what is written after it began is not in it', async () => {
  const documents = await openSqlite(newPath());
  await documents.insertMany(SEARCHES, [{ id: 'a', body: { id: 'a', generation: -1 } as never, version: 3 }]);
  const snapshot = await documents.snapshot(COLLECTIONS);
  await documents.insert(SEARCHES, 'b', { id: 'b', generation: -1 } as never);
  expect((await snapshot.find(SEARCHES, {})).map(({ id, version }) => [id, version])).toEqual([['a', 3]]);
  await snapshot.close();
  await documents.close();
});

describe('an archive that is not empty', () => {
  test('is refused, and stays as it is', async () => {
    const documents = await openSqlite(newPath());
    await documents.insert(SEARCHES, 'mine', { id: 'mine' } as never);
    await expect(restore(documents, file, false, CLOCK, quiet)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      message: expect.stringContaining('not empty (1 searches)') as string,
    });
    expect(await documents.count(SEARCHES, [])).toBe(1);
    await documents.close();
  });

  test('takes what it lacks with merge, and skips what is equal', async () => {
    const documents = await openSqlite(newPath());
    await documents.insert(SEARCHES, 'mine', { id: 'mine' } as never);
    const first = await restore(documents, file, true, CLOCK, quiet);
    const second = await restore(documents, file, true, CLOCK, quiet);
    expect(second.skipped).toEqual(first.restored);
    expect(await documents.count(SEARCHES, [])).toBe(3);
    await documents.close();
  });

  test('with other content under the same ids is told of, before anything is written', async () => {
    const documents = await openSqlite(newPath());
    await documents.insert(SEARCHES, heldId, { id: heldId } as never);
    const before = await contentOf(documents);
    await expect(restore(documents, file, true, CLOCK, quiet)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`- searches ${heldId}\n`) as string,
    });
    expect(await contentOf(documents)).toEqual(before);
    await documents.close();
  });
});

test('killed after any write, the same restore goes on, and shows no search before all of it is there', async () => {
  const wanted = await openSqlite(newPath());
  await restore(wanted, file, false, CLOCK, quiet);
  const content = await contentOf(wanted);
  await wanted.close();
  for (const last of [1, 2, 3, 5]) {
    const real = await openSqlite(newPath());
    let writes = 0;
    const dying: Documents = {
      ...real,
      insertMany(...args) {
        writes += 1;
        return writes > last ? Promise.reject(new Error('killed')) : real.insertMany(...args);
      },
    };
    await expect(restore(dying, file, false, CLOCK, quiet)).rejects.toThrow('killed');
    expect(await real.count(SEARCHES, [])).toBe(0);
    await restore(real, file, false, CLOCK, quiet);
    expect(await contentOf(real)).toEqual(content);
    await real.close();
  }
});

describe('a file that is', () => {
  const zipped = (lines: readonly string[]): Buffer => gzipSync(lines.map((line) => `${line}\n`).join(''));
  const altered = (change: (lines: string[]) => readonly string[]) => () =>
    zipped(change([...linesOf(file)]));

  test.each<[string, () => Buffer, object]>([
    ['cut', () => readFileSync(file).subarray(0, -40), { code: 'CHECKSUM_MISMATCH' }],
    ['no gzip', () => Buffer.from('hello'), { code: 'CHECKSUM_MISMATCH' }],
    ['without its end', altered((lines) => lines.slice(0, -1)), { code: 'CHECKSUM_MISMATCH' }],
    ['short of a document', altered((lines) => lines.toSpliced(3, 1)), { code: 'CHECKSUM_MISMATCH' }],
    [
      'other by a letter',
      altered((lines) => lines.with(1, lines[1]?.replace('breastmnist', 'breastmnisT') ?? '')),
      { code: 'CHECKSUM_MISMATCH' },
    ],
    ['longer than its end', altered((lines) => [...lines, '{}']), { code: 'CHECKSUM_MISMATCH' }],
    ['no backup', () => zipped(['{"name":"x"}']), { code: 'INVALID_ARGUMENT' }],
    [
      'of a newer format',
      altered((lines) => lines.with(0, '{"format":"mednas-archive","version":2}')),
      { code: 'INVALID_STATE', message: expect.stringMatching('A newer MedNAS wrote .*format 2') },
    ],
    [
      'of a newer layout',
      altered((lines) => lines.with(1, lines[1]?.replace(/"layout":\d+/u, '"layout":99') ?? '')),
      { code: 'INVALID_STATE', message: expect.stringContaining('newer MedNAS (layout 99') },
    ],
    [
      'of a newer collection',
      altered((lines) => lines.with(1, lines[1]?.replace('"searches"', '"others"') ?? '')),
      { code: 'INVALID_STATE', message: expect.stringContaining("no 'others'") },
    ],
  ])('%s is refused, and nothing is written', async (_, make, error) => {
    const path = newPath();
    writeFileSync(path, make());
    const documents = await openSqlite(newPath());
    await expect(restore(documents, path, false, CLOCK, quiet)).rejects.toMatchObject(error);
    expect((await contentOf(documents)).flat()).toEqual([]);
    await documents.close();
  });

  test('missing is refused', async () => {
    const documents = await openSqlite(newPath());
    await expect(restore(documents, newPath(), false, CLOCK, quiet)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('ENOENT') as string,
    });
    await documents.close();
  });
});

test('a backup replaces no file, and one that fails leaves none', async () => {
  const documents = await openSqlite(source);
  await expect(toFile(documents, file)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(toFile(documents, join(folder, 'not', 'there'))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('no such folder') as string,
  });
  async function* broken(): AsyncGenerator<never> {
    yield* [];
    await Promise.reject(new Error('read error'));
  }
  const path = newPath();
  await expect(writeBackup(path, CLOCK, broken())).rejects.toThrow('read error');
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  await documents.close();
});
