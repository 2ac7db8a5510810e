// The forward and the backward step of each op, with tf.js ops.

import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Op } from '../../../search/network.ts';
import { BN_EPSILON, convolve, dense, globalAverage, type Maps, pool } from '../../forward.ts';
import {
  convFilterGradient,
  convInputGradient,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from './convolutions.ts';
import type { Problem } from '../gradient.ts';
import { avgPoolGradient, maxPoolGradient } from './pools.ts';

/** A node as the forward pass meets it. */
export interface Place<O extends Op> {
  readonly node: NodeOf<O>;
  /** How many images there are. */
  readonly images: number;
  /** What it reads, a map an input; of a `zero`, nothing. */
  readonly inputs: readonly Maps[];
  readonly weights: tf.Tensor | null;
}

/** A node as the backward pass meets it. */
export interface Passed<O extends Op> extends Place<O> {
  readonly output: Maps;
}

export interface Rule<O extends Op> {
  forward(place: Place<O>): Maps;
  /** dL/dinput for each input, from dy = dL/doutput. */
  back(dy: Maps, passed: Passed<O>): readonly Maps[];
  /** dL/dtheta in the weights' shape, of layers. */
  learn?(dy: Maps, passed: Passed<O>): tf.Tensor;
}

const read = ({ inputs }: Place<Op>): Maps => inputs[0] as Maps;
const filter = ({ weights }: Place<Op>): Maps => weights as Maps;
const nothing = (): readonly Maps[] => [];

export function imagesOf({ batch, input }: Problem): Maps {
  const [height, width, channels] = input;
  return tf.tensor4d(batch.images, [
    batch.images.length / (height * width * channels),
    height,
    width,
    channels,
  ]);
}

/** [images, 1, 1, features] as a matrix, and back. */
export const matrixOf = (x: Maps): tf.Tensor2D => tf.reshape(x, [x.shape[0], x.shape[3]]);
export const mapsOf = (m: tf.Tensor2D): Maps => tf.reshape(m, [m.shape[0], 1, 1, m.shape[1]]);

const overPixels = (x: Maps): Maps => tf.mean(tf.mean(tf.mean(x, 2, true), 1, true), 0, true);
const centred = (x: Maps): Maps => tf.sub(x, overPixels(x));
/** sqrt(variance + epsilon) of each channel, to be divided by: one rounding less than the product with its inverse. */
const deviationOf = (deviations: Maps): Maps =>
  tf.sqrt(tf.add(overPixels(tf.square(deviations)), BN_EPSILON));

/** Centred twice: what the mean was rounded by is left as a mean of its own, and is taken out too. */
function batchNorm(x: Maps): Maps {
  const nearly = centred(x);
  const deviation = deviationOf(centred(nearly));
  return tf.sub(tf.div(nearly, deviation), tf.div(overPixels(nearly), deviation));
}

/** Mean and variance are of the batch, so they have their share in the derivative. */
function batchNormGradient(dy: Maps, x: Maps, y: Maps): Maps {
  const ofVariance = tf.mul(y, overPixels(tf.mul(dy, y)));
  return tf.div(tf.sub(centred(dy), ofVariance), deviationOf(centred(x)));
}

/** dL/doutput of a convolution as if it had no stride: zeros where no output is. */
function unstrided(dy: Maps, { node, inputs: [x] }: Passed<'conv'>): Maps {
  if (node.attrs.stride === undefined) return dy;
  const [images, rows, columns, channels] = dy.shape;
  const [, height, width] = (x as Maps).shape;
  const wide = tf.reshape(tf.concat([dy, tf.zerosLike(dy)], 3), [images, rows, 2 * columns * channels]);
  const whole = tf.reshape(tf.concat([wide, tf.zerosLike(wide)], 2), [
    images,
    2 * rows,
    2 * columns,
    channels,
  ]);
  return tf.slice(whole as Maps, [0, 0, 0, 0], [images, height, width, channels]);
}

export const RULES: { readonly [O in Op]: Rule<O> } = {
  input: {
    forward() {
      throw new Error('the input of a network is given');
    },
    back: nothing,
  },
  conv: {
    forward: (at) => convolve(read(at), filter(at), at.node),
    back: (dy, at) => [convInputGradient(unstrided(dy, at), filter(at))],
    learn: (dy, at) => convFilterGradient(read(at), unstrided(dy, at), at.node.attrs.kernel),
  },
  depthwise: {
    forward: (at) => tf.depthwiseConv2d(read(at), filter(at), 1, 'same', 'NHWC', at.node.attrs.dilation),
    back: (dy, at) => [depthwiseInputGradient(dy, filter(at), at.node.attrs.dilation)],
    learn: (dy, at) => depthwiseFilterGradient(read(at), dy, at.node.attrs.kernel, at.node.attrs.dilation),
  },
  batchNorm: {
    forward: (at) => batchNorm(read(at)),
    back: (dy, at) => [batchNormGradient(dy, read(at), at.output)],
  },
  relu: {
    forward: (at) => tf.relu(read(at)),
    back: (dy, { output }) => [tf.mul(dy, tf.step(output))],
  },
  zero: {
    forward: ({ node, images }) => tf.zeros([images, ...node.shape]),
    back: nothing,
  },
  concat: {
    forward: ({ inputs }) => tf.concat([...inputs], 3),
    back(dy, { inputs }) {
      const widths = inputs.map(({ shape }) => shape[3]);
      return tf.split(dy, widths, 3);
    },
  },
  add: {
    forward: ({ inputs }) => tf.addN([...inputs]),
    back: (dy, { inputs }) => inputs.map(() => dy.clone()),
  },
  maxPool: {
    forward: (at) => pool(read(at), at.node.attrs.size, 'max'),
    back: (dy, at) => [maxPoolGradient(dy, read(at), at.node.attrs.size)],
  },
  avgPool: {
    forward: (at) => pool(read(at), at.node.attrs.size, 'avg'),
    back: (dy, at) => [avgPoolGradient(dy, read(at), at.node.attrs.size)],
  },
  globalAvgPool: {
    forward: (at) => globalAverage(read(at)),
    back(dy, at) {
      const [, height, width] = read(at).shape;
      return [tf.tile(tf.div(dy, height * width), [1, height, width, 1])];
    },
  },
  dense: {
    forward: (at) => dense(read(at), filter(at)),
    back: (dy, { weights }) => [mapsOf(tf.matMul(matrixOf(dy), weights as tf.Tensor2D, false, true))],
    learn: (dy, at) => tf.matMul(matrixOf(read(at)), matrixOf(dy), true),
  },
};
