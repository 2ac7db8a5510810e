// What each op adds to a program: steps of the forward pass, and of the way back.

import type { Node, Op } from '../../../search/network.ts';
import { BN_EPSILON } from '../../forward.ts';
import type { Affine } from '../../kernels/kernels.ts';
import { slice, type View } from '../../simd/arena.ts';
import { conv, dense, depthwise } from './layers.ts';
import {
  affineOf,
  clear,
  gathered,
  isZero,
  type Norm,
  type Part,
  plain,
  shares,
  type Value,
  zeros,
} from './parts.ts';
import { type At, give, gradientSoFar, learns, rowsIn, type Rule, sole, source } from './pass.ts';
import { mapsOf, pieces, type Place } from './program.ts';

/** What is read through the batch norm from now on is x * scale + shift. */
function normForward(at: At<'batchNorm'>): Value {
  const { draft, kernels, images } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const { channels } = x;
  const norm: Norm = { scale: draft.fixed(channels), shift: draft.fixed(channels) };
  const rows = rowsIn(x, images);
  draft.add([x], 16 * channels, (place) => {
    place.doubles.fill(0, place.scratch / 8, place.scratch / 8 + 2 * channels);
    kernels.columnStats(rows, channels, place.rows(x), place.scratch);
    const affine = { scale: place.fixed(norm.scale), shift: place.fixed(norm.shift) };
    kernels.normalisation(rows, channels, place.scratch, BN_EPSILON, affine);
  });
  return [{ view: x, channels, norm, rectify: false }];
}

/** dx = scale * (dy - mean(dy) - y * mean(dy * y)) as a * dy + b * x + c, with y = x * scale + shift. */
function writeCoefficients(
  { floats, doubles }: Place,
  sums: number,
  to: number,
  affine: Affine,
  rows: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const mean = (doubles[sums / 8 + c] as number) / rows;
    const along = (doubles[sums / 8 + channels + c] as number) / rows;
    const [scale, shift] = [floats[affine.scale / 4 + c] as number, floats[affine.shift / 4 + c] as number];
    floats[to / 4 + c] = scale;
    floats[to / 4 + channels + c] = -scale * scale * along;
    floats[to / 4 + 2 * channels + c] = -scale * (mean + shift * along);
  }
}

function normBack(at: At<'batchNorm'>, dy: View): void {
  const { draft, kernels, images, values } = at.pass;
  const [{ view, norm, channels }] = values[at.index] as readonly [Part];
  if (view === null || norm === null) return;
  const rows = rowsIn(dy, images);
  const scratch = pieces(16 * channels, 12 * channels);
  draft.add([view, dy], scratch.bytes, (place) => {
    const [sums = 0, coefficients = 0] = scratch.at.map((piece) => place.scratch + piece);
    const affine = affineOf(place, norm) as Affine;
    const [x, d] = [place.rows(view), place.rows(dy)];
    place.doubles.fill(0, sums / 8, sums / 8 + 2 * channels);
    kernels.gradient.normGradientSums(rows, channels, x, affine, d, sums);
    writeCoefficients(place, sums, coefficients, affine, rows, channels);
    kernels.gradient.combine(rows, channels, x, coefficients, d);
  });
  give(at, dy);
}

function reluBack(at: At<'relu'>, dy: View): void {
  const { draft, kernels, images } = at.pass;
  for (const [part, share] of shares(sole(at), dy)) {
    const { view, norm } = part;
    if (view === null) continue;
    const rows = rowsIn(view, images);
    draft.add([view, share], 0, (place) => {
      const [x, d] = [place.rows(view), place.rows(share)];
      kernels.gradient.rectifyGradient(rows, share.channels, x, affineOf(place, norm), d);
    });
  }
  give(at, dy);
}

/** What a pool reads: a ReLU of parts would have to be applied first. */
const pooled = (at: At<Op>): Value =>
  sole(at).some(({ rectify }) => rectify)
    ? plain(gathered(sole(at), source(at), at.pass.images, at.pass.draft, at.pass.kernels))
    : sole(at);

