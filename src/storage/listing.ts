// Documents in an order, a page at a time, each with the place from which the list goes on after it.

import type { Collection, Documents, Query, Scalar } from './documents.ts';

/** A place in an ordered list: opaque to clients, who send it back to go on from there. */
export interface Position {
  readonly values: readonly Scalar[];
  readonly id: string;
}

export interface Page<T> {
  readonly items: readonly { readonly item: T; readonly position: Position }[];
  readonly hasMore: boolean;
}

/** Value at a dotted path, null when there is none. */
function valueAt(body: unknown, path: string): Scalar {
  const value = path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key], body);
  return (value ?? null) as Scalar;
}

/** `first` documents at most. */
export async function readPage<B>(
  documents: Documents,
  collection: Collection<B>,
  query: Query & { readonly order: readonly (readonly [string, 'asc' | 'desc'])[] },
  first: number,
): Promise<Page<B>> {
  const found = await documents.find(collection, { ...query, limit: first + 1 });
  const items = found.slice(0, first).map(({ id, body }) => ({
    item: body,
    position: { values: query.order.map(([path]) => valueAt(body, path)), id },
  }));
  return { items, hasMore: found.length > first };
}
