// Which member of a population to take along (spec section 4, "Final pick").

import type { Member } from './evolution.ts';
import { measureOf, type MeasureOptions, scaled, scaleOver } from './objectives.ts';

/** Upper limits a pick must respect; a limit left out does not bind. */
export interface Constraints {
  readonly maxParams?: number;
  readonly maxMacs?: number;
}

/**
 * The feasible member within the constraints with the largest p1 + p2, both scaled over the whole
 * population; the first of equals. null: no member qualifies.
 */
export function pickBest(
  members: readonly Member[],
  options: MeasureOptions,
  { maxParams = Infinity, maxMacs = Infinity }: Constraints = {},
): Member | null {
  const measures = members.map(({ evaluation }) => measureOf(evaluation, options));
  const scale = scaleOver(measures);
  let best: Member | null = null;
  let highest = -Infinity;
  members.forEach((member, i) => {
    const measure = measures[i] ?? null;
    const { macs, params } = member.evaluation;
    if (measure === null || scale === null || params > maxParams || macs > maxMacs) return;
    const [p1, p2] = scaled(measure, scale);
    if (p1 + p2 > highest) [best, highest] = [member, p1 + p2];
  });
  return best;
}

/**
 * Feasible members no other dominates, those with the largest p1 + p2 first, as for `pickBest`; so many of them at
 * most. Of equals, those that come first in the population.
 */
export function bestOfFront(
  members: readonly Member[],
  options: MeasureOptions,
  most: number,
): readonly Member[] {
  const measures = members.map(({ evaluation }) => measureOf(evaluation, options));
  const scale = scaleOver(measures);
  const ranked = members.flatMap((member, i) => {
    const measure = measures[i] ?? null;
    if (measure === null || scale === null || member.rank !== 0) return [];
    const [p1, p2] = scaled(measure, scale);
    return [{ member, sum: p1 + p2 }];
  });
  return ranked
    .toSorted((a, b) => b.sum - a.sum)
    .slice(0, most)
    .map(({ member }) => member);
}

/**
 * The knee of a front: its member farthest below the line through the two ends, both objectives
 * scaled to the front's ranges (Das 1999). Of a front of one or two, the first; of an empty one, null.
 */
export function kneeOf(front: readonly Member[]): Member | null {
  const points = front.flatMap(({ objectives }) => (objectives === null ? [] : [objectives]));
  const lows = [0, 1].map((o) => Math.min(...points.map((point) => point[o] as number)));
  const highs = [0, 1].map((o) => Math.max(...points.map((point) => point[o] as number)));
  const sum = (member: Member): number =>
    (member.objectives ?? []).reduce<number>((total, value, o) => {
      const range = (highs[o] as number) - (lows[o] as number);
      return range > 0 ? total + (value - (lows[o] as number)) / range : total;
    }, 0);
  // In the unit square the ends lie on x + y = 1, so the distance below their line is 1 - (x + y).
  return front.reduce<Member | null>(
    (knee, member) => (knee === null || sum(member) < sum(knee) ? member : knee),
    null,
  );
}
