// Which nodes of a network a derivative of its output has to visit.

import { type Network, type Node, type NodeOf, type Op, weightShape } from '../../search/network.ts';

/** Nodes an output depends on: of a `zero`, none. */
export const dependencies = ({ op, inputs }: NodeOf<Op>): readonly number[] => (op === 'zero' ? [] : inputs);

/** Whether the network's output depends on each node. */
export function liveNodes({ nodes }: Network): readonly boolean[] {
  const live = nodes.map((_, i) => i === nodes.length - 1);
  for (let i = nodes.length - 1; i > 0; i--) {
    if (live[i] === true) for (const input of dependencies(nodes[i] as Node)) live[input] = true;
  }
  return live;
}

/** Whether each node learns (by default: is a layer) or depends on one that does. */
export function learningNodes(
  network: Network,
  learns: (node: Node, index: number) => boolean = (node) => weightShape(network, node) !== null,
): readonly boolean[] {
  const learning: boolean[] = [];
  network.nodes.forEach((node, index) =>
    learning.push(learns(node, index) || dependencies(node).some((i) => learning[i] === true)),
  );
  return learning;
}
