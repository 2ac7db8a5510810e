// The forward pass with tf.js ops, on whatever backend is set: a row per op. Slow beside the SIMD
// executor, which is tested against it, but it runs wherever tf.js does.

import * as tf from '@tensorflow/tfjs-core';
import { type Network, type Node, type NodeOf, weightShape } from '../search/network.ts';
import { foldNetwork, type Rules } from './fold.ts';
import { weightValues } from './weights.ts';

/** Batch norm's epsilon (spec section 1). */
export const BN_EPSILON = 1e-5;

/** float32 [images, height, width, channels]. */
export type Maps = tf.Tensor4D;

/** A node's weights as a tensor, each value times `factor` after `of`. */
export function weightTensor(
  network: Network,
  node: Node,
  seed: number,
  of: (w: number) => number = (w) => w,
): tf.Tensor {
  const shape = weightShape(network, node) as number[];
  return tf.tensor(weightValues(network, node, seed).map(of), shape);
}

const sole = (inputs: readonly Maps[]): Maps => inputs[0] as Maps;

/** SAME padding, stride 2; averages exclude the padding. */
export const pool = (x: Maps, size: number, kind: 'max' | 'avg'): Maps =>
  tf.pool(x, [size, size], kind, 'same', [1, 1], [2, 2]);

/** Every second pixel, from the first on. */
const everySecond = (x: Maps): Maps => tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1]) as Maps;

/** SAME padding, then the stride: TensorFlow's own would begin elsewhere. */
export function convolve(x: Maps, weights: tf.Tensor, { attrs }: NodeOf<'conv'>): Maps {
  const whole = tf.conv2d(x, weights as Maps, 1, 'same');
  return attrs.stride === undefined ? whole : everySecond(whole);
}

/** Global average, [images, 1, 1, channels]. */
export const globalAverage = (x: Maps): Maps => tf.mean(x, [1, 2], true);

/** [images, 1, 1, features] times [features, units]. */
export const dense = (x: Maps, weight: tf.Tensor): Maps =>
  tf.reshape(tf.matMul(tf.reshape(x, [x.shape[0], x.shape[3]]), weight as tf.Tensor2D), [
    x.shape[0],
    1,
    1,
    -1,
  ]);

/** Batch statistics, gamma 1, beta 0 (spec section 1). */
function batchNorm(x: Maps): Maps {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.batchNorm(x, mean as tf.Tensor1D, variance as tf.Tensor1D, undefined, undefined, BN_EPSILON);
}

/** Logits, [images, 1, 1, classes]; `onRelu` sees each ReLU's input, in the order of ops. */
export function forward(network: Network, images: Maps, seed: number, onRelu: (input: Maps) => void): Maps {
  const rules: Rules<Maps> = {
    input: () => images.clone(),
    conv: (inputs, node) => convolve(sole(inputs), weightTensor(network, node, seed), node),
    depthwise: (inputs, node) =>
      tf.depthwiseConv2d(
        sole(inputs),
        weightTensor(network, node, seed) as Maps,
        1,
        'same',
        'NHWC',
        node.attrs.dilation,
      ),
    batchNorm: (inputs) => batchNorm(sole(inputs)),
    relu: (inputs) => {
      onRelu(sole(inputs));
      return tf.relu(sole(inputs));
    },
    zero: (inputs) => tf.zerosLike(sole(inputs)),
    concat: (inputs) => tf.concat([...inputs], 3),
    add: (inputs) => tf.addN([...inputs]),
    maxPool: (inputs, { attrs }) => pool(sole(inputs), attrs.size, 'max'),
    avgPool: (inputs, { attrs }) => pool(sole(inputs), attrs.size, 'avg'),
    globalAvgPool: (inputs) => globalAverage(sole(inputs)),
    dense: (inputs, node) => dense(sole(inputs), weightTensor(network, node, seed)),
  };
  return tf.tidy(() => foldNetwork(network, tidied(rules), (value) => value.dispose()));
}

/** Each rule in a scope of its own, so that its intermediates go at once. */
export const tidied = <V extends tf.TensorContainer>(rules: Rules<V>): Rules<V> =>
  Object.fromEntries(
    Object.entries(rules).map(([op, rule]) => [
      op,
      (inputs: readonly V[], node: never) => tf.tidy(() => (rule as Rules<V>['relu'])(inputs, node)),
    ]),
  ) as unknown as Rules<V>;
