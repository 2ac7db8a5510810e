import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, fstatSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import type { Collection, Documents } from '../../src/storage/documents.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { describeDocuments } from './documents.contract.ts';
import { CAN_MOUNT, openTmpfs, type Tmpfs } from './tmpfs.ts';
import { type Counter, COUNTERS } from './writer.ts';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'mednas-'));

describeDocuments('SQLite', async () => {
  const folder = await newFolder();
  return {
    open: () => openSqlite(folder),
    dispose: () => rm(folder, { recursive: true }),
  };
});

const ITEMS: Collection<{ readonly n: number; readonly text: string }> = {
  name: 'items',
  unique: [['n']],
  indexes: [],
  revision: 1,
  upgrade: (body) => body as { n: number; text: string },
};

/** Inserts until a failure, which it returns with the ids stored before. */
async function fill(
  documents: Documents,
  bytes: number,
): Promise<{ ids: readonly string[]; error: unknown }> {
  const ids: string[] = [];
  for (let n = 0; n < 10_000; n += 1) {
    try {
      await documents.insert(ITEMS, `id${n}`, { n, text: 'x'.repeat(bytes) });
    } catch (error) {
      return { ids, error };
    }
    ids.push(`id${n}`);
  }
  throw new Error('the disk never filled');
}

const integrity = (folder: string): unknown => {
  const database = new DatabaseSync(join(folder, 'archive.sqlite'));
  const outcome = database.prepare('PRAGMA integrity_check').all();
  database.close();
  return outcome.map((row) => row['integrity_check']);
};

describe('SQLite: a folder that cannot hold the archive', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await newFolder();
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is made when missing, with those above it', async () => {
    const documents = await openSqlite(join(folder, 'not', 'yet'));
    expect(await documents.insert(ITEMS, 'x', { n: 1, text: '' })).toBe(true);
    await documents.close();
  });

  test.each<[string, (path: string) => Promise<unknown>]>([
    ['is a file', (path) => writeFile(path, 'not a folder')],
    [
      'holds a folder in the place of the file',
      (path) => mkdir(join(path, 'archive.sqlite'), { recursive: true }),
    ],
  ])('%s', async (_, make) => {
    const path = join(folder, 'data');
    await make(path);
    await expect(openSqlite(path)).rejects.toMatchObject({
      code: 'STORAGE_READ_ONLY',
      message: expect.stringMatching(new RegExp(`${path} .*MEDNAS_DATA_DIR`)) as string,
    });
  });

  test('loses the file while it is open', async () => {
    const documents = await openSqlite(folder);
    await documents.insert(ITEMS, 'x', { n: 1, text: '' });
    await rm(join(folder, 'archive.sqlite'));
    await expect(documents.check()).rejects.toMatchObject({ code: 'STORAGE_READ_ONLY' });
    await documents.close();
  });

  test('is replaced by another while it is open', async () => {
    const documents = await openSqlite(folder);
    await documents.insert(ITEMS, 'x', { n: 1, text: '' });
    await rename(folder, `${folder}-moved`);
    const other = await openSqlite(folder);
    await other.check();
    await expect(documents.check()).rejects.toMatchObject({
      code: 'STORAGE_READ_ONLY',
      message: expect.stringContaining('another file has taken its place') as string,
    });
    await documents.close();
    await other.close();
    await rm(`${folder}-moved`, { recursive: true });
  });

  test('is locked by another program', async () => {
    const documents = await openSqlite(folder);
    await documents.insert(ITEMS, 'x', { n: 1, text: '' });
    const other = new DatabaseSync(join(folder, 'archive.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await expect(documents.check()).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      message: expect.stringContaining(folder) as string,
    });
    expect(await documents.get(ITEMS, 'x')).toMatchObject({ body: { n: 1 } });
    other.exec('ROLLBACK');
    other.close();
    expect(await documents.insert(ITEMS, 'y', { n: 2, text: '' })).toBe(true);
    await documents.close();
  }, 20_000);
});

const describeWithProc = existsSync('/proc/self') ? describe : describe.skip;

describeWithProc('SQLite: a folder that cannot be made (needs /proc)', () => {
  test.each(['/proc/absent', '/proc/absent/deeper'])('%s', async (path) => {
    await expect(openSqlite(path)).rejects.toMatchObject({
      code: 'STORAGE_READ_ONLY',
      message: expect.stringMatching(new RegExp(`${path} .*MEDNAS_DATA_DIR.*ENOENT`)) as string,
    });
  });
});

