// One forward pass that keeps its maps, one backward pass that gives them up as it goes by: the same for the
// gradient that scores drawn weights and for the one that trains given parameters.

import * as tf from '@tensorflow/tfjs-core';
import type { Network, Op } from '../../../search/network.ts';
import type { Maps } from '../../forward.ts';
import { dependencies, learningNodes, liveNodes } from '../graph.ts';
import { type Parameters, type Passed, ruleOf } from './ops.ts';

/** Nodes and their outputs; undefined where nothing depends on the node. */
export type Kept = readonly (Passed<Op> | undefined)[];

/** Owns the input and the parameters it is given: `tf.dispose` of what it returns gives them up. */
export function forwardPass(network: Network, input: Maps, parametersOf: (node: number) => Parameters): Kept {
  const live = liveNodes(network);
  const kept: (Passed<Op> | undefined)[] = [];
  network.nodes.forEach((node, i) => {
    if (live[i] !== true) return kept.push(undefined);
    const place = {
      node,
      images: input.shape[0],
      inputs: dependencies(node).map((j) => (kept[j] as Passed<Op>).output),
      parameters: parametersOf(i),
    };
    const output = i === 0 ? input : tf.tidy(() => ruleOf(node).forward(place));
    return kept.push({ ...place, output });
  });
  return kept;
}

/** Visits every node with parameters that the output depends on, from the last to the first, with dL/doutput. */
export function backwardPass(
  network: Network,
  kept: Kept,
  ofOutput: Maps,
  visit: (node: number, dy: Maps, at: Passed<Op>) => void,
): void {
  const learners = new Set(
    kept.flatMap((at) => (at !== undefined && Object.keys(at.parameters).length > 0 ? [at.node] : [])),
  );
  const learning = learningNodes(network, (node) => learners.has(node));
  const gradients: (Maps | undefined)[] = [];
  gradients[kept.length - 1] = ofOutput;
  for (let i = kept.length - 1; i > 0; i--) {
    const [at, dy] = [kept[i], gradients[i]];
    if (at === undefined || dy === undefined) continue;
    if (learners.has(at.node)) visit(i, dy, at);
    const sources = dependencies(at.node);
    if (sources.some((j) => learning[j] === true)) {
      const shares = tf.tidy(() => [...ruleOf(at.node).back(dy, at)]);
      sources.forEach((j, k) => {
        const [own, share] = [gradients[j], shares[k] as Maps];
        if (learning[j] !== true) return share.dispose();
        gradients[j] = own === undefined ? share : tf.add(own, share);
        if (own !== undefined) tf.dispose([own, share]);
      });
    }
    // Its readers and itself have been passed.
    tf.dispose([dy, at.output, at.parameters]);
  }
}
