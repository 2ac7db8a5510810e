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

/** Whether each node learns or depends on one that does; unless said, layers learn. */
export function learningNodes(
  network: Network,
  learns: (node: Node) => boolean = (node) => weightShape(network, node) !== null,
): readonly boolean[] {
  const learning: boolean[] = [];
  for (const node of network.nodes) {
    learning.push(learns(node) || dependencies(node).some((i) => learning[i] === true));
  }
  return learning;
}
