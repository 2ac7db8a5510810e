// Gradients of networks and training on the WASM backend with our kernels, against the CPU backend.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { pool } from '../../../../src/engine/forward.ts';
import { registerGradientKernels } from '../../../../src/engine/kernels/tfjs/register.ts';
import { noise, worstError } from '../reference.ts';
import { spreadTaps } from './gradient.ts';

type Maps = tf.Tensor4D;

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerGradientKernels();
});

const CHANNELS = 5;
const CLASSES = 2;

/** Weights' shapes, in the order the network takes them. */
const SHAPES = {
  stem: [3, 3, 1, CHANNELS],
  depthwise: [3, 3, CHANNELS, 1],
  pointwise: [1, 1, CHANNELS, CHANNELS],
  dilated: [5, 5, CHANNELS, 1],
  tall: [7, 1, CHANNELS, CHANNELS],
  wide: [1, 7, CHANNELS, CHANNELS],
  dense: [3 * CHANNELS, CLASSES],
} as const;

type Layer = keyof typeof SHAPES;
type Weights = Readonly<Record<Layer, tf.Tensor>>;

const LAYERS = Object.keys(SHAPES) as readonly Layer[];

/** As our search spaces draw them: uniform, by the square root of the fan-in. */
function initialOf(layer: Layer, key: number): tf.Tensor {
  const shape: readonly number[] = SHAPES[layer];
  const count = shape.reduce((a, b) => a * b, 1);
  const inputs =
    layer === 'depthwise' || layer === 'dilated'
      ? (shape[0] as number) ** 2
      : count / (shape.at(-1) as number);
  return tf.tensor(
    noise(count, key).map((v) => v / Math.sqrt(inputs)),
    [...shape],
  );
}

/** tf.js's CPU kernels and rules know no dilation: there the taps are spread. */
function dilatedDepthwise(x: Maps, filter: Maps, dilation: number): Maps {
  if (tf.getBackend() === 'wasm') return tf.depthwiseConv2d(x, filter, 1, 'same', 'NHWC', dilation);
  return tf.depthwiseConv2d(x, spreadTaps(filter, [dilation, dilation]) as Maps, 1, 'same');
}

/** Batch statistics; tf.js's rule for batch norm fails without a scale. */
function batchNorm(x: Maps): Maps {
  const { mean, variance } = tf.moments(x, [0, 1, 2]) as {
    readonly [name in 'mean' | 'variance']: tf.Tensor1D;
  };
  return tf.batchNorm(x, mean, variance, tf.zerosLike(mean), tf.onesLike(mean), 1e-3);
}

/** A depthwise-separable convolution, a dilated one and 7x1 after 1x7, side by side, and both pools. */
function logitsOf(images: Maps, weights: Weights): tf.Tensor2D {
  const of = (layer: Layer): Maps => weights[layer] as Maps;
  const stem = tf.relu(batchNorm(tf.conv2d(images, of('stem'), 1, 'same')));
  const separable = tf.conv2d(
    tf.depthwiseConv2d(stem, of('depthwise'), 1, 'same'),
    of('pointwise'),
    1,
    'same',
  );
  const dilated = dilatedDepthwise(stem, of('dilated'), 2);
  const line = tf.conv2d(tf.conv2d(stem, of('wide'), 1, 'same'), of('tall'), 1, 'same');
  const normed = [separable, dilated, line].map(batchNorm) as [Maps, Maps, Maps];
  const joined = tf.concat(
    [pool(normed[0], 3, 'max'), pool(normed[1], 2, 'avg'), pool(normed[2], 3, 'avg')],
    3,
  );
  return tf.matMul(tf.mean(tf.relu(joined), [1, 2]), weights.dense);
}

type Batch = {
  readonly images: Maps;
  readonly labels: tf.Tensor2D;
};

/** Stripes, across in one class and down in the other, under noise; shifted so that no pixel tells. */
function stripes(count: number, size: number): Batch {
  const under = noise(count * size * size, 7);
  const images = under.map((v, i) => {
    const [image, line, column] = [Math.floor(i / size / size), Math.floor(i / size) % size, i % size];
    const across = image % 2 === 0 ? line : column;
    return (Math.floor((across + image) / 2) % 2) + v;
  });
  const labels = tf.oneHot(tf.tensor1d(Int32Array.from({ length: count }, (_, i) => i % 2)), CLASSES);
  return { images: tf.tensor4d(images, [count, size, size, 1]), labels: labels as tf.Tensor2D };
}

