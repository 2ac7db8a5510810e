// Pages of lists and the cursors between them. A cursor names its list and order with the position, so
// that one from elsewhere is refused and not misread.

import { type ConnectionSource, MAX_PAGE, type PageArgs, pageSizeOf } from '../schema/connection.ts';
import { MedNasError, shown } from '../search/errors.ts';
import type { Page, Position } from '../storage/archive.ts';

const toCursor = (list: string, { values, id }: Position): string =>
  Buffer.from(JSON.stringify([list, values, id])).toString('base64url');

const isScalar = (value: unknown): boolean =>
  value === null || typeof value === 'string' || Number.isFinite(value);

function parseCursor(cursor: string, list: string): Position {
  const malformed = (cause?: unknown): MedNasError =>
    new MedNasError('INVALID_ARGUMENT', `after is a cursor this API has given; got ${shown(cursor)}.`, {
      field: 'after',
      cause,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch (error) {
    throw malformed(error);
  }
  if (!Array.isArray(parsed) || parsed.length !== 3) throw malformed();
  const [from, values, id] = parsed as readonly unknown[];
  if (typeof from !== 'string' || typeof id !== 'string' || !Array.isArray(values)) throw malformed();
  if (values.length !== 1 || !values.every(isScalar)) throw malformed();
  if (from !== list) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      'after is a cursor of another list, or of this one in another order; begin again without it.',
      { field: 'after' },
    );
  }
  return { values: values as Position['values'], id };
}

interface List<T, S> {
  /** The list and its order: what its cursors are good for. */
  readonly name: string;
  read(first: number, after: Position | undefined): Promise<Page<T>>;
  count(): Promise<number>;
  toSource(item: T): S;
}

/** @throws MedNasError INVALID_ARGUMENT for a page that cannot be asked for. */
export async function readPage<T, S>(args: PageArgs, list: List<T, S>): Promise<ConnectionSource<S>> {
  const first = pageSizeOf(args);
  if (first < 1 || first > MAX_PAGE) {
    throw new MedNasError('INVALID_ARGUMENT', `first is from 1 to ${MAX_PAGE}; got ${first}.`, {
      field: 'first',
    });
  }
  const after = args.after ?? null;
  const page = await list.read(first, after === null ? undefined : parseCursor(after, list.name));
  const edges = page.items.map(({ item, position }) => ({
    cursor: toCursor(list.name, position),
    node: list.toSource(item),
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasMore,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: () => list.count(),
  };
}
