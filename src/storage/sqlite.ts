// The document port on SQLite: one file, no server, the default. WAL with synchronous=FULL: a commit is
// on the disk before the call resolves, and a second process may read and write the same file.

import { statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { types } from 'node:util';
import { makeFolder } from '../folder.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import {
  checkCollection,
  checkQuery,
  type Collection,
  type Documents,
  type Guard,
  type Snapshot,
  type Stored,
  SupersededError,
  toJson,
  toStored,
} from './documents.ts';
import { type Fragment, toSchema, toSql, toWhere } from './sql.ts';

const FILE = 'archive.sqlite';
/** Prepared statements kept. */
const MAX_STATEMENTS = 200;
/** How long another process may hold the file, in ms. */
const BUSY_TIMEOUT = 5000;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly revision: number;
  readonly body: string;
}

// By SQLite's result code (https://www.sqlite.org/rescode.html), an extended one or the primary one in
// its low byte, or by the file system's. What else the file system says is that it will not be written.
const BUSY = 5;
const CODES: Readonly<Record<number | string, ErrorCode>> = {
  1: 'STORAGE_CORRUPT', // ERROR: a table or a body is not as the statements here made it
  3: 'STORAGE_READ_ONLY', // PERM
  [BUSY]: 'STORAGE_UNREACHABLE',
  6: 'STORAGE_UNREACHABLE', // LOCKED
  8: 'STORAGE_READ_ONLY', // READONLY
  10: 'STORAGE_UNREACHABLE', // IOERR
  11: 'STORAGE_CORRUPT', // CORRUPT
  13: 'STORAGE_FULL', // FULL
  14: 'STORAGE_READ_ONLY', // CANTOPEN
  26: 'STORAGE_CORRUPT', // NOTADB
  4874: 'STORAGE_FULL', // IOERR_SHMSIZE: the index of the WAL cannot grow
  8458: 'STORAGE_CORRUPT', // IOERR_CORRUPTFS
  EDQUOT: 'STORAGE_FULL',
  ENOSPC: 'STORAGE_FULL',
};

const ADVICE: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORAGE_READ_ONLY: 'cannot be written. Make the folder writable, or set MEDNAS_DATA_DIR to one that is.',
  STORAGE_FULL: 'has no room left. Free some disk space, or set MEDNAS_DATA_DIR to a folder with more.',
  STORAGE_CORRUPT: 'is damaged, or not SQLite. Restore it from a backup, or move it away to begin anew.',
  STORAGE_UNREACHABLE: 'does not answer. See whether another program locks it or the disk fails.',
};

function toError(cause: unknown, folder: string): unknown {
  if (!types.isNativeError(cause)) return cause;
  const { errcode, code } = cause as { readonly errcode?: number; readonly code?: string };
  const storage =
    CODES[errcode ?? code ?? ''] ??
    CODES[(errcode ?? 0) & 0xff] ??
    ('syscall' in cause ? 'STORAGE_READ_ONLY' : undefined) ??
    (cause instanceof SyntaxError ? 'STORAGE_CORRUPT' : undefined); // a body that is not JSON
  if (storage === undefined) return cause;
  const message = `The archive in the data folder ${folder} ${ADVICE[storage]} (${FILE}: ${cause.message})`;
  return new MedNasError(storage, message, { cause });
}

// A disk on which the last commit just fitted is full, though the file may have room for one page.
const ROOM = 2 ** 20;

const fileOf = (folder: string): string => {
  const { dev, ino } = statSync(join(folder, FILE), { bigint: true });
  return `${dev} ${ino}`;
};

function checkWritable(database: DatabaseSync, folder: string): void {
  const { bavail, bsize, blocks } = statfsSync(folder);
  if (blocks > 0 && bavail * bsize < ROOM)
    throw Object.assign(new Error('less than 1 MiB is free'), { code: 'ENOSPC' });
  database.exec('PRAGMA user_version = 1'); // Writes page 1, whatever the number was.
}

/** One that waits for other processes, and whose commits are on the disk. */
async function openFile(folder: string): Promise<DatabaseSync> {
  await makeFolder(folder);
  // Turning a new file to WAL does not wait for another process that does the same, hence the loop.
  for (const until = Date.now() + BUSY_TIMEOUT; ; await setTimeout(20)) {
    const database = new DatabaseSync(join(folder, FILE));
    try {
      database.exec(
        `PRAGMA busy_timeout = ${BUSY_TIMEOUT}; PRAGMA journal_mode = WAL;` +
          ' PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;',
      );
      checkWritable(database, folder);
      return database;
    } catch (error) {
      database.close();
      if (Date.now() > until || ((error as { readonly errcode?: number }).errcode ?? 0) % 256 !== BUSY)
        throw error;
    }
  }
}

/**
 * The archive in `folder`, which is made when missing.
 * @throws MedNasError STORAGE_READ_ONLY, STORAGE_FULL, STORAGE_CORRUPT, STORAGE_UNREACHABLE
 */
