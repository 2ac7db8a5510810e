// How a value stands among others: how many are below and above, in words and as a histogram.

export interface Standing {
  readonly below: number;
  readonly equal: number;
  readonly above: number;
}

/** `others`: without the value's own. */
export const standingOf = (value: number, others: readonly number[]): Standing => ({
  below: others.filter((other) => other < value).length,
  equal: others.filter((other) => other === value).length,
  above: others.filter((other) => other > value).length,
});

/** Rounded down, so that only the largest is said to be above all. */
export function wordsOf({ below, equal, above }: Standing): string {
  const others = below + equal + above;
  if (others === 0) return 'Nothing to compare it with';
  const all = (others + 1).toLocaleString('en');
  if (equal === others) return `The same as all ${all}`;
  if (above === 0) return equal === 0 ? `The largest of ${all}` : `Among the largest of ${all}`;
  if (below === 0) return equal === 0 ? `The smallest of ${all}` : `Among the smallest of ${all}`;
  const percent = Math.floor((100 * below) / others);
  return `Larger than ${percent === 0 ? 'less than 1' : percent} % of the ${others.toLocaleString('en')} others`;
}

export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** In bins of equal width from min to max. */
  readonly counts: readonly number[];
}

/** Over all values, which must be finite; `bins` at least 1. Of equal values: one bin in the middle. */
export function histogramOf(values: readonly number[], bins: number): Histogram {
  const [min, max] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor(placeOf(value, { min, max }) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { min, max, counts };
}

/** Where a value stands from min to max: 0 to 1. */
export const placeOf = (value: number, { min, max }: Pick<Histogram, 'min' | 'max'>): number =>
  max > min ? (value - min) / (max - min) : 0.5;
