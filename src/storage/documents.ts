// The port to the archive's database: JSON documents in named collections, with unique keys,
// compare-and-set replacement and keyset paging. Two implementations (SQLite, MongoDB) are held to
// the same contract suite.

/** Dotted path of a scalar inside a body, e.g. `scores.jacobCov.value`. */
export type Path = string;
export type Scalar = string | number | boolean | null;

/** A kind of document. */
export interface Collection<B> {
  readonly name: string;
  /** Each a tuple of paths whose values together occur once in the collection. */
  readonly unique: readonly (readonly Path[])[];
  /** Tuples of paths that are filtered or ordered by. */
  readonly indexes: readonly (readonly Path[])[];
  /** Of the body's layout, stored with each document: 1, and one more at each change of layout. */
  readonly revision: number;
  /** Brings a body of an older revision to this one. The only place where old layouts are known. */
  upgrade(body: unknown, revision: number): B;
}

export interface Stored<B> {
  readonly id: string;
  /** 1 when inserted, one more at each replacement. */
  readonly version: number;
  readonly body: B;
}

/** One condition; a query's conditions must all hold. `null` matches a missing value too. Ordering comparisons never match null. */
export type Condition =
  | readonly [path: Path, comparison: 'eq' | 'ne' | 'lt' | 'lte' | 'gt' | 'gte', value: Scalar]
  | readonly [path: Path, comparison: 'in', values: readonly Scalar[]];

export interface Query {
  readonly where?: readonly Condition[];
  /** null and missing values sort first ascending and last descending; ties go by id, in the direction of the last path (ascending without one). */
  readonly order?: readonly (readonly [path: Path, direction: 'asc' | 'desc'])[];
  /** Only documents after this position of the order: the ordered paths' values, then the id. */
  readonly after?: { readonly values: readonly Scalar[]; readonly id: string };
  readonly limit?: number;
}

/**
 * Promises of every implementation:
 * - a call that has resolved is durable: it survives a crash of the process and of the machine;
 * - each call is atomic for one document; `insertMany` is a loop of inserts that skips what exists;
 * - `body` is plain JSON and comes back equal; key order is not kept;
 * - failures of the database are MedNasErrors with code STORAGE_UNREACHABLE, STORAGE_READ_ONLY,
 *   STORAGE_FULL or STORAGE_CORRUPT, and leave what was stored untouched.
 */
export interface Documents {
  /** False, with nothing stored, when the id or a unique key is taken. */
  insert<B>(collection: Collection<B>, id: string, body: B): Promise<boolean>;
  /** How many were stored; those whose id or unique key is taken are left out. */
  insertMany<B>(
    collection: Collection<B>,
    rows: readonly { readonly id: string; readonly body: B }[],
  ): Promise<number>;
  /** False, with nothing changed, unless the document stands at `version`. */
  replace<B>(collection: Collection<B>, id: string, version: number, body: B): Promise<boolean>;
  get<B>(collection: Collection<B>, id: string): Promise<Stored<B> | null>;
  /** In no particular order; ids that do not exist are left out. */
  getMany<B>(collection: Collection<B>, ids: readonly string[]): Promise<readonly Stored<B>[]>;
  find<B>(collection: Collection<B>, query: Query): Promise<readonly Stored<B>[]>;
  count(collection: Collection<unknown>, where: readonly Condition[]): Promise<number>;
  /** Number removed. */
  remove(collection: Collection<unknown>, where: readonly Condition[]): Promise<number>;
  /** Rejects when the database cannot be read and written now. */
  check(): Promise<void>;
  close(): Promise<void>;
}
