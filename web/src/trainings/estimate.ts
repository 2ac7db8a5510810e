// Measured numbers and their 95 % intervals, as people read them.

import type { EstimatePartsFragment } from '../api/generated/graphql.ts';

export type Estimate = EstimatePartsFragment;

/** Three digits after the point: with a few hundred images there are no more to tell. */
export const share = (value: number | null | undefined): string =>
  value === null || value === undefined ? '–' : value.toFixed(3);

/** 0.871 (0.802 to 0.931); a dash where there is no number. */
export function estimateText({ value, low, high }: Estimate): string {
  if (value === null || value === undefined) return '–';
  return typeof low === 'number' && typeof high === 'number'
    ? `${share(value)} (${share(low)} to ${share(high)})`
    : share(value);
}

export const percent = (value: number): string => `${Math.round(100 * value)} %`;
