// Percentile intervals by the bootstrap (Efron 1979): samples are drawn with replacement, as many as there are, and
// every statistic is taken anew. A resample is how often each sample was drawn, so nothing is copied and nothing
// sorted again. Draw i of resample r is the number r n + i of one counter-based stream: a seed says it all.

import { streamKey, uniformAt } from '../search/random.ts';
import type { Interval } from './quantity.ts';

export interface Bootstrap {
  readonly seed: number;
  /** 0: no intervals. */
  readonly resamples: number;
}

const LEVEL = 0.95;
/** An interval from the few resamples that happen to hold every rare class would be of another population. */
const LEAST_DEFINED = 0.5;

/** The quantile of sorted values, linear between neighbours (Hyndman and Fan 1996, type 7, NumPy's default). */
function quantile(sorted: Float64Array, q: number): number {
  const position = (sorted.length - 1) * q;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.ceil(position)] as number;
  return low + (high - low) * (position - below);
}

function toInterval(values: Float64Array): Interval | null {
  const defined = values.filter((value) => !Number.isNaN(value)).toSorted();
  const leftOut = values.length - defined.length;
  if (defined.length === 0 || defined.length < LEAST_DEFINED * values.length) return null;
  const tail = (1 - LEVEL) / 2;
  return {
    low: quantile(defined, tail),
    high: quantile(defined, 1 - tail),
    resamples: defined.length,
    leftOut,
  };
}

/**
 * 95 % intervals of `count` statistics. `take(weights, out)` writes them to `out` for a resample in which sample i
 * occurs `weights[i]` times, NaN where one is undefined: such resamples are left out of that statistic's interval, and
 * there is none (null) if they are more than half.
 */
export function intervals(
  { seed, resamples }: Bootstrap,
  samples: number,
  count: number,
  take: (weights: Uint32Array, out: Float64Array) => void,
): readonly (Interval | null)[] {
  const key = streamKey(seed, 'metrics/bootstrap');
  const weights = new Uint32Array(samples);
  const out = new Float64Array(count);
  const values = Array.from({ length: count }, () => new Float64Array(resamples));
  for (let resample = 0; resample < resamples; resample++) {
    weights.fill(0);
    for (let draw = resample * samples; draw < (resample + 1) * samples; draw++) {
      const sample = Math.floor(uniformAt(key, draw) * samples);
      weights[sample] = (weights[sample] as number) + 1;
    }
    take(weights, out);
    for (const [k, value] of out.entries()) (values[k] as Float64Array)[resample] = value;
  }
  return values.map(toInterval);
}
