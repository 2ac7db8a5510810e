// How a value is read while a program is drawn up: as parts, channels of tensors with the batch norm
// and ReLU they pass on the way. A part without a tensor is zeros.

import { type Network, type Node, type Shape, weightShape } from '../../../search/network.ts';
import { streamKey } from '../../../search/random.ts';
import type { Affine, Kernels, WeightStream } from '../../kernels/kernels.ts';
import { slice, type View } from '../../simd/arena.ts';
import { fanIn } from '../../weights.ts';
import type { Entry } from '../kernels.ts';
import { type Draft, type Fixed, mapsOf, type Place } from './program.ts';

/** A batch norm's scale and shift, a float a channel each. */
export interface Norm {
  readonly scale: Fixed;
  readonly shift: Fixed;
  /** Whether no scale can be 0 or below: what is largest before it is so after it. */
  readonly isPositive: boolean;
}

export interface Part {
  readonly view: View | null;
  readonly channels: number;
  readonly norm: Norm | null;
  readonly rectify: boolean;
}
export type Value = readonly Part[];

/** A part that is all there is, as it is. */
export interface Plain extends Part {
  readonly view: View;
}

export const plain = (view: View): readonly [Plain] => [
  { view, channels: view.channels, norm: null, rectify: false },
];

export const zeros = ([, , channels]: Shape): Value => [{ view: null, channels, norm: null, rectify: false }];

export const isZero = (value: Value): boolean => value.every(({ view }) => view === null);

export const affineOf = (place: Place, norm: Norm | null): Affine | null =>
  norm === null ? null : { scale: place.fixed(norm.scale), shift: place.fixed(norm.shift) };

export const entryOf = (place: Place, { norm, rectify }: Part): Entry => ({
  affine: affineOf(place, norm),
  rectify,
});

/** Each part with its share of a tensor of all their channels. */
export function shares(value: Value, whole: View): readonly (readonly [Part, View])[] {
  let channel = 0;
  return value.map((part) => {
    const share = slice(whole, channel, part.channels);
    channel += part.channels;
    return [part, share] as const;
  });
}

export const clear = (kernels: Kernels, place: Place, view: View, images: number): void =>
  kernels.clear(images * view.height * view.width, view.channels, place.rows(view));

/** The value as one tensor: itself, if it is one, or a copy. */
export function gathered(value: Value, node: Node, images: number, draft: Draft, kernels: Kernels): View {
  const [first] = value;
  const asItIs = first?.norm === null && !first.rectify;
  if (value.length === 1 && asItIs && first.view !== null) return first.view;
  const whole = draft.map(...node.shape);
  for (const [part, to] of shares(value, whole)) {
    const { view } = part;
    draft.add(view === null ? [to] : [view, to], 0, (place) => {
      if (view === null) return clear(kernels, place, to, images);
      const activation = { ...entryOf(place, part), codes: null };
      return kernels.activate(mapsOf(view, images), place.rows(view), activation, place.rows(to));
    });
  }
  return whole;
}

/** A layer's weights, as they are drawn. */
export interface DrawnWeights {
  readonly shape: readonly number[];
  readonly count: number;
  readonly stream: WeightStream;
}

export function weightsOf(network: Network, node: Node, seed: number): DrawnWeights {
  const shape = weightShape(network, node);
  if (shape === null) throw new Error(`${node.op} at ${node.path} has no weights`);
  const stream = {
    key: streamKey(seed, node.path),
    divisor: Math.sqrt(fanIn(node, shape)),
    absolute: false,
  };
  return { shape, count: shape.reduce((a, b) => a * b, 1), stream };
}
