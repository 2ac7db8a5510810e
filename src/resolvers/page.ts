// Pages of lists and the cursors between them. A cursor names its list and order with the position, so
// that one from elsewhere is refused and not misread.

import { type ConnectionSource, DEFAULT_PAGE, MAX_PAGE, type PageArgs } from '../schema/connection.ts';
import { MedNasError, shown } from '../search/errors.ts';
import type { Page, Position } from '../storage/archive.ts';

type Direction = 'asc' | 'desc';
const OPPOSITE: Readonly<Record<Direction, Direction>> = { asc: 'desc', desc: 'asc' };

const toCursor = (list: string, { values, id }: Position): string =>
  Buffer.from(JSON.stringify([list, values, id])).toString('base64url');

const isScalar = (value: unknown): boolean =>
  value === null || typeof value === 'string' || Number.isFinite(value);

/** The position a cursor stands for, when there is one. `field`: the argument it is given as. */
function parseCursor(cursor: string | null | undefined, field: string, list: string): Position | undefined {
  if (cursor === null || cursor === undefined) return undefined;
  const malformed = (cause?: unknown): MedNasError =>
    new MedNasError('INVALID_ARGUMENT', `${field} is a cursor this API has given; got ${shown(cursor)}.`, {
      field,
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
      `${field} is a cursor of another list, or of this one in another order; begin again without it.`,
      { field },
    );
  }
  return { values: values as Position['values'], id };
}

/** Places of the types of values in the archive's order; booleans are not ordered by. */
const rankOf = (value: unknown): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2);

/** Whether a position comes before another in the archive's ascending order. */
function isBelow(a: Position, b: Position): boolean {
  const [x = null] = a.values;
  const [y = null] = b.values;
  if (x === y) return a.id < b.id;
  if (x === null || y === null || rankOf(x) !== rankOf(y)) return rankOf(x) < rankOf(y);
  return x < y;
}

interface List<T, S> {
  /** The list and its order: what its cursors are good for. */
  readonly name: string;
  /** Of its order. */
  readonly direction: Direction;
  /** So many from its end that this direction begins at, or from a position on. */
  read(count: number, after: Position | undefined, direction: Direction): Promise<Pick<Page<T>, 'items'>>;
  count(): Promise<number>;
  toSource(item: T): S;
}

interface Walk {
  readonly isBackward: boolean;
  readonly size: number;
}

function walkOf({ first, last }: PageArgs): Walk {
  const isBackward = typeof last === 'number';
  if (isBackward && typeof first === 'number') {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      'A page is the first of a list or its last; ask for first or for last, not for both.',
      { field: 'last' },
    );
  }
  const size = last ?? first ?? DEFAULT_PAGE;
  if (size >= 1 && size <= MAX_PAGE) return { isBackward, size };
  const field = isBackward ? 'last' : 'first';
  throw new MedNasError('INVALID_ARGUMENT', `${field} is from 1 to ${MAX_PAGE}; got ${size}.`, { field });
}

/**
 * A page in the order of the list, whichever end it is read from. That there is more on the side it was
 * read from is known without looking: the edge of the cursor is there.
 * @throws MedNasError INVALID_ARGUMENT for a page that cannot be asked for.
 */
export async function readPage<T, S>(args: PageArgs, list: List<T, S>): Promise<ConnectionSource<S>> {
  const { isBackward, size } = walkOf(args);
  const after = parseCursor(args.after, 'after', list.name);
  const before = parseCursor(args.before, 'before', list.name);
  const [start, end] = isBackward ? [before, after] : [after, before];
  const direction = isBackward ? OPPOSITE[list.direction] : list.direction;
  const { items } = await list.read(size + 1, start, direction);
  const isWithin = ({ position }: { readonly position: Position }): boolean =>
    end === undefined || (direction === 'asc' ? isBelow(position, end) : isBelow(end, position));
  const within = items.filter(isWithin);
  const page = within.slice(0, size);
  const edges = (isBackward ? page.toReversed() : page).map(({ item, position }) => ({
    cursor: toCursor(list.name, position),
    node: list.toSource(item),
  }));
  const [hasMore, hasStart] = [within.length > size, start !== undefined];
  return {
    edges,
    pageInfo: {
      hasNextPage: isBackward ? hasStart : hasMore,
      hasPreviousPage: isBackward ? hasMore : hasStart,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: () => list.count(),
  };
}
