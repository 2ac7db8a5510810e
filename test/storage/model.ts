// What a query of the document port means: a loop over an array. Slow and obvious; the implementations
// are held against it.

import type { Condition, Query, Scalar } from '../../src/storage/documents.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Fields = Readonly<Record<string, Json>>;

export interface Document {
  readonly id: string;
  readonly body: Fields;
}

export function at({ body }: Document, path: string): Scalar {
  let value: Json | undefined = body;
  for (const key of path.split('.')) value = (value as Fields | undefined)?.[key];
  return (value ?? null) as Scalar;
}

const codePoints = (text: string): readonly number[] => Array.from(text, (char) => char.codePointAt(0) ?? 0);

function compareTexts(a: string, b: string): number {
  const [left, right] = [codePoints(a), codePoints(b)];
  const i = left.findIndex((point, index) => point !== right[index]);
  return i < 0 ? left.length - right.length : (left[i] ?? 0) - (right[i] ?? -1);
}

const typeRank = (value: Scalar): number =>
  value === null ? 0 : ['number', 'string', 'boolean'].indexOf(typeof value) + 1;

function compare(a: Scalar, b: Scalar): number {
  if (typeRank(a) !== typeRank(b)) return typeRank(a) - typeRank(b);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  return Number(a) < Number(b) ? -1 : Number(a) > Number(b) ? 1 : 0;
}

const sameOrdered = (a: Scalar, b: Scalar): boolean => a !== null && typeof a === typeof b;

const HOLDS: Record<Exclude<Condition[1], 'in'>, (a: Scalar, b: Scalar) => boolean> = {
  eq: (a, b) => compare(a, b) === 0,
  ne: (a, b) => compare(a, b) !== 0,
  lt: (a, b) => sameOrdered(a, b) && compare(a, b) < 0,
  lte: (a, b) => sameOrdered(a, b) && compare(a, b) <= 0,
  gt: (a, b) => sameOrdered(a, b) && compare(a, b) > 0,
  gte: (a, b) => sameOrdered(a, b) && compare(a, b) >= 0,
};

const holds = (document: Document, [path, comparison, value]: Condition): boolean =>
  comparison === 'in'
    ? value.some((one) => compare(at(document, path), one) === 0)
    : HOLDS[comparison](at(document, path), value);

function comparePlaces(order: NonNullable<Query['order']>, a: Document, b: Document): number {
  for (const [path, direction] of order) {
    const difference = compare(at(a, path), at(b, path));
    if (difference !== 0) return direction === 'asc' ? difference : -difference;
  }
  return compareTexts(a.id, b.id) * (order.at(-1)?.[1] === 'desc' ? -1 : 1);
}

export const expected = (
  documents: readonly Document[],
  { where = [], order = [] }: Query,
): readonly string[] =>
  documents
    .filter((document) => where.every((condition) => holds(document, condition)))
    .toSorted((a, b) => comparePlaces(order, a, b))
    .map(({ id }) => id);
