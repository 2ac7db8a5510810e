// Parameters without training (spec section 2): weights drawn from their streams whenever they are read, no
// bias, batch norm by the batch's statistics alone.

import { BN_EPSILON } from '../../forward.ts';
import type { Affine } from '../../kernels/kernels.ts';
import type { View } from '../../simd/arena.ts';
import { affineOf, gathered, isZero, type Norm, type Part, type Value, weightsOf } from './parts.ts';
import {
  type At,
  foundOf,
  give,
  type LayerWeights,
  type Parameters,
  type Pass,
  rowsIn,
  sole,
  source,
} from './pass.ts';
import { pieces, type Place } from './program.ts';

function drawnWeights(at: At<'conv' | 'depthwise' | 'dense'>, seed: number): LayerWeights {
  const { network, kernels } = at.pass;
  const { shape, count, stream } = weightsOf(network, at.node as Pass['network']['nodes'][number], seed);
  const columns = shape.at(-1) as number;
  return {
    shape,
    count,
    scratch: 4 * count,
    read(_, scratch) {
      kernels.weights(count, stream, scratch);
      return scratch;
    },
    pack: (_, packed) => kernels.packedWeights(count / columns, columns, stream, packed),
    gradientScratch: 4 * count,
    gradientAt: (_, scratch) => scratch,
    keep({ floats }, from) {
      foundOf(at).weights = floats.slice(from / 4, from / 4 + count);
    },
  };
}

/** What is read through the batch norm from now on is x * scale + shift. */
function normForward(at: At<'batchNorm'>): Value {
  if (isZero(sole(at))) return sole(at);
  const { draft, kernels, images } = at.pass;
  const x = gathered(sole(at), source(at), images, draft, kernels);
  const { channels } = x;
  const norm: Norm = { scale: draft.fixed(channels), shift: draft.fixed(channels), isPositive: true };
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

export const drawnParameters = (seed: number): Parameters => ({
  weights: (at) => drawnWeights(at, seed),
  bias: () => null,
  batchNorm: { forward: normForward, back: normBack },
});
