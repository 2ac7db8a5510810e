// Convolutions and the dense layer: their products, the way back through them, dL/dtheta.

import type { View } from '../../simd/arena.ts';
import { matrixOf, multiply, transposed } from './dense.ts';
import { type Convolution, convFilter, convFilterScratch, type Source } from './filter.ts';
import { entryOf, gathered, isZero, plain, type Value, zeros } from './parts.ts';
import {
  addFisher,
  AS_IT_IS,
  type At,
  give,
  gradientSoFar,
  type LayerWeights,
  learns,
  type Rule,
  single,
  sole,
  source,
} from './pass.ts';
import { mapsOf, pieces, type Place } from './program.ts';

const weightsOf = (at: At<'conv' | 'depthwise' | 'dense'>): LayerWeights => at.pass.parameters.weights(at);

type Filter = readonly [height: number, width: number];
const POINT: Filter = [1, 1];

/** What a filter meets: of stride 2 every patch is a pixel of its own, and the filter a point. */
const filterOf = ({ node: { attrs } }: At<'conv'>): Filter =>
  attrs.stride === undefined ? attrs.kernel : POINT;

/** The input as the product takes it. */
function entering(at: At<'conv'>): View {
  const { draft, kernels, images } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const { kernel, stride } = at.node.attrs;
  if (stride === undefined) return x;
  const [height, width] = at.node.shape;
  const patches = draft.map(height, width, kernel[0] * kernel[1] * x.channels);
  draft.add([x, patches], 0, ({ rows }) =>
    kernels.gradient.patches(mapsOf(x, images), kernel, rows(x), rows(patches).at),
  );
  return patches;
}

