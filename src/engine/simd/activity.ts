// Lowers a forward pass over a batch to steps that move as little memory as they can:
// - only what leads to a ReLU is computed (and to the logits, when they are asked for);
// - an op fed only by `zero` adds constant codes and zeros, so it takes no step;
// - batch norm is never applied on its own: a product's epilogue sums its columns, and whoever reads
//   the product next (a ReLU, a pool, a depthwise convolution) applies scale and shift on the way;
// - ReLUs of one tensor have one code: it is packed once and its distances count as often;
// - a concatenation is a list of parts to the pools that read it, and equal pools that follow one
//   another (in canonical genotypes all do) are pooled once.

import type { Network, Node, NodeOf, Op } from '../../search/network.ts';
import { refuse, requireNoStride } from '../scorable.ts';
import { slice, type View } from './arena.ts';
import { ancestors, type Draft, joinedView, layerOf, openDraft } from './draft.ts';
import type { Norm, Plan, Reading } from './steps.ts';

/** A tensor, or what its reader has to make of one. */
interface Tensor {
  readonly kind: 'tensor';
  readonly view: View;
  readonly reading: Reading;
  /** The batch norm that the product's epilogue yields, for the batchNorm node behind it. */
  readonly statistics: Norm | null;
}
type Value =
  { readonly kind: 'zero' } | Tensor | { readonly kind: 'parts'; readonly parts: readonly Value[] };

const ZERO: Value = { kind: 'zero' };
const AS_IT_IS: Reading = { norm: null, rectify: false, codes: 0 };
const tensorOf = (view: View, statistics: Norm | null = null): Tensor => ({
  kind: 'tensor',
  view,
  reading: AS_IT_IS,
  statistics,
});

interface Lowering {
  readonly network: Network;
  readonly draft: Draft;
  readonly needed: ReadonlySet<number>;
  /** What the ReLUs of a tensor share, by the tensor's node. */
  readonly rectified: Map<number, Tensor>;
  /** The last pool of a tensor, by the tensor's node: an older one would take memory beside it. */
  readonly pooled: Map<number, { readonly kind: string; readonly value: Tensor }>;
}

type Rule<O extends Op> = (l: Lowering, inputs: readonly Value[], node: NodeOf<O>, index: number) => Value;

const sole = (inputs: readonly Value[]): Value => inputs[0] as Value;

function asTensor(value: Value): Tensor {
  if (value.kind !== 'tensor') throw new Error(`a value that is ${value.kind} where one tensor is read`);
  return value;
}

/** A tensor that nothing has to be made of. */
function plainView(value: Value): View {
  const { view, reading } = asTensor(value);
  if (reading !== AS_IT_IS)
    throw new Error('a tensor is read that batch norm or ReLU has still to be applied to');
  return view;
}

function lowerConv(l: Lowering, inputs: readonly Value[], node: NodeOf<'conv'>, index: number): Value {
  requireNoStride(node);
  if (sole(inputs).kind === 'zero') return ZERO;
  const normed = l.draft.readers(index).some((i) => l.network.nodes[i]?.op === 'batchNorm');
  const norm = normed ? l.draft.norm(node.shape[2]) : null;
  const to = l.draft.output(index);
  l.draft.add({ kind: 'conv', from: plainView(sole(inputs)), to, layer: layerOf(l.network, node), norm });
  return tensorOf(to, norm);
}

function lowerDepthwise(
  l: Lowering,
  inputs: readonly Value[],
  node: NodeOf<'depthwise'>,
  index: number,
): Value {
  if (sole(inputs).kind === 'zero') return ZERO;
  const { view, reading } = asTensor(sole(inputs));
  const to = l.draft.output(index);
  const layer = layerOf(l.network, node);
  l.draft.add({ kind: 'depthwise', from: view, reading, to, layer, dilation: node.attrs.dilation });
  return tensorOf(to);
}

/**
 * A ReLU read by a depthwise convolution alone is left to it. The others of a tensor share one
 * result, in place when nothing else reads the tensor. The first ReLU of a tensor sees to its codes.
 */
