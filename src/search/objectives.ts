// From raw scores to what NSGA-II minimises (paper eq. 5 and Table IX; spec section 4). The only
// place where larger-is-better becomes smaller-is-better.

import type { Evaluation, IndicatorName } from './evaluation.ts';

/** How an indicator with a logarithm enters: `log` (default) or the paper's letter, `raw`. */
export const INDICATOR_SCALES = ['log', 'raw'] as const;
export type IndicatorScale = (typeof INDICATOR_SCALES)[number];

/** The first indicator, the second, and FLOPs (MACs): what objectives are made of. */
export type Measure = readonly [p1: number, p2: number, flops: number];

interface Range {
  readonly min: number;
  readonly max: number;
}
/** Observed range of each part of a measure. */
export type Scale = readonly [p1: Range, p2: Range, flops: Range];

/** An objective is a sum of scaled parts with these coefficients, minimised. */
type Coefficients = readonly [p1: number, p2: number, flops: number];
interface Construction {
  readonly description: string;
  readonly minimise: readonly [Coefficients, Coefficients];
}

export const OBJECTIVES = {
  eq5: {
    description: 'f1 = -p1 - F, f2 = -p2 + F (equation 5)',
    minimise: [
      [-1, 0, -1],
      [0, -1, 1],
    ],
  },
  indicators: {
    description: 'the two indicators, -p1 and -p2',
    minimise: [
      [-1, 0, 0],
      [0, -1, 0],
    ],
  },
  flopsSecond: {
    description: 'F and -p2 (FLOPs + SynFlow in Table IX)',
    minimise: [
      [0, 0, 1],
      [0, -1, 0],
    ],
  },
  flopsFirst: {
    description: 'F and -p1 (FLOPs + Jacobian covariance in Table IX)',
    minimise: [
      [0, 0, 1],
      [-1, 0, 0],
    ],
  },
  flopsSum: {
    description: 'F and -(p1 + p2) (FLOPs + (SynFlow + Jacobian covariance) in Table IX)',
    minimise: [
      [0, 0, 1],
      [-1, -1, 0],
    ],
  },
} as const satisfies Record<string, Construction>;

export type ObjectivesName = keyof typeof OBJECTIVES;
export const OBJECTIVES_NAMES = Object.keys(OBJECTIVES) as readonly ObjectivesName[];

/** A point of objective space, minimised; null: infeasible. */
export type Point = readonly [number, number];

export interface MeasureOptions {
  readonly indicators: readonly [IndicatorName, IndicatorName];
  readonly indicatorScale: IndicatorScale;
}

/** The measure of an evaluation, or null when it is infeasible or lacks one of the two indicators. */
export function measureOf(
  evaluation: Evaluation,
  { indicators, indicatorScale }: MeasureOptions,
): Measure | null {
  if (evaluation.status === 'infeasible') return null;
  const [p1, p2] = indicators.map((name) => {
    const score = evaluation.scores[name];
    if (score === undefined) return null;
    return indicatorScale === 'log' && score.log !== undefined ? score.log : score.value;
  });
  if (p1 === undefined || p1 === null || p2 === undefined || p2 === null) return null;
  return [p1, p2, evaluation.macs];
}

/** Range of each part over the feasible measures; null when there is none. */
export function scaleOver(measures: readonly (Measure | null)[]): Scale | null {
  const feasible = measures.filter((measure) => measure !== null);
  if (feasible.length === 0) return null;
  const range = (part: 0 | 1 | 2): Range =>
    feasible.reduce(
      ({ min, max }, measure) => ({ min: Math.min(min, measure[part]), max: Math.max(max, measure[part]) }),
      { min: Infinity, max: -Infinity },
    );
  return [range(0), range(1), range(2)];
}

/** Whether it tells any two measures apart: one architecture alone spans nothing. */
export const hasExtent = (scale: Scale | null): boolean =>
  scale !== null && scale.some(({ min, max }) => max > min);

/** Each part mapped so that its range becomes [0, 1]; a constant range maps to 0 (spec section 4). */
export function scaled(measure: Measure, scale: Scale): Measure {
  const unit = (part: 0 | 1 | 2): number => {
    const { min, max } = scale[part];
    return max > min ? (measure[part] - min) / (max - min) : 0;
  };
  return [unit(0), unit(1), unit(2)];
}

/** The objectives of measures under one scale. */
export function toPoints(
  measures: readonly (Measure | null)[],
  scale: Scale | null,
  objectives: ObjectivesName,
): readonly (Point | null)[] {
  const [first, second] = OBJECTIVES[objectives].minimise;
  const sum = (coefficients: Coefficients, parts: Measure): number =>
    coefficients.reduce<number>((total, c, i) => (c === 0 ? total : total + c * (parts[i] as number)), 0);
  return measures.map((measure) => {
    if (measure === null || scale === null) return null;
    const parts = scaled(measure, scale);
    return [sum(first, parts), sum(second, parts)];
  });
}

const worstSum = (coefficients: Coefficients): number =>
  coefficients.reduce<number>((total, c) => total + Math.max(c, 0), 0);

/** The worst point that measures inside the scale can have: the reference point of the hypervolume. */
export function worstPoint(objectives: ObjectivesName): Point {
  const [first, second] = OBJECTIVES[objectives].minimise;
  return [worstSum(first), worstSum(second)];
}
