import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import {
  convolution,
  gathered,
  momentsFrom,
  momentsOf,
  noise,
  noisyTensor,
  spread,
  worstError,
} from './reference.ts';

interface Case {
  /** Images, height, width, channels in. */
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number];
  readonly outputs: number;
  /** Extra floats a pixel of input and output. */
  readonly gaps?: readonly [number, number];
}

const TOLERANCE = 2e-6;

const CASES: readonly Case[] = [
  { x: [1, 1, 1, 1], filter: [7, 1], outputs: 1 },
  { x: [1, 1, 1, 1], filter: [3, 3], outputs: 1 },
  { x: [5, 7, 7, 16], filter: [7, 1], outputs: 16 },
  { x: [5, 7, 7, 16], filter: [1, 7], outputs: 16 },
  { x: [13, 7, 7, 8], filter: [1, 7], outputs: 24, gaps: [4, 8] },
  { x: [4, 28, 28, 4], filter: [7, 1], outputs: 20, gaps: [5, 0] },
  { x: [4, 28, 28, 4], filter: [1, 7], outputs: 20, gaps: [0, 3] },
  { x: [2, 4, 5, 3], filter: [1, 7], outputs: 5 },
  { x: [2, 4, 5, 3], filter: [7, 1], outputs: 5 },
  { x: [2, 3, 90, 2], filter: [7, 1], outputs: 9 },
  { x: [2, 90, 3, 2], filter: [1, 7], outputs: 9 },
  { x: [3, 2, 2, 200], filter: [5, 1], outputs: 17 },
  { x: [2, 9, 13, 1], filter: [3, 3], outputs: 16 },
  { x: [3, 5, 4, 3], filter: [3, 3], outputs: 9, gaps: [1, 7] },
  { x: [2, 6, 6, 20], filter: [1, 1], outputs: 12, gaps: [4, 4] },
  { x: [1, 4, 5, 3], filter: [2, 4], outputs: 5 },
  { x: [1, 5, 4, 3], filter: [4, 1], outputs: 5 },
];

/** Seven taps of enough channels: Winograd's scheme. Lengths that are and are not multiples of its tiles. */
const SEVENTHS: readonly Case[] = [
  { x: [1, 28, 3, 32], filter: [7, 1], outputs: 32 },
  { x: [2, 3, 28, 32], filter: [1, 7], outputs: 32 },
  { x: [13, 7, 7, 24], filter: [7, 1], outputs: 40 },
  { x: [13, 7, 7, 24], filter: [1, 7], outputs: 40 },
  { x: [2, 9, 5, 64], filter: [7, 1], outputs: 48, gaps: [8, 3] },
  { x: [2, 5, 9, 64], filter: [1, 7], outputs: 48, gaps: [1, 16] },
  { x: [1, 17, 90, 32], filter: [7, 1], outputs: 32, gaps: [0, 4] },
  { x: [1, 1, 100, 32], filter: [1, 7], outputs: 32, gaps: [4, 0] },
  { x: [3, 8, 2, 136], filter: [7, 1], outputs: 24 },
];

