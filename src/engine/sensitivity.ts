// SynFlow without a backward pass (spec section 3).
//
// With BN bypassed, weights made absolute and an input of ones, every value is nonnegative, so
// ReLUs are identities and the network is linear in each layer's weights. The score, the sum over
// layers of theta * dR/dtheta, is then the derivative of R along theta itself: with v the value and
// t its derivative, a layer W maps (v, t) to (W v, W (v + t)), and everything else maps both alike
// (a max pool sends t from where v is largest). One image of values and one of derivatives.
//
// Values grow by about sqrt(fan_in)/2 a layer, past float32 in deep networks, and shrink where most
// taps of a kernel fall on padding (7 x 7 on a map of one pixel keeps one in 49). So each layer's
// weights are divided by its expected gain, a power of two, and each value carries its exponent.

import * as tf from '@tensorflow/tfjs-core';
import type { Network, Node, Shape } from '../search/network.ts';
import { weightShape } from '../search/network.ts';
import { foldNetwork, type Rules } from './fold.ts';
import { dense, globalAverage, type Maps, pool, tidied, weightTensor } from './forward.ts';
import { refuse, requireNoStride } from './scorable.ts';
import { fanIn } from './weights.ts';

/** Share of the products of `taps` taps, `dilation` apart, with a line of `length` values that are not with padding. */
function shareInside(length: number, taps: number, dilation: number): number {
  const inside = Array.from({ length: taps }, (_, t) =>
    Math.max(0, length - Math.abs(t - (taps - 1) / 2) * dilation),
  );
  return inside.reduce((sum, n) => sum + n, 0) / (taps * length);
}

/** Binary exponent of a layer's expected gain: the sum of those of its `fan_in` weights of mean 1/(2 sqrt(fan_in)) that meet no padding. */
export function gainExponent(network: Network, node: Node): number {
  const weight = weightShape(network, node) as readonly number[];
  const gain = Math.sqrt(fanIn(node, weight)) / 2;
  if (node.op === 'dense') return Math.round(Math.log2(gain));
  const [kh = 1, kw = 1] = weight;
  const dilation = node.op === 'depthwise' ? node.attrs.dilation : 1;
  const share = shareInside(node.shape[0], kh, dilation) * shareInside(node.shape[1], kw, dilation);
  return Math.round(Math.log2(gain * share));
}

/** Values and derivatives, [2, height, width, channels], to be multiplied by 2^exponent. */
interface Pair {
  readonly maps: Maps;
  readonly exponent: number;
}

/** R's derivative along the weights is mantissa * 2^exponent. */
export interface Sensitivity {
  readonly mantissa: number;
  readonly exponent: number;
}

/** (v, t) to (v, v + t): what a layer's weights are applied to. */
function withOwnWeights(maps: Maps): Maps {
  const [value, derivative] = tf.split(maps, 2, 0) as [Maps, Maps];
  return tf.concat([value, tf.add(value, derivative)], 0);
}

/** Max pool of values, with the derivative at the first largest value of each window. */
function maxPoolPair(maps: Maps, size: number): Maps {
  const [, height, width, channels] = maps.shape;
  const [top, left] = [height, width].map((n) => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0) >> 1);
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  // No value is below 0, so the padding is never chosen.
  const padded = tf.pad(
    maps,
    [
      [0, 0],
      [top as number, size],
      [left as number, size],
      [0, 0],
    ],
    -1,
  );
  const taps = Array.from({ length: size * size }, (_, k) => {
    const start = [0, Math.floor(k / size), k % size, 0];
    const end = [2, (start[1] as number) + 2 * rows, (start[2] as number) + 2 * columns, channels];
    return tf.split(tf.stridedSlice(padded, start, end, [1, 2, 2, 1]), 2, 0) as [Maps, Maps];
  });
  const [value, derivative] = taps.reduce(([best, chosen], [v, t]) => {
    const larger = tf.greater(v, best);
    return [tf.where(larger, v, best), tf.where(larger, t, chosen)];
  });
  return tf.concat([value, derivative], 0);
}

/** The derivative of R, the sum of outputs for one input of ones, along the absolute weights. */
export async function sensitivity(network: Network, input: Shape, seed: number): Promise<Sensitivity> {
  const same = ([pair]: readonly Pair[]): Pair => ({ ...(pair as Pair), maps: (pair as Pair).maps.clone() });
  const mapped = ([pair]: readonly Pair[], apply: (maps: Maps) => Maps): Pair => ({
    maps: apply((pair as Pair).maps),
    exponent: (pair as Pair).exponent,
  });
  const layer = (
    [pair]: readonly Pair[],
    node: Node,
    apply: (maps: Maps, weight: tf.Tensor) => Maps,
  ): Pair => {
    const gain = gainExponent(network, node);
    const weight = weightTensor(network, node, seed, (w) => Math.abs(w) * 2 ** -gain);
    const { maps, exponent } = pair as Pair;
    return { maps: apply(withOwnWeights(maps), weight), exponent: exponent + gain };
  };
  const rules: Rules<Pair> = {
    input: () => ({ maps: tf.concat([tf.ones([1, ...input]), tf.zeros([1, ...input])], 0), exponent: 0 }),
    conv: (inputs, node) => {
      requireNoStride(node);
      return layer(inputs, node, (x, w) => tf.conv2d(x, w as Maps, 1, 'same'));
    },
    add: (_, node) => refuse(node),
    depthwise: (inputs, node) =>
      layer(inputs, node, (x, w) => tf.depthwiseConv2d(x, w as Maps, 1, 'same', 'NHWC', node.attrs.dilation)),
    batchNorm: same,
    relu: same,
    zero: (inputs) => mapped(inputs, (x) => tf.zerosLike(x)),
    concat: (inputs) => {
      const exponent = Math.max(...inputs.map((pair) => pair.exponent));
      const aligned = inputs.map((pair) => tf.mul(pair.maps, 2 ** (pair.exponent - exponent)));
      return { maps: tf.concat(aligned as Maps[], 3), exponent };
    },
    maxPool: (inputs, { attrs }) => mapped(inputs, (x) => maxPoolPair(x, attrs.size)),
    avgPool: (inputs, { attrs }) => mapped(inputs, (x) => pool(x, attrs.size, 'avg')),
    globalAvgPool: (inputs) => mapped(inputs, globalAverage),
    dense: (inputs, node) => layer(inputs, node, dense),
  };
  let binary = 0;
  const derivative = tf.tidy(() => {
    const { maps, exponent } = foldNetwork(
      network,
      tidied(rules as never) as unknown as Rules<Pair>,
      ({ maps }) => maps.dispose(),
    );
    binary = exponent;
    return tf.sum(
      tf.slice(maps, [1, 0, 0, 0], [1, ...maps.shape.slice(1)] as [number, number, number, number]),
    );
  });
  try {
    return { mantissa: (await derivative.data())[0] as number, exponent: binary };
  } finally {
    derivative.dispose();
  }
}
