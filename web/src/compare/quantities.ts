// What the fronts of several searches can be drawn over: what all of them have.

import type { MeasuredPartsFragment, Indicator } from '../api/generated/graphql.ts';
import { type Measured, measuredOf } from '../measure/measured.ts';
import {
  indicator,
  MACS as MACS_MEASURED,
  PARAMS as PARAMS_MEASURED,
  type Quantity,
  within,
} from '../measure/quantity.ts';
import { figure } from '../ui/format.ts';
import type { There } from './compared.ts';

/** A member of a front. */
export interface Candidate {
  /** Under its own search's frame; null: infeasible. */
  readonly objectives?: readonly number[] | null | undefined;
  readonly architecture: MeasuredPartsFragment;
}

const objective = (which: 0 | 1): Quantity<Candidate> => ({
  key: `f${which + 1}`,
  label: `Objective f${which + 1}`,
  short: `f${which + 1}`,
  better: 'less',
  of: ({ objectives }) => objectives?.[which] ?? null,
  show: figure,
});

const ofCandidate = (quantity: Quantity<Measured>): Quantity<Candidate> =>
  within(quantity, ({ architecture }: Candidate) => measuredOf(architecture));

export const indicatorOf = (name: Indicator): Quantity<Candidate> => ofCandidate(indicator(name));
export const MACS = ofCandidate(MACS_MEASURED);
export const PARAMS = ofCandidate(PARAMS_MEASURED);

/** Objectives only where their frames are the same: they mean nothing beside each other elsewhere. */
export function quantitiesOf(searches: readonly There[], sameFrame: boolean): readonly Quantity<Candidate>[] {
  const [first, ...others] = searches.map(({ search }) => search.settings.indicators);
  const shared = (first ?? []).filter((name) => others.every((names) => names.includes(name)));
  return [...(sameFrame ? [objective(0), objective(1)] : []), ...shared.map(indicatorOf), MACS, PARAMS];
}

/** The axes looked at first: the objectives, or what an architecture costs and the first indicator. */
export function usualAxes(
  quantities: readonly Quantity<Candidate>[],
): readonly [x: Quantity<Candidate>, y: Quantity<Candidate>] {
  const [first = MACS, second = PARAMS] = quantities;
  if (first.key === 'f1') return [first, second];
  return first === MACS ? [MACS, PARAMS] : [MACS, first];
}
