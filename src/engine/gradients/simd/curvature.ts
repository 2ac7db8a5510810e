// theta^T H d on the SIMD kernels: one program, a forward pass of jets.

import type { AllKernels } from '../kernels.ts';
import type { Network, Node, Op } from '../../../search/network.ts';
import { dependencies, liveNodes } from '../graph.ts';
import { JET, type Pass, type Rule, RULES } from './jets.ts';
import { plain, type Value } from './parts.ts';
import { openDraft, type Program } from './program.ts';

export interface CurvatureProgram extends Program {
  /** theta^T H d, once it has run. */
  curvature(): number;
}

/** A program for a batch of so many images. */
export function draftCurvature(
  network: Network,
  images: number,
  seed: number,
  kernels: AllKernels,
): CurvatureProgram {
  const live = liveNodes(network);
  const readers = network.nodes.map(() => 0);
  network.nodes.forEach((node, i) => {
    if (live[i] === true) for (const j of dependencies(node)) readers[j] = (readers[j] as number) + 1;
  });
  const draft = openDraft(JET * images);
  const pass: Pass = { network, images, seed, kernels, draft, readers, values: [], result: { value: 0 } };
  const input = draft.map(...(network.nodes[0] as Node).shape);
  draft.add([input], 0, ({ floats, rows, given }) => {
    const [start, size] = [rows(input).at / 4, given.images.length];
    floats.set(given.images, start);
    floats.fill(0, start + size, start + JET * size);
  });
  pass.values[0] = plain(input);
  network.nodes.forEach((node, index) => {
    if (index === 0 || live[index] !== true) return;
    const inputs = dependencies(node).map((i) => pass.values[i] as Value);
    pass.values[index] = (RULES[node.op] as Rule<Op>)({ pass, node, index, inputs });
  });
  return { ...draft.finish(), curvature: () => pass.result.value };
}