describe('SQLite: a damaged file', () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await newFolder();
    file = join(folder, 'archive.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function build(): Promise<void> {
    const documents = await openSqlite(folder);
    const rows = Array.from({ length: 300 }, (_, n) => ({
      id: `id${n}`,
      body: { n, text: 'x'.repeat(500) },
    }));
    await documents.insertMany(ITEMS, rows);
    await documents.close();
  }

  async function readAll(): Promise<number> {
    const documents = await openSqlite(folder);
    try {
      return (await documents.find(ITEMS, { order: [['text', 'asc']] })).length;
    } finally {
      await documents.close();
    }
  }

  const corrupt = { code: 'STORAGE_CORRUPT', message: expect.stringContaining('backup') as string };

  test.each([
    ['text', 'This is not a database.\n'.repeat(500)],
    ['short text', 'xy'],
    ['zeros', '\0'.repeat(8192)],
    ['a gzip file', `\x1f\x8b${'\0'.repeat(600)}`],
  ])('%s is no database, and stays as it is', async (_, content) => {
    await writeFile(file, content);
    await expect(openSqlite(folder)).rejects.toMatchObject(corrupt);
    expect(readFileSync(file, 'utf8')).toBe(Buffer.from(content).toString('utf8'));
  });

  test.each([16, 50, 99, 100, 511, 512, 4095, 4096, 8192, -4096, -1])('cut to %i bytes', async (length) => {
    await build();
    const { size } = statSync(file);
    await truncate(file, length > 0 ? length : size + length);
    await expect(readAll()).rejects.toMatchObject(corrupt);
  });

  test('with a page overwritten', async () => {
    await build();
    expect(await readAll()).toBe(300);
    const descriptor = openSync(file, 'r+');
    const noise = Buffer.alloc(4096, 0xa5);
    for (let at = 4096; at < fstatSync(descriptor).size; at += 4096)
      writeSync(descriptor, noise, 0, 4096, at);
    closeSync(descriptor);
    await expect(readAll()).rejects.toMatchObject(corrupt);
  });

  test.each([
    ['a body that is not JSON', "UPDATE items SET body = '{' WHERE id = 'id7'"],
    ['a table of another program', 'DROP TABLE items; CREATE TABLE items (name TEXT)'],
  ])('with %s', async (_, sql) => {
    await build();
    const database = new DatabaseSync(file);
    // Without its indexes, which would refuse the body.
    for (const { name } of database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql > ''")
      .all())
      database.exec(`DROP INDEX "${String(name)}"`);
    database.exec(sql);
    database.close();
    await expect(readAll()).rejects.toMatchObject(corrupt);
  });
});

const onTmpfs = CAN_MOUNT ? describe : describe.skip;
if (!CAN_MOUNT)
  console.warn('Skipped: SQLite on a full disk and in a read-only folder (only root can mount a tmpfs).');

