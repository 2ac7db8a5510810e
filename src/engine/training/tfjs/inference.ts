// The forward pass of a trained network: as in training, but norms take the running statistics.

import * as tf from '@tensorflow/tfjs-core';
import { type Network, type Node, type NodeOf, type Op, OPS } from '../../../search/network.ts';
import { foldNetwork, type Rules } from '../../fold.ts';
import { BN_EPSILON, type Maps, tidied } from '../../forward.ts';
import { affine, type Parameters, ruleOf } from '../../gradients/tfjs/ops.ts';

function normalised(x: Maps, parameters: Parameters): Maps {
  const [mean, variance] = [parameters.mean as tf.Tensor, parameters.variance as tf.Tensor];
  return affine(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, BN_EPSILON))), parameters);
}

/** Logits, [images, 1, 1, classes]. */
export function infer(network: Network, images: Maps, parametersOf: (node: Node) => Parameters): Maps {
  const asTrained = (inputs: readonly Maps[], node: NodeOf<Op>): Maps =>
    ruleOf(node).forward({
      node,
      images: images.shape[0],
      inputs,
      parameters: parametersOf(node as Node),
    });
  const rules: Rules<Maps> = {
    ...(Object.fromEntries(Object.keys(OPS).map((op) => [op, asTrained])) as unknown as Rules<Maps>),
    input: () => images.clone(),
    batchNorm: ([x], node) => normalised(x as Maps, parametersOf(node)),
  };
  return tf.tidy(() => foldNetwork(network, tidied(rules), (value) => value.dispose()));
}
