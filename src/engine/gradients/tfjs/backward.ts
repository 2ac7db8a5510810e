// The gradient of the loss at drawn weights, and what each layer's output is worth.

import * as tf from '@tensorflow/tfjs-core';
import { type Network, type Node, weightShape } from '../../../search/network.ts';
import { type Maps, weightTensor } from '../../forward.ts';
import {
  type Gradient,
  type LayerGradient,
  type Problem,
  type Targets,
  targetsOf,
  type Wanted,
} from '../gradient.ts';
import { lossGradient } from './loss.ts';
import { imagesOf, mapsOf, matrixOf, type Parameters, ruleOf } from './ops.ts';
import { backwardPass, forwardPass } from './pass.ts';

/** Sum over channels of 0.5 * mean over images of (sum over space of z * dL/dz)^2; a scalar. */
const fisherOf = (z: Maps, dz: Maps): tf.Tensor =>
  tf.mul(tf.sum(tf.square(tf.sum(tf.mul(z, dz), [1, 2]))), 0.5 / z.shape[0]);

/** A layer's results, undefined when not wanted. */
type Learnt = {
  readonly node: number;
  readonly weights: tf.Tensor | undefined;
  readonly fisher: tf.Tensor | undefined;
};

function layersOf(problem: Problem, targets: Targets, wanted: Wanted): Learnt[] {
  const { network, seed } = problem;
  const drawn = (i: number): Parameters => {
    const node = network.nodes[i] as Node;
    return weightShape(network, node) === null ? {} : { weight: weightTensor(network, node, seed) };
  };
  const kept = forwardPass(network, imagesOf(problem), drawn);
  const logits = kept.at(-1)?.output as Maps;
  const dLogits = tf.tidy(() => mapsOf(lossGradient(matrixOf(logits), targets)));
  const learnt: Learnt[] = [];
  backwardPass(network, kept, dLogits, (node, dy, at) =>
    learnt.push({
      node,
      weights: wanted.has('weights') ? tf.tidy(() => ruleOf(at.node).learn?.(dy, at).weight) : undefined,
      fisher: wanted.has('fisher') ? tf.tidy(() => fisherOf(at.output, dy)) : undefined,
    }),
  );
  return learnt;
}

const valuesOf = async (tensor: tf.Tensor | undefined): Promise<Float32Array> =>
  tensor === undefined ? new Float32Array() : ((await tensor.data()) as Float32Array);

/** What a layer has that the loss does not depend on. */
function unlearnt(network: Network, node: number, wanted: Wanted): LayerGradient {
  const shape = weightShape(network, network.nodes[node] as Node) as readonly number[];
  const count = wanted.has('weights') ? shape.reduce((a, b) => a * b, 1) : 0;
  return { node, weights: new Float32Array(count), fisher: 0 };
}

export async function gradient(problem: Problem, wanted: Wanted): Promise<Gradient> {
  const { network } = problem;
  const targets = targetsOf(problem);
  const learnt = tf.tidy(() => layersOf(problem, targets, wanted));
  try {
    const layers = await Promise.all(
      learnt.map(async ({ node, weights, fisher }) => ({
        node,
        weights: await valuesOf(weights),
        fisher: (await valuesOf(fisher))[0] ?? 0,
      })),
    );
    const byNode = new Map(layers.map((layer) => [layer.node, layer]));
    return network.nodes.flatMap((node, i) =>
      weightShape(network, node) === null ? [] : (byNode.get(i) ?? unlearnt(network, i, wanted)),
    );
  } finally {
    tf.dispose(learnt);
  }
}
