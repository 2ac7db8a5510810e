// The forward and the backward step of each op, with tf.js ops.

import * as tf from '@tensorflow/tfjs-core';
import type { NodeOf, Op } from '../../../search/network.ts';
import type { Role } from '../../../search/parameters.ts';
import { BN_EPSILON, convolve, dense, globalAverage, type Maps, pool } from '../../forward.ts';
import {
  convFilterGradient,
  convInputGradient,
  depthwiseFilterGradient,
  depthwiseInputGradient,
} from './convolutions.ts';
import type { Problem } from '../gradient.ts';
import { avgPoolGradient, maxPoolGradient } from './pools.ts';

/**
 * A node's parameters, or what is known of each. A norm without gamma and beta does not scale and shift, a dense
 * layer without bias adds none: as before any training (spec section 2). An alias, so that tf.js takes it
 * for a container of tensors.
 */
export type Parameters = { readonly [R in Role]?: tf.Tensor };

/** A node as the forward pass meets it. */
export interface Place<O extends Op> {
  readonly node: NodeOf<O>;
  /** How many images there are. */
  readonly images: number;
  /** What it reads, a map an input; of a `zero`, nothing. */
  readonly inputs: readonly Maps[];
  readonly parameters: Parameters;
}

/** A node as the backward pass meets it. */
export interface Passed<O extends Op> extends Place<O> {
  readonly output: Maps;
}

export interface Rule<O extends Op> {
  forward(place: Place<O>): Maps;
  /** dL/dinput for each input, from dy = dL/doutput. */
  back(dy: Maps, passed: Passed<O>): readonly Maps[];
  /** dL/dtheta for each learned parameter it may have, in its shape. */
  learn?(dy: Maps, passed: Passed<O>): Parameters;
}

export const ruleOf = ({ op }: NodeOf<Op>): Rule<Op> => RULES[op];

const read = ({ inputs }: Place<Op>): Maps => inputs[0] as Maps;
const filter = ({ parameters }: Place<Op>): Maps => parameters.weight as Maps;
const nothing = (): readonly Maps[] => [];

export function imagesOf({ batch, input }: Pick<Problem, 'batch' | 'input'>): Maps {
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
const sumOverPixels = (x: Maps): tf.Tensor => tf.sum(tf.sum(tf.sum(x, 2), 1), 0);
const centred = (x: Maps): Maps => tf.sub(x, overPixels(x));
const varianceOf = (deviations: Maps): Maps => overPixels(tf.square(deviations));
/** sqrt(variance + epsilon) of each channel, to be divided by: one rounding less than the product with its inverse. */
const deviationOf = (deviations: Maps): Maps => tf.sqrt(tf.add(varianceOf(deviations), BN_EPSILON));

/** Mean and (biased) variance of each channel, [channels]. */
export const statisticsOf = (x: Maps): { readonly mean: tf.Tensor; readonly variance: tf.Tensor } => ({
  mean: tf.reshape(overPixels(x), [-1]),
  variance: tf.reshape(varianceOf(centred(x)), [-1]),
});

/** Of mean 0 and variance 1. Centred twice: what the mean was rounded by is left as a mean of its own, and is taken out too. */
function normalised(x: Maps): Maps {
  const nearly = centred(x);
  const deviation = deviationOf(centred(nearly));
  return tf.sub(tf.div(nearly, deviation), tf.div(overPixels(nearly), deviation));
}

/** gamma * x + beta, of those that there are. */
export function affine(x: Maps, { gamma, beta }: Parameters): Maps {
  const scaled: Maps = gamma === undefined ? x : tf.mul(x, gamma);
  return beta === undefined ? scaled : tf.add(scaled, beta);
}

/** What a norm put out before it was scaled and shifted, which cannot be undone where gamma is 0. */
const beforeAffine = (at: Passed<'batchNorm'>): Maps =>
  at.parameters.gamma === undefined ? at.output : normalised(read(at));

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
    learn: (dy, at) => ({ weight: convFilterGradient(read(at), unstrided(dy, at), at.node.attrs.kernel) }),
  },
  depthwise: {
    forward: (at) => tf.depthwiseConv2d(read(at), filter(at), 1, 'same', 'NHWC', at.node.attrs.dilation),
    back: (dy, at) => [depthwiseInputGradient(dy, filter(at), at.node.attrs.dilation)],
    learn: (dy, at) => ({
      weight: depthwiseFilterGradient(read(at), dy, at.node.attrs.kernel, at.node.attrs.dilation),
    }),
  },
  batchNorm: {
    forward: (at) => affine(normalised(read(at)), at.parameters),
    back(dy, at) {
      const { gamma } = at.parameters;
      const ofNormal: Maps = gamma === undefined ? dy : tf.mul(dy, gamma);
      return [batchNormGradient(ofNormal, read(at), beforeAffine(at))];
    },
    learn: (dy, at) => ({ gamma: sumOverPixels(tf.mul(dy, beforeAffine(at))), beta: sumOverPixels(dy) }),
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
    // Each a tensor of its own, since each is given up by itself.
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
    forward: (at) => {
      const { weight, bias } = at.parameters;
      const product = dense(read(at), weight as tf.Tensor);
      return bias === undefined ? product : tf.add(product, bias);
    },
    back: (dy, { parameters }) => [
      mapsOf(tf.matMul(matrixOf(dy), parameters.weight as tf.Tensor2D, false, true)),
    ],
    learn: (dy, at) => ({
      weight: tf.matMul(matrixOf(read(at)), matrixOf(dy), true),
      bias: sumOverPixels(dy),
    }),
  },
};
