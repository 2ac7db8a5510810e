// What each op adds to a forward pass of jets (see ../tfjs/curvature.ts). A jet's four tensors, v, b, a
// and ab, are one of four times the images, so that linear steps take them at once, and the direction of
// a meets v and b, the first two, at once.

import type { Network, Node, NodeOf, Op } from '../../../search/network.ts';
import { BN_EPSILON } from '../../forward.ts';
import type { Activation, Rows } from '../../kernels/kernels.ts';
import type { View } from '../../simd/arena.ts';
import type { AllKernels, JetRows } from '../kernels.ts';
import { lossCurvature, lossGradient } from '../loss.ts';
import { matrixOf, multiply } from './dense.ts';
import { clear, gathered, isZero, plain, shares, type Value, weightsOf, zeros } from './parts.ts';
import { type Draft, mapsOf, pieces, type Place } from './program.ts';

/** Tensors of a jet. */
export const JET = 4;
const AS_IT_IS: Activation = { affine: null, rectify: false, codes: null };

export interface Pass {
  readonly network: Network;
  readonly images: number;
  readonly seed: number;
  readonly kernels: AllKernels;
  readonly draft: Draft;
  /** By node: how many others read it, and its jet. */
  readonly readers: readonly number[];
  readonly values: Value[];
  /** What the head makes of the logits' jet: L's mixed second derivative. */
  readonly result: { value: number };
}

interface At<O extends Op> {
  readonly pass: Pass;
  readonly node: NodeOf<O>;
  readonly index: number;
  readonly inputs: readonly Value[];
}
export type Rule<O extends Op> = (at: At<O>) => Value;

const sole = ({ inputs }: At<Op>): Value => inputs[0] as Value;
const pixelsOf = ({ height, width }: View): number => height * width;

/** The jet as one tensor. */
const whole = (at: At<Op>): View => {
  const { network, images, draft, kernels } = at.pass;
  return gathered(sole(at), network.nodes[at.node.inputs[0] as number] as Node, JET * images, draft, kernels);
};

/** Whether nothing else reads what this node reads, so that it may be written to. A concatenation's parts are others' too. */
function mayOverwrite({ pass: { network, readers }, node }: At<Op>): boolean {
  const from = node.inputs[0] as number;
  return readers[from] === 1 && network.nodes[from]?.op !== 'concat';
}

/** The jet as one tensor that may be written to. */
function own(at: At<Op>): View {
  const { draft, kernels, images } = at.pass;
  const view = whole(at);
  if (sole(at).length > 1 || mayOverwrite(at)) return view;
  const copy = draft.map(view.height, view.width, view.channels);
  draft.add([view, copy], 0, ({ rows }) =>
    kernels.activate(mapsOf(view, JET * images), rows(view), AS_IT_IS, rows(copy)),
  );
  return copy;
}

const jetOf = ({ rows }: Place, view: View, images: number): JetRows => {
  const { at, stride } = rows(view);
  return { at, stride, part: images * pixelsOf(view) * stride };
};

/** How a layer's kernel is called: on `images` images of x, with weights [.., outputs] that lie at `weights`. */
interface Product {
  /** Bytes of scratch besides the weights. */
  readonly scratch: number;
  run(images: number, x: Rows, weights: number, y: Rows, scratch: number): void;
}

function directionOf({ given }: Place, { node, index }: At<Op>, count: number): Float32Array {
  const direction = given.directions.get(index);
  if (direction?.length === count) return direction;
  throw new Error(`the direction has ${direction?.length ?? 'no'} weights for ${node.path}, want ${count}`);
}

