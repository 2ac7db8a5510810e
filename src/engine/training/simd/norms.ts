// Batch norm that learns: gamma x^ + beta, x^ by the batch's statistics in a step and by the running ones in a
// prediction. What reads it applies both at once, as one scale and one shift a channel. The norm of zeros is
// beta, so zeros are a tensor like others here.

import type { Parameter } from '../../../search/parameters.ts';
import { BN_EPSILON } from '../../forward.ts';
import { gathered, type Norm, type Part } from '../../gradients/simd/parts.ts';
import { type At, give, type Parameters, rowsIn, sole, source } from '../../gradients/simd/pass.ts';
import { pieces, type Place } from '../../gradients/simd/program.ts';
import type { Affine } from '../../kernels/kernels.ts';
import type { View } from '../../simd/arena.ts';
import { addressOf, type Held, parameterOf } from './held.ts';

type NormAt = At<'batchNorm'>;

interface NormParameters {
  readonly gamma: Parameter;
  readonly beta: Parameter;
  readonly mean: Parameter;
  readonly variance: Parameter;
}

const parametersOf = (held: Held, at: NormAt): NormParameters => ({
  gamma: parameterOf(held, at, 'gamma'),
  beta: parameterOf(held, at, 'beta'),
  mean: parameterOf(held, at, 'mean'),
  variance: parameterOf(held, at, 'variance'),
});

const valueAt = (numbers: Float32Array | Float64Array, index: number): number => numbers[index] as number;

const tensorOf = (at: NormAt): View =>
  gathered(sole(at), source(at), at.pass.images, at.pass.draft, at.pass.kernels);

const openNorm = ({ pass: { draft } }: NormAt, channels: number): Norm => ({
  scale: draft.fixed(channels),
  shift: draft.fixed(channels),
  isPositive: false,
});

const affineAt = (place: Place, { scale, shift }: Norm): Affine => ({
  scale: place.fixed(scale),
  shift: place.fixed(shift),
});

const indexIn = (place: Place, vector: number, parameter: Parameter): number =>
  addressOf(place, vector, parameter) / 4;

/** From x^ = x * scale + shift to gamma x^ + beta. */
function writeLearned(
  place: Place,
  { values }: Held,
  { gamma, beta }: NormParameters,
  plain: Affine,
  learned: Affine,
): void {
  const { floats } = place;
  const [g, b] = [indexIn(place, values, gamma), indexIn(place, values, beta)];
  for (let c = 0; c < gamma.size; c++) {
    const factor = valueAt(floats, g + c);
    floats[learned.scale / 4 + c] = factor * valueAt(floats, plain.scale / 4 + c);
    floats[learned.shift / 4 + c] = factor * valueAt(floats, plain.shift / 4 + c) + valueAt(floats, b + c);
  }
}

/** The batch's mean, and its variance as PyTorch counts it into the running one (n - 1), from sums and sums of squares in scratch. */
function writeStatistics(
  place: Place,
  { batch, layout }: Held,
  { mean, variance }: NormParameters,
  rows: number,
): void {
  const { floats, doubles, scratch } = place;
  const [toMean, toVariance] = [mean, variance].map(
    (parameter) => indexIn(place, batch, parameter) - layout.learned,
  ) as [number, number];
  for (let c = 0; c < mean.size; c++) {
    const average = valueAt(doubles, scratch / 8 + c) / rows;
    const biased = Math.max(0, valueAt(doubles, scratch / 8 + mean.size + c) / rows - average ** 2);
    floats[toMean + c] = average;
    floats[toVariance + c] = (biased * rows) / Math.max(1, rows - 1);
  }
}

interface Sums {
  /** Address of doubles: the sums of dy, then those of dy x^. */
  readonly at: number;
  readonly rows: number;
  /** What makes x^ of x. */
  readonly plain: Affine;
}

/**
 * Writes dL/dgamma and dL/dbeta, which are the sums, and to `coefficients` how dL/dx comes of dy and x:
 * dx = gamma s (dy - mean(dy) - x^ mean(dy x^)) = a * dy + b * x + c, with x^ = x s + t.
 */
