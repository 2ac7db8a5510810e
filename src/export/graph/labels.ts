// Operations, shapes and counts as people read them.

import type { NodeOf, Op, Shape } from '../../search/network.ts';
import type { Rules } from '../subject.ts';

export type Kind = 'data' | 'conv' | 'pool' | 'pass';

/** 28, 28, 16 as 28×28×16. */
export const shapeLabel = (shape: Shape): string => shape.join('×');

/** sep_conv_3x3 as sep conv 3×3. */
export const operationLabel = (name: string): string =>
  name.replaceAll('_', ' ').replaceAll(/(\d)x(?=\d)/gu, '$1×');

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** 3 figures: 4549696 as 4.55 M. */
export function countLabel(count: number): string {
  const [size, unit] = UNITS.find(([size]) => count >= size) ?? [1, ''];
  if (size === 1) return String(count);
  const value = count / size;
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

const strided = ({ attrs: { stride } }: NodeOf<'conv'>): string =>
  stride === undefined ? '' : ` /${stride}`;
const window = ({ attrs: { size } }: NodeOf<'maxPool' | 'avgPool'>): string => `${size}×${size}`;

/** What tells operations of a kind apart: a kernel or a window, and a dilation that does something. */
export const OP_LABELS: Rules<null, string> = {
  input: () => 'image',
  conv: (node) => `conv ${node.attrs.kernel.join('×')}${strided(node)}`,
  depthwise: ({ attrs: { kernel, dilation } }) =>
    `depthwise ${kernel.join('×')}${dilation === 1 ? '' : ` dilated ${dilation}`}`,
  batchNorm: () => 'BN',
  relu: () => 'ReLU',
  zero: () => 'zero',
  concat: () => 'concat',
  add: () => 'add',
  maxPool: (node) => `max pool ${window(node)}`,
  avgPool: (node) => `avg pool ${window(node)}`,
  globalAvgPool: () => 'global avg pool',
  dense: ({ attrs: { units } }) => `dense ${units}`,
};

export const KINDS: Readonly<Record<Op, Kind>> = {
  input: 'data',
  conv: 'conv',
  depthwise: 'conv',
  batchNorm: 'pass',
  relu: 'pass',
  zero: 'pass',
  concat: 'data',
  add: 'data',
  maxPool: 'pool',
  avgPool: 'pool',
  globalAvgPool: 'pool',
  dense: 'conv',
};
