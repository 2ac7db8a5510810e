// Convolutions and the dense layer: their products, the way back through them, dL/dtheta.

import type { Node } from '../../../search/network.ts';
import type { Activation } from '../../kernels/kernels.ts';
import type { View } from '../../simd/arena.ts';
import { matrixOf, multiply, transposed } from './dense.ts';
import { type Convolution, convFilter, convFilterScratch } from './filter.ts';
import {
  entryOf,
  gathered,
  isZero,
  type LayerWeights,
  plain,
  type Value,
  weightsOf,
  zeros,
} from './parts.ts';
import { addFisher, type At, foundOf, give, learns, type Rule, single, sole, source } from './pass.ts';
import { mapsOf, pieces } from './program.ts';

const AS_IT_IS: Activation = { affine: null, rectify: false, codes: null };

const drawn = (at: At<'conv' | 'depthwise' | 'dense'>): LayerWeights =>
  weightsOf(at.pass.network, at.node as Node, at.pass.seed);

const convolutionOf = ({ pass, node }: At<'conv'>, channels: number): Convolution => {
  const [height, width, outputs] = node.shape;
  return { maps: { images: pass.images, height, width, channels }, filter: node.attrs.kernel, outputs };
};

function convForward(at: At<'conv'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const y = draft.map(...at.node.shape);
  const [maps, outputs] = [mapsOf(x, images), y.channels];
  const { count, stream } = drawn(at);
  const filter = at.node.attrs.kernel;
  const scratch = pieces(
    kernels.packedBytes(count / outputs, outputs),
    kernels.convScratch(maps, filter, outputs),
  );
  draft.add([x, y], scratch.bytes, (place) => {
    const [packed = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    kernels.packedWeights(count / outputs, outputs, stream, packed);
    kernels.conv(maps, filter, outputs, place.rows(x), packed, place.rows(y), null, work);
  });
  return plain(y);
}

/** dL/dtheta to `found.weights`. */
function learnConv(at: At<'conv'>, dy: View): void {
  const { draft, kernels, wanted } = at.pass;
  if (!wanted.has('weights')) return;
  const found = foundOf(at);
  const { count, shape } = drawn(at);
  const convolution = convolutionOf(at, shape[2] as number);
  const scratch = pieces(4 * count, convFilterScratch(convolution, kernels));
  const parts = sole(at);
  draft.add([dy, ...parts.flatMap(({ view }) => view ?? [])], scratch.bytes, (place) => {
    const [out = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    let channel = 0;
    const sources = parts.flatMap((part) => {
      const first = channel;
      channel += part.channels;
      if (part.view === null) return [];
      const rows = place.rows(part.view);
      return { rows, entry: entryOf(place, part), channel: first, channels: part.channels };
    });
    convFilter(convolution, sources, place.rows(dy), out, work, place.floats, kernels);
    found.weights = place.floats.slice(out / 4, out / 4 + count);
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

function convBack(at: At<'conv'>, dy: View): void {
  const { draft, kernels, images } = at.pass;
  addFisher(at, dy);
  learnConv(at, dy);
  if (!learns(at)) return;
  const { count, shape, stream } = drawn(at);
  const dx = draft.map(...source(at).shape);
  const [maps, filter] = [mapsOf(dy, images), at.node.attrs.kernel];
  const [inputs, depth] = [dx.channels, count / dx.channels];
  const scratch = pieces(
    4 * count,
    4 * count,
    kernels.packedBytes(depth, inputs),
    kernels.convScratch(maps, filter, inputs),
  );
  draft.add([dy, dx], scratch.bytes, (place) => {
    const [own = 0, turned = 0, packed = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    kernels.weights(count, stream, own);
    turn(place.floats, own, turned, shape);
    kernels.pack(depth, inputs, { at: turned, stride: inputs }, packed);
    kernels.conv(maps, filter, inputs, place.rows(dy), packed, place.rows(dx), null, work);
  });
  give(at, dx);
}

function depthwiseForward(at: At<'depthwise'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = single(at);
  const y = draft.map(...at.node.shape);
  const {
    count,
    stream,
    shape: [size = 1],
  } = drawn(at);
  const { dilation } = at.node.attrs;
  const maps = mapsOf(y, images);
  const scratch = pieces(4 * count, kernels.depthwiseScratch(maps, size, dilation));
  draft.add([x.view, y], scratch.bytes, (place) => {
    const [weights = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    const before = { ...entryOf(place, x), codes: null };
    kernels.weights(count, stream, weights);
    kernels.depthwise(maps, size, dilation, place.rows(x.view), before, weights, place.rows(y), work);
  });
  return plain(y);
}

function depthwiseBack(at: At<'depthwise'>, dy: View): void {
  const { draft, kernels, images, wanted } = at.pass;
  addFisher(at, dy);
  const {
    count,
    stream,
    shape: [size = 1],
  } = drawn(at);
  const { dilation } = at.node.attrs;
  const maps = mapsOf(dy, images);
  if (wanted.has('weights')) {
    const found = foundOf(at);
    const x = single(at);
    const scratch = pieces(4 * count, kernels.gradient.depthwiseFilterScratch(maps, size, dilation));
    draft.add([x.view, dy], scratch.bytes, (place) => {
      const [out = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
      const from = place.rows(x.view);
      kernels.gradient.depthwiseFilter(
        maps,
        size,
        dilation,
        from,
        entryOf(place, x),
        place.rows(dy),
        out,
        work,
      );
      found.weights = place.floats.slice(out / 4, out / 4 + count);
    });
  }
  if (!learns(at)) return;
  const dx = draft.map(...source(at).shape);
  const scratch = pieces(4 * count, 4 * count, kernels.depthwiseScratch(maps, size, dilation));
  draft.add([dy, dx], scratch.bytes, (place) => {
    const [own = 0, turned = 0, work = 0] = scratch.at.map((piece) => place.scratch + piece);
    kernels.weights(count, stream, own);
    turn(place.floats, own, turned, [size, size, 1, dy.channels]);
    kernels.depthwise(maps, size, dilation, place.rows(dy), AS_IT_IS, turned, place.rows(dx), work);
  });
  give(at, dx);
}

function denseForward(at: At<'dense'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const y = draft.map(...at.node.shape);
  const { count, stream } = drawn(at);
  draft.add([x, y], 4 * count, ({ floats, rows, scratch }) => {
    kernels.weights(count, stream, scratch);
    const weights = matrixOf({ at: scratch, stride: y.channels });
    multiply(floats, matrixOf(rows(x)), weights, matrixOf(rows(y)), [images, x.channels, y.channels]);
  });
  return plain(y);
}

function denseBack(at: At<'dense'>, dy: View): void {
  const { draft, kernels, images, wanted } = at.pass;
  addFisher(at, dy);
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const { count, stream } = drawn(at);
  const [features, units] = [x.channels, dy.channels];
  const found = foundOf(at);
  if (wanted.has('weights')) {
    draft.add([x, dy], 4 * count, ({ floats, rows, scratch }) => {
      const out = matrixOf({ at: scratch, stride: units });
      multiply(floats, transposed(matrixOf(rows(x))), matrixOf(rows(dy)), out, [features, images, units]);
      found.weights = floats.slice(scratch / 4, scratch / 4 + count);
    });
  }
  if (!learns(at)) return;
  const dx = draft.map(...source(at).shape);
  draft.add([dy, dx], 4 * count, ({ floats, rows, scratch }) => {
    kernels.weights(count, stream, scratch);
    const weights = transposed(matrixOf({ at: scratch, stride: units }));
    multiply(floats, matrixOf(rows(dy)), weights, matrixOf(rows(dx)), [images, units, features]);
  });
  give(at, dx);
}

/** A layer of zeros puts out zeros, and nothing of the loss depends on its weights. */
const unlessZero = <O extends 'conv' | 'depthwise' | 'dense'>(rule: Rule<O>): Rule<O> => ({
  forward: (at) => (isZero(sole(at)) ? zeros(at.node.shape) : rule.forward(at)),
  back: (at, dy) => (isZero(sole(at)) ? undefined : rule.back(at, dy)),
});

export const conv = unlessZero({ forward: convForward, back: convBack });
export const depthwise = unlessZero({ forward: depthwiseForward, back: depthwiseBack });
export const dense = unlessZero({ forward: denseForward, back: denseBack });
