// Operations, shapes and scores as people read them.

import type { ArchitectureQuery, GraphOp } from '../api/generated/graphql.ts';

export type Architecture = NonNullable<ArchitectureQuery['architecture']>;

/** 28, 28, 16 as 28×28×16. */
export const shapeLabel = (shape: readonly number[]): string => shape.join('×');

/** sep_conv_3x3 as sep conv 3×3. */
export const operationLabel = (name: string): string =>
  name.replaceAll('_', ' ').replaceAll(/(\d)x(?=\d)/g, '$1×');

export const OPS: Readonly<Record<GraphOp, string>> = {
  INPUT: 'image',
  CONV: 'conv',
  DEPTHWISE: 'depthwise',
  BATCH_NORM: 'batch norm',
  RELU: 'ReLU',
  CONCAT: 'concat',
  ADD: 'add',
  MAX_POOL: 'max pool',
  AVG_POOL: 'avg pool',
  GLOBAL_AVG_POOL: 'global avg pool',
  DENSE: 'dense',
  ZERO: 'zero',
};

/** What tells operations of a kind apart: a kernel or a window, and a dilation that does something. */
export function graphNodeLabel({ op, attributes }: Pick<Architecture['nodes'][number], 'op' | 'attributes'>) {
  const told = attributes.flatMap(({ name, values }) => {
    if (name === 'kernel') return [values.join('×')];
    if (name === 'size') return [`${values[0]}×${values[0]}`];
    if (name === 'stride') return [`stride ${values[0]}`];
    if (name === 'dilation' && values[0] !== 1) return [`dil ${values[0]}`];
    return [];
  });
  return [OPS[op], ...told].join(' ');
}
