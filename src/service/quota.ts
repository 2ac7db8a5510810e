// How much one search or training may take of this service: how many architectures a search may score, which is
// known when it is started, and how long either may run, which it is told when that is over.

import { MedNasError } from '../search/errors.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import { plannedEvaluations } from '../search/settings.ts';

export interface Quota {
  /** null: no limit. */
  readonly maxEvaluations: number | null;
  readonly maxSeconds: number | null;
}

export const NO_QUOTA: Quota = { maxEvaluations: null, maxSeconds: null };

/** @throws MedNasError QUOTA_EXCEEDED when the search would score more than it may. */
export function requireQuota({ maxEvaluations }: Quota, settings: ResolvedSettings): void {
  const planned = plannedEvaluations(settings);
  if (maxEvaluations === null || planned <= maxEvaluations) return;
  throw new MedNasError(
    'QUOTA_EXCEEDED',
    `A search may score ${maxEvaluations} architectures here; this one would score ${planned}. ` +
      'Ask for fewer generations, or for a smaller population and fewer offspring.',
    { field: 'generations' },
  );
}

const isSpent = (maxSeconds: number): MedNasError =>
  new MedNasError(
    'QUOTA_EXCEEDED',
    `The search has run for the ${maxSeconds} seconds that one may here. Resume it when it may run longer.`,
  );

/** setTimeout takes no more. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Calls `onSpent` when a search that has run for `seconds` has run for as long as it may; what is returned
 * calls it off.
 */
export function watchTime(
  { maxSeconds }: Quota,
  seconds: number,
  onSpent: (error: MedNasError) => void,
): () => void {
  if (maxSeconds === null) return () => undefined;
  const left = (maxSeconds - seconds) * 1000;
  if (left <= 0) {
    onSpent(isSpent(maxSeconds));
    return () => undefined;
  }
  const timer = setTimeout(() => onSpent(isSpent(maxSeconds)), Math.min(left, LONGEST_MS));
  return () => clearTimeout(timer);
}