describe.each(VARIANTS)('dense convolution, $build, wide: $wide', (variant) => {
  async function run({ x: shape, filter, outputs, gaps: [gx, gy] = [0, 0] }: Case) {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [images, height, width, channels] = shape;
    const [kh, kw] = filter;
    const x = noisyTensor(shape, 5);
    const weights = noise(kh * kw * channels * outputs, 6);
    const maps = { images, height, width, channels };
    const from = { at: arena.input(spread(x.values, channels, channels + gx, NaN)), stride: channels + gx };
    const k = kh * kw * channels;
    const packed = arena.scratch(kernels.packedBytes(k, outputs));
    kernels.pack(k, outputs, { at: arena.input(weights), stride: outputs }, packed);
    const pixels = images * height * width;
    const y = arena.output(pixels * (outputs + gy));
    const stats = arena.doubles(2 * outputs);
    const scratch = arena.scratch(kernels.convScratch(maps, filter, outputs));
    kernels.conv(maps, filter, outputs, from, packed, { at: y, stride: outputs + gy }, stats, scratch);
    const result = gathered(
      arena.floats(y, pixels * (outputs + gy)).slice(),
      outputs,
      outputs + gy,
      UNTOUCHED,
    );
    const sums = arena.float64s(stats, 2 * outputs).slice();
    arena.close();
    return { x, weights, result, sums, pixels };
  }

  test.each(CASES)('$filter of $x to $outputs, pixels $gaps apart', async (case_) => {
    const { x, weights, result } = await run(case_);
    const { filter, outputs } = case_;
    expect(worstError(result, convolution(x, ...filter, outputs, weights).values)).toBeLessThan(TOLERANCE);
    await tf.setBackend('cpu');
    const images = tf.tensor4d(Array.from(x.values), [...x.shape]);
    const kernel = tf.tensor4d(weights, [...filter, x.shape[3], outputs]);
    expect(worstError(result, tf.conv2d(images, kernel, 1, 'same').dataSync())).toBeLessThan(TOLERANCE);
  });

  test.each(SEVENTHS)('seven taps, $filter of $x to $outputs, pixels $gaps apart', async (case_) => {
    const { x, weights, result } = await run(case_);
    const expected = convolution(x, ...case_.filter, case_.outputs, weights).values;
    const { variance } = momentsOf(Array.from(expected));
    const errors = Array.from(result, (v, i) => v - (expected[i] as number));
    expect(Math.sqrt(momentsOf(errors).variance / variance)).toBeLessThan(2e-5);
    expect(Math.max(...errors.map(Math.abs)) / Math.sqrt(variance)).toBeLessThan(2e-4);
  });

  test.each([...CASES, ...SEVENTHS])('statistics of $filter of $x', async (case_) => {
    const { result, sums, pixels } = await run(case_);
    const { outputs } = case_;
    for (let c = 0; c < outputs; c++) {
      const column = Array.from({ length: pixels }, (_, i) => result[i * outputs + c] as number);
      const { mean, variance } = momentsOf(column);
      const found = momentsFrom(sums[c] as number, sums[outputs + c] as number, pixels);
      expect(Math.abs(found.mean - mean)).toBeLessThan(1e-6 * (Math.abs(mean) + Math.sqrt(variance) + 1));
      expect(Math.abs(found.variance - variance)).toBeLessThan(2e-6 * (variance + 1e-3));
    }
  });

  test('any shape', async () => {
    const size = fc.integer({ min: 1, max: 12 });
    const filter = fc.oneof<fc.Arbitrary<[number, number]>[]>(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.constant(1)),
      fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 9 })),
      fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    );
    const gap = fc.integer({ min: 0, max: 6 });
    const cases = fc.record({
      x: fc.tuple(fc.integer({ min: 1, max: 5 }), size, size, fc.integer({ min: 1, max: 19 })),
      filter,
      outputs: fc.integer({ min: 1, max: 21 }),
      gaps: fc.tuple(gap, gap),
    });
    await fc.assert(
      fc.asyncProperty(cases, async (case_) => {
        const { x, weights, result } = await run(case_);
        const expected = convolution(x, ...case_.filter, case_.outputs, weights).values;
        expect(worstError(result, expected)).toBeLessThan(TOLERANCE);
      }),
      { numRuns: 40 },
    );
  });
});

test.each(['relaxed', 'simd'] as const)('both widths of the %s build agree bit for bit', async (build) => {
  const bits = async (wide: boolean, [images, height, width, channels]: Case['x']) => {
    const arena = await openArena({ build, wide });
    const { kernels } = arena;
    const maps = { images, height, width, channels };
    const filter = [7, 1] as const;
    const x = { at: arena.input(noise(images * height * width * channels, 5)), stride: channels };
    const packed = arena.scratch(kernels.packedBytes(7 * channels, 40));
    kernels.pack(7 * channels, 40, { at: arena.input(noise(7 * channels * 40, 6)), stride: 40 }, packed);
    const y = arena.output(images * height * width * 40);
    const stats = arena.doubles(80);
    const scratch = arena.scratch(kernels.convScratch(maps, filter, 40));
    kernels.conv(maps, filter, 40, x, packed, { at: y, stride: 40 }, stats, scratch);
    const found = [
      Array.from(arena.floats(y, images * height * width * 40)),
      Array.from(arena.float64s(stats, 80)),
    ];
    arena.close();
    return found;
  };
  for (const shape of [
    [2, 9, 11, 3],
    [2, 9, 11, 48],
  ] as const) {
    expect(await bits(true, shape)).toEqual(await bits(false, shape));
  }
});
