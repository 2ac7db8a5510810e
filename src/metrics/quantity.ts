// What a metric comes to: a number, or why there is none. A class that is missing from a split leaves some
// metrics undefined and others whole, so that is a value here and no error: nothing else is lost by it.

export type Quantity =
  { readonly value: number; readonly reason: null } | { readonly value: null; readonly reason: string };

/** A percentile interval at 95 % (`bootstrap.ts`). */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Those in which the metric was defined: the interval is of these. */
  readonly resamples: number;
  /** Those in which it was not, e.g. since none of a rare class was drawn. */
  readonly leftOut: number;
}

/** `interval` is null where there is no value, where none was asked for, and where too few resamples have the metric. */
export type Estimate = Quantity & { readonly interval: Interval | null };

export const known = (value: number): Quantity => ({ value, reason: null });

export const unknown = (reason: string): Quantity => ({ value: null, reason });

/** The mean; the first reason where one of them is unknown. There must be at least one. */
export function meanOf(quantities: readonly Quantity[]): Quantity {
  let sum = 0;
  for (const quantity of quantities) {
    if (quantity.value === null) return quantity;
    sum += quantity.value;
  }
  return known(sum / quantities.length);
}
