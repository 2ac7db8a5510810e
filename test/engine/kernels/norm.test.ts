import fc from 'fast-check';
import { openArena, VARIANTS } from './arena.ts';
import { momentsFrom, momentsOf, noise, spread } from './reference.ts';

describe.each(VARIANTS)('batch statistics, $build, wide: $wide', (variant) => {
  test('any number of rows and columns, far from zero too', async () => {
    const cases = fc.record({
      rows: fc.integer({ min: 1, max: 400 }),
      columns: fc.integer({ min: 1, max: 40 }),
      gap: fc.integer({ min: 0, max: 5 }),
      offset: fc.integer({ min: -5, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, columns, gap, offset }) => {
        const arena = await openArena(variant);
        const values = noise(rows * columns, 13).map((v) => v + offset);
        const stride = columns + gap;
        const x = { at: arena.input(spread(values, columns, stride, NaN)), stride };
        const stats = arena.doubles(2 * columns);
        arena.kernels.columnStats(rows, columns, x, stats);
        const affine = { scale: arena.output(columns), shift: arena.output(columns) };
        arena.kernels.normalisation(rows, columns, stats, 1e-5, affine);
        for (let c = 0; c < columns; c++) {
          const { mean, variance } = momentsOf(
            Array.from({ length: rows }, (_, r) => values[r * columns + c] as number),
          );
          const sums = arena.float64s(stats, 2 * columns);
          const found = momentsFrom(sums[c] as number, sums[columns + c] as number, rows);
          expect(Math.abs(found.mean - mean)).toBeLessThan(1e-6 * (Math.abs(mean) + Math.sqrt(variance) + 1));
          expect(Math.abs(found.variance - variance)).toBeLessThan(2e-6 * (variance + 1e-3));
          const scale = 1 / Math.sqrt(variance + 1e-5);
          expect(Math.abs((arena.floats(affine.scale, columns)[c] as number) / scale - 1)).toBeLessThan(1e-4);
          const shift = arena.floats(affine.shift, columns)[c] as number;
          expect(Math.abs(shift + mean * scale)).toBeLessThan(2e-4 * (1 + Math.abs(mean * scale)));
        }
        arena.close();
      }),
      { numRuns: 40 },
    );
  });

  test('a constant column: scale 1 / sqrt(epsilon), and it normalises to 0', async () => {
    const arena = await openArena(variant);
    const [rows, columns] = [300, 17];
    const x = { at: arena.input(new Float32Array(rows * columns).fill(0.1)), stride: columns };
    const stats = arena.doubles(2 * columns);
    arena.kernels.columnStats(rows, columns, x, stats);
    const affine = { scale: arena.output(columns), shift: arena.output(columns) };
    arena.kernels.normalisation(rows, columns, stats, 1e-5, affine);
    for (let c = 0; c < columns; c++) {
      const scale = arena.floats(affine.scale, columns)[c] as number;
      const shift = arena.floats(affine.shift, columns)[c] as number;
      expect(Math.abs(scale * Math.sqrt(1e-5) - 1)).toBeLessThan(1e-6);
      expect(Math.abs(Math.fround(0.1) * scale + shift)).toBeLessThan(1e-5);
    }
    arena.close();
  });
});
