import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import { gathered, noise, noisyTensor, pooled, spread, type Tensor, worstError } from './reference.ts';

type Shape = Tensor['shape'];

const mean = (window: readonly number[]): number => window.reduce((a, b) => a + b, 0) / window.length;
const largest = (window: readonly number[]): number => Math.max(...window);

const SHAPES: readonly Shape[] = [
  [1, 1, 1, 1],
  [2, 28, 28, 3],
  [1, 7, 7, 20],
  [2, 5, 4, 17],
  [1, 2, 9, 33],
];

const outputPixels = ([images, height, width]: Shape): number =>
  images * Math.ceil(height / 2) * Math.ceil(width / 2);

describe.each(VARIANTS)('pools, $build, wide: $wide', (variant) => {
  async function run(
    x: Tensor,
    kind: 'maxPool' | 'avgPool',
    size: number,
    gap: number,
    affine: readonly [Float32Array, Float32Array] | null,
  ) {
    const arena = await openArena(variant);
    const [images, height, width, channels] = x.shape;
    const stride = channels + gap;
    const from = { at: arena.input(spread(x.values, channels, stride, NaN)), stride };
    const length = outputPixels(x.shape) * stride;
    const y = arena.output(length);
    arena.kernels[kind](
      { images, height, width, channels },
      size,
      from,
      affine && { scale: arena.input(affine[0]), shift: arena.input(affine[1]) },
      { at: y, stride },
    );
    const result = gathered(arena.floats(y, length).slice(), channels, stride, UNTOUCHED);
    arena.close();
    return result;
  }

  test.each(SHAPES.flatMap((shape) => [2, 3, 4].map((size) => ({ shape, size }))))(
    '$size x $size of $shape',
    async ({ shape, size }) => {
      const x = noisyTensor(shape, 14);
      const [max, avg] = [await run(x, 'maxPool', size, 0, null), await run(x, 'avgPool', size, 0, null)];
      expect(Array.from(max)).toEqual(pooled(x, size, largest).values);
      expect(worstError(avg, pooled(x, size, mean).values)).toBeLessThan(5e-7);
      await tf.setBackend('cpu');
      const images = tf.tensor4d(Array.from(x.values), [...shape]);
      const reference = (kind: 'max' | 'avg') =>
        tf.pool(images, [size, size], kind, 'same', [1, 1], [2, 2]).dataSync();
      expect(worstError(max, reference('max'))).toBe(0);
      expect(worstError(avg, reference('avg'))).toBeLessThan(5e-7);
    },
  );

  test('any shape, in slices, with scale and shift', async () => {
    const extent = fc.integer({ min: 1, max: 9 });
    const cases = fc.record({
      shape: fc.tuple(fc.integer({ min: 1, max: 3 }), extent, extent, fc.integer({ min: 1, max: 36 })),
      size: fc.integer({ min: 1, max: 5 }),
      gap: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ shape, size, gap }) => {
        const x = noisyTensor(shape, 15);
        const channels = shape[3];
        const [scale, shift] = [noise(channels, 9).map((v) => v + 1.5), noise(channels, 10)];
        for (const [kind, of] of [
          ['maxPool', largest],
          ['avgPool', mean],
        ] as const) {
          const expected = Array.from(
            pooled(x, size, of).values,
            (v, i) => v * (scale[i % channels] as number) + (shift[i % channels] as number),
          );
          expect(worstError(await run(x, kind, size, gap, [scale, shift]), expected)).toBeLessThan(5e-7);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a pool takes along the follower of the first largest value', async () => {
    const cases = fc.record({
      height: fc.integer({ min: 1, max: 7 }),
      width: fc.integer({ min: 1, max: 7 }),
      channels: fc.integer({ min: 1, max: 9 }),
      size: fc.integer({ min: 2, max: 4 }),
      levels: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ height, width, channels, size, levels }) => {
        const arena = await openArena(variant);
        const shape = [1, height, width, channels] as const;
        // Few levels, so that many windows have ties.
        const x = { shape, values: noise(height * width * channels, 16).map((v) => Math.floor(v * levels)) };
        const follower = Float32Array.from(x.values, (_, i) => i);
        const length = outputPixels(shape) * channels;
        const [y, out] = [arena.output(length), arena.output(length)];
        arena.kernels.maxPoolFollowed(
          { images: 1, height, width, channels },
          size,
          { at: arena.input(x.values), stride: channels },
          arena.input(follower),
          { at: y, stride: channels },
          out,
        );
        // Value and place in one number: the larger value wins, then the earlier place.
        const both = { shape, values: Array.from(x.values, (v, i) => v * 1000 - i) };
        const winners = Array.from(pooled(both, size, largest).values);
        expect(Array.from(arena.floats(y, length))).toEqual(pooled(x, size, largest).values);
        expect(Array.from(arena.floats(out, length))).toEqual(winners.map((v) => both.values.indexOf(v)));
        arena.close();
      }),
      { numRuns: 40 },
    );
  });

  test.each(SHAPES)('global average of %j', async (...shape: Shape) => {
    const arena = await openArena(variant);
    const x = noisyTensor(shape, 17);
    const [images, height, width, channels] = shape;
    const y = arena.output(images * (channels + 2));
    arena.kernels.globalAverage(
      { images, height, width, channels },
      { at: arena.input(x.values), stride: channels },
      { at: y, stride: channels + 2 },
    );
    const result = gathered(
      arena.floats(y, images * (channels + 2)).slice(),
      channels,
      channels + 2,
      UNTOUCHED,
    );
    const expected = Array.from({ length: images * channels }, (_, i) => {
      const [n, c] = [Math.floor(i / channels), i % channels];
      const pixels = height * width;
      return mean(
        Array.from({ length: pixels }, (_, p) => x.values[(n * pixels + p) * channels + c] as number),
      );
    });
    expect(worstError(result, expected)).toBeLessThan(5e-7);
    arena.close();
  });

  test('NaN is passed over by a maximum', async () => {
    const x: Tensor = { shape: [1, 2, 2, 1], values: [NaN, -3, NaN, -5] };
    expect(Array.from(await run(x, 'maxPool', 2, 0, null))).toEqual([-3]);
  });
});
