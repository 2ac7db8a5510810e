// The ROC curve of one class against the rest, and points on it that studies report: the sensitivity that a wanted
// specificity leaves, and the other way round. All steps count for those; a chart gets fewer.

import type { Ranking } from './ranking.ts';

/** What a threshold comes to, `score >= threshold` being yes. */
export interface RocPoint {
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
  /** null: above every score, so that nothing is called positive. */
  readonly threshold: number | null;
}

export interface OperatingPoint {
  readonly sensitivity: number;
  readonly specificity: number;
  /** As of `RocPoint`. */
  readonly threshold: number | null;
}

interface Step {
  readonly falsePositives: number;
  readonly truePositives: number;
  readonly threshold: number | null;
}

export interface Curve {
  readonly positives: number;
  readonly negatives: number;
  /** One a distinct score, falling; the first calls nothing positive, the last everything. */
  readonly steps: readonly Step[];
}

/** null without positives or without negatives. */
export function toCurve({ order, scores, positive, last, positives }: Ranking): Curve | null {
  const negatives = order.length - positives.length;
  if (positives.length === 0 || negatives === 0) return null;
  const steps: Step[] = [{ falsePositives: 0, truePositives: 0, threshold: null }];
  let truePositives = 0;
  for (let rank = 0; rank < order.length; rank++) {
    truePositives += positive[rank] as number;
    if (last[rank] === 1)
      steps.push({
        falsePositives: rank + 1 - truePositives,
        truePositives,
        threshold: scores[rank] as number,
      });
  }
  return { positives: positives.length, negatives, steps };
}

/** The steps at which the curve turns, with both ends: the same curve. */
function corners(steps: readonly Step[]): readonly Step[] {
  const kept: Step[] = [];
  for (const [i, here] of steps.entries()) {
    const before = kept.at(-1);
    const after = steps[i + 1];
    const isStraight =
      before !== undefined &&
      after !== undefined &&
      (here.falsePositives - before.falsePositives) * (after.truePositives - here.truePositives) ===
        (after.falsePositives - here.falsePositives) * (here.truePositives - before.truePositives);
    if (!isStraight) kept.push(here);
  }
  return kept;
}

/**
 * The curve from (0, 0) to (1, 1) by its corners. Where there are more than `most` (at least 4), a part of it whose two
 * rates rise by 4 / (most - 2) together at most is drawn as one line, which is off by less than that.
 */
export function rocPoints({ steps, positives, negatives }: Curve, most: number): readonly RocPoint[] {
  const points = corners(steps).map(({ falsePositives, truePositives, threshold }) => ({
    falsePositiveRate: falsePositives / negatives,
    truePositiveRate: truePositives / positives,
    threshold,
  }));
  if (points.length <= most) return points;
  const stride = 4 / (most - 2);
  const along = ({ falsePositiveRate, truePositiveRate }: RocPoint): number =>
    falsePositiveRate + truePositiveRate;
  // Every second hop passes the stride, and the curve is 2 long: `most` is never passed.
  let from = 0;
  return points.filter((point, i) => {
    const next = points[i + 1];
    const isKept = next === undefined || i === 0 || along(next) - from > stride;
    if (isKept) from = along(point);
    return isKept;
  });
}

const toOperatingPoint = ({ positives, negatives }: Curve, step: Step): OperatingPoint => ({
  sensitivity: step.truePositives / positives,
  specificity: (negatives - step.falsePositives) / negatives,
  threshold: step.threshold,
});

/**
 * Of the thresholds whose specificity is `specificity` or more, one with the largest sensitivity; of these, the one
 * with the largest specificity. Rates are quotients of counts: 9 of 10 is 0.9.
 */
export function atSpecificity(curve: Curve, specificity: number): OperatingPoint {
  const points = curve.steps.map((step) => toOperatingPoint(curve, step));
  const best = points.findLast((point) => point.specificity >= specificity)?.sensitivity;
  const point = points.find(({ sensitivity }) => sensitivity === best);
  if (point === undefined) throw new Error('a curve without its first step');
  return point;
}

/** Of the thresholds whose sensitivity is `sensitivity` or more, one with the largest specificity; of these, the most sensitive. */
export function atSensitivity(curve: Curve, sensitivity: number): OperatingPoint {
  const points = curve.steps.map((step) => toOperatingPoint(curve, step));
  const best = points.find((point) => point.sensitivity >= sensitivity)?.specificity;
  const point = points.findLast(({ specificity }) => specificity === best);
  if (point === undefined) throw new Error('a curve without its last step');
  return point;
}
