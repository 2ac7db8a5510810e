import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import { coarseNoise, spread } from './reference.ts';

describe.each(VARIANTS)('arithmetic on rows, $build, wide: $wide', (variant) => {
  test('adds, scales and clears the columns of rows and nothing between them', async () => {
    const cases = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 25 }),
      gaps: fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })),
      factor: fc.integer({ min: -40, max: 40 }).map((e) => 2 ** e),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ rows, columns, gaps, factor }) => {
        const arena = await openArena(variant);
        const { kernels } = arena;
        const [dx, dy] = [columns + gaps[0], columns + gaps[1]];
        const [x, y] = [coarseNoise(rows * columns, 18), coarseNoise(rows * columns, 19)];
        const from = { at: arena.input(spread(x, columns, dx, NaN)), stride: dx };
        const to = { at: arena.output(rows * dy), stride: dy };
        const result = (): Float32Array => arena.floats(to.at, rows * dy).slice();
        const expected = (values: Float32Array): Float32Array => spread(values, columns, dy, UNTOUCHED);
        arena.floats(to.at, rows * dy).set(expected(y));
        kernels.add(rows, columns, from, to);
        const sum = y.map((v, i) => v + (x[i] as number));
        expect(result()).toEqual(expected(sum));
        kernels.scale(rows, columns, factor, to);
        expect(result()).toEqual(expected(sum.map((v) => v * factor)));
        kernels.clear(rows, columns, to);
        expect(result()).toEqual(expected(sum.fill(0)));
        arena.close();
      }),
      { numRuns: 40 },
    );
  });
});