/** y from the four tensors of x by the weights, and of its first two by their direction. */
function addLayer(at: At<'conv' | 'depthwise'>, x: View, y: View, product: Product): void {
  const { images, draft, kernels } = at.pass;
  const { count, stream } = weightsOf(at.pass.network, at.node as Node, at.pass.seed);
  const part = images * pixelsOf(y) * y.channels;
  const scratch = pieces(4 * count, 8 * part, product.scratch);
  draft.add([x, y], scratch.bytes, (place) => {
    const [weights = 0, along = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    const [from, to] = [place.rows(x), place.rows(y)];
    const d = { at: along, stride: y.channels, part };
    kernels.weights(count, stream, weights);
    product.run(JET * images, from, weights, to, work);
    place.floats.set(directionOf(place, at, count), weights / 4);
    product.run(2 * images, from, weights, d, work);
    kernels.gradient.jetLayer(images * pixelsOf(y), y.channels, jetOf(place, y, images), d);
  });
}

/** What a convolution's product takes, and by which filter: of stride 2 the patches, as in ./layers.ts. */
function entering(at: At<'conv'>): readonly [View, readonly [number, number]] {
  const { draft, kernels, images } = at.pass;
  const x = whole(at);
  const { kernel, stride } = at.node.attrs;
  if (stride === undefined) return [x, kernel];
  const [height, width] = at.node.shape;
  const patches = draft.map(height, width, kernel[0] * kernel[1] * x.channels);
  draft.add([x, patches], 0, ({ rows }) =>
    kernels.gradient.patches(mapsOf(x, JET * images), kernel, rows(x), rows(patches).at),
  );
  return [patches, [1, 1]];
}

function conv(at: At<'conv'>): Value {
  if (isZero(sole(at))) return zeros(at.node.shape);
  const { draft, kernels, images } = at.pass;
  const [x, filter] = entering(at);
  const y = draft.map(...at.node.shape);
  const outputs = y.channels;
  const depth = filter[0] * filter[1] * x.channels;
  const scratch = pieces(
    kernels.packedBytes(depth, outputs),
    kernels.convScratch(mapsOf(x, JET * images), filter, outputs),
  );
  addLayer(at, x, y, {
    scratch: scratch.bytes,
    run(count, from, weights, to, start) {
      const [packed = 0, work = 0] = scratch.at.map((piece) => start + piece);
      kernels.pack(depth, outputs, { at: weights, stride: outputs }, packed);
      kernels.conv(mapsOf(x, count), filter, outputs, from, packed, to, null, work);
    },
  });
  return plain(y);
}

function depthwise(at: At<'depthwise'>): Value {
  if (isZero(sole(at))) return zeros(at.node.shape);
  const { draft, kernels, images } = at.pass;
  const [x, y] = [whole(at), draft.map(...at.node.shape)];
  const {
    kernel: [size],
    dilation,
  } = at.node.attrs;
  addLayer(at, x, y, {
    scratch: kernels.depthwiseScratch(mapsOf(x, JET * images), size, dilation),
    run: (count, from, weights, to, work) =>
      kernels.depthwise(mapsOf(x, count), size, dilation, from, AS_IT_IS, weights, to, work),
  });
  return plain(y);
}

/** A channel's means to `means`, and with its jet of a variance, 1 / sqrt(variance + epsilon) to `scales`, both [4, channels] floats. */
function writeScales(
  { floats, doubles }: Place,
  sums: number,
  to: number,
  rows: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const [v, b, a, ab] = [0, 1, 2, 3].map(
      (k) => (doubles[sums / 8 + k * channels + c] as number) / rows,
    ) as [number, number, number, number];
    const root = 1 / Math.sqrt(v + BN_EPSILON);
    const [first, second] = [-0.5 * root ** 3, 0.75 * root ** 5];
    // The variance is a square's mean: its derivatives have both factors' terms.
    const jet = [root, first * 2 * b, first * 2 * a, first * 2 * ab + second * 4 * a * b];
    jet.forEach((value, k) => (floats[to / 4 + k * channels + c] = value));
  }
}

function batchNorm(at: At<'batchNorm'>): Value {
  if (isZero(sole(at))) return sole(at);
  const { draft, kernels, images } = at.pass;
  const x = own(at);
  const { channels } = x;
  const rows = images * pixelsOf(x);
  const scratch = pieces(32 * channels, 16 * channels, 16 * channels);
  draft.add([x], scratch.bytes, (place) => {
    const [sums = 0, means = 0, scales = 0] = scratch.at.map((piece) => place.scratch + piece);
    const { floats, doubles } = place;
    const jet = jetOf(place, x, images);
    for (let k = 0; k < JET; k++) {
      doubles.fill(0, sums / 8, sums / 8 + 2 * channels);
      kernels.columnStats(rows, channels, { ...jet, at: jet.at + 4 * k * jet.part }, sums);
      for (let c = 0; c < channels; c++)
        floats[means / 4 + k * channels + c] = (doubles[sums / 8 + c] as number) / rows;
    }
    doubles.fill(0, sums / 8, sums / 8 + JET * channels);
    kernels.gradient.jetSums(rows, channels, jet, means, sums);
    writeScales(place, sums, scales, rows, channels);
    kernels.gradient.jetScale(rows, channels, jet, means, scales);
  });
  return plain(x);
}