onTmpfs('SQLite: a small disk', () => {
  let tmpfs: Tmpfs;
  let filler: string;

  beforeEach(() => {
    tmpfs = openTmpfs('8m');
    filler = join(tmpfs.folder, 'filler');
  });
  afterEach(() => tmpfs.unmount());

  const full = { code: 'STORAGE_FULL', message: expect.stringContaining('MEDNAS_DATA_DIR') as string };

  test.each([200, 20_000, 300_000])(
    'full of documents of %i bytes, it loses none, and goes on with more space',
    async (bytes) => {
      await writeFile(filler, Buffer.alloc(4 * 2 ** 20));
      const documents = await openSqlite(tmpfs.folder);
      const { ids, error } = await fill(documents, bytes);
      expect(error).toMatchObject(full);
      expect((error as Error).message).toContain(tmpfs.folder);
      expect(ids.length).toBeGreaterThan(2);

      await expect(documents.check()).rejects.toMatchObject(full);
      expect(await documents.getMany(ITEMS, ids)).toHaveLength(ids.length);
      expect(await documents.count(ITEMS, [])).toBe(ids.length);
      await expect(
        documents.replace(ITEMS, 'id0', 1, { n: 0, text: 'y'.repeat(4 * 2 ** 20) }),
      ).rejects.toMatchObject(full);
      expect(await documents.get(ITEMS, 'id0')).toMatchObject({ version: 1, body: { n: 0 } });

      await rm(filler);
      await documents.check();
      expect(await documents.insert(ITEMS, 'after', { n: -1, text: 'x'.repeat(bytes) })).toBe(true);
      await documents.close();
      expect(integrity(tmpfs.folder)).toEqual(['ok']);
      const later = await openSqlite(tmpfs.folder);
      expect(await later.count(ITEMS, [])).toBe(ids.length + 1);
      await later.close();
    },
    30_000,
  );

  test.each([0, 4, 16, 64, 500])('with %i KiB left, an archive cannot be opened', async (left) => {
    await writeFile(filler, Buffer.alloc(8 * 2 ** 20 - left * 1024 - 4096));
    await expect(openSqlite(join(tmpfs.folder, 'data'))).rejects.toMatchObject(full);
    await rm(filler);
    const documents = await openSqlite(join(tmpfs.folder, 'data'));
    expect(await documents.insert(ITEMS, 'x', { n: 1, text: '' })).toBe(true);
    await documents.close();
  });

  test('read-only, it says so, and leaves the archive as it is', async () => {
    const documents = await openSqlite(tmpfs.folder);
    await documents.insert(ITEMS, 'x', { n: 1, text: '' });
    await documents.close();
    tmpfs.makeReadOnly();
    for (const [folder, reason] of [
      [tmpfs.folder, ''],
      [join(tmpfs.folder, 'not', 'yet'), '.*EROFS'],
    ] as const) {
      await expect(openSqlite(folder)).rejects.toMatchObject({
        code: 'STORAGE_READ_ONLY',
        message: expect.stringMatching(new RegExp(`${folder} .*MEDNAS_DATA_DIR${reason}`)) as string,
      });
    }
  });
});

async function* lines(writer: ChildProcess): AsyncGenerator<string> {
  if (writer.stdout) yield* createInterface({ input: writer.stdout });
}

describe('SQLite: several processes', () => {
  let folder: string;
  let writers: ChildProcess[];

  beforeEach(async () => {
    folder = await newFolder();
    writers = [];
  });
  afterEach(async () => {
    for (const writer of writers) writer.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  function write(mode: 'insert' | 'increment', times: number): ChildProcess {
    const options = [
      '--experimental-strip-types',
      '--experimental-sqlite',
      '--disable-warning=ExperimentalWarning',
    ];
    const script = join(import.meta.dirname, 'writer.ts');
    const writer = spawn(process.execPath, [...options, script, mode, folder, String(times)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    writers.push(writer);
    return writer;
  }

  test('killed at any moment, a writer has lost nothing that was acknowledged', async () => {
    let acknowledged = 0;
    for (const after of [1, 2, 17, 60, 123]) {
      const writer = write('insert', 100_000);
      const exit = once(writer, 'exit');
      const ids: string[] = [];
      for await (const id of lines(writer)) {
        ids.push(id);
        if (ids.length === after) writer.kill('SIGKILL');
      }
      expect(await exit).toEqual([null, 'SIGKILL']);
      expect(ids.length).toBeGreaterThanOrEqual(after);

      const documents = await openSqlite(folder);
      expect(await documents.getMany(COUNTERS, ids)).toHaveLength(ids.length);
      const stored = await documents.find(COUNTERS, { order: [['n', 'asc']] });
      expect(stored.map(({ body }) => body.n)).toEqual(stored.map((_, n) => n));
      // At most one more was stored that nobody was told of.
      expect(stored.length - acknowledged - ids.length).toBeLessThanOrEqual(1);
      acknowledged = stored.length;
      await documents.close();
    }
    expect(integrity(folder)).toEqual(['ok']);
  }, 60_000);

  test('that begin a new archive at once and replace one document lose no replacement', async () => {
    const exits = await Promise.all(
      Array.from({ length: 4 }, () => {
        const writer = write('increment', 50);
        writer.stdout?.resume();
        return once(writer, 'exit');
      }),
    );
    expect(exits).toEqual([1, 2, 3, 4].map(() => [0, null]));
    const documents = await openSqlite(folder);
    expect(await documents.get<Counter>(COUNTERS, 'counter')).toEqual({
      id: 'counter',
      version: 201,
      body: { n: 200 },
    });
    await documents.close();
  }, 60_000);
});