function convForward(at: At<'conv'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = entering(at);
  const y = draft.map(...at.node.shape);
  const [maps, outputs, filter] = [mapsOf(x, images), y.channels, filterOf(at)];
  const weights = weightsOf(at);
  const scratch = pieces(
    kernels.packedBytes(weights.count / outputs, outputs),
    kernels.convScratch(maps, filter, outputs),
  );
  draft.add([x, y], scratch.bytes, (place) => {
    const [packed = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    weights.pack(place, packed);
    kernels.conv(maps, filter, outputs, place.rows(x), packed, place.rows(y), null, work);
  });
  return plain(y);
}

/** The input's parts as they enter, or its patches. */
function sourcesOf(at: At<'conv'>): { readonly views: readonly View[]; of(place: Place): readonly Source[] } {
  const parts = at.node.attrs.stride === undefined ? sole(at) : plain(entering(at));
  return {
    views: parts.flatMap(({ view }) => view ?? []),
    of(place) {
      let channel = 0;
      return parts.flatMap((part) => {
        const first = channel;
        channel += part.channels;
        if (part.view === null) return [];
        const rows = place.rows(part.view);
        return { rows, entry: entryOf(place, part), channel: first, channels: part.channels };
      });
    },
  };
}

/** dL/dtheta. */
function learnConv(at: At<'conv'>, dy: View): void {
  const { draft, kernels, wanted, images } = at.pass;
  if (!wanted.has('weights')) return;
  const weights = weightsOf(at);
  const filter = filterOf(at);
  const channels = weights.count / dy.channels / (filter[0] * filter[1]);
  const maps = { ...mapsOf(dy, images), channels };
  const convolution: Convolution = { maps, filter, outputs: dy.channels };
  const scratch = pieces(weights.gradientScratch, convFilterScratch(convolution, kernels));
  const sources = sourcesOf(at);
  draft.add([dy, ...sources.views], scratch.bytes, (place) => {
    const [own = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    const out = weights.gradientAt(place, own);
    convFilter(convolution, sources.of(place), place.rows(dy), out, work, place.floats, kernels);
    weights.keep(place, out);
  });
}

/** The filter as dL/dx meets it, turned about its centre: [taps, cin, cout] to [taps, cout, cin]. */
export function turn(memory: Float32Array, from: number, to: number, shape: readonly number[]): void {
  const [kh = 1, kw = 1, cin = 1, cout = 1] = shape;
  const taps = kh * kw;
  for (let tap = 0; tap < taps; tap++) {
    const out = to / 4 + (taps - 1 - tap) * cin * cout;
    let i = from / 4 + tap * cin * cout;
    for (let c = 0; c < cin; c++) {
      for (let o = 0; o < cout; o++) memory[out + o * cin + c] = memory[i++] as number;
    }
  }
}

/** dL/d of what the product takes: of the input, or of its patches. */
function convInput(at: At<'conv'>, dy: View): View {
  const { draft, kernels, images } = at.pass;
  const weights = weightsOf(at);
  const filter = filterOf(at);
  const [maps, taps] = [mapsOf(dy, images), filter[0] * filter[1]];
  const inputs = weights.count / dy.channels / taps;
  const depth = weights.count / inputs;
  const dx = draft.map(dy.height, dy.width, inputs);
  const scratch = pieces(
    weights.scratch,
    4 * weights.count,
    kernels.packedBytes(depth, inputs),
    kernels.convScratch(maps, filter, inputs),
  );
  draft.add([dy, dx], scratch.bytes, (place) => {
    const [own = 0, turned = 0, packed = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    turn(place.floats, weights.read(place, own), turned, [...filter, inputs, dy.channels]);
    kernels.pack(depth, inputs, { at: turned, stride: inputs }, packed);
    kernels.conv(maps, filter, inputs, place.rows(dy), packed, place.rows(dx), null, work);
  });
  return dx;
}

function convBack(at: At<'conv'>, dy: View): void {
  const { draft, kernels, images } = at.pass;
  addFisher(at, dy);
  learnConv(at, dy);
  if (!learns(at)) return;
  const dx = convInput(at, dy);
  if (at.node.attrs.stride === undefined) {
    give(at, dx);
    return;
  }
  const whole = gradientSoFar(at);
  draft.add([dx, whole], 0, ({ rows }) =>
    kernels.gradient.patchesGradient(mapsOf(whole, images), at.node.attrs.kernel, rows(dx).at, rows(whole)),
  );
}

function depthwiseForward(at: At<'depthwise'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = single(at);
  const y = draft.map(...at.node.shape);
  const weights = weightsOf(at);
  const [size = 1] = weights.shape;
  const { dilation } = at.node.attrs;
  const maps = mapsOf(y, images);
  const scratch = pieces(weights.scratch, kernels.depthwiseScratch(maps, size, dilation));
  draft.add([x.view, y], scratch.bytes, (place) => {
    const [own = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    const before = { ...entryOf(place, x), codes: null };
    const from = weights.read(place, own);
    kernels.depthwise(maps, size, dilation, place.rows(x.view), before, from, place.rows(y), work);
  });
  return plain(y);
}

/** dL/dtheta. */
function learnDepthwise(at: At<'depthwise'>, dy: View): void {
  const { draft, kernels, images, wanted } = at.pass;
  if (!wanted.has('weights')) return;
  const weights = weightsOf(at);
  const [size = 1] = weights.shape;
  const { dilation } = at.node.attrs;
  const maps = mapsOf(dy, images);
  const x = single(at);
  const scratch = pieces(
    weights.gradientScratch,
    kernels.gradient.depthwiseFilterScratch(maps, size, dilation),
  );
  draft.add([x.view, dy], scratch.bytes, (place) => {
    const [own = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    const out = weights.gradientAt(place, own);
    const [from, entry, d] = [place.rows(x.view), entryOf(place, x), place.rows(dy)];
    kernels.gradient.depthwiseFilter(maps, size, dilation, from, entry, d, out, work);
    weights.keep(place, out);
  });
}

function depthwiseBack(at: At<'depthwise'>, dy: View): void {
  const { draft, kernels, images } = at.pass;
  addFisher(at, dy);
  learnDepthwise(at, dy);
  if (!learns(at)) return;
  const weights = weightsOf(at);
  const [size = 1] = weights.shape;
  const { dilation } = at.node.attrs;
  const maps = mapsOf(dy, images);
  const dx = draft.map(...source(at).shape);
  const scratch = pieces(weights.scratch, 4 * weights.count, kernels.depthwiseScratch(maps, size, dilation));
  draft.add([dy, dx], scratch.bytes, (place) => {
    const [own = 0, turned = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    turn(place.floats, weights.read(place, own), turned, [size, size, 1, dy.channels]);
    kernels.depthwise(maps, size, dilation, place.rows(dy), AS_IT_IS, turned, place.rows(dx), work);
  });
  give(at, dx);
}

function denseForward(at: At<'dense'>): Value {
  const { draft, kernels, images, parameters } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const y = draft.map(...at.node.shape);
  const [weights, bias] = [weightsOf(at), parameters.bias(at)];
  draft.add([x, y], weights.scratch, (place) => {
    const { floats, rows, scratch } = place;
    const matrix = matrixOf({ at: weights.read(place, scratch), stride: y.channels });
    multiply(floats, matrixOf(rows(x)), matrix, matrixOf(rows(y)), [images, x.channels, y.channels]);
    if (bias === null) return;
    const [own, out] = [bias.at(place) / 4, rows(y).at / 4];
    for (let i = 0; i < images * y.channels; i++)
      floats[out + i] = (floats[out + i] as number) + (floats[own + (i % y.channels)] as number);
  });
  return plain(y);
}

/** dL/dtheta, and of the bias. */
function learnDense(at: At<'dense'>, dy: View): void {
  const { draft, kernels, images, parameters } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const [weights, bias] = [weightsOf(at), parameters.bias(at)];
  const units = dy.channels;
  draft.add([x, dy], weights.gradientScratch, (place) => {
    const { floats, rows, scratch } = place;
    const out = weights.gradientAt(place, scratch);
    const to = matrixOf({ at: out, stride: units });
    multiply(floats, transposed(matrixOf(rows(x))), matrixOf(rows(dy)), to, [x.channels, images, units]);
    weights.keep(place, out);
    if (bias === null) return;
    const [from, own] = [rows(dy).at / 4, bias.gradientAt(place) / 4];
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (let image = 0; image < images; image++) sum += floats[from + image * units + unit] as number;
      floats[own + unit] = sum;
    }
  });
}

function denseBack(at: At<'dense'>, dy: View): void {
  const { draft, images, wanted } = at.pass;
  addFisher(at, dy);
  if (wanted.has('weights')) learnDense(at, dy);
  if (!learns(at)) return;
  const weights = weightsOf(at);
  const dx = draft.map(...source(at).shape);
  const [features, units] = [dx.channels, dy.channels];
  draft.add([dy, dx], weights.scratch, (place) => {
    const { floats, rows, scratch } = place;
    const matrix = transposed(matrixOf({ at: weights.read(place, scratch), stride: units }));
    multiply(floats, matrixOf(rows(dy)), matrix, matrixOf(rows(dx)), [images, units, features]);
  });
  give(at, dx);
}

/** A layer of zeros puts out zeros, and nothing of the loss depends on its weights. */
const unlessZero = <O extends 'conv' | 'depthwise' | 'dense'>(
  { forward, back }: Rule<O>,
  isSilent: (at: At<O>) => boolean = (at) => isZero(sole(at)),
): Rule<O> => ({
  forward: (at) => (isSilent(at) ? zeros(at.node.shape) : forward(at)),
  back: (at, dy) => (isSilent(at) ? undefined : back(at, dy)),
});

export const conv = unlessZero({ forward: convForward, back: convBack });
export const depthwise = unlessZero({ forward: depthwiseForward, back: depthwiseBack });
export const dense = unlessZero(
  { forward: denseForward, back: denseBack },
  (at) => isZero(sole(at)) && at.pass.parameters.bias(at) === null,
);
