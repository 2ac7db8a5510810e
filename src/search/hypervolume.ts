// Hypervolume of a set of points in two objectives: the area they dominate up to a reference point
// (Zitzler and Thiele 1999). It never falls when points are added, so it measures progress.

import type { Point } from './objectives.ts';

/** Area dominated by the feasible points and bounded by `reference`; points beyond it add nothing. */
export function hypervolume(points: readonly (Point | null)[], reference: Point): number {
  const inside = points.filter(
    (point) => point !== null && point[0] < reference[0] && point[1] < reference[1],
  ) as readonly Point[];
  let area = 0;
  let ceiling = reference[1];
  for (const [x, y] of inside.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (y >= ceiling) continue;
    area += (reference[0] - x) * (ceiling - y);
    ceiling = y;
  }
  return area;
}
