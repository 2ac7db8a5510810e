import fc from 'fast-check';
import { addHamming, packSigns } from '../../../src/engine/codes.ts';
import { openArena, VARIANTS } from './arena.ts';
import { noise } from './reference.ts';

describe.each(VARIANTS)('Hamming matrix, $build, wide: $wide', (variant) => {
  test('is the slow one of the signs, any number of times over', async () => {
    const cases = fc.record({
      images: fc.integer({ min: 1, max: 13 }),
      height: fc.integer({ min: 1, max: 5 }),
      width: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 40 }),
      times: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ times, ...maps }) => {
        const arena = await openArena(variant);
        const { kernels } = arena;
        const { images, height, width, channels } = maps;
        const values = noise(images * height * width * channels, 12);
        const stride = kernels.codeBytes(maps);
        expect(stride % 16).toBe(0);
        const codes = { at: arena.scratch(images * stride), stride };
        const x = { at: arena.input(values), stride: channels };
        kernels.activate(maps, x, { affine: null, rectify: false, codes }, null);
        const matrix = arena.output(images * images);
        arena.integers(matrix, images * images).fill(7);
        kernels.hamming(images, codes, times, matrix);
        const distances = new Float64Array(images * images);
        addHamming(distances, packSigns(values, images), images);
        expect(Array.from(arena.integers(matrix, images * images))).toEqual(
          Array.from(distances, (d) => 7 + times * d),
        );
        arena.close();
      }),
      { numRuns: 60 },
    );
  });
});
