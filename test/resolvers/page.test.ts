// Pages by Relay's specification (https://relay.dev/graphql/connections.htm), over a list in memory that
// the archive's own order sorts.

// Before any decorator is applied.
import 'reflect-metadata';
import fc from 'fast-check';
import { readPage } from '../../src/resolvers/page.ts';
import type { PageArgs } from '../../src/schema/connection.ts';
import type { Position } from '../../src/storage/archive.ts';

interface Item {
  readonly value: number | string | null;
  readonly id: string;
}
type Direction = 'asc' | 'desc';

const rank = ({ value }: Item): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2);

function compare(a: Item, b: Item): number {
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (a.value === b.value) return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
  return (a.value as number) < (b.value as number) ? -1 : 1;
}

const sorted = (items: readonly Item[], direction: Direction): readonly Item[] =>
  items.toSorted((a, b) => (direction === 'asc' ? compare(a, b) : compare(b, a)));

type Args = { readonly [K in keyof PageArgs]: PageArgs[K] };

const none: Args = { first: null, after: null, last: null, before: null };

const read = (items: readonly Item[], direction: Direction, args: Partial<Args>) =>
  readPage<Item, Item>(
    { ...none, ...args },
    {
      name: `items ${direction}`,
      direction,
      read(count, after, way) {
        const ordered = sorted(items, way);
        const from = after && { value: after.values[0] as Item['value'], id: after.id };
        const rest = ordered.filter((item) => {
          if (from === undefined) return true;
          return way === 'asc' ? compare(item, from) > 0 : compare(item, from) < 0;
        });
        const position = ({ value, id }: Item): Position => ({ values: [value], id });
        return Promise.resolve({
          items: rest.slice(0, count).map((item) => ({ item, position: position(item) })),
        });
      },
      count: () => Promise.resolve(items.length),
      toSource: (item) => item,
    },
  );

const item: fc.Arbitrary<Item> = fc.record({
  value: fc.oneof(fc.integer({ min: -2, max: 2 }), fc.constant(null), fc.constantFrom('a', 'b')),
  id: fc.uuid(),
});
const items = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 30 });
const direction = fc.constantFrom<Direction>('asc', 'desc');
const size = fc.integer({ min: 1, max: 12 });

/** All nodes, page by page from one end, in the order of the list; `grow` is called between pages. */
async function walk(
  way: 'forward' | 'backward',
  list: () => readonly Item[],
  order: Direction,
  length: number,
  grow: () => void = () => undefined,
): Promise<readonly Item[]> {
  let nodes: readonly Item[] = [];
  let cursor: string | null = null;
  for (;;) {
    const args: Partial<Args> =
      way === 'forward' ? { first: length, after: cursor } : { last: length, before: cursor };
    const { edges, pageInfo } = await read(list(), order, args);
    const page = edges.map(({ node }) => node);
    nodes = way === 'forward' ? [...nodes, ...page] : [...page, ...nodes];
    expect(way === 'forward' ? pageInfo.hasPreviousPage : pageInfo.hasNextPage).toBe(cursor !== null);
    cursor = way === 'forward' ? pageInfo.endCursor : pageInfo.startCursor;
    if (!(way === 'forward' ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return nodes;
    grow();
  }
}

test('forward and backward meet the same items in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(items, direction, size, size, async (list, order, one, other) => {
      const expected = sorted(list, order);
      expect(await walk('forward', () => list, order, one)).toEqual(expected);
      expect(await walk('backward', () => list, order, other)).toEqual(expected);
    }),
  );
});

test('what was there from the start is met once and in order, whatever is put in between', async () => {
  await fc.assert(
    fc.asyncProperty(items, items, direction, size, async (list, more, order, length) => {
      for (const way of ['forward', 'backward'] as const) {
        const rest = [...more];
        const grown = [...list];
        const nodes = await walk(
          way,
          () => grown,
          order,
          length,
          () => void grown.push(...rest.splice(0, 2)),
        );
        expect(nodes).toEqual(sorted(nodes, order));
        expect(new Set(nodes).size).toBe(nodes.length);
        expect(nodes.filter((node) => list.includes(node))).toEqual(sorted(list, order));
      }
    }),
  );
});

test('any page between any cursors is the one of the specification', async () => {
  const place = fc.option(fc.nat({ max: 29 }));
  await fc.assert(
    fc.asyncProperty(
      items.filter(({ length }) => length > 0),
      direction,
      place,
      place,
      size,
      fc.boolean(),
      async (list, order, low, high, length, isBackward) => {
        const ordered = sorted(list, order);
        const { edges: all } = await read(list, order, { first: 200 });
        const [after, before] = [low, high].map((at) => (at === null ? null : at % list.length));
        const args = {
          after: after === null ? null : (all[after as number]?.cursor as string),
          before: before === null ? null : (all[before as number]?.cursor as string),
        };
        const within = ordered.slice(after === null ? 0 : (after as number) + 1, before ?? list.length);
        const page = isBackward ? within.slice(-length) : within.slice(0, length);
        const { edges, pageInfo } = await read(list, order, {
          ...args,
          [isBackward ? 'last' : 'first']: length,
        });
        expect(edges.map(({ node }) => node)).toEqual(page);
        expect(pageInfo).toEqual({
          hasNextPage: isBackward ? before !== null : within.length > length,
          hasPreviousPage: isBackward ? within.length > length : after !== null,
          startCursor: edges.at(0)?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        });
      },
    ),
  );
});

const LIST: readonly Item[] = Array.from({ length: 60 }, (_, i) => ({ value: i, id: `${i}` }));

test.each([
  ['neither', {}, 0, 50],
  ['nulls', { first: null, last: null }, 0, 50],
  ['first', { first: 3 }, 0, 3],
  ['last', { last: 3 }, 57, 60],
])('%s reads from the right end', async (_, args, from, to) => {
  const { edges } = await read(LIST, 'asc', args);
  expect(edges.map(({ node }) => node)).toEqual(LIST.slice(from, to));
});

test.each([
  ['both ends', { first: 3, last: 3 }, 'last', 'not for both'],
  ['no entry', { last: 0 }, 'last', 'last is from 1 to 200; got 0'],
  ['too many', { last: 201 }, 'last', 'last is from 1 to 200; got 201'],
  ['a cursor that is none', { last: 3, before: 'x' }, 'before', 'before is a cursor'],
])('%s: refused', async (_, args, field, message) => {
  await expect(read(LIST, 'asc', args)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field,
    message: expect.stringContaining(message),
  });
});

test('a cursor of the list in the other order is refused as `before`, too', async () => {
  const { pageInfo } = await read(LIST, 'asc', { last: 1 });
  await expect(read(LIST, 'desc', { last: 1, before: pageInfo.startCursor })).rejects.toMatchObject({
    field: 'before',
    message: expect.stringContaining('another order'),
  });
});
