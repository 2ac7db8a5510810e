// Parameters in the order of other tools: ours lie height, width, input, output; PyTorch and ONNX want the
// output first.

import type { Network } from '../search/network.ts';
import { layoutOf, type Parameter, valuesOf } from '../search/parameters.ts';
import type { NamedTensor } from '../training/safetensors.ts';

/** Axis `axes[i]` of a row-major tensor becomes axis i. */
export function permuted(
  values: Float32Array,
  shape: readonly number[],
  axes: readonly number[],
): Pick<NamedTensor, 'shape' | 'values'> {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const taken = axes.map((axis) => ({ size: shape[axis] as number, stride: strides[axis] as number }));
  const out = new Float32Array(values.length);
  let next = 0;
  const walk = (depth: number, from: number): void => {
    const axis = taken[depth];
    if (axis === undefined) {
      out[next++] = values[from] as number;
      return;
    }
    for (let i = 0; i < axis.size; i++) walk(depth + 1, from + i * axis.stride);
  };
  walk(0, 0);
  return { shape: taken.map(({ size }) => size), values: out };
}

/** By op: which of a weight's axes come first. */
const OUTPUT_FIRST: Readonly<Record<string, readonly number[]>> = {
  conv: [3, 2, 0, 1],
  depthwise: [2, 3, 0, 1],
  dense: [1, 0],
};

/** [cout, cin, kh, kw], depthwise [C, 1, kh, kw], dense [out, in]; what is no weight stays as it is. */
function outputFirst(network: Network, parameter: Parameter, all: Float32Array): Omit<NamedTensor, 'name'> {
  const values = valuesOf(all, parameter);
  const axes = OUTPUT_FIRST[network.nodes[parameter.node]?.op ?? ''];
  if (parameter.role !== 'weight' || axes === undefined) return { shape: parameter.shape, values };
  return permuted(values, parameter.shape, axes);
}

/** All parameters so, in the order of the layout. */
export const outputFirstTensors = (
  network: Network,
  values: Float32Array,
): readonly (NamedTensor & { readonly parameter: Parameter })[] =>
  layoutOf(network).parameters.map((parameter) => ({
    name: parameter.name,
    parameter,
    ...outputFirst(network, parameter, values),
  }));