const poolRule = <O extends 'maxPool' | 'avgPool'>(kind: O): Rule<O> => ({
  forward(at) {
    const { draft, kernels, images } = at.pass;
    const y = draft.map(...at.node.shape);
    for (const [{ view, norm }, to] of shares(pooled(at), y)) {
      draft.add(view === null ? [to] : [view, to], 0, (place) => {
        if (view === null) return clear(kernels, place, to, images);
        const maps = mapsOf(view, images);
        return kernels[kind](
          maps,
          at.node.attrs.size,
          place.rows(view),
          affineOf(place, norm),
          place.rows(to),
        );
      });
    }
    return plain(y);
  },
  back(at, dy) {
    if (!learns(at)) return;
    const { draft, kernels, images } = at.pass;
    const dx = gradientSoFar(at);
    const { size } = at.node.attrs;
    const parts = pooled(at);
    const targets = shares(parts, dx);
    shares(parts, dy).forEach(([{ view }, share], i) => {
      const [, target] = targets[i] as (typeof targets)[number];
      if (view === null) return;
      const maps = mapsOf(view, images);
      draft.add([view, share, target], 0, (place) => {
        const [d, out] = [place.rows(share), place.rows(target)];
        // Batch norm's scale is positive: what is largest after it is so before.
        if (kind === 'avgPool') kernels.gradient.avgPoolGradient(maps, size, d, out);
        else kernels.gradient.maxPoolGradient(maps, size, place.rows(view), d, out);
      });
    });
  },
});

function globalForward(at: At<'globalAvgPool'>): Value {
  const { draft, kernels, images } = at.pass;
  const parts = pooled(at);
  const y = draft.map(...at.node.shape);
  for (const [{ view, norm }, to] of shares(parts, y)) {
    draft.add(view === null ? [to] : [view, to], 0, (place) => {
      if (view === null) return clear(kernels, place, to, images);
      kernels.globalAverage(mapsOf(view, images), place.rows(view), place.rows(to));
      // The mean of what batch norm makes of values is what it makes of their mean.
      const activation = { affine: affineOf(place, norm), rectify: false, codes: null };
      return kernels.activate(mapsOf(to, images), place.rows(to), activation, place.rows(to));
    });
  }
  return plain(y);
}

function globalBack(at: At<'globalAvgPool'>, dy: View): void {
  if (!learns(at)) return;
  const { draft, images } = at.pass;
  const dx = gradientSoFar(at);
  const pixels = dx.height * dx.width;
  draft.add([dy, dx], 0, ({ floats, rows }) => {
    const [from, to] = [rows(dy), rows(dx)];
    for (let row = 0; row < images * pixels; row++) {
      const [d, x] = [from.at / 4 + Math.floor(row / pixels) * from.stride, to.at / 4 + row * to.stride];
      for (let c = 0; c < dx.channels; c++)
        floats[x + c] = (floats[x + c] as number) + (floats[d + c] as number) / pixels;
    }
  });
}

const nothing = (): void => {};

export const RULES: { readonly [O in Op]: Rule<O> } = {
  input: {
    forward() {
      throw new Error('the input of a network is given');
    },
    back: nothing,
  },
  conv,
  depthwise,
  dense,
  batchNorm: {
    forward: (at) => (isZero(sole(at)) ? sole(at) : normForward(at)),
    back: normBack,
  },
  relu: {
    forward: (at) => sole(at).map((part) => ({ ...part, rectify: true })),
    back: reluBack,
  },
  zero: { forward: ({ node }) => zeros(node.shape), back: nothing },
  concat: {
    forward: ({ inputs }) => inputs.flat(),
    back(at, dy) {
      let channel = 0;
      at.node.inputs.forEach((input, k) => {
        const channels = (at.pass.network.nodes[input] as Node).shape[2];
        give(at, slice(dy, channel, channels), k);
        channel += channels;
      });
    },
  },
  maxPool: poolRule('maxPool'),
  avgPool: poolRule('avgPool'),
  globalAvgPool: { forward: globalForward, back: globalBack },
};
