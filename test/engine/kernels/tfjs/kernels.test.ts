// The gradient kernels registered with tf.js's WASM backend against those of its CPU backend.

import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { registerGradientKernels } from '../../../../src/engine/kernels/tfjs/register.ts';
import { worstError } from '../reference.ts';
import { both, type Case, type Gradient } from './gradient.ts';

/** float32 sums of thousands of products in another order. */
const SIMD = 1e-5;
/** Winograd's scheme for seven taps of many channels. */
const WINOGRAD = 2e-5;
/** float64 sums in another order, rounded once; tf.js's own loops, in float32, are within it too. */
const LOOPS = 1e-6;

const GRADIENTS: readonly Gradient[] = ['convFilter', 'convInput', 'depthwiseFilter', 'depthwiseInput'];
const DENSE: readonly Gradient[] = ['convFilter', 'convInput'];
const DEPTHWISE: readonly Gradient[] = ['depthwiseFilter', 'depthwiseInput'];

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerGradientKernels();
});

beforeEach(() => tf.setBackend('wasm'));

const SHAPES = [
  [1, 1, 1, 1],
  [1, 5, 4, 1],
  [2, 7, 7, 16],
  [2, 9, 8, 17],
  [3, 6, 11, 5],
  [1, 13, 3, 33],
] as const;

describe('what the search spaces hold, on SIMD kernels', () => {
  const PLAIN: readonly Case[] = [
    ...SHAPES.flatMap((x) => [1, 8, 13].map((outputs) => ({ x, filter: [3, 3] as const, outputs }))),
    ...SHAPES.map((x) => ({ x, filter: [7, 1] as const, outputs: 9 })),
    ...SHAPES.map((x) => ({ x, filter: [1, 7] as const, outputs: 9 })),
    { x: [3, 5, 4, 6], filter: [1, 1], outputs: 9 },
    { x: [3, 5, 4, 6], filter: [1, 1], outputs: 9, pad: 'valid' },
    {
      x: [2, 6, 7, 3],
      filter: [5, 3],
      outputs: 4,
      pad: [
        [0, 0],
        [2, 2],
        [1, 1],
        [0, 0],
      ],
    },
    { x: [2, 6, 7, 3], filter: [3, 3], outputs: 4, pad: 1 },
    // More images than a product takes at once.
    { x: [5, 31, 29, 13], filter: [7, 1], outputs: 3 },
  ];

  test.each(DENSE.flatMap((gradient) => PLAIN.map((c) => ({ gradient, c }))))(
    '$gradient, $c.filter of $c.x to $c.outputs, padding $c.pad',
    async ({ gradient, c }) => {
      const { got, due } = await both(gradient, c);
      expect(worstError(got, due)).toBeLessThan(SIMD);
    },
  );

  test.each<Case>([
    { x: [2, 28, 3, 24], filter: [7, 1], outputs: 32 },
    { x: [2, 3, 9, 32], filter: [1, 7], outputs: 24 },
  ])('seven taps of many channels, $filter of $x to $outputs', async (c) => {
    for (const gradient of DENSE) {
      const { got, due } = await both(gradient, c);
      expect(worstError(got, due)).toBeLessThan(WINOGRAD);
    }
  });

  const CHANNELWISE: readonly Case[] = [
    ...SHAPES.flatMap((x) =>
      [1, 2, 3].map((dilation) => ({ x, filter: [3, 3] as const, outputs: 1, dilation })),
    ),
    ...SHAPES.flatMap((x) => [5, 7].map((k) => ({ x, filter: [k, k] as const, outputs: 1 }))),
    { x: [2, 6, 5, 5], filter: [5, 5], outputs: 1, dilation: 2 },
    { x: [2, 6, 5, 5], filter: [1, 1], outputs: 1 },
    { x: [2, 6, 5, 5], filter: [3, 3], outputs: 1, pad: 1 },
    { x: [2, 6, 5, 5], filter: [3, 3], outputs: 1, pad: 2, dilation: 2 },
  ];

  test.each(DEPTHWISE.flatMap((gradient) => CHANNELWISE.map((c) => ({ gradient, c }))))(
    '$gradient, $c.filter of $c.x, padding $c.pad, dilation $c.dilation',
    async ({ gradient, c }) => {
      const { got, due } = await both(gradient, c);
      expect(worstError(got, due)).toBeLessThan(SIMD);
    },
  );
});

