// A program of a forward and a backward pass in the making, and what the rules of all ops share.

import type { AllKernels } from '../kernels.ts';
import type { Network, Node, NodeOf, Op } from '../../../search/network.ts';
import type { Activation } from '../../kernels/kernels.ts';
import type { View } from '../../simd/arena.ts';
import type { Wanted } from '../gradient.ts';
import { dependencies } from '../graph.ts';
import { clear, gathered, type Part, plain, type Value } from './parts.ts';
import { type Draft, mapsOf, type Place } from './program.ts';

/** What a layer's steps find out. */
export interface Found {
  weights: Float32Array;
  fisher: number;
}

/** A layer's weights: where a pass finds them, and where it leaves their gradient. */
export interface LayerWeights {
  readonly shape: readonly number[];
  readonly count: number;
  /** Bytes of scratch that they are read in. */
  readonly scratch: number;
  /** Their address, row-major. */
  read(place: Place, scratch: number): number;
  /** Packed, as a matrix of the shape's last extent as columns. */
  pack(place: Place, packed: number): void;
  /** Bytes of scratch that their gradient is made in. */
  readonly gradientScratch: number;
  /** Where it is to be written. */
  gradientAt(place: Place, scratch: number): number;
  /** Takes up what has been written there. */
  keep(place: Place, at: number): void;
}

/** A dense layer's bias, and its gradient: addresses of a float a unit. */
export interface Bias {
  at(place: Place): number;
  gradientAt(place: Place): number;
}

/** What a network is made of beside its graph, and how a pass comes by it. */
export interface Parameters {
  weights(at: At<'conv' | 'depthwise' | 'dense'>): LayerWeights;
  bias(at: At<'dense'>): Bias | null;
  readonly batchNorm: Rule<'batchNorm'>;
}

/** A program in the making. */
export interface Pass {
  readonly network: Network;
  readonly images: number;
  readonly parameters: Parameters;
  readonly kernels: AllKernels;
  readonly draft: Draft;
  readonly wanted: Wanted;
  /** Nodes whose gradient leads to weights. */
  readonly learning: readonly boolean[];
  /** By node, as are all of these: what the forward pass makes, and the gradients with respect to it so far. */
  readonly values: Value[];
  readonly gradients: (View | undefined)[];
  readonly found: Map<number, Found>;
}

/** A node as its rule meets it. */
export interface At<O extends Op> {
  readonly pass: Pass;
  readonly node: NodeOf<O>;
  readonly index: number;
  /** What it reads. */
  readonly inputs: readonly Value[];
}

/** Neither batch norm nor ReLU. */
export const AS_IT_IS: Activation = { affine: null, rectify: false, codes: null };

export interface Rule<O extends Op> {
  forward(at: At<O>): Value;
  /** From dy = dL/doutput, which it may work on in place and hand on. */
  back(at: At<O>, dy: View): void;
}

export const sole = ({ inputs }: At<Op>): Value => inputs[0] as Value;
export const source = ({ pass, node }: At<Op>): Node => pass.network.nodes[node.inputs[0] as number] as Node;
export const rowsIn = ({ height, width }: View, images: number): number => images * height * width;

/** The one tensor a value is read from: a single part may enter as it does. */
export function single(at: At<Op>): Part & { readonly view: View } {
  const [part, ...others] = sole(at);
  const view = part?.view ?? null;
  if (part !== undefined && view !== null && others.length === 0) return { ...part, view };
  const { pass } = at;
  return plain(gathered(sole(at), source(at), pass.images, pass.draft, pass.kernels))[0];
}

/** A tensor of the same values. */
export function copyOf({ pass }: At<Op>, view: View): View {
  const { draft, kernels, images } = pass;
  const copy = draft.map(view.height, view.width, view.channels);
  draft.add([view, copy], 0, (place) =>
    kernels.activate(mapsOf(view, images), place.rows(view), AS_IT_IS, place.rows(copy)),
  );
  return copy;
}

/** Makes dy the gradient of an input, or adds it to what is there. */
export function give({ pass, node }: At<Op>, dy: View, input = 0): void {
  const { draft, kernels, images, gradients, learning } = pass;
  const to = dependencies(node)[input];
  if (to === undefined || learning[to] !== true) return;
  const own = gradients[to];
  if (own === undefined) {
    gradients[to] = dy;
    return;
  }
  draft.add([dy, own], 0, (place) =>
    kernels.add(rowsIn(dy, images), dy.channels, place.rows(dy), place.rows(own)),
  );
}

/** The gradient of the input so far, zeros if there is none. */
export function gradientSoFar(at: At<Op>): View {
  const { draft, images, gradients, kernels } = at.pass;
  const index = at.node.inputs[0] as number;
  const own = gradients[index];
  if (own !== undefined) return own;
  const view = draft.map(...source(at).shape);
  draft.add([view], 0, (place) => clear(kernels, place, view, images));
  gradients[index] = view;
  return view;
}

export const learns = ({ pass, node }: At<Op>): boolean =>
  dependencies(node).some((i) => pass.learning[i] === true);

export function foundOf({ pass, index }: At<Op>): Found {
  const found = pass.found.get(index) ?? { weights: new Float32Array(), fisher: 0 };
  pass.found.set(index, found);
  return found;
}

/** Sum over channels of 0.5 * mean over images of (sum over space of z * dL/dz)^2. */
export function addFisher(at: At<Op>, dy: View): void {
  const { draft, kernels, images, wanted, values } = at.pass;
  const z = values[at.index]?.[0]?.view ?? null;
  if (!wanted.has('fisher') || z === null) return;
  const found = foundOf(at);
  const count = images * z.channels;
  draft.add([z, dy], 8 * count, (place) => {
    kernels.gradient.imageDots(mapsOf(z, images), place.rows(z), place.rows(dy), place.scratch);
    const dots = place.doubles.subarray(place.scratch / 8, place.scratch / 8 + count);
    found.fisher = (0.5 / images) * dots.reduce((sum, dot) => sum + dot * dot, 0);
  });
}
