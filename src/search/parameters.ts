// The numbers a network is made of beside its graph, and where each lies in one flat vector: what training
// finds, a checkpoint holds and an export takes along. Learned ones come first, so that an optimizer works on
// the start of the vector alone; the statistics of batch norm follow.

import { type Network, type Node, weightShape } from './network.ts';

/** A weight is laid out as in spec section 2; the others have one value a channel (bias: a unit). */
export const ROLES = ['weight', 'bias', 'gamma', 'beta', 'mean', 'variance'] as const;
export type Role = (typeof ROLES)[number];

export interface Parameter {
  /** Its node's path and its role: `b0.n2.bn.gamma`. Unique in the network. */
  readonly name: string;
  /** Index of its node. */
  readonly node: number;
  readonly role: Role;
  /** [kh, kw, cin, cout], depthwise [kh, kw, C, 1], dense [in, out]; of the other roles [n]. */
  readonly shape: readonly number[];
  /** First of its floats in the vector, and how many. */
  readonly offset: number;
  readonly size: number;
}

export interface ParameterLayout {
  /** Learned ones in the order of nodes, then statistics in the order of nodes. */
  readonly parameters: readonly Parameter[];
  /** Floats that are learned, from the first on. */
  readonly learned: number;
  /** Floats in all. */
  readonly floats: number;
}

const isLearned = (role: Role): boolean => role !== 'mean' && role !== 'variance';

function rolesOf(network: Network, node: Node): readonly (readonly [Role, readonly number[]])[] {
  const weight = weightShape(network, node);
  const channels = [node.shape[2]];
  if (node.op === 'batchNorm')
    return [
      ['gamma', channels],
      ['beta', channels],
      ['mean', channels],
      ['variance', channels],
    ];
  if (weight === null) return [];
  return node.op === 'dense'
    ? [
        ['weight', weight],
        ['bias', channels],
      ]
    : [['weight', weight]];
}

export function layoutOf(network: Network): ParameterLayout {
  const all = network.nodes.flatMap((node, index) =>
    rolesOf(network, node).map(([role, shape]) => ({
      name: `${node.path}.${role}`,
      node: index,
      role,
      shape,
      size: shape.reduce((a, b) => a * b, 1),
    })),
  );
  const ordered = [
    ...all.filter(({ role }) => isLearned(role)),
    ...all.filter(({ role }) => !isLearned(role)),
  ];
  let floats = 0;
  const parameters = ordered.map((one): Parameter => {
    const offset = floats;
    floats += one.size;
    return { ...one, offset };
  });
  const learned = parameters.reduce((sum, { role, size }) => sum + (isLearned(role) ? size : 0), 0);
  return { parameters, learned, floats };
}

/** A node's parameters by role; those it lacks are missing. */
export const parametersOf = (layout: ParameterLayout, node: number): { readonly [R in Role]?: Parameter } =>
  Object.fromEntries(layout.parameters.filter((one) => one.node === node).map((one) => [one.role, one]));

/** A parameter's share of a vector laid out so. */
export const valuesOf = (values: Float32Array, { offset, size }: Parameter): Float32Array =>
  values.subarray(offset, offset + size);