const lossOf = ({ images, labels }: Batch, weights: Weights): tf.Scalar =>
  tf.losses.softmaxCrossEntropy(labels, logitsOf(images, weights));

/** float32 sums in other orders, through nine layers of them. */
const GRADIENT = 1e-5;

test('gradients of a network equal those on the CPU', async () => {
  const gradients = async (backend: string): Promise<readonly tf.TypedArray[]> => {
    await tf.setBackend(backend);
    return tf.tidy(() => {
      const batch = stripes(4, 9);
      const loss = (...weights: readonly tf.Tensor[]): tf.Scalar =>
        lossOf(
          batch,
          Object.fromEntries(LAYERS.map((layer, i) => [layer, weights[i]])) as unknown as Weights,
        );
      return tf
        .grads(loss)(LAYERS.map(initialOf))
        .map((gradient) => gradient.dataSync());
    });
  };
  const [got, due] = [await gradients('wasm'), await gradients('cpu')];
  const errors = due.map((values, i) => {
    const largest = Math.max(...Array.from(values, Math.abs));
    const relative = (all: tf.TypedArray) => Array.from(all, (v) => v / largest);
    return worstError(relative(got[i] as tf.TypedArray), relative(values));
  });
  expect(Math.max(...errors)).toBeLessThan(GRADIENT);
});

/** The loss before each step, and after the last. */
async function train(backend: string, open: () => tf.Optimizer, steps: number): Promise<readonly number[]> {
  await tf.setBackend(backend);
  const before = tf.memory().numTensors;
  const optimizer = open();
  const batch = tf.tidy(() => stripes(8, 8));
  const variables = LAYERS.map((layer, i) => tf.tidy(() => tf.variable(initialOf(layer, i))));
  const weights = Object.fromEntries(LAYERS.map((layer, i) => [layer, variables[i]])) as unknown as Weights;
  const losses: number[] = [];
  let kept = 0;
  for (let step = 0; step < steps; step++) {
    const loss = optimizer.minimize(() => lossOf(batch, weights), true, variables) as tf.Scalar;
    losses.push((loss.dataSync() as Float32Array)[0] as number);
    loss.dispose();
    // From the first step on an optimizer keeps its own averages, but nothing more.
    if (step === 0) kept = tf.memory().numTensors;
    expect(tf.memory().numTensors).toBe(kept);
  }
  losses.push(tf.tidy(() => lossOf(batch, weights).dataSync()[0] as number));
  optimizer.dispose();
  tf.dispose([...variables, batch.images, batch.labels]);
  expect(tf.memory().numTensors).toBe(before);
  return losses;
}

/** Rounding grows from step to step. The CPU backend is slow: it goes half the way. */
const LOSS = 1e-5;

test.each([
  { name: 'gradient descent', steps: 30, open: () => tf.train.sgd(0.5) },
  { name: 'Adam', steps: 30, open: () => tf.train.adam(0.01) },
])('$name learns what it learns on the CPU', async ({ steps, open }) => {
  const wasm = await train('wasm', open, steps);
  const cpu = await train('cpu', open, steps / 2);
  const start = wasm[0] as number;
  expect(wasm.at(-1)).toBeLessThan(start / 4);
  expect(worstError(wasm.slice(0, cpu.length), cpu)).toBeLessThan(LOSS);
});

test('on the CPU, whose kernels overlook it, a gradient through dilation is refused as before', async () => {
  await tf.setBackend('cpu');
  const filter = tf.ones<tf.Rank.R4>([3, 3, 2, 1]);
  const through = tf.grad((x) => tf.sum(tf.depthwiseConv2d(x as Maps, filter, 1, 'same', 'NHWC', 2)));
  expect(() => through(tf.ones([1, 5, 5, 2]))).toThrow('dilation rates greater than 1 are not yet supported');
});
