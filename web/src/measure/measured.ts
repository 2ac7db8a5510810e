// What is known of an architecture in numbers, as the dashboard shows it everywhere.

import type { Indicator } from '../api/generated/graphql.ts';

/** null: not finite. */
export type Values = Readonly<Partial<Record<Indicator, number | null>>>;

export interface Measured {
  readonly macs: number;
  readonly params: number;
  /** SynFlow by its logarithm, all others as they are. */
  readonly values: Values;
}

interface Score {
  readonly name: Indicator;
  readonly value?: number | null | undefined;
  readonly log?: number | null | undefined;
}

export const valueOf = ({ name, value, log }: Score): number | null =>
  (name === 'SYNFLOW' ? log : value) ?? null;

export const valuesOf = (scores: readonly Score[]): Values =>
  Object.fromEntries(scores.map((score) => [score.name, valueOf(score)]));

/** Of an architecture as the API gives it. */
export const measuredOf = (architecture: {
  readonly macs: number;
  readonly params: number;
  readonly indicators: readonly Score[];
}): Measured => ({
  macs: architecture.macs,
  params: architecture.params,
  values: valuesOf(architecture.indicators),
});
