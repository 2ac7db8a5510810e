// What the architectures of a search are compared by: its objectives, what was measured, and what they cost.

import { OBJECTIVES, type ObjectivesName, toPoints } from '../../../src/search/objectives.ts';
import type { SearchRowFragment } from '../api/generated/graphql.ts';
import type { Generation, Scored } from '../live/story.ts';
import { indicator, MACS, PARAMS, type Quantity } from '../measure/quantity.ts';
import { figure } from '../ui/format.ts';

type Settings = SearchRowFragment['settings'];

/** EQ5 as eq5, FLOPS_SECOND as flopsSecond: what the method calls it. */
const methodName = (name: string): ObjectivesName =>
  name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as ObjectivesName;

/** p1, p2 and MACs as the objectives are made of; null: it has no place among the others. */
function measureOf({ indicators, indicatorScale }: Settings, scored: Scored) {
  const from = indicatorScale === 'LOG' ? scored.values : scored.raw;
  const [p1 = null, p2 = null] = indicators.map((name) => from[name] ?? null);
  return scored.feasible && p1 !== null && p2 !== null ? ([p1, p2, scored.macs] as const) : null;
}

const SYMBOLS = ['p1', 'p2', 'F'] as const;

/** Coefficients -1, 0, -1 as -p1 - F. */
const formulaOf = (coefficients: readonly number[]): string =>
  coefficients
    .flatMap((c, i) => (c === 0 ? [] : [`${c < 0 ? '-' : '+'} ${SYMBOLS[i]}`]))
    .join(' ')
    .replace(/^\+ /, '')
    .replace(/^- /, '-');

/** Objective 0 or 1, minimised, under one generation's scale. */
function objective(settings: Settings, scale: Generation['scale'], which: 0 | 1): Quantity<Scored> {
  const name = methodName(settings.objectives);
  const short = `f${which + 1}`;
  const known = new WeakMap<Scored, number | null>();
  const compute = (scored: Scored): number | null =>
    toPoints([measureOf(settings, scored)], scale, name)[0]?.[which] ?? null;
  return {
    key: short,
    label: `${short} = ${formulaOf(OBJECTIVES[name].minimise[which])}`,
    short,
    better: 'less',
    of(scored) {
      let value = known.get(scored);
      if (value === undefined) known.set(scored, (value = compute(scored)));
      return value;
    },
    show: figure,
  };
}

/** The two objectives first. */
export type Quantities = readonly [Quantity<Scored>, Quantity<Scored>, ...Quantity<Scored>[]];

/**
 * Objectives, then what was measured, then what it costs. `scale`: of the generation looked at, under
 * which its members' objectives are what they were when they survived; all others are put on the same scale.
 */
export const quantitiesOf = (settings: Settings, scale: Generation['scale']): Quantities => [
  objective(settings, scale, 0),
  objective(settings, scale, 1),
  ...settings.indicators.map(indicator),
  MACS,
  PARAMS,
];
