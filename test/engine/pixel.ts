// SynFlow in plain float64 for images of one pixel, where it takes no tensors: a convolution is a
// product with its middle tap, all others meet padding, and a pool does nothing.

import { weightValues } from '../../src/engine/weights.ts';
import { type Network, type Node, weightShape } from '../../src/search/network.ts';

/** A value and its derivative along the weights. */
type Pair = readonly [value: number, derivative: number];

const plus = ([v, t]: Pair, weight: number, [dv, dt]: Pair): Pair => {
  const w = Math.abs(weight);
  return [v + w * dv, t + w * (dv + dt)];
};
const ZERO: Pair = [0, 0];

/** A layer's outputs: |W| v, and |W| (v + t) as its derivative. */
function layer(network: Network, node: Node, inputs: readonly Pair[], seed: number): readonly Pair[] {
  const shape = weightShape(network, node) as readonly number[];
  const [kh = 1, kw = 1, cin = 1, cout = 1] = node.op === 'dense' ? [1, 1, ...shape] : shape;
  const middle = ((kh - 1) / 2) * kw + (kw - 1) / 2;
  const weights = weightValues(network, node, seed).subarray(middle * cin * cout);
  const at = (c: number, k: number): number => weights[c * cout + k] as number;
  if (node.op === 'depthwise') return inputs.map((pair, c) => plus(ZERO, at(c, 0), pair));
  return Array.from({ length: cout }, (_, k) =>
    inputs.reduce((sum, pair, c) => plus(sum, at(c, k), pair), ZERO),
  );
}

/** ln of the sum over layers of theta * dR/dtheta; -Infinity when no path leads to the output. */
export function logSynflowOfPixel(network: Network, seed: number): number {
  const values: (readonly Pair[])[] = [];
  for (const node of network.nodes) {
    const inputs = node.inputs.flatMap((i) => values[i] as readonly Pair[]);
    if (node.op === 'input') values.push(Array.from({ length: node.shape[2] }, (): Pair => [1, 0]));
    else if (node.op === 'zero') values.push(inputs.map(() => ZERO));
    else values.push(weightShape(network, node) === null ? inputs : layer(network, node, inputs, seed));
  }
  return Math.log((values.at(-1) as readonly Pair[]).reduce((sum, [, t]) => sum + t, 0));
}
