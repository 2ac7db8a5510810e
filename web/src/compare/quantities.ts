// What the fronts of several searches can be drawn over: what all of them have.

import type { ComparedArchitectureFragment, Indicator } from '../api/generated/graphql.ts';
import { count, figure, INDICATORS } from '../ui/format.ts';
import type { There } from './compared.ts';

/** A member of a front. */
export interface Candidate {
  /** Under its own search's frame; null: infeasible. */
  readonly objectives?: readonly number[] | null | undefined;
  readonly architecture: ComparedArchitectureFragment;
}

export interface Quantity {
  readonly key: string;
  readonly label: string;
  readonly better: 'less' | 'more';
  readonly of: (candidate: Candidate) => number | null;
  readonly show: (value: number | null) => string;
}

const objective = (which: 0 | 1): Quantity => ({
  key: `f${which + 1}`,
  label: `Objective f${which + 1}`,
  better: 'less',
  of: ({ objectives }) => objectives?.[which] ?? null,
  show: figure,
});

/** By the logarithm where values leave the range of floats. */
export const indicator = (name: Indicator): Quantity => ({
  key: name,
  label: INDICATORS[name].label,
  better: 'more',
  of: ({ architecture }) => {
    const score = architecture.indicators.find((one) => one.name === name);
    return (name === 'SYNFLOW' ? score?.log : score?.value) ?? null;
  },
  show: figure,
});

const cost = (key: 'macs' | 'params', label: string): Quantity => ({
  key,
  label,
  better: 'less',
  of: ({ architecture }) => architecture[key],
  show: (value) => (value === null ? '–' : count(value)),
});

export const MACS = cost('macs', 'MACs');
export const PARAMS = cost('params', 'Parameters');

/** Objectives only where their frames are the same: they mean nothing beside each other elsewhere. */
export function quantitiesOf(searches: readonly There[], sameFrame: boolean): readonly Quantity[] {
  const [first, ...others] = searches.map(({ search }) => search.settings.indicators);
  const shared = (first ?? []).filter((name) => others.every((names) => names.includes(name)));
  return [...(sameFrame ? [objective(0), objective(1)] : []), ...shared.map(indicator), MACS, PARAMS];
}

/** The axes looked at first: the objectives, or what an architecture costs and the first indicator. */
export function usualAxes(quantities: readonly Quantity[]): readonly [x: Quantity, y: Quantity] {
  const [first = MACS, second = PARAMS] = quantities;
  if (first.key === 'f1') return [first, second];
  return first === MACS ? [MACS, PARAMS] : [MACS, first];
}
