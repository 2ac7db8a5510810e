import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import { gathered, momentsFrom, momentsOf, noise, product, spread, worstError } from './reference.ts';

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Extra floats a row of A, B and C. */
  readonly gaps?: readonly [number, number, number];
  readonly accumulate?: boolean;
}

const TOLERANCE = 2e-6;

const CASES: readonly Case[] = [
  { m: 1, n: 1, k: 1 },
  { m: 4, n: 16, k: 2 },
  { m: 6, n: 8, k: 1 },
  { m: 12, n: 24, k: 16 },
  { m: 5, n: 3, k: 7, gaps: [2, 1, 5] },
  { m: 13, n: 17, k: 33, gaps: [0, 0, 15] },
  { m: 119, n: 9, k: 16 },
  { m: 120, n: 8, k: 384 },
  { m: 121, n: 12, k: 385, gaps: [3, 0, 4] },
  { m: 250, n: 40, k: 801, gaps: [0, 4, 0], accumulate: true },
  { m: 7, n: 20, k: 5, accumulate: true },
  { m: 49, n: 31, k: 64, gaps: [1, 1, 1], accumulate: true },
];

describe.each(VARIANTS)('the matrix product, $build, wide: $wide', (variant) => {
  async function run({ m, n, k, gaps: [ga, gb, gc] = [0, 0, 0], accumulate = false }: Case) {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [a, b] = [noise(m * k, 1), noise(k * n, 2)];
    const matrix = arena.input(spread(b, n, n + gb, NaN));
    const rows = arena.input(spread(a, k, k + ga, NaN));
    const packed = arena.scratch(kernels.packedBytes(k, n));
    const before = noise(m * n, 3);
    const c = arena.output(m * (n + gc));
    if (accumulate) arena.floats(c, m * (n + gc)).set(spread(before, n, n + gc, UNTOUCHED));
    const stats = arena.doubles(2 * n);
    const scratch = arena.scratch(kernels.gemmScratch(n));
    kernels.pack(k, n, { at: matrix, stride: n + gb }, packed);
    kernels.gemm(
      m,
      n,
      k,
      { at: rows, stride: k + ga },
      packed,
      { at: c, stride: n + gc },
      accumulate,
      stats,
      scratch,
    );
    const result = gathered(arena.floats(c, m * (n + gc)).slice(), n, n + gc, UNTOUCHED);
    const sums = arena.float64s(stats, 2 * n).slice();
    arena.close();
    const expected = product(m, n, k, a, b).map((v, i) => (accumulate ? v + (before[i] as number) : v));
    return { a, b, result, sums, expected };
  }

  test.each(CASES)('$m x $k times $k x $n, rows $gaps apart, accumulate: $accumulate', async (shape) => {
    const { result, expected, a, b } = await run(shape);
    expect(worstError(result, expected)).toBeLessThan(TOLERANCE);
    if (shape.accumulate === true) return;
    await tf.setBackend('cpu');
    const { m, n, k } = shape;
    const reference = tf.matMul(tf.tensor2d(a, [m, k]), tf.tensor2d(b, [k, n])).dataSync();
    expect(worstError(result, reference)).toBeLessThan(TOLERANCE);
  });

  test('any shape', async () => {
    const size = fc.integer({ min: 1, max: 40 });
    const gap = fc.integer({ min: 0, max: 9 });
    const shape = fc.record({
      m: size,
      n: size,
      k: size,
      gaps: fc.tuple(gap, gap, gap),
      accumulate: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async (case_) => {
        const { result, expected } = await run(case_);
        expect(worstError(result, expected)).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 60 },
    );
  });

  test.each(CASES)("the columns' sums give their means and variances: $m x $n", async (shape) => {
    const { result, sums } = await run(shape);
    const { m, n } = shape;
    for (let j = 0; j < n; j++) {
      const { mean, variance } = momentsOf(Array.from({ length: m }, (_, i) => result[i * n + j] as number));
      const found = momentsFrom(sums[j] as number, sums[n + j] as number, m);
      expect(Math.abs(found.mean - mean)).toBeLessThan(1e-6 * (Math.abs(mean) + Math.sqrt(variance) + 1));
      expect(Math.abs(found.variance - variance)).toBeLessThan(2e-6 * (variance + 1e-3));
    }
  });

  test('adds statistics to those of an earlier call', async () => {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [m, n, k] = [10, 5, 3];
    const a = arena.input(noise(m * k, 1));
    const packed = arena.scratch(kernels.packedBytes(k, n));
    kernels.pack(k, n, { at: arena.input(noise(k * n, 2)), stride: n }, packed);
    const c = arena.output(m * n);
    const scratch = arena.scratch(kernels.gemmScratch(n));
    const run = (stats: number): void =>
      kernels.gemm(m, n, k, { at: a, stride: k }, packed, { at: c, stride: n }, false, stats, scratch);
    const [once, twice] = [arena.doubles(2 * n), arena.doubles(2 * n)];
    run(once);
    run(twice);
    run(twice);
    const doubled = Array.from(arena.float64s(once, 2 * n), (v) => 2 * v);
    expect(Array.from(arena.float64s(twice, 2 * n))).toEqual(doubled);
    arena.close();
  });

  test('statistics give the variance to 1e-6 of a column far from zero', async () => {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [m, n, k] = [3136, 16, 2];
    // Column j is noise (of deviation 1/sqrt(3)) plus (j / 4) times that deviation.
    const a = Float32Array.from(noise(m * k, 4), (v, i) => (i % k === 0 ? v : 1));
    const b = Float32Array.from({ length: k * n }, (_, i) => (i < n ? 1 : (i - n) / 4 / Math.sqrt(3)));
    const packed = arena.scratch(kernels.packedBytes(k, n));
    kernels.pack(k, n, { at: arena.input(b), stride: n }, packed);
    const rows = { at: arena.input(a), stride: k };
    const c = arena.output(m * n);
    const stats = arena.doubles(2 * n);
    const scratch = arena.scratch(kernels.gemmScratch(n));
    kernels.gemm(m, n, k, rows, packed, { at: c, stride: n }, false, stats, scratch);
    const result = arena.floats(c, m * n);
    const sums = arena.float64s(stats, 2 * n);
    for (let j = 0; j < n; j++) {
      const { variance } = momentsOf(Array.from({ length: m }, (_, i) => result[i * n + j] as number));
      const found = momentsFrom(sums[j] as number, sums[n + j] as number, m);
      expect(Math.abs(found.variance / variance - 1)).toBeLessThan(1e-6);
    }
    arena.close();
  });

  test('NaN and infinity go through as IEEE 754 has it', async () => {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const packed = arena.scratch(kernels.packedBytes(2, 1));
    kernels.pack(2, 1, { at: arena.input([1, 0]), stride: 1 }, packed);
    const rows = { at: arena.input([NaN, 1, Infinity, 1, 1, Infinity, -Infinity, 2]), stride: 2 };
    const c = arena.output(4);
    kernels.gemm(
      4,
      1,
      2,
      rows,
      packed,
      { at: c, stride: 1 },
      false,
      null,
      arena.scratch(kernels.gemmScratch(1)),
    );
    expect(Array.from(arena.floats(c, 4))).toEqual([NaN, Infinity, NaN, -Infinity]);
    arena.close();
  });
});

test.each(['relaxed', 'simd'] as const)('both widths of the %s build agree bit for bit', async (build) => {
  const bits = async (wide: boolean) => {
    const arena = await openArena({ build, wide });
    const { kernels } = arena;
    const [m, n, k] = [131, 29, 77];
    const packed = arena.scratch(kernels.packedBytes(k, n));
    kernels.pack(k, n, { at: arena.input(noise(k * n, 2)), stride: n }, packed);
    const rows = { at: arena.input(noise(m * k, 1)), stride: k };
    const c = arena.output(m * n);
    const stats = arena.doubles(2 * n);
    kernels.gemm(
      m,
      n,
      k,
      rows,
      packed,
      { at: c, stride: n },
      false,
      stats,
      arena.scratch(kernels.gemmScratch(n)),
    );
    const found = [Array.from(arena.floats(c, m * n)), Array.from(arena.float64s(stats, 2 * n))];
    arena.close();
    return found;
  };
  expect(await bits(true)).toEqual(await bits(false));
});
