// theta^T H d, the Hessian H of the loss between the weights theta and a direction d: the mixed second
// derivative of L(theta + s d + t theta) by s and t at 0. It is exact and takes one forward pass of
// jets, with a along d and b along theta, and no backward pass, so that nothing is kept.
//
// A layer is linear in its input and in its weights. With W for theta and D for d it makes of
// (v, a, b, ab): W v, W a + D v, W (b + v), W (ab + a) + D b.

import * as tf from '@tensorflow/tfjs-core';
import { type Network, weightShape } from '../../../search/network.ts';
import { foldNetwork, type Rules } from '../../fold.ts';
import {
  BN_EPSILON,
  convolve,
  dense,
  globalAverage,
  type Maps,
  pool,
  tidied,
  weightTensor,
} from '../../forward.ts';
import { type Gradient, type Problem, targetsOf } from '../gradient.ts';
import { composed, type Jet, mapped, product } from './jet.ts';
import { lossCurvature, lossGradient } from './loss.ts';
import { imagesOf, matrixOf } from './ops.ts';
import { firstLargest, windowsOf } from './pools.ts';

type Apply = (x: Maps, weights: tf.Tensor) => Maps;

const layer = ({ v, a, b, ab }: Jet, apply: Apply, weights: tf.Tensor, direction: tf.Tensor): Jet => ({
  v: apply(v, weights),
  a: tf.add(apply(a, weights), apply(v, direction)),
  b: apply(tf.add(b, v), weights),
  ab: tf.add(apply(tf.add(ab, a), weights), apply(b, direction)),
});

const overPixels = (x: Maps): Maps => tf.mean(tf.mean(tf.mean(x, 2, true), 1, true), 0, true);

/** 1 / sqrt(x + epsilon). */
function inverseRoot(x: Jet): Jet {
  const root: Maps = tf.rsqrt(tf.add(x.v, BN_EPSILON));
  const cube: Maps = tf.mul(root, tf.square(root));
  return composed(x, root, tf.mul(cube, -0.5), tf.mul(tf.mul(cube, tf.square(root)), 0.75));
}

function batchNorm(x: Jet): Jet {
  const deviations = mapped(x, (part) => tf.sub(part, overPixels(part)));
  const variance = mapped(product(deviations, deviations), overPixels);
  return product(deviations, inverseRoot(variance));
}

function maxPool(x: Jet, size: number): Jet {
  const chosen = firstLargest(x.v, size);
  return mapped(x, (part) =>
    windowsOf(part, size, 0)
      .map((tap, k): Maps => tf.mul(tap, chosen[k] as Maps))
      .reduce((a, b) => tf.add(a, b)),
  );
}

const linear = ([x]: readonly Jet[], apply: (x: Maps) => Maps): Jet => mapped(x as Jet, apply);

/** What some jets, one of each input, have of each kind. */
const joined = (jets: readonly Jet[], join: (parts: Maps[]) => Maps): Jet => ({
  v: join(jets.map(({ v }) => v)),
  a: join(jets.map(({ a }) => a)),
  b: join(jets.map(({ b }) => b)),
  ab: join(jets.map(({ ab }) => ab)),
});

function rulesFor(network: Network, images: Maps, seed: number, gradient: Gradient): Rules<Jet> {
  const directions = new Map(gradient.map(({ node, weights }) => [network.nodes[node], weights]));
  const layered = ([x]: readonly Jet[], node: Network['nodes'][number], apply: Apply): Jet => {
    const direction = directions.get(node);
    if (direction === undefined) throw new Error(`no direction is given for the weights of ${node.path}`);
    const shape = weightShape(network, node) as number[];
    return layer(x as Jet, apply, weightTensor(network, node, seed), tf.tensor(direction, shape));
  };
  const none = (): Maps => tf.zerosLike(images);
  return {
    input: () => ({ v: images.clone(), a: none(), b: none(), ab: none() }),
    conv: (inputs, node) => layered(inputs, node, (x, w) => convolve(x, w, node)),
    depthwise: (inputs, node) =>
      layered(inputs, node, (x, w) =>
        tf.depthwiseConv2d(x, w as Maps, 1, 'same', 'NHWC', node.attrs.dilation),
      ),
    dense: (inputs, node) => layered(inputs, node, dense),
    batchNorm: ([x]) => batchNorm(x as Jet),
    relu: (inputs) => {
      const open = tf.step((inputs[0] as Jet).v);
      return linear(inputs, (x) => tf.mul(x, open));
    },
    maxPool: ([x], { attrs }) => maxPool(x as Jet, attrs.size),
    avgPool: (inputs, { attrs }) => linear(inputs, (x) => pool(x, attrs.size, 'avg')),
    globalAvgPool: (inputs) => linear(inputs, globalAverage),
    zero: (inputs) => linear(inputs, (x) => tf.zerosLike(x)),
    concat: (inputs) => joined(inputs, (parts) => tf.concat(parts, 3)),
    add: (inputs) => joined(inputs, (parts) => tf.addN(parts)),
  };
}

export async function curvature(problem: Problem, direction: Gradient): Promise<number> {
  const { network, seed } = problem;
  const targets = targetsOf(problem);
  const result = tf.tidy(() => {
    const rules = rulesFor(network, imagesOf(problem), seed, direction);
    const { v, a, b, ab } = foldNetwork(network, tidied(rules), (jet) => tf.dispose(jet));
    const logits = matrixOf(v);
    const first = tf.sum(tf.mul(lossGradient(logits, targets), matrixOf(ab)));
    return tf.add(first, lossCurvature(logits, matrixOf(a), matrixOf(b), targets));
  });
  try {
    return (await result.data())[0] as number;
  } finally {
    result.dispose();
  }
}
