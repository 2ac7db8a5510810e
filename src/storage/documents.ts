// The port to the archive's database: JSON documents in named collections, with unique keys,
// compare-and-set replacement and keyset paging. Two implementations (SQLite, MongoDB) are held to
// the same contract suite. What both must do alike before their own translation begins, checking
// what comes in and upgrading what comes out, is here too.
import assert from 'node:assert/strict';
import { MedNasError } from '../search/errors.ts';

/** Dotted path of identifiers to a scalar inside a body, e.g. `scores.jacobCov.value`. */
export type Path = string;
/** Numbers are finite. */
export type Scalar = string | number | boolean | null;

/** A kind of document. Names are identifiers, and differ in more than upper and lower case. */
export interface Collection<B> {
  readonly name: string;
  /**
   * Each a tuple of paths whose values together occur once in the collection. A tuple with a null or
   * missing value is equal to no other, so a key that is absent collides with nothing.
   */
  readonly unique: readonly (readonly Path[])[];
  /** Tuples of paths that are filtered or ordered by. Those in `unique` serve too. */
  readonly indexes: readonly (readonly Path[])[];
  /** Of the body's layout, stored with each document: 1, and one more at each change of layout. */
  readonly revision: number;
  /**
   * Brings a body of an older revision to this one. The only place where old layouts are known.
   * Conditions, orders and unique keys see a body as it was stored, until it is replaced.
   */
  upgrade(body: unknown, revision: number): B;
}

export interface Stored<B> {
  readonly id: string;
  /** 1 when inserted, one more at each replacement. */
  readonly version: number;
  readonly body: B;
}

/**
 * One condition; a query's conditions must all hold. `null` matches a missing value too. Values of
 * different types are never equal (true is not 1), and the ordering comparisons match only values of
 * the given value's type, so never null.
 */
