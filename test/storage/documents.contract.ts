// What the document port promises, as one suite that every implementation runs.

import fc from 'fast-check';
import { MedNasError } from '../../src/search/errors.ts';
import {
  type Collection,
  type Condition,
  type Documents,
  type Query,
  SupersededError,
} from '../../src/storage/documents.ts';
import { conditions, documentLists, json, KEYS, NUMBERS, orders } from './arbitraries.ts';
import { at, expected, type Fields, type Json } from './model.ts';

/** A fresh, empty archive. */
export interface Archive {
  /** Another handle on it; the suite closes it. */
  open(): Promise<Documents>;
  dispose(): Promise<void>;
}

function collection<B = Fields>(name: string, settings: Partial<Collection<B>> = {}): Collection<B> {
  return { name, unique: [], indexes: [], revision: 1, upgrade: (body) => body as B, ...settings };
}

const PLAIN = collection('plain');
/** With paths as the arbitraries draw them. */
const INDEXED = collection('indexed', { indexes: [['a', 'inner.b'], ['inner.b'], ['c', 'a']] });

const row = (id: string, k: Json) => ({ id, body: { k } });

const code = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof MedNasError ? error.code : 'an error'),
  );

export function describeDocuments(name: string, create: () => Promise<Archive>): void {
  describe(`${name}: the document port`, () => {
    let archive: Archive;
    let documents: Documents;
    let handles: Documents[];

    const open = async (): Promise<Documents> => {
      const handle = await archive.open();
      handles.push(handle);
      return handle;
    };

    beforeEach(async () => {
      archive = await create();
      handles = [];
      documents = await open();
    });

    afterEach(async () => {
      for (const handle of handles) await handle.close();
      await archive.dispose();
    });

    describe('a guard', () => {
      const GUARDS = collection('guards');
      const guard = (fence: number) =>
        ({ collection: GUARDS, id: 'g', where: [['fence', 'eq', fence]] }) as const;

      test('lets a write happen while it holds', async () => {
        await documents.insert(GUARDS, 'g', { fence: 1 });
        expect(await documents.insert(PLAIN, 'x', { n: 1 }, guard(1))).toBe(true);
        expect(await documents.insert(PLAIN, 'x', { n: 2 }, guard(1))).toBe(false);
        expect(await documents.insertMany(PLAIN, [row('x', 1), row('y', 1)], guard(1))).toBe(1);
        expect(await documents.replace(PLAIN, 'x', 1, { n: 3 }, guard(1))).toBe(true);
        expect(await documents.replace(PLAIN, 'x', 1, { n: 4 }, guard(1))).toBe(false);
        expect(await documents.get(PLAIN, 'x')).toEqual({ id: 'x', version: 2, body: { n: 3 } });
      });

      test.each([
        ['says otherwise', { fence: 2 }],
        ['is not there', null],
      ])('whose document %s refuses it', async (_, body) => {
        if (body !== null) await documents.insert(GUARDS, 'g', body);
        await documents.insert(PLAIN, 'x', { n: 1 });
        for (const write of [
          documents.insert(PLAIN, 'x', { n: 2 }, guard(1)),
          documents.insert(PLAIN, 'y', { n: 2 }, guard(1)),
          documents.insertMany(PLAIN, [row('y', 1), row('z', 1)], guard(1)),
          documents.replace(PLAIN, 'x', 1, { n: 2 }, guard(1)),
        ])
          await expect(write).rejects.toBeInstanceOf(SupersededError);
        expect(await documents.find(PLAIN, {})).toEqual([{ id: 'x', version: 1, body: { n: 1 } }]);
      });
    });

    describe('insert', () => {
      test('stores once under an id', async () => {
        expect(await documents.insert(PLAIN, 'x', { n: 1 })).toBe(true);
        expect(await documents.insert(PLAIN, 'x', { n: 2 })).toBe(false);
        expect(await documents.get(PLAIN, 'x')).toEqual({ id: 'x', version: 1, body: { n: 1 } });
      });

      test('keeps collections apart', async () => {
        await documents.insert(PLAIN, 'x', { n: 1 });
        expect(await documents.insert(collection('other'), 'x', { n: 2 })).toBe(true);
        expect(await documents.get(PLAIN, 'x')).toMatchObject({ body: { n: 1 } });
      });

      test.each<[what: string, first: Fields, second: Fields, stored: boolean]>([
        ['the same', { s: 'a', k: { n: 1 } }, { s: 'a', k: { n: 1 } }, false],
        ['another in one path', { s: 'a', k: { n: 1 } }, { s: 'a', k: { n: 2 } }, true],
        ['a number and its text', { s: 'a', k: { n: 1 } }, { s: 'a', k: { n: '1' } }, true],
        ['a number and true', { s: 'a', k: { n: 1 } }, { s: 'a', k: { n: true } }, true],
        ['true twice', { s: 'a', k: { n: true } }, { s: 'a', k: { n: true } }, false],
        ['zero and false', { s: 'a', k: { n: 0 } }, { s: 'a', k: { n: false } }, true],
        ['zero and minus zero', { s: 'a', k: { n: 0 } }, { s: 'a', k: { n: -0 } }, false],
        ['large and equal', { s: 'a', k: { n: 2 ** 60 } }, { s: 'a', k: { n: 2 ** 60 } }, false],
        ['large and near', { s: 'a', k: { n: 2 ** 60 } }, { s: 'a', k: { n: 2 ** 60 + 256 } }, true],
        ['texts unlike in case', { s: 'a', k: { n: 1 } }, { s: 'A', k: { n: 1 } }, true],
        ['texts unlike in composition', { s: 'é', k: { n: 1 } }, { s: 'e\u0301', k: { n: 1 } }, true],
        ['texts unlike after a NUL', { s: 'a\0b', k: { n: 1 } }, { s: 'a\0c', k: { n: 1 } }, true],
        ['empty texts', { s: '', k: { n: '' } }, { s: '', k: { n: '' } }, false],
        ['null', { s: 'a', k: { n: null } }, { s: 'a', k: { n: null } }, true],
        ['missing', { s: 'a' }, { s: 'a', k: {} }, true],
        ['null and missing', { s: null, k: { n: 1 } }, { k: { n: 1 } }, true],
      ])('a unique key of two paths: %s', async (_, first, second, stored) => {
        const keyed = collection('keyed', { unique: [['s', 'k.n']] });
        expect(await documents.insert(keyed, 'x', first)).toBe(true);
        expect(await documents.insert(keyed, 'y', second)).toBe(stored);
        expect(await documents.count(keyed, [])).toBe(stored ? 2 : 1);
      });

      test('each of several unique keys holds, and a removed document frees its keys', async () => {
        const keyed = collection('keyed', { unique: [['a'], ['b']] });
        await documents.insert(keyed, 'x', { a: 1, b: 1 });
        expect(await documents.insert(keyed, 'y', { a: 1, b: 2 })).toBe(false);
        expect(await documents.insert(keyed, 'y', { a: 2, b: 1 })).toBe(false);
        expect(await documents.insert(keyed, 'y', { a: null, b: 1 })).toBe(false);
        await documents.remove(keyed, [['a', 'eq', 1]]);
        expect(await documents.insert(keyed, 'y', { a: 1, b: 1 })).toBe(true);
      });

      test('of many that race for one key, one wins', async () => {
        const keyed = collection('keyed', { unique: [['k']] });
        const handle = await open();
        const wins = await Promise.all(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 ? handle : documents).insert(keyed, `id${i}`, { k: 'one' }),
          ),
        );
        expect(wins.filter(Boolean)).toHaveLength(1);
        expect(await documents.count(keyed, [])).toBe(1);
      });
    });

    describe('insertMany', () => {
      const keyed = collection('keyed', { unique: [['k']] });

      test('stores what is new and counts it', async () => {
        await documents.insert(keyed, 'old', { k: 0 });
        const rows = [
          row('a', 1),
          row('old', 2),
          row('b', 0),
          row('c', 3),
          row('c', 4),
          row('d', 3),
          row('e', null),
        ];
        expect(await documents.insertMany(keyed, rows)).toBe(3);
        expect((await documents.find(keyed, {})).map(({ id, body }) => [id, body['k']])).toEqual([
          ['a', 1],
          ['c', 3],
          ['e', null],
          ['old', 0],
        ]);
      });

      test('takes none, and thousands', async () => {
        expect(await documents.insertMany(keyed, [])).toBe(0);
        const rows = Array.from({ length: 3000 }, (_, i) => row(`id${i}`, i));
        expect(await documents.insertMany(keyed, rows)).toBe(3000);
        expect(await documents.insertMany(keyed, rows)).toBe(0);
        expect(
          await documents.getMany(
            keyed,
            rows.map(({ id }) => id),
          ),
        ).toHaveLength(3000);
        expect(await documents.find(keyed, {})).toHaveLength(3000);
      });
    });

    describe('replace', () => {
      const keyed = collection('keyed', { unique: [['k']], indexes: [['n']] });

      test('counts versions, and refuses any but the present one', async () => {
        await documents.insert(keyed, 'x', { k: 1 });
        expect(await documents.replace(keyed, 'x', 1, { n: 2 })).toBe(true);
        expect(await documents.replace(keyed, 'x', 1, { n: 3 })).toBe(false);
        expect(await documents.replace(keyed, 'x', 3, { n: 3 })).toBe(false);
        expect(await documents.replace(keyed, 'y', 1, { n: 3 })).toBe(false);
        expect(await documents.get(keyed, 'x')).toEqual({ id: 'x', version: 2, body: { n: 2 } });
        expect(await documents.find(keyed, { where: [['n', 'eq', 2]] })).toHaveLength(1);
      });

      test('changes nothing when a unique key is taken, and may keep its own', async () => {
        await documents.insertMany(keyed, [
          { id: 'x', body: { k: 1 } },
          { id: 'y', body: { k: 2 } },
        ]);
        expect(await documents.replace(keyed, 'y', 1, { k: 1 })).toBe(false);
        expect(await documents.get(keyed, 'y')).toEqual({ id: 'y', version: 1, body: { k: 2 } });
        expect(await documents.replace(keyed, 'x', 1, { k: 1, n: 1 })).toBe(true);
        expect(await documents.replace(keyed, 'x', 2, { k: null })).toBe(true);
        expect(await documents.replace(keyed, 'y', 1, { k: 1 })).toBe(true);
        expect(await documents.insert(keyed, 'z', { k: 1 })).toBe(false);
      });

      test('of two that race, exactly one wins', async () => {
        const handle = await open();
        await documents.insert(keyed, 'x', { n: 0 });
        for (let version = 1; version <= 20; version += 1) {
          const wins = await Promise.all([
            documents.replace(keyed, 'x', version, { n: 'left' }),
            handle.replace(keyed, 'x', version, { n: 'right' }),
          ]);
          expect(wins.filter(Boolean)).toHaveLength(1);
          expect(await documents.get(keyed, 'x')).toEqual({
            id: 'x',
            version: version + 1,
            body: { n: wins[0] ? 'left' : 'right' },
          });
        }
      });
    });

    describe('get and getMany', () => {
      test('leave out what is not there, and give each once', async () => {
        await documents.insertMany(PLAIN, [
          { id: 'x', body: { n: 1 } },
          { id: 'y', body: { n: 2 } },
        ]);
        expect(await documents.get(PLAIN, 'z')).toBeNull();
        expect(await documents.getMany(PLAIN, [])).toEqual([]);
        const found = await documents.getMany(PLAIN, ['y', 'z', 'x', 'y']);
        expect(found.map(({ id }) => id).toSorted()).toEqual(['x', 'y']);
      });

      test('take any id that is well-formed text', async () => {
        const texts = [
          '',
          ' ',
          "'; DROP TABLE plain; --",
          '"',
          '$where',
          'a.b',
          '😀',
          'é',
          'x'.repeat(5000),
          '\n',
          '\u0001',
        ];
        for (const [n, id] of texts.entries()) expect(await documents.insert(PLAIN, id, { n })).toBe(true);
        for (const [n, id] of texts.entries())
          expect(await documents.get(PLAIN, id)).toEqual({ id, version: 1, body: { n } });
      });
    });

    describe('find', () => {
      const values: readonly Json[] = [null, 0, 1, 2, '1', 'b', true, false];

      beforeEach(async () => {
        await documents.insertMany(INDEXED, [
          { id: 'missing', body: {} },
          ...values.map((a) => ({ id: JSON.stringify(a), body: { a } })),
        ]);
      });

      test.each<[Condition, readonly string[]]>([
        [['a', 'eq', 1], ['1']],
        [['a', 'eq', '1'], ['"1"']],
        [['a', 'eq', true], ['true']],
        [
          ['a', 'eq', null],
          ['missing', 'null'],
        ],
        [
          ['a', 'ne', 1],
          ['"1"', '"b"', '0', '2', 'false', 'missing', 'null', 'true'],
        ],
        [
          ['a', 'ne', null],
          ['"1"', '"b"', '0', '1', '2', 'false', 'true'],
        ],
        [
          ['a', 'lt', 2],
          ['0', '1'],
        ],
        [
          ['a', 'lte', 1],
          ['0', '1'],
        ],
        [
          ['a', 'gt', 0],
          ['1', '2'],
        ],
        [
          ['a', 'gte', 1],
          ['1', '2'],
        ],
        [
          ['a', 'gt', -1e308],
          ['0', '1', '2'],
        ],
        [['a', 'gt', '1'], ['"b"']],
        [
          ['a', 'gte', ''],
          ['"1"', '"b"'],
        ],
        [['a', 'lt', 'b'], ['"1"']],
        [['a', 'lt', true], ['false']],
        [
          ['a', 'gte', false],
          ['false', 'true'],
        ],
        [['a', 'lte', null], []],
        [['a', 'gte', null], []],
        [['a', 'in', []], []],
        [
          ['a', 'in', [1, 'b', false, 7]],
          ['"b"', '1', 'false'],
        ],
        [
          ['a', 'in', [null]],
          ['missing', 'null'],
        ],
        [
          ['nowhere.at.all', 'eq', null],
          ['"1"', '"b"', '0', '1', '2', 'false', 'missing', 'null', 'true'],
        ],
        [['nowhere.at.all', 'gte', 0], []],
      ])('%j', async (condition, found) => {
        expect((await documents.find(INDEXED, { where: [condition] })).map(({ id }) => id)).toEqual(found);
        expect(await documents.count(INDEXED, [condition])).toBe(found.length);
      });

      test.each<[Query, readonly string[]]>([
        [{ order: [['a', 'asc']] }, ['missing', 'null', '0', '1', '2', '"1"', '"b"', 'false', 'true']],
        [{ order: [['a', 'desc']] }, ['true', 'false', '"b"', '"1"', '2', '1', '0', 'null', 'missing']],
        [{ order: [['a', 'asc']], limit: 2 }, ['missing', 'null']],
        [{ order: [['a', 'asc']], limit: 0 }, []],
        [{ limit: 3 }, ['"1"', '"b"', '0']],
        [{ order: [['a', 'asc']], after: { values: [null], id: 'missing' }, limit: 2 }, ['null', '0']],
        [{ order: [['a', 'asc']], after: { values: [1.5], id: '' } }, ['2', '"1"', '"b"', 'false', 'true']],
        [{ order: [['a', 'desc']], after: { values: ['1'], id: '"1"' } }, ['2', '1', '0', 'null', 'missing']],
        [{ order: [['a', 'desc']], after: { values: [null], id: 'missing' } }, []],
        [{ after: { values: [], id: 'false' } }, ['missing', 'null', 'true']],
      ])('%j', async (query, found) => {
        expect((await documents.find(INDEXED, query)).map(({ id }) => id)).toEqual(found);
      });
    });

    test('a query finds, orders and counts what the model does', async () => {
      const check = fc.asyncProperty(
        documentLists,
        fc.array(fc.tuple(fc.array(conditions, { maxLength: 3 }), orders), { minLength: 1, maxLength: 5 }),
        async (stored, queries) => {
          await documents.remove(INDEXED, []);
          await documents.insertMany(INDEXED, stored);
          for (const [where, order] of queries) {
            const found = await documents.find(INDEXED, { where, order });
            expect(found.map(({ id }) => id)).toEqual(expected(stored, { where, order }));
            expect(await documents.count(INDEXED, where)).toBe(found.length);
          }
        },
      );
      await fc.assert(check, { numRuns: 150 });
    }, 60_000);

    test('pages lead through every document once, in order', async () => {
      const check = fc.asyncProperty(
        documentLists,
        fc.array(conditions, { maxLength: 1 }),
        orders,
        fc.integer({ min: 1, max: 6 }),
        async (stored, where, order, limit) => {
          await documents.remove(INDEXED, []);
          await documents.insertMany(INDEXED, stored);
          const seen: string[] = [];
          let after: Query['after'];
          for (;;) {
            const page = await documents.find(INDEXED, { where, order, limit, ...(after && { after }) });
            seen.push(...page.map(({ id }) => id));
            const last = page.at(-1);
            if (last === undefined || page.length < limit) break;
            after = { values: order.map(([path]) => at(last, path)), id: last.id };
          }
          expect(seen).toEqual(expected(stored, { where, order }));
        },
      );
      await fc.assert(check, { numRuns: 150 });
    }, 60_000);

    test('remove takes what matches, and says how many', async () => {
      const check = fc.asyncProperty(
        documentLists,
        fc.array(conditions, { maxLength: 2 }),
        async (stored, where) => {
          await documents.remove(INDEXED, []);
          await documents.insertMany(INDEXED, stored);
          const gone = expected(stored, { where });
          expect(await documents.remove(INDEXED, where)).toBe(gone.length);
          const left = await documents.find(INDEXED, {});
          expect(left.map(({ id }) => id)).toEqual(expected(stored, {}).filter((id) => !gone.includes(id)));
        },
      );
      await fc.assert(check, { numRuns: 50 });
    }, 60_000);

    describe('bodies', () => {
      test('come back equal, whatever JSON they are', async () => {
        const check = fc.asyncProperty(json, json, async (first, second) => {
          const any = collection<Json>('any');
          await documents.remove(any, []);
          const normal = (value: Json): unknown => JSON.parse(JSON.stringify(value));
          expect(await documents.insert(any, 'x', first)).toBe(true);
          expect((await documents.get(any, 'x'))?.body).toEqual(normal(first));
          expect(await documents.replace(any, 'x', 1, second)).toBe(true);
          expect((await documents.find(any, {}))[0]?.body).toEqual(normal(second));
        });
        await fc.assert(check, { numRuns: 300 });
      }, 60_000);

      test.each<[string, Json]>([
        [
          'every special key',
          Object.fromEntries(KEYS.map((key) => [key, [{ [key]: {} }, { [key]: [{}, key] }]])),
        ],
        ['a reference of MongoDB', { $ref: 'a', $id: 'b', $db: 'c' }],
        ['empty things', { a: {}, b: [], c: '', d: [[], {}] }],
        ['numbers', NUMBERS],
        ['a large list', Array.from({ length: 20_000 }, (_, i) => i)],
        ['90 levels', JSON.parse('['.repeat(90) + ']'.repeat(90)) as Json],
        ['text of 1 MB', 'é'.repeat(500_000)],
      ])('%s', async (_, body) => {
        const any = collection<Json>('any');
        await documents.insert(any, 'x', body);
        expect((await documents.get(any, 'x'))?.body).toEqual(body);
      });

      test('are what JSON.stringify makes of them', async () => {
        const any = collection<unknown>('any');
        await documents.insert(any, 'x', { zero: -0, gone: undefined, at: new Date(0), nan: Number.NaN });
        expect((await documents.get(any, 'x'))?.body).toStrictEqual({
          zero: 0,
          at: '1970-01-01T00:00:00.000Z',
          nan: null,
        });
      });

      test('a changed copy changes nothing stored', async () => {
        const body = { list: [1] };
        const lists = collection<{ list: number[] }>('lists');
        await documents.insert(lists, 'x', body);
        body.list.push(2);
        (await documents.get(lists, 'x'))?.body.list.push(3);
        expect((await documents.get(lists, 'x'))?.body).toEqual({ list: [1] });
      });
    });

    describe('what may not be stored or asked', () => {
      test.each<[string, (d: Documents) => Promise<unknown>]>([
        ['half a surrogate pair in a body', (d) => d.insert(PLAIN, 'x', { text: 'a\ud800b' })],
        ['half a surrogate pair in a key', (d) => d.insert(PLAIN, 'x', { '\udc00': 1 })],
        ['half a surrogate pair after a backslash', (d) => d.insert(PLAIN, 'x', { text: '\\\ud800' })],
        ['half a surrogate pair in an id', (d) => d.insert(PLAIN, '\ud800', {})],
        ['half a surrogate pair in a replacement', (d) => d.replace(PLAIN, 'old', 1, { text: '\udfff' })],
        ['NUL in an id', (d) => d.insert(PLAIN, 'a\0b', {})],
        [
          'one such among many',
          (d) =>
            d.insertMany(
              PLAIN,
              ['x', '\ud800'].map((id) => ({ id, body: {} })),
            ),
        ],
      ])('%s is refused', async (_, write) => {
        await documents.insert(PLAIN, 'old', {});
        expect(await code(write(documents))).toBe('INVALID_ARGUMENT');
        expect(await documents.find(PLAIN, {})).toEqual([{ id: 'old', version: 1, body: {} }]);
      });

      test('text that only looks like half a surrogate pair is stored', async () => {
        const text = String.raw`\ud800 and \\udc00`;
        expect(await documents.insert(PLAIN, 'x', { text })).toBe(true);
        expect(await documents.get(PLAIN, 'x')).toMatchObject({ body: { text } });
      });

      test.each<[string, (d: Documents) => Promise<unknown>]>([
        ['a list at an indexed path', (d) => d.insert(INDEXED, 'x', { a: [1] })],
        ['an object at an indexed path', (d) => d.insert(INDEXED, 'x', { a: {} })],
        ['a list on the way to one', (d) => d.insert(INDEXED, 'x', { inner: [{ b: 1 }] })],
        ['no JSON', (d) => d.insert(collection<unknown>('any'), 'x', undefined)],
        ['a name that is no identifier', (d) => d.get(collection('x"; DROP TABLE plain; --'), 'x')],
        ['a path that is none', (d) => d.find(PLAIN, { where: [["a') OR 1 --", 'eq', 1]] })],
        ['a path that is empty', (d) => d.find(PLAIN, { order: [['', 'asc']] })],
        ['a path with an operator', (d) => d.find(PLAIN, { where: [['a.$gt', 'eq', 1]] })],
        ['an index without a path', (d) => d.get(collection('empty', { indexes: [[]] }), 'x')],
        ['not a number', (d) => d.find(PLAIN, { where: [['a', 'eq', Number.NaN]] })],
        ['minus infinity', (d) => d.count(PLAIN, [['a', 'in', [1, -Infinity]]])],
        [
          'a path ordered by twice',
          (d) =>
            d.find(PLAIN, {
              order: [
                ['a', 'asc'],
                ['a', 'desc'],
              ],
            }),
        ],
        [
          'a position of another order',
          (d) => d.find(PLAIN, { order: [['a', 'asc']], after: { values: [], id: 'x' } }),
        ],
        ['a negative limit', (d) => d.find(PLAIN, { limit: -1 })],
      ])('%s is a mistake of the caller', async (_, ask) => {
        expect(await code(ask(documents))).toBe('an error');
        expect(await documents.count(INDEXED, [])).toBe(0);
      });
    });

    describe('revisions', () => {
      interface Old {
        readonly size: number;
      }
      interface New {
        readonly width: number;
        readonly height: number;
      }
      const old = collection<Old>('shapes', { indexes: [['size']] });
      const current = collection<New>('shapes', {
        revision: 2,
        indexes: [['width']],
        upgrade: (body, revision) => {
          expect(revision).toBe(1);
          const { size } = body as Old;
          return { width: size, height: size };
        },
      });

      test('an old body is read in the new layout, and stored so when replaced', async () => {
        await documents.insert(old, 'x', { size: 3 });
        const upgraded = { id: 'x', version: 1, body: { width: 3, height: 3 } };
        expect(await documents.get(current, 'x')).toEqual(upgraded);
        expect(await documents.getMany(current, ['x'])).toEqual([upgraded]);
        expect(await documents.find(current, {})).toEqual([upgraded]);
        expect(await documents.find(current, { where: [['width', 'eq', 3]] })).toEqual([]);
        expect(await documents.replace(current, 'x', 1, { width: 3, height: 4 })).toBe(true);
        expect(await documents.find(current, { where: [['width', 'eq', 3]] })).toEqual([
          { id: 'x', version: 2, body: { width: 3, height: 4 } },
        ]);
      });

      test('a body of a newer program is not misread', async () => {
        await documents.insert(current, 'x', { width: 1, height: 2 });
        expect(await code(documents.get(old, 'x'))).toBe('INVALID_STATE');
      });
    });

    describe('handles', () => {
      test('two on one archive see what the other writes', async () => {
        const other = await open();
        await documents.insert(INDEXED, 'x', { a: 1 });
        expect(await other.get(INDEXED, 'x')).toEqual({ id: 'x', version: 1, body: { a: 1 } });
        await other.replace(INDEXED, 'x', 1, { a: 2 });
        expect(await documents.find(INDEXED, { where: [['a', 'eq', 2]] })).toHaveLength(1);
        await documents.remove(INDEXED, []);
        expect(await other.count(INDEXED, [])).toBe(0);
      });

      test('one that opens later finds everything', async () => {
        const keyed = collection('keyed', { unique: [['k']] });
        await documents.insert(keyed, 'x', { k: 1 });
        await documents.replace(keyed, 'x', 1, { k: 2 });
        await documents.close();
        const later = await open();
        expect(await later.get(keyed, 'x')).toEqual({ id: 'x', version: 2, body: { k: 2 } });
        expect(await later.insert(keyed, 'y', { k: 2 })).toBe(false);
      });

      test('can be checked, and closed twice', async () => {
        await documents.check();
        await documents.check();
        await documents.close();
        await documents.close();
        expect(await code(documents.get(PLAIN, 'x'))).not.toBe('resolved');
        expect(await code(documents.check())).not.toBe('resolved');
      });
    });
  });
}
