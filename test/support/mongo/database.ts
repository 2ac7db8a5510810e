// Collections in memory with MongoDB's rules: which filter matches, how values are ordered, what a
// unique index refuses. mingo evaluates the filters; the order of values is MongoDB's own here, as
// mingo's sets missing apart from null and compares texts by UTF-16 unit.

import { Context } from 'mingo/core';
import { $eq, $in, $ne } from 'mingo/operators/query/comparison';
import { $type } from 'mingo/operators/query/element';
import { $and, $or } from 'mingo/operators/query/logical';
import { Query } from 'mingo/query';
import type { Document } from './wire.ts';

/** A failure of a command or of one of its writes, as a server words it. */
export interface Failure {
  readonly code: number;
  readonly codeName: string;
  readonly errmsg: string;
}

export interface IndexSpecification {
  readonly name: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly unique?: boolean;
}

interface Index extends IndexSpecification {
  /** The documents of a unique index by their values. */
  readonly entries: Map<string, Document>;
}

export interface Collection {
  readonly documents: Set<Document>;
  readonly indexes: Index[];
}

const TYPES = ['null', 'number', 'string', 'boolean'];

function rank(value: unknown): number {
  const type = value === null || value === undefined ? 'null' : typeof value;
  if (!TYPES.includes(type)) throw new Error(`no order for a ${type} in this server`);
  return TYPES.indexOf(type);
}

/** By type first; texts by their bytes in UTF-8, which is by code point. */
export function compareValues(a: unknown, b: unknown): number {
  const byType = rank(a) - rank(b);
  if (byType !== 0) return byType;
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  return Number(a ?? 0) - Number(b ?? 0);
}

function valueAt(document: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (Array.isArray(value)) throw new Error(`no index into a list in this server: ${path}`);
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Document)[key]
      : undefined;
  }, document);
}

const ordering =
  (holds: (difference: number) => boolean): typeof $eq =>
  (path, value) =>
  (document) => {
    const found = valueAt(document, path);
    // An ordering comparison matches only values of the type of its own.
    return found !== undefined && rank(found) === rank(value) && holds(compareValues(found, value));
  };

const context = Context.init({
  query: {
    $and,
    $or,
    $eq,
    $ne,
    $in,
    $type,
    $lt: ordering((difference) => difference < 0),
    $lte: ordering((difference) => difference <= 0),
    $gt: ordering((difference) => difference > 0),
    $gte: ordering((difference) => difference >= 0),
  },
});

/** In the order of insertion. Throws for an operator that is not above. */
export function matching({ documents }: Collection, filter: Document): readonly Document[] {
  const query = new Query(filter, { context });
  return [...documents].filter((document) => query.test(document));
}

export function sorted(documents: readonly Document[], sort: Document): readonly Document[] {
  return documents.toSorted((a, b) => {
    for (const [path, direction] of Object.entries(sort)) {
      const difference = compareValues(valueAt(a, path), valueAt(b, path));
      if (difference !== 0) return difference * Number(direction);
    }
    return 0;
  });
}

export const newCollection = (): Collection => ({
  documents: new Set(),
  indexes: [{ name: '_id_', key: { _id: 1 }, unique: true, entries: new Map() }],
});

const entry = ({ key }: Index, document: Document): string =>
  JSON.stringify(Object.keys(key).map((path) => valueAt(document, path) ?? null));

const duplicate = (index: Index, document: Document): Failure => ({
  code: 11000,
  codeName: 'DuplicateKey',
  errmsg: `E11000 duplicate key error index: ${index.name} dup key: ${entry(index, document)}`,
});

/** Puts a document in the place of another, or of none; null or the reason why not. */
export function put({ documents, indexes }: Collection, document: Document, old?: Document): Failure | null {
  const unique = indexes.filter((index) => index.unique);
  for (const index of unique) {
    const holder = index.entries.get(entry(index, document));
    if (holder !== undefined && holder !== old) return duplicate(index, document);
  }
  if (old) drop({ documents, indexes }, old);
  documents.add(document);
  for (const index of unique) index.entries.set(entry(index, document), document);
  return null;
}

export function drop({ documents, indexes }: Collection, document: Document): void {
  documents.delete(document);
  for (const index of indexes) index.entries.delete(entry(index, document));
}

/** null or the reason why not. The same index again is no change. */
export function addIndex(collection: Collection, specification: IndexSpecification): Failure | null {
  const before = collection.indexes.find(({ name }) => name === specification.name);
  if (before) {
    const same =
      JSON.stringify(before.key) === JSON.stringify(specification.key) &&
      (before.unique ?? false) === (specification.unique ?? false);
    const errmsg = `An existing index has the same name as the requested index: ${before.name}`;
    return same ? null : { code: 86, codeName: 'IndexKeySpecsConflict', errmsg };
  }
  const index: Index = { ...specification, entries: new Map() };
  for (const document of index.unique ? collection.documents : []) {
    if (index.entries.has(entry(index, document))) return duplicate(index, document);
    index.entries.set(entry(index, document), document);
  }
  collection.indexes.push(index);
  return null;
}