function relu(at: At<'relu'>): Value {
  if (isZero(sole(at))) return sole(at);
  const { draft, kernels, images } = at.pass;
  const inPlace = mayOverwrite(at);
  return sole(at).flatMap((part) => {
    const { view } = part;
    if (view === null) return part;
    const y = inPlace ? view : draft.map(view.height, view.width, view.channels);
    draft.add([view, y], 0, (place) => {
      const [from, to] = [view, y].map((map) => jetOf(place, map, images)) as [JetRows, JetRows];
      kernels.gradient.jetRectify(images * pixelsOf(view), view.channels, from, to);
    });
    return plain(y);
  });
}

function add(at: At<'add'>): Value {
  if (at.inputs.every(isZero)) return zeros(at.node.shape);
  const { draft, kernels, images } = at.pass;
  const y = draft.map(...at.node.shape);
  draft.add([y], 0, (place) => clear(kernels, place, y, JET * images));
  for (const [{ view }, to] of at.inputs.flatMap((input) => shares(input, y))) {
    if (view === null) continue;
    const rows = JET * images * pixelsOf(view);
    draft.add([view, to], 0, (place) => kernels.add(rows, view.channels, place.rows(view), place.rows(to)));
  }
  return plain(y);
}

/** A step that makes a share of the output of each part. */
function partwise(at: At<Op>, run: (place: Place, view: View, to: View) => void): Value {
  const { draft, kernels, images } = at.pass;
  if (isZero(sole(at))) return zeros(at.node.shape);
  const y = draft.map(...at.node.shape);
  for (const [{ view }, to] of shares(sole(at), y)) {
    if (view === null) draft.add([to], 0, (place) => clear(kernels, place, to, JET * images));
    else draft.add([view, to], 0, (place) => run(place, view, to));
  }
  return plain(y);
}

/** The dense layer and the loss: ab of L is dL/dlogits ab + a^T (d^2 L / dlogits^2) b. */
function dense(at: At<'dense'>): Value {
  if (isZero(sole(at))) return zeros(at.node.shape);
  const { network, seed, images, draft, kernels, result } = at.pass;
  const x = whole(at);
  const { count, stream } = weightsOf(network, at.node, seed);
  const units = at.node.shape[2];
  const size = images * units;
  const scratch = pieces(4 * count, 4 * JET * size, 8 * size);
  draft.add([x], scratch.bytes, (place) => {
    const { floats, rows, given } = place;
    const [weights = 0, own = 0, along = 0] = scratch.at.map((piece) => place.scratch + piece);
    const product = (rowsOfX: number, to: number): void =>
      multiply(
        floats,
        matrixOf(rows(x)),
        matrixOf({ at: weights, stride: units }),
        matrixOf({ at: to, stride: units }),
        [rowsOfX, x.channels, units],
      );
    kernels.weights(count, stream, weights);
    product(JET * images, own);
    floats.set(directionOf(place, at, count), weights / 4);
    product(2 * images, along);
    const jet = { at: own, stride: units, part: size };
    kernels.gradient.jetLayer(images, units, jet, { at: along, stride: units, part: size });
    const [v, b, a, ab] = [0, 1, 2, 3].map((k) =>
      Float64Array.from(floats.subarray(own / 4 + k * size, own / 4 + (k + 1) * size)),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const first = lossGradient(v, given.targets).reduce((sum, d, i) => sum + d * (ab[i] as number), 0);
    result.value = first + lossCurvature(v, a, b, given.targets);
  });
  return zeros(at.node.shape);
}

export const RULES: { readonly [O in Op]: Rule<O> } = {
  input() {
    throw new Error('the input of a network is given');
  },
  conv,
  depthwise,
  batchNorm,
  relu,
  zero: ({ node }) => zeros(node.shape),
  concat: ({ inputs }) => inputs.flat(),
  add,
  maxPool: (at) =>
    partwise(at, (place, view, to) => {
      const { kernels, images } = at.pass;
      const [from, out] = [jetOf(place, view, images), jetOf(place, to, images)];
      kernels.gradient.jetMaxPool(mapsOf(view, images), at.node.attrs.size, from, out);
    }),
  avgPool: (at) =>
    partwise(at, ({ rows }, view, to) => {
      const maps = mapsOf(view, JET * at.pass.images);
      at.pass.kernels.avgPool(maps, at.node.attrs.size, rows(view), null, rows(to));
    }),
  globalAvgPool: (at) =>
    partwise(at, ({ rows }, view, to) =>
      at.pass.kernels.globalAverage(mapsOf(view, JET * at.pass.images), rows(view), rows(to)),
    ),
  dense,
};
