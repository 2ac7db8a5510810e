// The gradient of the loss: one forward pass that keeps its maps, one backward pass that gives them up
// as it goes by.

import * as tf from '@tensorflow/tfjs-core';
import { type Network, type Node, type NodeOf, type Op, weightShape } from '../../../search/network.ts';
import { type Maps, weightTensor } from '../../forward.ts';
import { dependencies, learningNodes, liveNodes } from '../graph.ts';
import {
  type Gradient,
  type LayerGradient,
  type Problem,
  type Targets,
  targetsOf,
  type Wanted,
} from '../gradient.ts';
import { lossGradient } from './loss.ts';
import { imagesOf, mapsOf, matrixOf, type Passed, type Rule, RULES } from './ops.ts';

const ruleOf = ({ op }: NodeOf<Op>): Rule<Op> => RULES[op];

/** Nodes and their outputs; undefined where nothing depends on the node. */
function forwardPass(network: Network, input: Maps, seed: number): readonly (Passed<Op> | undefined)[] {
  const live = liveNodes(network);
  const passed: (Passed<Op> | undefined)[] = [];
  network.nodes.forEach((node, i) => {
    if (live[i] !== true) return passed.push(undefined);
    const place = {
      node,
      images: input.shape[0],
      inputs: dependencies(node).map((j) => (passed[j] as Passed<Op>).output),
      weights: weightShape(network, node) === null ? null : weightTensor(network, node, seed),
    };
    const output = i === 0 ? input : tf.tidy(() => ruleOf(node).forward(place));
    return passed.push({ ...place, output });
  });
  return passed;
}

/** Sum over channels of 0.5 * mean over images of (sum over space of z * dL/dz)^2; a scalar. */
const fisherOf = (z: Maps, dz: Maps): tf.Tensor =>
  tf.mul(tf.sum(tf.square(tf.sum(tf.mul(z, dz), [1, 2]))), 0.5 / z.shape[0]);

/** A layer's results, undefined when not wanted. */
type Learnt = {
  readonly node: number;
  readonly weights: tf.Tensor | undefined;
  readonly fisher: tf.Tensor | undefined;
};

function backwardPass(
  network: Network,
  passed: readonly (Passed<Op> | undefined)[],
  targets: Targets,
  wanted: Wanted,
): Learnt[] {
  const learning = learningNodes(network);
  const logits = (passed.at(-1) as Passed<Op>).output;
  const gradients: (Maps | undefined)[] = [];
  gradients[passed.length - 1] = tf.tidy(() => mapsOf(lossGradient(matrixOf(logits), targets)));
  const learnt: Learnt[] = [];
  for (let i = passed.length - 1; i > 0; i--) {
    const [at, dy] = [passed[i], gradients[i]];
    if (at === undefined || dy === undefined) continue;
    const rule = ruleOf(at.node);
    if (rule.learn !== undefined) {
      learnt.push({
        node: i,
        weights: wanted.has('weights') ? tf.tidy(() => rule.learn?.(dy, at)) : undefined,
        fisher: wanted.has('fisher') ? tf.tidy(() => fisherOf(at.output, dy)) : undefined,
      });
    }
    const sources = dependencies(at.node);
    if (sources.some((j) => learning[j] === true)) {
      const shares = tf.tidy(() => [...rule.back(dy, at)]);
      sources.forEach((j, k) => {
        const [own, share] = [gradients[j], shares[k] as Maps];
        if (learning[j] !== true) return share.dispose();
        gradients[j] = own === undefined ? share : tf.add(own, share);
        if (own !== undefined) tf.dispose([own, share]);
      });
    }
    // Its readers and itself have been passed.
    tf.dispose([dy, at.output, at.weights ?? undefined]);
  }
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
  const { network, seed } = problem;
  const targets = targetsOf(problem);
  const learnt = tf.tidy(() =>
    backwardPass(network, forwardPass(network, imagesOf(problem), seed), targets, wanted),
  );
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
