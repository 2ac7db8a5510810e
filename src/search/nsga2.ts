// NSGA-II's sorting and selection (Deb et al. 2002) over plain arrays of points to be minimised. A
// null point is infeasible: it loses to every feasible one and ties with its like.

import type { Point } from './objectives.ts';
import { type Random, randomInt } from './random.ts';

type Points = readonly (Point | null)[];

/** Whether `a` is nowhere worse than `b` and somewhere better. */
export function dominates(a: Point | null, b: Point | null): boolean {
  if (a === null) return false;
  if (b === null) return true;
  return a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
}

const byObjectives =
  (points: Points) =>
  (i: number, j: number): number => {
    const [a, b] = [points[i] as Point, points[j] as Point];
    return a[0] - b[0] || a[1] - b[1] || i - j;
  };

/**
 * Fronts of indices, best first, the infeasible last as a front of their own; every front in
 * ascending order of index. With two objectives a sweep along the first puts each point on the
 * first front whose latest point does not dominate it, O(n log n) (Jensen 2003).
 */
export function nondominatedSort(points: Points): readonly (readonly number[])[] {
  const feasible = points.flatMap((point, i) => (point === null ? [] : [i])).toSorted(byObjectives(points));
  const fronts: number[][] = [];
  for (const i of feasible) {
    const dominatesI = (front: readonly number[]): boolean =>
      dominates(points[front.at(-1) as number] as Point, points[i] as Point);
    let low = 0;
    let high = fronts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (dominatesI(fronts[middle] as number[])) low = middle + 1;
      else high = middle;
    }
    (fronts[low] ??= []).push(i);
  }
  const infeasible = points.flatMap((point, i) => (point === null ? [i] : []));
  return [...fronts, ...(infeasible.length > 0 ? [infeasible] : [])].map((front) =>
    front.toSorted((i, j) => i - j),
  );
}

/**
 * Crowding distance of each member of a front: the sum over objectives of the gap between its
 * neighbours over the front's range; Infinity at the ends. An objective that is constant over the
 * front adds nothing. Infeasible members have none.
 */
export function crowdingDistances(points: Points, front: readonly number[]): readonly number[] {
  const distance = new Map<number, number>(front.map((i) => [i, 0]));
  if (front.some((i) => points[i] === null)) return front.map(() => 0);
  for (const objective of [0, 1] as const) {
    const value = (i: number): number => (points[i] as Point)[objective];
    const order = front.toSorted((i, j) => value(i) - value(j) || i - j);
    const [lowest, highest] = [order[0] as number, order.at(-1) as number];
    const range = value(highest) - value(lowest);
    distance.set(lowest, Infinity).set(highest, Infinity);
    if (range === 0) continue;
    for (let k = 1; k < order.length - 1; k++) {
      const gap = value(order[k + 1] as number) - value(order[k - 1] as number);
      const i = order[k] as number;
      distance.set(i, (distance.get(i) as number) + gap / range);
    }
  }
  return front.map((i) => distance.get(i) as number);
}

/** Where a point stands among others. */
export interface Standing {
  /** Index of its front, 0 the best. */
  readonly rank: number;
  /** Crowding distance within its front. */
  readonly crowding: number;
}

/** The standing of each point. */
export function standings(points: Points): readonly Standing[] {
  const result: Standing[] = [];
  nondominatedSort(points).forEach((front, rank) => {
    const crowding = crowdingDistances(points, front);
    front.forEach((i, k) => (result[i] = { rank, crowding: crowding[k] as number }));
  });
  return result;
}

/** Indices from best to worst: by rank, then larger crowding, then index. */
export function bestFirst(points: Points): readonly number[] {
  const standing = standings(points);
  return points
    .map((_, i) => i)
    .toSorted((i, j) => {
      const [a, b] = [standing[i] as Standing, standing[j] as Standing];
      if (a.rank !== b.rank) return a.rank - b.rank;
      return a.crowding === b.crowding ? i - j : b.crowding - a.crowding;
    });
}

/** Environmental selection: the `count` best, in ascending order of index. */
export function survivors(points: Points, count: number): readonly number[] {
  return bestFirst(points)
    .slice(0, count)
    .toSorted((i, j) => i - j);
}

/** Index of the winner of a binary tournament: by dominance, then larger crowding, then at random. */
export function tournament(random: Random, points: Points, standing: readonly Standing[]): number {
  const a = randomInt(random, points.length);
  const b = randomInt(random, points.length);
  const [pointA, pointB] = [points[a] ?? null, points[b] ?? null];
  if (dominates(pointA, pointB)) return a;
  if (dominates(pointB, pointA)) return b;
  const [crowdingA, crowdingB] = [(standing[a] as Standing).crowding, (standing[b] as Standing).crowding];
  if (crowdingA !== crowdingB) return crowdingA > crowdingB ? a : b;
  return random() < 0.5 ? a : b;
}
