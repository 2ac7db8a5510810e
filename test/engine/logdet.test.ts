import fc from 'fast-check';
import { logAbsDeterminant } from '../../src/engine/logdet.ts';

test.each([
  { name: 'one number', matrix: [5], value: Math.log(5) },
  { name: 'the identity', matrix: [1, 0, 0, 1], value: 0 },
  { name: 'a swap, determinant -1', matrix: [0, 1, 1, 0], value: 0 },
  { name: '2 x 2', matrix: [4, 2, 2, 3], value: Math.log(8) },
  { name: 'negative determinant', matrix: [1, 2, 3, 4], value: Math.log(2) },
  { name: 'large elements', matrix: [1e5, 5e4, 5e4, 1e5], value: Math.log(7.5e9) },
])('$name', ({ matrix, value }) => {
  expect(logAbsDeterminant(Float64Array.from(matrix), Math.sqrt(matrix.length))).toBeCloseTo(value, 12);
});

test.each([
  { name: 'zeros', matrix: [0, 0, 0, 0] },
  { name: 'equal rows', matrix: [9, 7, 5, 9, 7, 5, 1, 2, 4] },
  { name: 'dependent rows', matrix: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
])('singular: $name', ({ matrix }) => {
  expect(logAbsDeterminant(Float64Array.from(matrix), Math.sqrt(matrix.length))).toBeNull();
});

test('of a product of triangles it is the sum of the logs of their diagonals', () => {
  const entry = fc.double({ min: -2, max: 2, noNaN: true });
  const diagonal = fc.array(fc.double({ min: 0.5, max: 3, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(diagonal, fc.array(entry, { minLength: 36, maxLength: 36 }), (ones, entries) => {
      const n = 6;
      const lower = (i: number, j: number): number =>
        i === j ? 1 : i > j ? (entries[i * n + j] as number) : 0;
      const upper = (i: number, j: number): number =>
        i === j ? (ones[i] as number) : i < j ? (entries[i * n + j] as number) : 0;
      const matrix = Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        return ones.reduce((sum, _one, k) => sum + lower(i, k) * upper(k, j), 0);
      });
      const expected = ones.reduce((sum, value) => sum + Math.log(value), 0);
      expect(logAbsDeterminant(matrix, n)).toBeCloseTo(expected, 6);
    }),
  );
});

test('the matrix given is left as it was', () => {
  const matrix = Float64Array.of(1, 2, 3, 4);
  logAbsDeterminant(matrix, 2);
  expect([...matrix]).toEqual([1, 2, 3, 4]);
});
