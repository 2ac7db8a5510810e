// What the contract's properties draw from: few values, so that they tie, and awkward ones.

import fc from 'fast-check';
import type { Condition } from '../../src/storage/documents.ts';
import type { Fields, Json } from './model.ts';

const PATHS = ['a', 'inner.b', 'c'] as const;

const TEXTS = [
  '',
  ' ',
  '0',
  '1',
  '10',
  '9',
  'A',
  'a',
  'aa',
  'a\0b',
  'é',
  'e\u0301',
  'true',
  '\uffff',
  '😀',
  "'",
  '$a',
];
export const NUMBERS = [
  0,
  1,
  -1,
  0.1 + 0.2,
  10,
  9,
  1e21,
  2 ** 31,
  2 ** 53,
  2 ** 60,
  2 ** 63,
  -(2 ** 63),
  5e-324,
  -1.7e308,
  2.5e61,
];

const scalars = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
  { weight: 2, arbitrary: fc.boolean() },
);
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(values, { nil: undefined, freq: 5 });
const bodies = fc
  .record({ a: maybe(scalars), inner: maybe(fc.record({ b: maybe(scalars) })), c: maybe(scalars) })
  .map((body) => JSON.parse(JSON.stringify(body)) as Fields);
const ids = fc.oneof(
  fc.constantFrom(...TEXTS.filter((text) => !text.includes('\0'))),
  fc.string({ minLength: 1, maxLength: 3 }),
);
export const documentLists = fc.uniqueArray(fc.record({ id: ids, body: bodies }), {
  selector: ({ id }) => id,
  maxLength: 25,
});
export const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(fc.constantFrom(...PATHS), fc.constantFrom('eq', 'ne', 'lt', 'lte', 'gt', 'gte'), scalars),
  fc.tuple(fc.constantFrom(...PATHS), fc.constant('in'), fc.array(scalars, { maxLength: 4 })),
);
export const orders = fc
  .shuffledSubarray([...PATHS])
  .chain((paths) =>
    fc.tuple(...paths.map((path) => fc.tuple(fc.constant(path), fc.constantFrom('asc', 'desc')))),
  );

// Keys that databases, BSON, mongoose or JavaScript itself take for something of their own.
export const KEYS =
  '__proto__ __defineGetter__ constructor prototype hasOwnProperty toString toJSON toBSON toObject valueOf then length isMongooseMap _bsontype _id id $set $ref $id $ a.b . % %24 0'
    .split(' ')
    .concat(['', ' ', '\0']);
export const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.constant(null), fc.boolean(), fc.constantFrom(...NUMBERS), fc.string({ unit: 'binary' })),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value')), {
        selector: ([key]) => key,
        maxLength: 4,
      })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;