export type Condition =
  | readonly [path: Path, comparison: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte', value: Scalar]
  | readonly [path: Path, comparison: 'in', values: readonly Scalar[]];

/**
 * The order of values, ascending: null and missing (equal), numbers, texts by Unicode code point,
 * false, true.
 */
export interface Query {
  readonly where?: readonly Condition[];
  /** Each path once. Ties go by id, in the direction of the last path (ascending without one). */
  readonly order?: readonly (readonly [path: Path, direction: 'asc' | 'desc'])[];
  /** Only documents after this position of the order: the ordered paths' values, then the id. */
  readonly after?: { readonly values: readonly Scalar[]; readonly id: string };
  readonly limit?: number;
}

/** What a write may depend on: it happens only while a document of this id fulfils the conditions. */
export interface Guard {
  readonly collection: Collection<unknown>;
  readonly id: string;
  readonly where: readonly Condition[];
}

/** A guard does not hold: somebody else has taken over from whoever writes, and nothing was stored. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/**
 * Promises of every implementation:
 * - a call that has resolved is durable: it survives a crash of the process and of the machine;
 * - each call is atomic for one document; `insertMany` is a loop of inserts that skips what exists;
 * - `body` is any JSON of up to 90 levels and 16 MB (as BSON), and comes back equal to what JSON.stringify
 *   makes of it (so -0 comes back as 0); key order is not kept. Half a surrogate pair is refused
 *   (INVALID_ARGUMENT), and so is NUL in an id;
 * - a write with a guard that does not hold when it is called rejects with SupersededError. SQLite checks
 *   the guard in the statement that writes, MongoDB in a step just before it;
 * - a path that is queried leads to a scalar or to nothing, in every body. For the declared paths
 *   (`unique`, `indexes`) this is checked at writing;
 * - failures of the database are MedNasErrors with code STORAGE_UNREACHABLE, STORAGE_READ_ONLY,
 *   STORAGE_FULL or STORAGE_CORRUPT, and leave what was stored untouched.
 */
export interface Documents {
  /** False, with nothing stored, when the id or a unique key is taken. */
  insert<B>(collection: Collection<B>, id: string, body: B, guard?: Guard): Promise<boolean>;
  /** How many were stored; those whose id or unique key is taken are left out. `version`: 1 unless given. */
  insertMany<B>(
    collection: Collection<B>,
    rows: readonly { readonly id: string; readonly body: B; readonly version?: number }[],
    guard?: Guard,
  ): Promise<number>;
  /** False, with nothing changed, unless the document stands at `version` and its new unique keys are free. */
  replace<B>(
    collection: Collection<B>,
    id: string,
    version: number,
    body: B,
    guard?: Guard,
  ): Promise<boolean>;
  get<B>(collection: Collection<B>, id: string): Promise<Stored<B> | null>;
  /** In no particular order, each once; ids that do not exist are left out. */
  getMany<B>(collection: Collection<B>, ids: readonly string[]): Promise<readonly Stored<B>[]>;
  find<B>(collection: Collection<B>, query: Query): Promise<readonly Stored<B>[]>;
  count(collection: Collection<unknown>, where: readonly Condition[]): Promise<number>;
  /** Number removed. */
  remove(collection: Collection<unknown>, where: readonly Condition[]): Promise<number>;
  /** The present, to be read at leisure. SQLite: of one moment, whatever is written meanwhile; MongoDB: of each call's. */
  snapshot(collections: readonly Collection<unknown>[]): Promise<Snapshot>;
  /** What the database itself finds wrong with its files, in its words. */
  faults(): Promise<readonly string[]>;
  /** Rejects when the database cannot be read and written now. */
  check(): Promise<void>;
  /** May be called again; every other call then rejects. */
  close(): Promise<void>;
}

export interface Snapshot {
  readonly find: Documents['find'];
  readonly close: () => Promise<void>;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]*$/;
const PATH = /^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*$/;

// Names, paths and the shape of a query are written by this program's own code, so a bad one is a
// broken invariant. The check also makes them safe to build statements from.
function checkPaths(paths: readonly Path[]): void {
  for (const path of paths) assert(PATH.test(path), `not a path of identifiers: ${path}`);
}

/** Throws for a collection that cannot be stored. */
export function checkCollection({ name, unique, indexes, revision }: Collection<unknown>): void {
  assert(NAME.test(name), `not a collection's name: ${name}`);
  assert(revision >= 1 && Number.isSafeInteger(revision), `${name}: revision is ${revision}`);
  for (const paths of [...unique, ...indexes]) {
    assert(paths.length > 0, `${name}: an index without a path`);
    checkPaths(paths);
  }
}

/** Throws for a query that has no meaning. */
export function checkQuery({ where = [], order = [], after, limit = 0 }: Query): void {
  const paths = order.map(([path]) => path);
  const values: readonly (Scalar | readonly Scalar[])[] = where.map(([, , value]) => value);
  checkPaths([...where.map(([path]) => path), ...paths]);
  assert(new Set(paths).size === paths.length, `a path is ordered by twice: ${paths.join()}`);
  assert(after === undefined || after.values.length === order.length, 'after: a value for each ordered path');
  assert(limit >= 0 && Number.isSafeInteger(limit), `limit is ${limit}`);
  for (const value of [...values, after?.values ?? []].flat())
    assert(typeof value !== 'number' || Number.isFinite(value), `cannot look for ${String(value)}`);
}

/** Value at a path, null when there is none. Throws unless it is a scalar. */
export function scalarAt(body: unknown, path: Path): Scalar {
  let at = body;
  for (const key of path.split('.')) {
    assert(!Array.isArray(at), `${path} leads through a list`);
    const inside = typeof at === 'object' && at !== null && Object.hasOwn(at, key);
    at = inside ? (at as Readonly<Record<string, unknown>>)[key] : null;
  }
  assert(typeof at !== 'object' || at === null, `${path} leads to a list or an object, not to a scalar`);
  return (at ?? null) as Scalar;
}

// JSON.stringify writes half a surrogate pair, and nothing else, as an escape of this form.
const HALF_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** The text to store for a document. Throws when it may not be stored. */
export function toJson<B>(collection: Collection<B>, id: string, body: B): string {
  for (const path of [...collection.unique, ...collection.indexes].flat()) scalarAt(body, path);
  // undefined is no JSON: stringify then returns undefined, whatever its type says.
  const json = JSON.stringify(body) as string | undefined;
  assert(json !== undefined, `${collection.name}: ${typeof body} is not JSON`);
  if (HALF_PAIR.test(json) || HALF_PAIR.test(JSON.stringify(id)) || id.includes('\0'))
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `Cannot store ${JSON.stringify(id)} in ${collection.name}: it holds text that is not well-formed Unicode ` +
        '(half of a surrogate pair), or its id holds a NUL. Send well-formed text.',
    );
  return json;
}

/** A document as its readers see it, in the current layout. */
export function toStored<B>(
  collection: Collection<B>,
  row: { readonly id: string; readonly version: number; readonly revision: number; readonly body: unknown },
): Stored<B> {
  const { id, version, revision, body } = row;
  if (revision > collection.revision)
    throw new MedNasError(
      'INVALID_STATE',
      `${collection.name} ${id} was written by a newer MedNAS (layout ${revision}, this one knows up to ` +
        `${collection.revision}). Run the newer one.`,
    );
  return {
    id,
    version,
    body: revision === collection.revision ? (body as B) : collection.upgrade(body, revision),
  };
}
