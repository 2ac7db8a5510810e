// The gradient of the loss on the SIMD kernels: one program of a forward and a backward pass.
//
// Only what products and pools put out is kept of the forward pass: batch norm and ReLU are applied
// whenever their output is read, on the way back too. A gradient is worked on where it lies and then
// handed to the node before, so that most nodes need no tensor for theirs.

import type { AllKernels } from '../kernels.ts';
import { type Network, type Node, type NodeOf, type Op, weightShape } from '../../../search/network.ts';
import type { View } from '../../simd/arena.ts';
import type { Gradient, Targets, Wanted } from '../gradient.ts';
import { dependencies, learningNodes, liveNodes } from '../graph.ts';
import { lossGradient } from '../loss.ts';
import { drawnParameters } from './drawn.ts';
import { RULES } from './ops.ts';
import { plain, type Value } from './parts.ts';
import type { At, Pass, Rule } from './pass.ts';
import { openDraft, type Program } from './program.ts';

const ruleOf = ({ op }: NodeOf<Op>): Rule<Op> => RULES[op];

const atOf = (pass: Pass, index: number): At<Op> => {
  const node = pass.network.nodes[index] as NodeOf<Op>;
  return { pass, node, index, inputs: dependencies(node).map((i) => pass.values[i] as Value) };
};

/** Steps of a forward pass of what it is given; returns the logits, unless they are zeros. */
export function addForward(pass: Pass): View | null {
  const { network, draft, values } = pass;
  const { nodes } = network;
  const input = draft.map(...(nodes[0] as Node).shape);
  draft.add([input], 0, ({ floats, rows, given }) => floats.set(given.images, rows(input).at / 4));
  values[0] = plain(input);
  liveNodes(network).forEach((live, i) => {
    if (live && i > 0) values[i] = ruleOf(nodes[i] as NodeOf<Op>).forward(atOf(pass, i));
  });
  return values.at(-1)?.[0]?.view ?? null;
}

/** Steps of the way back from the logits; `onLogits` is told of them when they are there. */
export function addBack(
  pass: Pass,
  logits: View,
  onLogits?: (z: Float64Array, targets: Targets) => void,
): void {
  const { draft, images, gradients, network } = pass;
  const { nodes } = network;
  const size = images * logits.channels;
  const gradient = draft.map(1, 1, logits.channels);
  draft.add([logits, gradient], 0, ({ floats, rows, given }) => {
    const [at, dz] = [rows(logits).at / 4, rows(gradient).at / 4];
    const z = Float64Array.from(floats.subarray(at, at + size));
    floats.set(lossGradient(z, given.targets), dz);
    onLogits?.(z, given.targets);
  });
  gradients[nodes.length - 1] = gradient;
  for (let i = nodes.length - 1; i > 0; i--) {
    const dy = gradients[i];
    if (dy !== undefined) ruleOf(nodes[i] as NodeOf<Op>).back(atOf(pass, i), dy);
  }
}

/** Every layer's, zeros for those the loss does not depend on. */
function gradientOf({ network, found, wanted }: Pass): Gradient {
  return network.nodes.flatMap((node, i) => {
    const shape = weightShape(network, node);
    if (shape === null) return [];
    const count = wanted.has('weights') ? shape.reduce((a, b) => a * b, 1) : 0;
    const { weights, fisher } = found.get(i) ?? { weights: new Float32Array(count), fisher: 0 };
    return { node: i, weights, fisher };
  });
}

export interface GradientProgram extends Program {
  /** What it has found out, once it has run. */
  gradient(): Gradient;
}

/** A program for a batch of so many images. */
export function draftGradient(
  network: Network,
  images: number,
  seed: number,
  wanted: Wanted,
  kernels: AllKernels,
): GradientProgram {
  const draft = openDraft(images);
  const pass: Pass = {
    network,
    images,
    parameters: drawnParameters(seed),
    kernels,
    draft,
    wanted,
    learning: learningNodes(network),
    values: [],
    gradients: [],
    found: new Map(),
  };
  const logits = addForward(pass);
  if (logits !== null) addBack(pass, logits);
  return { ...draft.finish(), gradient: () => gradientOf(pass) };
}
