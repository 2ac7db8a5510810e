import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import {
  codeOf,
  coarseNoise,
  coarseTensor,
  depthwiseConvolution,
  gathered,
  noise,
  spread,
  tensorOf,
  valueAt,
  worstError,
} from './reference.ts';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly size: number;
  readonly dilation: number;
  readonly gaps?: readonly [number, number];
  /** Scale and shift, then ReLU, with the code of its signs. */
  readonly activated?: boolean;
}

const TOLERANCE = 2e-6;

const CASES: readonly Case[] = [
  { x: [1, 1, 1, 1], size: 3, dilation: 1 },
  { x: [2, 7, 7, 16], size: 7, dilation: 1 },
  { x: [2, 14, 14, 8], size: 5, dilation: 2, activated: true },
  { x: [1, 28, 28, 4], size: 3, dilation: 2 },
  { x: [2, 4, 4, 20], size: 3, dilation: 1, activated: true, gaps: [3, 1] },
  { x: [3, 5, 9, 17], size: 5, dilation: 1, gaps: [0, 5] },
  { x: [1, 2, 3, 33], size: 7, dilation: 2, activated: true },
  { x: [2, 8, 15, 31], size: 3, dilation: 1, activated: true },
  { x: [1, 6, 5, 9], size: 4, dilation: 1 },
  { x: [1, 6, 8, 3], size: 2, dilation: 3, gaps: [1, 1] },
  { x: [2, 3, 3, 12], size: 1, dilation: 1, activated: true },
];

describe.each(VARIANTS)('depthwise convolution, $build, wide: $wide', (variant) => {
  async function run({ x: shape, size, dilation, gaps: [gx, gy] = [0, 0], activated = false }: Case) {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [images, height, width, channels] = shape;
    const maps = { images, height, width, channels };
    const x = coarseTensor(shape, 7);
    const weights = noise(size * size * channels, 8);
    const [scale, shift] = [coarseNoise(channels, 9).map((v) => v + 1.5), coarseNoise(channels, 10)];
    const from = { at: arena.input(spread(x.values, channels, channels + gx, NaN)), stride: channels + gx };
    const codes = { at: arena.scratch(images * kernels.codeBytes(maps)), stride: kernels.codeBytes(maps) };
    const affine = { scale: arena.input(scale), shift: arena.input(shift) };
    const pixels = images * height * width;
    const y = arena.output(pixels * (channels + gy));
    kernels.depthwise(
      maps,
      size,
      dilation,
      from,
      activated ? { affine, rectify: true, codes } : { affine: null, rectify: false, codes: null },
      arena.input(weights),
      { at: y, stride: channels + gy },
      arena.scratch(kernels.depthwiseScratch(maps, size, dilation)),
    );
    const result = gathered(
      arena.floats(y, pixels * (channels + gy)).slice(),
      channels,
      channels + gy,
      UNTOUCHED,
    );
    const code = arena.bytes(codes.at, images * codes.stride).slice();
    arena.close();
    const normalised = tensorOf(
      shape,
      (...place) => valueAt(x, ...place) * (scale[place[3]] as number) + (shift[place[3]] as number),
    );
    const read = activated ? tensorOf(shape, (...place) => Math.max(valueAt(normalised, ...place), 0)) : x;
    // Scratch holds 0xee before.
    const expectedCode = activated ? codeOf(normalised) : Array.from(code, () => 0xee);
    return { read, weights, result, code, expectedCode };
  }

  test.each(CASES)('$size x $size, dilation $dilation, of $x, activated: $activated', async (case_) => {
    const { read, weights, result, code, expectedCode } = await run(case_);
    const { size, dilation, x } = case_;
    const expected = depthwiseConvolution(read, size, dilation, weights).values;
    expect(worstError(result, expected)).toBeLessThan(TOLERANCE);
    expect(Array.from(code)).toEqual(expectedCode);
    await tf.setBackend('cpu');
    const images = tf.tensor4d(Array.from(read.values), [...x]);
    const kernel = tf.tensor4d(weights, [size, size, x[3], 1]);
    const reference = tf.depthwiseConv2d(images, kernel, 1, 'same', 'NHWC', dilation).dataSync();
    expect(worstError(result, reference)).toBeLessThan(TOLERANCE);
  });

  test('any shape', async () => {
    const extent = fc.integer({ min: 1, max: 16 });
    const gap = fc.integer({ min: 0, max: 5 });
    const cases = fc.record({
      x: fc.tuple(fc.integer({ min: 1, max: 3 }), extent, extent, fc.integer({ min: 1, max: 35 })),
      size: fc.integer({ min: 1, max: 7 }),
      dilation: fc.integer({ min: 1, max: 3 }),
      gaps: fc.tuple(gap, gap),
      activated: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async (case_) => {
        const { read, weights, result, code, expectedCode } = await run(case_);
        const expected = depthwiseConvolution(read, case_.size, case_.dilation, weights).values;
        expect(worstError(result, expected)).toBeLessThan(TOLERANCE);
        expect(Array.from(code)).toEqual(expectedCode);
      }),
      { numRuns: 40 },
    );
  });
});
