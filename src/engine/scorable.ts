// What is scored without training are networks of search spaces. Those have neither sums nor convolutions of
// stride 2, which the lowerings made for scoring alone refuse.

import type { Node } from '../search/network.ts';

/** @throws Error always, naming the node. */
export function refuse({ op, path }: Node): never {
  throw new Error(`${op} at ${path} is no part of a search space's network, which alone is scored so`);
}

/** @throws Error when a convolution has a stride. */
export function requireNoStride(node: Node): void {
  if (node.op === 'conv' && node.attrs.stride !== undefined) refuse(node);
}