describe('everything else, by loops and by the stock kernel', () => {
  const CASES: readonly Case[] = [
    ...SHAPES.map((x) => ({ x, filter: [3, 3] as const, outputs: 2, stride: 2 })),
    { x: [2, 7, 9, 4], filter: [3, 3], outputs: 2, stride: [2, 1] },
    { x: [2, 7, 9, 4], filter: [3, 3], outputs: 1, stride: [1, 3], pad: 'valid' },
    { x: [2, 7, 9, 4], filter: [5, 3], outputs: 1, pad: 'valid' },
    { x: [2, 7, 9, 4], filter: [2, 2], outputs: 1 },
    { x: [2, 7, 9, 4], filter: [4, 3], outputs: 3, stride: 2, pad: 1 },
    {
      x: [2, 7, 9, 4],
      filter: [3, 3],
      outputs: 2,
      pad: [
        [0, 0],
        [2, 0],
        [0, 1],
        [0, 0],
      ],
    },
    { x: [2, 7, 9, 4], filter: [7, 7], outputs: 1, pad: 3, stride: 3 },
    // A filter larger than what it covers, and one that leaves pixels out.
    { x: [1, 2, 2, 3], filter: [6, 6], outputs: 2 },
    { x: [1, 8, 8, 3], filter: [1, 1], outputs: 2, stride: 3 },
    { x: [0, 3, 3, 2], filter: [3, 3], outputs: 1 },
  ];
  const DILATED: readonly Case[] = [
    { x: [2, 9, 8, 3], filter: [3, 3], outputs: 2, dilation: 2 },
    { x: [2, 9, 8, 3], filter: [3, 3], outputs: 1, dilation: [1, 3] },
    { x: [2, 9, 8, 3], filter: [3, 5], outputs: 1, dilation: 1 },
    { x: [2, 9, 8, 3], filter: [3, 2], outputs: 2, dilation: 3, pad: 'valid' },
  ];

  test.each([
    ...GRADIENTS.flatMap((gradient) => CASES.map((c) => ({ gradient, c }))),
    ...DEPTHWISE.flatMap((gradient) => DILATED.map((c) => ({ gradient, c }))),
  ])(
    '$gradient, $c.filter of $c.x to $c.outputs, stride $c.stride, padding $c.pad, dilation $c.dilation',
    async ({ gradient, c }) => {
      const { got, due } = await both(gradient, c);
      expect(worstError(got, due)).toBeLessThan(LOOPS);
    },
  );
});

test.each(GRADIENTS)('%s of any convolution', async (gradient) => {
  const extent = fc.integer({ min: 1, max: 11 });
  const side = fc.integer({ min: 1, max: 5 });
  const cases = fc
    .record({
      x: fc.tuple(fc.integer({ min: 1, max: 3 }), extent, extent, fc.integer({ min: 1, max: 18 })),
      filter: fc.tuple(side, side),
      square: fc.boolean(),
      outputs: fc.integer({ min: 1, max: DENSE.includes(gradient) ? 10 : 2 }),
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: DENSE.includes(gradient) ? 1 : 3 }),
      pad: fc.constantFrom('same' as const, 'valid' as const),
    })
    .map(({ square, filter: [kh, kw], ...rest }): Case => ({ ...rest, filter: square ? [kh, kh] : [kh, kw] }))
    .filter(
      ({ x, filter, dilation, pad }) =>
        pad === 'same' || filter.every((n, i) => (n - 1) * (dilation as number) + 1 <= (x[i + 1] as number)),
    );
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      const { got, due } = await both(gradient, c);
      expect(worstError(got, due)).toBeLessThan(SIMD);
    }),
    { numRuns: 100, seed: 20 },
  );
});
