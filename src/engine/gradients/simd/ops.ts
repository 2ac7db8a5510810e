// What each op adds to a program: steps of the forward pass, and of the way back.

import type { Node, Op } from '../../../search/network.ts';
import type { Affine, Rows } from '../../kernels/kernels.ts';
import { slice, type View } from '../../simd/arena.ts';
import { conv, dense, depthwise } from './layers.ts';
import {
  affineOf,
  clear,
  entryOf,
  gathered,
  isZero,
  type Part,
  plain,
  shares,
  type Value,
  zeros,
} from './parts.ts';
import { type At, copyOf, give, gradientSoFar, learns, rowsIn, type Rule, sole, source } from './pass.ts';
import { mapsOf, type Place } from './program.ts';

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

/** How a pool reads a part. */
interface Poolable {
  /** What it takes to read it. */
  readonly views: readonly View[];
  at(place: Place): { readonly x: Rows; readonly affine: Affine | null };
}

/**
 * A pool reads a tensor first and applies batch norm to what it makes of it. What is largest stays largest only
 * where the scale is positive: a max pool of others reads a copy that batch norm has been applied to.
 */
function poolable(at: At<Op>, { norm }: Part, view: View, kind: 'maxPool' | 'avgPool'): Poolable {
  const { draft, kernels, images } = at.pass;
  if (norm === null || norm.isPositive || kind === 'avgPool') {
    return { views: [view], at: (place) => ({ x: place.rows(view), affine: affineOf(place, norm) }) };
  }
  const copy = draft.map(view.height, view.width, view.channels);
  return {
    views: [view, copy],
    at(place) {
      const [x, affine] = [place.rows(view), affineOf(place, norm) as Affine];
      const scales = place.floats.subarray(affine.scale / 4, affine.scale / 4 + view.channels);
      if (scales.every((scale) => scale > 0)) return { x, affine };
      const activation = { affine, rectify: false, codes: null };
      kernels.activate(mapsOf(view, images), x, activation, place.rows(copy));
      return { x: place.rows(copy), affine: null };
    },
  };
}

const poolRule = <O extends 'maxPool' | 'avgPool'>(kind: O): Rule<O> => ({
  forward(at) {
    const { draft, kernels, images } = at.pass;
    const y = draft.map(...at.node.shape);
    for (const [part, to] of shares(pooled(at), y)) {
      const { view } = part;
      if (view === null) {
        draft.add([to], 0, (place) => clear(kernels, place, to, images));
        continue;
      }
      const read = poolable(at, part, view, kind);
      draft.add([...read.views, to], 0, (place) => {
        const { x, affine } = read.at(place);
        kernels[kind](mapsOf(view, images), at.node.attrs.size, x, affine, place.rows(to));
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
    shares(parts, dy).forEach(([part, share], i) => {
      const [, target] = targets[i] as (typeof targets)[number];
      const { view } = part;
      if (view === null) return;
      const maps = mapsOf(view, images);
      const read = poolable(at, part, view, kind);
      draft.add([...read.views, share, target], 0, (place) => {
        const [d, out] = [place.rows(share), place.rows(target)];
        if (kind === 'avgPool') kernels.gradient.avgPoolGradient(maps, size, d, out);
        else kernels.gradient.maxPoolGradient(maps, size, read.at(place).x, d, out);
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

/** The sum of all inputs' parts as they enter. */
function addForward(at: At<'add'>): Value {
  if (at.inputs.every(isZero)) return zeros(at.node.shape);
  const { draft, kernels, images } = at.pass;
  const y = draft.map(...at.node.shape);
  draft.add([y], 0, (place) => clear(kernels, place, y, images));
  for (const [part, to] of at.inputs.flatMap((input) => shares(input, y))) {
    const { view } = part;
    if (view === null) continue;
    draft.add([view, to], 0, (place) => {
      const entry = entryOf(place, part);
      kernels.gradient.addEntering(rowsIn(to, images), to.channels, place.rows(view), entry, place.rows(to));
    });
  }
  return plain(y);
}

/** Whoever takes a gradient works on it in place, so that only one input can have it: the last, the others' are copies. */
function addBack(at: At<'add'>, dy: View): void {
  at.node.inputs.forEach((input, k) => {
    const isLast = k === at.node.inputs.length - 1;
    const takes = at.pass.learning[input] === true && at.pass.gradients[input] === undefined;
    give(at, takes && !isLast ? copyOf(at, dy) : dy, k);
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
    forward: (at) => at.pass.parameters.batchNorm.forward(at),
    back: (at, dy) => at.pass.parameters.batchNorm.back(at, dy),
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
  add: { forward: addForward, back: addBack },
  maxPool: poolRule('maxPool'),
  avgPool: poolRule('avgPool'),
  globalAvgPool: { forward: globalForward, back: globalBack },
};