export async function openSqlite(folder: string): Promise<Documents> {
  const attempt = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw toError(error, folder);
    }
  };
  const database = await attempt(() => openFile(folder));
  const file = await attempt(() => fileOf(folder));
  // SQLite goes on writing to a file that has been deleted, or for which another stands in.
  function checkFile(): void {
    if (fileOf(folder) === file) return;
    throw Object.assign(new Error('another file has taken its place'), { syscall: 'stat' });
  }
  let isOpen = true;
  const ready = new WeakSet<Collection<unknown>>();
  const statements = new Map<string, StatementSync>();

  function prepare(sql: string): StatementSync {
    const statement = statements.get(sql) ?? database.prepare(sql);
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    statements.set(sql, statement);
    return statement;
  }

  /** The quoted name of a collection's table, which it sees to be there. */
  function tableOf(collection: Collection<unknown>): string {
    if (!ready.has(collection)) {
      checkCollection(collection);
      database.exec(toSchema(collection));
      ready.add(collection);
    }
    return `"${collection.name}"`;
  }

  function read<B>(
    collection: Collection<B>,
    { sql, values }: Fragment,
    statementOf: (sql: string) => StatementSync = prepare,
  ): readonly Stored<B>[] {
    const table = tableOf(collection);
    const rows = statementOf(`SELECT id, version, revision, body FROM ${table} WHERE ${sql}`).all(...values);
    return (rows as unknown as readonly Row[]).map((row) =>
      toStored(collection, { ...row, body: JSON.parse(row.body) as unknown }),
    );
  }

  /** A connection whose one transaction goes on reading what was there when it began. */
  function openSnapshot(collections: readonly Collection<unknown>[]): Snapshot {
    // Before it begins: it would not see a table that is made later.
    for (const collection of collections) tableOf(collection);
    const reader = new DatabaseSync(join(folder, FILE), { readOnly: true });
    reader.exec('BEGIN; SELECT 1 FROM sqlite_schema');
    return {
      find: (collection, query) =>
        attempt(() => {
          checkQuery(query);
          return read(collection, toSql(query), (sql) => reader.prepare(sql));
        }),
      close: () => attempt(() => reader.close()),
    };
  }

  /** Number of documents changed. */
  const write = (sql: string, values: readonly (string | number)[]): number =>
    Number(prepare(sql).run(...values).changes);

  function toCondition(guard: Guard | undefined): Fragment {
    if (guard === undefined) return { sql: 'TRUE', values: [] };
    const { sql, values } = toWhere(guard.where);
    return {
      sql: `EXISTS (SELECT 1 FROM ${tableOf(guard.collection)} WHERE id = ? AND ${sql})`,
      values: [guard.id, ...values],
    };
  }

  /** Number of documents changed by a statement that ends in its guard's condition. */
  function writeGuarded(sql: string, values: readonly (string | number)[], guard: Guard | undefined): number {
    const condition = toCondition(guard);
    const changes = write(
      sql.replace('GUARD', () => condition.sql),
      [...values, ...condition.values],
    );
    // Nothing is changed for what is there already, too: only then does one have to look.
    if (changes === 0 && !prepare(`SELECT 1 WHERE ${condition.sql}`).get(...condition.values))
      throw new SupersededError(guard?.id);
    return changes;
  }

  const insertMany: Documents['insertMany'] = (collection, rows, guard) =>
    attempt(() => {
      const pairs = rows.map(({ id, body, version = 1 }) => [id, toJson(collection, id, body), version]);
      // One statement, so one transaction.
      return writeGuarded(
        `INSERT INTO ${tableOf(collection)} (id, version, revision, body)` +
          ' SELECT value ->> 0, value ->> 2, ?, value ->> 1 FROM json_each(?) WHERE GUARD ON CONFLICT DO NOTHING',
        [collection.revision, JSON.stringify(pairs)],
        guard,
      );
    });

  const getMany: Documents['getMany'] = (collection, ids) =>
    attempt(() =>
      read(collection, { sql: 'id IN (SELECT value FROM json_each(?))', values: [JSON.stringify(ids)] }),
    );

  return {
    insertMany,
    insert: async (collection, id, body, guard) =>
      (await insertMany(collection, [{ id, body }], guard)) === 1,
    replace: (collection, id, version, body, guard) =>
      attempt(() => {
        const json = toJson(collection, id, body);
        const sql =
          `UPDATE OR IGNORE ${tableOf(collection)} SET version = version + 1, revision = ?, body = ?` +
          ' WHERE id = ? AND version = ? AND GUARD';
        return writeGuarded(sql, [collection.revision, json, id, version], guard) === 1;
      }),
    getMany,
    get: async (collection, id) => (await getMany(collection, [id]))[0] ?? null,
    find: (collection, query) =>
      attempt(() => {
        checkQuery(query);
        return read(collection, toSql(query));
      }),
    count: (collection, where) =>
      attempt(() => {
        checkQuery({ where });
        const { sql, values } = toWhere(where);
        return Number(
          prepare(`SELECT count(*) AS n FROM ${tableOf(collection)} WHERE ${sql}`).get(...values)?.['n'],
        );
      }),
    remove: (collection, where) =>
      attempt(() => {
        checkQuery({ where });
        const { sql, values } = toWhere(where);
        return write(`DELETE FROM ${tableOf(collection)} WHERE ${sql}`, values);
      }),
    snapshot: (collections) => attempt(() => openSnapshot(collections)),
    faults: () =>
      attempt(() => {
        const rows = database.prepare('PRAGMA integrity_check').all();
        return rows.map((row) => String(row['integrity_check'])).filter((fault) => fault !== 'ok');
      }),
    check: () =>
      attempt(() => {
        checkFile();
        checkWritable(database, folder);
      }),
    close: () =>
      attempt(() => {
        if (isOpen) database.close();
        isOpen = false;
      }),
  };
}
