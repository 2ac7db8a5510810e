// What is known of an architecture once it has been scored, and under which protocol.

import type { Shape } from './network.ts';

/** Training-free indicators (spec section 3), larger is better. */
export const INDICATORS = ['jacobCov', 'synflow'] as const;
export type IndicatorName = (typeof INDICATORS)[number];

/** One indicator's raw value. */
export interface Score {
  /** null: not finite. */
  readonly value: number | null;
  /** Natural log of the value, of indicators whose values leave the range of floats; null: not finite. */
  readonly log?: number | null;
  /** Time spent on this indicator alone, in seconds. */
  readonly seconds: number;
}
export type Scores = { readonly [I in IndicatorName]?: Score };

/** Raw measurements only: objectives, rank and crowding are derived from them, never stored. */
export type Evaluation =
  | { readonly status: 'ok'; readonly scores: Scores; readonly macs: number; readonly params: number }
  | {
      readonly status: 'infeasible';
      /** For a person: which indicator failed and how. */
      readonly reason: string;
      readonly scores: Scores;
      readonly macs: number;
      readonly params: number;
    };

/** Everything a score depends on besides the genotype: equal protocols give equal scores. */
export interface Protocol {
  readonly space: string;
  readonly dataset: string;
  /** SHA-256 of the batch's pixels and labels. */
  readonly batch: string;
  readonly batchSize: number;
  readonly input: Shape;
  readonly classes: number;
  readonly multiLabel: boolean;
  readonly initChannels: number;
  /** Seeds the weights. */
  readonly seed: number;
  readonly indicators: readonly IndicatorName[];
  /** Backend and revision of its arithmetic. */
  readonly numerics: string;
}
