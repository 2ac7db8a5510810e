// A plan in the making: what both lowerings share.

import { type Network, type Node, weightShape } from '../../search/network.ts';
import { fanIn } from '../weights.ts';
import { openArena, slice, type View } from './arena.ts';
import type { Layer, Norm, Plan, Step } from './steps.ts';

export interface Draft {
  readonly input: View;
  add(step: Step): void;
  /** A new view for a node's output: of its own, or its share of the concatenation that alone reads it. */
  output(index: number): View;
  norm(channels: number): Norm;
  /** Nodes that read a node. */
  readers(index: number): readonly number[];
  finish(): Plan;
}

/** `gain`: binary exponent its weights are divided by. */
export function layerOf(network: Network, node: Node, gain = 0): Layer {
  const shape = weightShape(network, node);
  if (shape === null) throw new Error(`${node.op} at ${node.path} has no weights`);
  return { path: node.path, shape, divisor: Math.sqrt(fanIn(node, shape)) * 2 ** gain };
}

/** Nodes that lead to one of the roots, the roots included. */
export function ancestors({ nodes }: Network, roots: readonly number[]): ReadonlySet<number> {
  const found = new Set(roots);
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (found.has(i)) (nodes[i] as Node).inputs.forEach((input) => found.add(input));
  }
  return found;
}

/** A normal cell's concatenation is a list of parts; convolutions may also have written into one view together. */
export function joinedView(views: readonly (View | null)[], channels: number): View | null {
  const [first] = views;
  const joined =
    first !== null && first?.stride === channels && views.every((view) => view?.buffer === first.buffer);
  return joined ? { ...first, channels } : null;
}

export function openDraft(network: Network, images: number): Draft {
  const { nodes } = network;
  const arena = openArena(images);
  const steps: Step[] = [];
  const norms: number[] = [];
  const readers = nodes.map((): number[] => []);
  nodes.forEach(({ inputs }, reader) => {
    for (const i of new Set(inputs)) readers[i]?.push(reader);
  });
  const joined = new Map<number, View>();
  const input = arena.map(0, ...(nodes[0] as Node).shape);

  /** The concatenation a convolution may write straight into: all its inputs are such convolutions. */
  function joinOf(index: number): Node | null {
    const [reader, ...others] = (readers[index] ?? []).map((i) => nodes[i] as Node);
    if (reader === undefined || others.length > 0 || reader.op !== 'concat') return null;
    const lone = (i: number): boolean => nodes[i]?.op === 'conv' && readers[i]?.length === 1;
    return reader.inputs.every(lone) ? reader : null;
  }

  return {
    input,
    add(step) {
      if ('from' in step) arena.keep(step.from, steps.length);
      if ('to' in step && step.to !== null) arena.keep(step.to, steps.length);
      steps.push(step);
    },
    output(index) {
      const { shape } = nodes[index] as Node;
      const join = joinOf(index);
      if (join === null) return arena.map(steps.length, ...shape);
      const key = nodes.indexOf(join);
      const whole = joined.get(key) ?? arena.map(steps.length, ...join.shape);
      joined.set(key, whole);
      return slice(whole, join.inputs.indexOf(index) * shape[2], shape[2]);
    },
    norm: (channels) => norms.push(channels) - 1,
    readers: (index) => readers[index] ?? [],
    finish: () => ({ images, input, steps, norms, layout: arena.layout() }),
  };
}
