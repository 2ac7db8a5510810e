// Lowers SynFlow's directional derivative (see ../sensitivity.ts) to steps over two images.
//
// The first image is the values v, the second v + t, t their derivative along the weights: what the
// next layer's weights are applied to. A layer makes (W v, W (v + t)) of them, which is the next
// (v, t), so the first is added to the second after each. Whatever is linear maps both alike, and in
// a max pool the second follows the first's choices. Weights are absolute and divided by a power of
// two, their layer's expected gain; every tensor's own exponent is known from the graph alone.

import type { Network, Node, NodeOf, Op } from '../../search/network.ts';
import { refuse, requireNoStride } from '../scorable.ts';
import { gainExponent } from '../sensitivity.ts';
import { slice, type View } from './arena.ts';
import { ancestors, type Draft, joinedView, layerOf, openDraft } from './draft.ts';
import type { Layer, Plan } from './steps.ts';

/** To be multiplied by 2^exponent. */
interface Tensor {
  readonly kind: 'tensor';
  readonly view: View;
  readonly exponent: number;
}
type Value =
  { readonly kind: 'zero' } | Tensor | { readonly kind: 'parts'; readonly parts: readonly Value[] };

const ZERO: Value = { kind: 'zero' };
const NO_READING = { norm: null, rectify: false, codes: 0 } as const;

interface Lowering {
  readonly network: Network;
  readonly draft: Draft;
}
type Rule<O extends Op> = (l: Lowering, inputs: readonly Value[], node: NodeOf<O>, index: number) => Value;

const sole = (inputs: readonly Value[]): Value => inputs[0] as Value;

function asTensor(value: Value): Tensor {
  if (value.kind !== 'tensor') throw new Error(`a value that is ${value.kind} where one tensor is read`);
  return value;
}

/** A layer: its product, then the derivative along its own weights. */
const layered =
  <O extends 'conv' | 'depthwise'>(
    add: (l: Lowering, from: View, to: View, layer: Layer, node: NodeOf<O>) => void,
  ): Rule<O> =>
  (l, inputs, node, index) => {
    if (sole(inputs).kind === 'zero') return ZERO;
    const { view, exponent } = asTensor(sole(inputs));
    requireNoStride(node as Node);
    const to = l.draft.output(index);
    const gain = gainExponent(l.network, node as Node);
    add(l, view, to, layerOf(l.network, node as Node, gain), node);
    l.draft.add({ kind: 'addFirst', to });
    return { kind: 'tensor', view: to, exponent: exponent + gain };
  };

/** Pools each part into its place, brought to the largest part's exponent. */
function lowerPool(
  l: Lowering,
  inputs: readonly Value[],
  node: NodeOf<'maxPool' | 'avgPool'>,
  index: number,
): Value {
  const whole = sole(inputs);
  if (whole.kind === 'zero') return ZERO;
  const source = node.inputs[0] as number;
  const parts = whole.kind === 'parts' ? whole.parts : [whole];
  const widths = whole.kind === 'parts' ? (l.network.nodes[source] as Node).inputs : [source];
  const exponent = Math.max(...parts.map((part) => (part.kind === 'tensor' ? part.exponent : -Infinity)));
  const target = l.draft.output(index);
  const kind = node.op === 'maxPool' ? 'maxPoolPair' : 'avgPool';
  let channel = 0;
  parts.forEach((part, i) => {
    const channels = (l.network.nodes[widths[i] as number] as Node).shape[2];
    const to = slice(target, channel, channels);
    channel += channels;
    if (part.kind === 'zero') return l.draft.add({ kind: 'clear', to });
    const { view, exponent: own } = asTensor(part);
    l.draft.add({ kind, size: node.attrs.size, from: view, norm: null, to });
    if (own !== exponent) l.draft.add({ kind: 'scale', to, factor: 2 ** (own - exponent) });
  });
  return { kind: 'tensor', view: target, exponent };
}

function lowerConcat(_: Lowering, inputs: readonly Value[], node: NodeOf<'concat'>): Value {
  if (inputs.every(({ kind }) => kind === 'zero')) return ZERO;
  const views = inputs.map((input) => (input.kind === 'tensor' ? input.view : null));
  const joined = joinedView(views, node.shape[2]);
  return joined === null
    ? { kind: 'parts', parts: inputs }
    : { kind: 'tensor', view: joined, exponent: asTensor(sole(inputs)).exponent };
}

const RULES: { readonly [O in Op]: Rule<O> } = {
  input: ({ draft }) => ({ kind: 'tensor', view: draft.input, exponent: 0 }),
  conv: layered((l, from, to, layer) => l.draft.add({ kind: 'conv', from, to, layer, norm: null })),
  depthwise: layered((l, from, to, layer, { attrs }) =>
    l.draft.add({ kind: 'depthwise', from, reading: NO_READING, to, layer, dilation: attrs.dilation }),
  ),
  batchNorm: (_, inputs) => sole(inputs),
  relu: (_, inputs) => sole(inputs),
  zero: () => ZERO,
  concat: lowerConcat,
  add: (_, _inputs, node) => refuse(node),
  maxPool: lowerPool,
  avgPool: lowerPool,
  globalAvgPool: (_, inputs) => sole(inputs),
  dense: (l, inputs, node) => {
    if (sole(inputs).kind === 'zero') return ZERO;
    const { view, exponent } = asTensor(sole(inputs));
    const gain = gainExponent(l.network, node);
    l.draft.add({ kind: 'head', from: view, layer: layerOf(l.network, node, gain) });
    return { kind: 'tensor', view, exponent: exponent + gain };
  },
};

export interface SensitivityPlan {
  readonly plan: Plan;
  /** Binary exponent of the head's output; null: no path leads there, the derivative is zero. */
  readonly exponent: number | null;
}

export function planSensitivity(network: Network): SensitivityPlan {
  const { nodes } = network;
  const needed = ancestors(network, [nodes.length - 1]);
  const lowering: Lowering = { network, draft: openDraft(network, 2) };
  const values: Value[] = [];
  nodes.forEach((node, index) => {
    if (!needed.has(index)) return;
    const inputs = node.inputs.map((i) => values[i] as Value);
    values[index] = (RULES[node.op] as Rule<Op>)(lowering, inputs, node, index);
  });
  const result = values.at(-1) as Value;
  return {
    plan: lowering.draft.finish(),
    exponent: result.kind === 'tensor' ? result.exponent : null,
  };
}
