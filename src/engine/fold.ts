// One pass over a network's nodes, each value released after its last reader.

import type { Network, NodeOf, Op } from '../search/network.ts';

/** A row per op: a node's value from its inputs' values. */
export type Rules<V> = {
  readonly [O in Op]: (inputs: readonly V[], node: NodeOf<O>) => V;
};

/** How often each node is read. */
export function readersOf({ nodes }: Network): number[] {
  const readers = nodes.map(() => 0);
  for (const { inputs } of nodes) {
    for (const i of inputs) readers[i] = (readers[i] as number) + 1;
  }
  return readers;
}

/** The last node's value; every other value has been released when it returns. */
export function foldNetwork<V>(network: Network, rules: Rules<V>, release: (value: V) => void): V {
  const readers = readersOf(network);
  const values: V[] = [];
  for (const node of network.nodes) {
    const inputs = node.inputs.map((i) => values[i] as V);
    values.push(rules[node.op](inputs, node as never));
    for (const i of node.inputs) {
      readers[i] = (readers[i] as number) - 1;
      if (readers[i] === 0) release(values[i] as V);
    }
  }
  return values.at(-1) as V;
}
