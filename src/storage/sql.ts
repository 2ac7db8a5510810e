// The document port in SQL, as SQLite has it: bodies are JSON text; what is unique, filtered or ordered
// is computed from them by expressions, which the indexes are over. Pure: statements in, none run.

import type { Collection, Condition, Path, Query } from './documents.ts';

/** Part of a statement, with the values of its question marks. */
export interface Fragment {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

// A scalar's key: SQLite's own order of keys (numbers, texts, blobs) is the port's order of scalars.
// null is minus infinity, which JSON cannot hold; booleans are blobs.
const NULL = '-9e999';
const key = (type: string, value: string): string =>
  `CASE ${type} WHEN 'true' THEN x'01' WHEN 'false' THEN x'00' ELSE ifnull(${value}, ${NULL}) END`;
const keyAt = (path: Path): string => key(`json_type(body,'$.${path}')`, `json_extract(body,'$.${path}')`);

// The key of a value given as JSON, or the keys of a list. As JSON, because SQLite's reading of a
// decimal may differ from JavaScript's in the last bit: so both sides of a comparison are read alike.
const VALUE = `(SELECT ${key('type', 'atom')} FROM json_each(?))`;

// Ordering comparisons stay within the type of their value: the keys of each type lie between these.
const BOUNDS = {
  number: { above: `> ${NULL}`, below: "< ''" },
  string: { above: ">= ''", below: "< x''" },
  boolean: { above: ">= x''", below: 'IS NOT NULL' },
} as const;

const COMPARISONS = {
  eq: { operator: '=', bound: null },
  ne: { operator: '<>', bound: null },
  in: { operator: 'IN', bound: null },
  lt: { operator: '<', bound: 'above' },
  lte: { operator: '<=', bound: 'above' },
  gt: { operator: '>', bound: 'below' },
  gte: { operator: '>=', bound: 'below' },
} as const;

function holds([path, comparison, value]: Condition): Fragment {
  const { operator, bound } = COMPARISONS[comparison];
  if (bound !== null && value === null) return { sql: 'FALSE', values: [] };
  const column = keyAt(path);
  const within = bound === null ? '' : ` AND ${column} ${BOUNDS[typeof value as keyof typeof BOUNDS][bound]}`;
  return { sql: `${column} ${operator} ${VALUE}${within}`, values: [JSON.stringify(value)] };
}

interface Column {
  readonly sql: string;
  readonly value: string;
  readonly direction: 'asc' | 'desc';
}

// Equal in the first i columns and beyond in the next, for each i. The bound on the first column,
// which follows from that, is what an index can seek.
function isAfter(columns: readonly Column[], values: readonly string[]): Fragment {
  const beyond = ({ sql, value, direction }: Column, orEqual = ''): string =>
    `${sql} ${direction === 'asc' ? '>' : '<'}${orEqual} ${value}`;
  const ways = columns.map((last, i) =>
    [...columns.slice(0, i).map(({ sql, value }) => `${sql} = ${value}`), beyond(last)].join(' AND '),
  );
  const bound = columns.slice(0, 1).map((first) => beyond(first, '='));
  return {
    sql: [...bound, `(${ways.join(' OR ')})`].join(' AND '),
    values: [...values.slice(0, 1), ...columns.flatMap((_, i) => values.slice(0, i + 1))],
  };
}

const allOf = (fragments: readonly Fragment[]): Fragment => ({
  sql: ['TRUE', ...fragments.map(({ sql }) => sql)].join(' AND '),
  values: fragments.flatMap(({ values }) => values),
});

export const toWhere = (conditions: readonly Condition[]): Fragment => allOf(conditions.map(holds));

/** Everything of a SELECT that comes after WHERE. */
export function toSql({ where = [], order = [], after, limit = -1 }: Query): Fragment {
  const columns: readonly Column[] = [
    ...order.map(([path, direction]) => ({ sql: keyAt(path), value: VALUE, direction })),
    { sql: 'id', value: '?', direction: order.at(-1)?.[1] ?? 'asc' },
  ];
  const position = after && [...after.values.map((value) => JSON.stringify(value)), after.id];
  const { sql, values } = allOf([...where.map(holds), ...(position ? [isAfter(columns, position)] : [])]);
  const by = columns.map((column) => `${column.sql} ${column.direction}`).join(', ');
  return { sql: `${sql} ORDER BY ${by} LIMIT ?`, values: [...values, limit] };
}

function toIndex(name: string, kind: 'INDEX' | 'UNIQUE INDEX', paths: readonly Path[]): string {
  // What makes a tuple with a null in it unlike every other is its document's id.
  const holdsNull = paths.map((path) => `${keyAt(path)} = ${NULL}`).join(' OR ');
  const last = kind === 'INDEX' ? 'id' : `CASE WHEN ${holdsNull} THEN id ELSE '' END`;
  return (
    `CREATE ${kind} IF NOT EXISTS "${name} ${kind} ${paths.join()}"` +
    ` ON "${name}" (${[...paths.map(keyAt), last].join(', ')});`
  );
}

/** The table of a collection and its indexes, made unless they are there. */
export const toSchema = ({ name, unique, indexes }: Collection<unknown>): string =>
  [
    `CREATE TABLE IF NOT EXISTS "${name}" (id TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL,` +
      ' revision INTEGER NOT NULL, body TEXT NOT NULL) STRICT;',
    ...unique.map((paths) => toIndex(name, 'UNIQUE INDEX', paths)),
    ...indexes.map((paths) => toIndex(name, 'INDEX', paths)),
  ].join('\n');