function lowerRelu(l: Lowering, inputs: readonly Value[], node: NodeOf<'relu'>, index: number): Value {
  if (sole(inputs).kind === 'zero') return ZERO;
  const opOf = (i: number): Op | undefined => l.network.nodes[i]?.op;
  const source = node.inputs[0] as number;
  const { view, reading } = asTensor(sole(inputs));
  const siblings = l.draft.readers(source).filter((i) => opOf(i) === 'relu');
  const codes = siblings[0] === index ? siblings.length : 0;
  const activated = { norm: reading.norm, rectify: true, codes };

  const readers = l.draft.readers(index).filter((i) => l.needed.has(i));
  const [reader] = readers;
  if (reader !== undefined && readers.length === 1 && opOf(reader) === 'depthwise') {
    return { kind: 'tensor', view, reading: activated, statistics: null };
  }
  const done = l.rectified.get(source);
  if (reader === undefined || done !== undefined) {
    if (codes > 0) l.draft.add({ kind: 'activate', from: view, reading: activated, to: null });
    return done ?? ZERO;
  }
  const to = l.draft.readers(source).length === 1 ? view : l.draft.output(index);
  l.draft.add({ kind: 'activate', from: view, reading: activated, to });
  const value = tensorOf(to);
  l.rectified.set(source, value);
  return value;
}

function lowerPool(
  l: Lowering,
  inputs: readonly Value[],
  node: NodeOf<'maxPool' | 'avgPool'>,
  index: number,
): Value {
  const whole = sole(inputs);
  if (whole.kind === 'zero') return ZERO;
  const source = node.inputs[0] as number;
  const kind = `${node.op} ${node.attrs.size}`;
  const last = l.pooled.get(source);
  if (last?.kind === kind) return last.value;
  const target = l.draft.output(index);
  const parts = whole.kind === 'parts' ? whole.parts : [whole];
  const widths = whole.kind === 'parts' ? (l.network.nodes[source] as Node).inputs : [source];
  let channel = 0;
  parts.forEach((part, i) => {
    const channels = (l.network.nodes[widths[i] as number] as Node).shape[2];
    const to = slice(target, channel, channels);
    channel += channels;
    if (part.kind === 'zero') return l.draft.add({ kind: 'clear', to });
    const { view, reading } = asTensor(part);
    l.draft.add({ kind: node.op, size: node.attrs.size, from: view, norm: reading.norm, to });
  });
  const value = tensorOf(target);
  l.pooled.set(source, { kind, value });
  return value;
}

function lowerConcat(_: Lowering, inputs: readonly Value[], node: NodeOf<'concat'>): Value {
  if (inputs.every(({ kind }) => kind === 'zero')) return ZERO;
  const joined = joinedView(
    inputs.map((input) => (input.kind === 'tensor' && input.reading === AS_IT_IS ? input.view : null)),
    node.shape[2],
  );
  return joined === null ? { kind: 'parts', parts: inputs } : tensorOf(joined);
}

const RULES: { readonly [O in Op]: Rule<O> } = {
  input: ({ draft }) => tensorOf(draft.input),
  conv: lowerConv,
  depthwise: lowerDepthwise,
  batchNorm: (_, inputs) => {
    const value = sole(inputs);
    if (value.kind === 'zero') return value;
    const { view, statistics } = asTensor(value);
    return { kind: 'tensor', view, reading: { ...AS_IT_IS, norm: statistics }, statistics: null };
  },
  relu: lowerRelu,
  zero: () => ZERO,
  concat: lowerConcat,
  add: (_, _inputs, node) => refuse(node),
  maxPool: lowerPool,
  avgPool: lowerPool,
  globalAvgPool: (_, inputs) => sole(inputs),
  dense: (l, inputs, node) => {
    if (sole(inputs).kind === 'zero') return ZERO;
    l.draft.add({ kind: 'head', from: plainView(sole(inputs)), layer: layerOf(l.network, node) });
    return ZERO;
  },
};

/** The steps of a forward pass over `images` images; the head last, when logits are asked for and anything leads there. */
export function planActivity(network: Network, images: number, logits: boolean): Plan {
  const { nodes } = network;
  const relus = nodes.flatMap(({ op }, i) => (op === 'relu' ? [i] : []));
  const needed = ancestors(network, logits ? [...relus, nodes.length - 1] : relus);
  const lowering: Lowering = {
    network,
    draft: openDraft(network, images),
    needed,
    rectified: new Map(),
    pooled: new Map(),
  };
  const values: Value[] = [];
  nodes.forEach((node, index) => {
    if (!needed.has(index)) return;
    const inputs = node.inputs.map((i) => values[i] as Value);
    values[index] = (RULES[node.op] as Rule<Op>)(lowering, inputs, node, index);
  });
  return lowering.draft.finish();
}
