// Weights without training: every one a pure function of (seed, path, index), so that a score never
// depends on evaluation order, worker or backend (spec section 2).

import { type Network, type Node, weightShape } from '../search/network.ts';
import { streamKey, uniformAt } from '../search/random.ts';

/** Inputs that meet in one output: kh * kw * cin, kh * kw of a depthwise convolution, or the features of a dense layer. */
export function fanIn(node: Node, shape: readonly number[]): number {
  const [kh = 1, kw = 1, cin = 1] = shape;
  if (node.op === 'dense') return kh;
  return node.op === 'depthwise' ? kh * kw : kh * kw * cin;
}

/** PyTorch's default bound: (2u - 1) / sqrt(fan_in), in the order of [kh, kw, cin, cout] or [in, out]. */
export function weightValues(network: Network, node: Node, seed: number): Float32Array {
  const shape = weightShape(network, node);
  if (shape === null) throw new Error(`${node.op} at ${node.path} has no weights`);
  const key = streamKey(seed, node.path);
  const bound = Math.sqrt(fanIn(node, shape));
  const count = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, i) => (2 * uniformAt(key, i) - 1) / bound);
}