function writeGradients(
  place: Place,
  { values, gradient }: Held,
  { gamma, beta }: NormParameters,
  { at, rows, plain }: Sums,
  coefficients: number,
): void {
  const { floats, doubles } = place;
  const channels = gamma.size;
  const g = indexIn(place, values, gamma);
  const [toGamma, toBeta] = [indexIn(place, gradient, gamma), indexIn(place, gradient, beta)];
  for (let c = 0; c < channels; c++) {
    const [sum, along] = [valueAt(doubles, at / 8 + c), valueAt(doubles, at / 8 + channels + c)];
    const [s, t] = [valueAt(floats, plain.scale / 4 + c), valueAt(floats, plain.shift / 4 + c)];
    const scale = valueAt(floats, g + c) * s;
    floats[toGamma + c] = along;
    floats[toBeta + c] = sum;
    floats[coefficients / 4 + c] = scale;
    floats[coefficients / 4 + channels + c] = (-scale * s * along) / rows;
    floats[coefficients / 4 + 2 * channels + c] = (-scale * (sum + t * along)) / rows;
  }
}

/** By the batch's statistics, which are left in `held.batch`. */
export function batchNorms(held: Held): Parameters['batchNorm'] {
  /** What makes x^ of x, by node. */
  const plains = new Map<number, Norm>();
  return {
    forward(at) {
      const { draft, kernels, images } = at.pass;
      const own = parametersOf(held, at);
      const x = tensorOf(at);
      const { channels } = x;
      const [plain, learned] = [openNorm(at, channels), openNorm(at, channels)];
      plains.set(at.index, plain);
      const rows = rowsIn(x, images);
      draft.add([x], 16 * channels, (place) => {
        const { doubles, scratch } = place;
        const affine = affineAt(place, plain);
        doubles.fill(0, scratch / 8, scratch / 8 + 2 * channels);
        kernels.columnStats(rows, channels, place.rows(x), scratch);
        kernels.normalisation(rows, channels, scratch, BN_EPSILON, affine);
        writeStatistics(place, held, own, rows);
        writeLearned(place, held, own, affine, affineAt(place, learned));
      });
      return [{ view: x, channels, norm: learned, rectify: false }];
    },
    back(at, dy) {
      const { draft, kernels, images, values } = at.pass;
      const own = parametersOf(held, at);
      const [{ view, channels }] = values[at.index] as readonly [Part];
      const [x, plain] = [view as View, plains.get(at.index) as Norm];
      const rows = rowsIn(dy, images);
      const scratch = pieces(16 * channels, 12 * channels);
      draft.add([x, dy], scratch.bytes, (place) => {
        const [sums = 0, coefficients = 0] = scratch.at.map((piece) => place.scratch + piece);
        const affine = affineAt(place, plain);
        const [from, d] = [place.rows(x), place.rows(dy)];
        place.doubles.fill(0, sums / 8, sums / 8 + 2 * channels);
        kernels.gradient.normGradientSums(rows, channels, from, affine, d, sums);
        writeGradients(place, held, own, { at: sums, rows, plain: affine }, coefficients);
        kernels.gradient.combine(rows, channels, from, coefficients, d);
      });
      give(at, dy);
    },
  };
}

/** By the running statistics. */
export function runningNorms(held: Held): Parameters['batchNorm'] {
  return {
    forward(at) {
      const x = tensorOf(at);
      const norm = openNorm(at, x.channels);
      const own = parametersOf(held, at);
      at.pass.draft.add([x], 0, (place) => {
        const { floats } = place;
        const [gamma, beta, mean, variance] = [own.gamma, own.beta, own.mean, own.variance].map((parameter) =>
          indexIn(place, held.values, parameter),
        ) as [number, number, number, number];
        const { scale, shift } = affineAt(place, norm);
        for (let c = 0; c < x.channels; c++) {
          const factor = valueAt(floats, gamma + c) / Math.sqrt(valueAt(floats, variance + c) + BN_EPSILON);
          floats[scale / 4 + c] = factor;
          floats[shift / 4 + c] = valueAt(floats, beta + c) - valueAt(floats, mean + c) * factor;
        }
      });
      return [{ view: x, channels: x.channels, norm, rectify: false }];
    },
    back() {
      throw new Error('nothing is learned by running statistics');
    },
  };
}
