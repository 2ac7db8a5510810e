// What the architectures of a search are compared by: its objectives, what was measured, and what they cost.

import { OBJECTIVES, type ObjectivesName, toPoints } from '../../../src/search/objectives.ts';
import type { Indicator, SearchRowFragment } from '../api/generated/graphql.ts';
import type { Generation, Scored } from '../live/story.ts';
import { count, figure, INDICATORS } from '../ui/format.ts';

type Settings = SearchRowFragment['settings'];

export interface Quantity {
  readonly key: string;
  readonly label: string;
  /** Where there is little room. */
  readonly short: string;
  /** Which end is the better one. */
  readonly better: 'less' | 'more';
  readonly of: (scored: Scored) => number | null;
  readonly show: (value: number | null) => string;
}

/** EQ5 as eq5, FLOPS_SECOND as flopsSecond: what the method calls it. */
const methodName = (name: string): ObjectivesName =>
  name.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as ObjectivesName;

/** p1, p2 and MACs as the objectives are made of; null: it has no place among the others. */
function measureOf({ indicators, indicatorScale }: Settings, scored: Scored) {
  const from = indicatorScale === 'LOG' ? scored.values : scored.raw;
  const [p1, p2] = indicators.map((name) => from[name] ?? null);
  if (!scored.feasible || p1 === null || p1 === undefined || p2 === null || p2 === undefined) return null;
  return [p1, p2, scored.macs] as const;
}

/** Objective 0 or 1, minimised, under one generation's scale. */
function objective(settings: Settings, scale: Generation['scale'], which: 0 | 1): Quantity {
  const name = methodName(settings.objectives);
  const [, formula] = OBJECTIVES[name].description.match(which === 0 ? /(f1 = [^,]+)/ : /(f2 = [^(]+)/) ?? [];
  const known = new WeakMap<Scored, number | null>();
  const compute = (scored: Scored): number | null =>
    toPoints([measureOf(settings, scored)], scale, name)[0]?.[which] ?? null;
  return {
    key: `f${which + 1}`,
    label: formula?.trim() ?? `objective ${which + 1}`,
    short: `f${which + 1}`,
    better: 'less',
    of(scored) {
      let value = known.get(scored);
      if (value === undefined) known.set(scored, (value = compute(scored)));
      return value;
    },
    show: figure,
  };
}

const indicator = (name: Indicator): Quantity => ({
  key: name,
  label: INDICATORS[name].label,
  short: INDICATORS[name].short,
  better: 'more',
  of: ({ values }) => values[name] ?? null,
  show: figure,
});

const MACS: Quantity = {
  key: 'macs',
  label: 'MACs',
  short: 'MACs',
  better: 'less',
  of: ({ macs }) => macs,
  show: (v) => count(v ?? 0),
};
const PARAMS: Quantity = {
  key: 'params',
  label: 'Parameters',
  short: 'params',
  better: 'less',
  of: ({ params }) => params,
  show: (v) => count(v ?? 0),
};

/**
 * Objectives first, then what was measured, then what it costs. `scale`: of the generation looked at, under
 * which its members' objectives are what they were when they survived; all others are put on the same scale.
 */
export function quantitiesOf(settings: Settings, scale: Generation['scale']): readonly Quantity[] {
  return [
    objective(settings, scale, 0),
    objective(settings, scale, 1),
    ...settings.indicators.map(indicator),
    MACS,
    PARAMS,
  ];
}

/** Those no other is better than in both, in the order of x. */
export function frontOf(scored: readonly Scored[], x: Quantity, y: Quantity): readonly Scored[] {
  const sign = { less: 1, more: -1 } as const;
  const placed = scored.flatMap((one) => {
    const [a, b] = [x.of(one), y.of(one)];
    return !one.feasible || a === null || b === null
      ? []
      : [{ one, a: a * sign[x.better], b: b * sign[y.better], at: a }];
  });
  const front: typeof placed = [];
  for (const candidate of placed.toSorted((p, q) => p.a - q.a || p.b - q.b)) {
    const last = front.at(-1);
    if (last === undefined || candidate.b < last.b) front.push(candidate);
  }
  return front.toSorted((p, q) => p.at - q.at).map(({ one }) => one);
}
