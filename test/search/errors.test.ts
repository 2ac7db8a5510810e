import { MedNasError, shown } from '../../src/search/errors.ts';

test('an error carries code, field and cause', () => {
  const cause = new Error('below');
  const error = new MedNasError('INVALID_ARGUMENT', 'seed is wrong', { field: 'seed', cause });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe('MedNasError');
  expect(error.code).toBe('INVALID_ARGUMENT');
  expect(error.field).toBe('seed');
  expect(error.message).toBe('seed is wrong');
  expect(error.cause).toBe(cause);
});

test('field and cause are left out where there is none', () => {
  const error = new MedNasError('NOT_FOUND', 'no such search');
  expect(error.field).toBeNull();
  expect('cause' in error).toBe(false);
});

const cycle: { self?: unknown } = {};
cycle.self = cycle;

test.each([
  ['text', "'text'"],
  ['', "''"],
  [1e9, '1000000000'],
  [NaN, 'NaN'],
  [-0, '-0'],
  [1n, '1n'],
  [null, 'null'],
  [undefined, 'undefined'],
  [['a', 'a'], "[ 'a', 'a' ]"],
  [[[1]], '[ [Array] ]'],
])('%j is shown as %s', (value, text) => {
  expect(shown(value)).toBe(text);
});

test.each<readonly [string, unknown]>([
  ['a long string', 'x'.repeat(1e6)],
  ['a long list', Array.from({ length: 1e6 }, () => 0)],
  ['an object of many keys', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`, i]))],
  ['a cycle', cycle],
  ['deep nesting', { a: { b: { c: { d: [1, 2, 3] } } } }],
])('%s is shown in short, on one line', (_, value) => {
  expect(shown(value).length).toBeLessThan(150);
  expect(shown(value)).not.toContain('\n');
});
