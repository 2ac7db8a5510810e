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

/** |det| of integers, exactly: Bareiss' fraction-free elimination. */
function exactDeterminant(matrix: readonly (readonly number[])[]): bigint {
  const a = matrix.map((row) => row.map(BigInt));
  const at = (i: number, j: number): bigint => a[i]?.[j] as bigint;
  let previous = 1n;
  for (let k = 0; k < a.length - 1; k++) {
    const pivot = a.findIndex((_, row) => row >= k && at(row, k) !== 0n);
    if (pivot < 0) return 0n;
    [a[k], a[pivot]] = [a[pivot] as bigint[], a[k] as bigint[]];
    for (let i = k + 1; i < a.length; i++) {
      const row = a[i] as bigint[];
      a[i] = row.map((value, j) => (j > k ? (value * at(k, k) - at(i, k) * at(k, j)) / previous : value));
    }
    previous = at(k, k);
  }
  const last = at(a.length - 1, a.length - 1);
  return last < 0n ? -last : last;
}

/** ln of what may be past every float; -Infinity of 0. */
function lnOf(value: bigint): number {
  const digits = value.toString();
  return Math.log(Number(`0.${digits}`)) + digits.length * Math.LN10;
}

/** Symmetric matrices of the size of kernel matrices: the diagonal N_A, the rest below it. */
const kernels = fc.integer({ min: 1, max: 12 }).chain((n) =>
  fc.record({
    n: fc.constant(n),
    units: fc.integer({ min: 1, max: 100_000 }),
    shares: fc.array(fc.double({ min: 0.3, max: 0.95, noNaN: true }), { minLength: n * n, maxLength: n * n }),
  }),
);

test('of kernel matrices it is that of exact arithmetic', () => {
  fc.assert(
    fc.property(kernels, ({ n, units, shares }) => {
      const rows = Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_unit, j) =>
          i === j ? units : Math.floor(units * (shares[Math.min(i, j) * n + Math.max(i, j)] as number)),
        ),
      );
      // An elimination that meets no pivot finds the matrix singular: its determinant is then 0, or tiny.
      const least = n * Math.log(units) - 20;
      const exact = Math.max(lnOf(exactDeterminant(rows)), least);
      const log = Math.max(logAbsDeterminant(Float64Array.from(rows.flat()), n) ?? least, least);
      expect(Math.abs(log - exact)).toBeLessThan(1e-6);
    }),
  );
});

test('of a permutation it is 0, however large and scaled', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 20 }, (_, i) => i),
        { minLength: 20, maxLength: 20 },
      ),
      fc.constantFrom(1, 1e5, 1e-5),
      (columns, scale) => {
        const matrix = Float64Array.from({ length: 400 }, (_, at) =>
          columns[Math.floor(at / 20)] === at % 20 ? scale : 0,
        );
        expect(logAbsDeterminant(matrix, 20)).toBeCloseTo(20 * Math.log(scale), 9);
      },
    ),
  );
});

test('two equal images make any kernel matrix singular', () => {
  fc.assert(
    fc.property(kernels, fc.nat(), fc.nat(), ({ n, units, shares }, a, b) => {
      fc.pre(n > 1 && a % n !== b % n);
      const image = (i: number): number => (i === b % n ? a % n : i);
      const matrix = Float64Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [image(Math.floor(at / n)), image(at % n)];
        return i === j ? units : Math.floor(units * (shares[Math.min(i, j) * n + Math.max(i, j)] as number));
      });
      expect(logAbsDeterminant(matrix, n)).toBeNull();
    }),
  );
});
