// The document port in MongoDB's query language, and bodies in a form that MongoDB keeps as it is.

import {
  type Collection,
  type Condition,
  type Path,
  type Query,
  type Scalar,
  scalarAt,
} from './documents.ts';

type Filter = Record<string, unknown>;

// Keys that MongoDB, BSON, mongoose or JavaScript give a meaning are stored with percent escapes. (bson
// looks names up in plain objects, so that what stands under `valueOf`, say, comes back as bytes.)
const isReserved = (key: string): boolean =>
  key in Object.prototype || key === 'prototype' || key === '_bsontype';
const toHex = (char: string): string => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
const escapeKey = (key: string): string => key.replace(isReserved(key) ? /./g : /[%.$\0]/g, toHex);
const unescapeKey = (key: string): string =>
  key.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

function renamed(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), renamed(item, rename)]));
}

const fieldAt = (path: Path): string => `body.${path.split('.').map(escapeKey).join('.')}`;
const apartName = (paths: readonly Path[]): string => paths.map(fieldAt).join('+').replaceAll('.', ':');

export const toBody = (json: unknown): unknown => renamed(json, escapeKey);
export const fromBody = (body: unknown): unknown => renamed(body, unescapeKey);

/** For each unique tuple with a null in it, the id: what makes the tuple unlike every other. */
export const toApart = (
  { unique }: Collection<unknown>,
  id: string,
  json: unknown,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    unique
      .filter((paths) => paths.some((path) => scalarAt(json, path) === null))
      .map((paths) => [apartName(paths), id]),
  );

// The comparisons bear MongoDB's names. Its ordering ones would match null with null.
const WITH_NULL: readonly string[] = ['eq', 'ne', 'in'];
const holds = ([path, comparison, value]: Condition): Filter => ({
  [fieldAt(path)]:
    value === null && !WITH_NULL.includes(comparison) ? { $in: [] } : { [`$${comparison}`]: value },
});

// Types in the order in which MongoDB sorts them; its ordering comparisons stay within one.
const TYPES = ['null', 'number', 'string', 'bool'] as const;

/** Filters, one of which holds for each value that an order has after this one. */
function beyond(path: Path, direction: 'asc' | 'desc', value: Scalar): readonly Filter[] {
  const type = value === null ? 'null' : typeof value === 'boolean' ? 'bool' : typeof value;
  const place = TYPES.findIndex((name) => name === type);
  const others = direction === 'asc' ? TYPES.slice(place + 1) : TYPES.slice(0, place);
  return [
    { [direction === 'asc' ? '$gt' : '$lt']: value },
    ...others.map((name) => (name === 'null' ? { $eq: null } : { $type: name })),
  ].map((condition) => ({ [fieldAt(path)]: condition }));
}

/** The direction of the ids. */
const lastOf = (order: Query['order']): 'asc' | 'desc' => order?.at(-1)?.[1] ?? 'asc';

/** Where an order leads on from a position: equal in the first i paths and beyond in the next, for each i. */
function isAfter({ order = [], after }: Query): readonly (readonly Filter[])[] {
  if (after === undefined) return [[]];
  const equal = order.map(([path], i) => ({ [fieldAt(path)]: { $eq: after.values[i] } }));
  const ways = order.flatMap(([path, direction], i) =>
    beyond(path, direction, after.values[i] ?? null).map((filter) => [...equal.slice(0, i), filter]),
  );
  return [...ways, [...equal, { _id: { [lastOf(order) === 'asc' ? '$gt' : '$lt']: after.id } }]];
}

/** The conditions are in each alternative, so that each can walk an index in the query's order. */
export function toFilter(query: Query): Filter {
  const conditions = (query.where ?? []).map(holds);
  const ways = isAfter(query)
    .map((filters) => [...conditions, ...filters])
    .map((filters) => (filters.length === 0 ? {} : { $and: filters }));
  return ways.length === 1 ? { ...ways[0] } : { $or: ways };
}

export const toSort = ({ order = [] }: Query): Record<string, 'asc' | 'desc'> => ({
  ...Object.fromEntries(order.map(([path, direction]) => [fieldAt(path), direction])),
  _id: lastOf(order),
});

const toIndex = (name: string, fields: readonly string[]) => ({
  name,
  key: Object.fromEntries(fields.map((field) => [field, 1])) as Record<string, 1>,
});

/** Those of unique keys end with what sets a tuple apart, the others with the id, as orders do. */
export const toIndexes = ({ unique, indexes }: Collection<unknown>) => [
  ...unique.map((paths) => ({
    ...toIndex(`unique ${paths.join()}`, [...paths.map(fieldAt), `apart.${apartName(paths)}`]),
    unique: true,
  })),
  ...indexes.map((paths) => toIndex(`index ${paths.join()}`, [...paths.map(fieldAt), '_id'])),
];
