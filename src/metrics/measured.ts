// Everything that is measured of a classifier on a split, as plain JSON for the archive and the API. AUC and ACC are
// MedMNIST's, so they compare with published ones; the rest is what a reader in medicine asks next.

import type { Task } from '../data/dataset.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { type Answers, type Scores, toAnswers } from './answers.ts';
import { areaUnder, auc } from './auc.ts';
import { type Bootstrap, intervals } from './bootstrap.ts';
import {
  accuracy,
  balancedAccuracy,
  type Counts,
  decide,
  type Decisions,
  quadraticKappa,
  sensitivity,
  specificity,
} from './decisions.ts';
import { type Estimate, type Interval, known, type Quantity } from './quantity.ts';
import { type Ranking, sweep } from './ranking.ts';
import { atSensitivity, atSpecificity, rocPoints, type RocPoint, toCurve } from './roc.ts';

export interface MeasureOptions extends Bootstrap {
  /** In [0, 1], rising: the sensitivity at each is measured. */
  readonly specificities?: readonly number[];
  /** In [0, 1], rising: the specificity at each is measured. */
  readonly sensitivities?: readonly number[];
}

/** The largest sensitivity of a threshold whose specificity is at least `leastSpecificity`. */
export interface SensitivityAt {
  readonly leastSpecificity: number;
  readonly sensitivity: Estimate;
  /** `score >= threshold` is yes. null: above every score, or there is no such sensitivity. */
  readonly threshold: number | null;
}

/** The largest specificity of a threshold whose sensitivity is at least `leastSensitivity`. */
export interface SpecificityAt {
  readonly leastSensitivity: number;
  readonly specificity: Quantity;
  readonly threshold: number | null;
}

/** One class against the rest. */
export interface ClassMeasured {
  readonly name: string;
  /** Samples of the class. */
  readonly samples: number;
  readonly auc: Estimate;
  /** At the task's decision: above 0.5, or the largest score. */
  readonly counts: Counts;
  readonly sensitivity: Quantity;
  readonly specificity: Quantity;
  readonly sensitivityAt: readonly SensitivityAt[];
  readonly specificityAt: readonly SpecificityAt[];
  /** At most 256 points for a chart; none where the AUC is undefined. */
  readonly roc: readonly RocPoint[];
}

export interface Measured {
  readonly task: Task;
  readonly samples: number;
  readonly auc: Estimate;
  readonly acc: Estimate;
  readonly balancedAccuracy: Quantity;
  /** null: classes have no order. */
  readonly quadraticKappa: Quantity | null;
  /** [true class][decided class]; null for multi-label. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Of class 1 alone for a binary task. */
  readonly classes: readonly ClassMeasured[];
}

const RATES: readonly number[] = [0.9, 0.95];
const MOST_POINTS = 256;
const MOST_RESAMPLES = 100_000;

function checkRates(rates: readonly number[], field: string): void {
  const isRising = rates.every((rate, i) => rate >= 0 && rate <= 1 && !((rates[i - 1] ?? -1) >= rate));
  if (!isRising)
    throw new MedNasError('INVALID_ARGUMENT', `${shown(rates)}: wanted rates from 0 to 1, rising.`, {
      field,
    });
}

function checkResamples(resamples: number): void {
  if (!Number.isInteger(resamples) || resamples < 0 || resamples > MOST_RESAMPLES)
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `${shown(resamples)} resamples: wanted a whole number from 0 (no intervals) to ${MOST_RESAMPLES}.`,
      { field: 'resamples' },
    );
}

interface Intervals {
  readonly acc: Interval | null;
  readonly auc: Interval | null;
  readonly classes: readonly {
    readonly auc: Interval | null;
    readonly sensitivityAt: readonly (Interval | null)[];
  }[];
}

function bootstrapped(
  { samples, rankings }: Answers,
  { asked, right }: Decisions,
  specificities: readonly number[],
  bootstrap: Bootstrap,
): Intervals {
  // acc, auc, then for each class its AUC and its sensitivities.
  const each = 1 + specificities.length;
  const found = intervals(bootstrap, samples, 2 + each * rankings.length, (weights, out) => {
    let hits = 0;
    for (let i = 0; i < samples; i++) hits += (weights[i] as number) * (right[i] as number);
    let areas = 0;
    for (const [k, ranking] of rankings.entries()) {
      const at = 2 + each * k;
      const area = sweep(ranking, weights, samples, specificities, out.subarray(at + 1, at + each));
      out[at] = area;
      areas += area;
    }
    out[0] = hits / (samples * asked);
    out[1] = areas / rankings.length;
  });
  const intervalAt = (i: number): Interval | null => found[i] ?? null;
  return {
    acc: intervalAt(0),
    auc: intervalAt(1),
    classes: rankings.map((_, k) => ({
      auc: intervalAt(2 + each * k),
      sensitivityAt: specificities.map((_, j) => intervalAt(3 + each * k + j)),
    })),
  };
}

const estimate = (quantity: Quantity, interval: Interval | null): Estimate => ({
  ...quantity,
  interval: quantity.value === null ? null : interval,
});

function measureClass(
  ranking: Ranking,
  counts: Counts,
  found: Intervals['classes'][number],
  rates: { readonly specificities: readonly number[]; readonly sensitivities: readonly number[] },
): ClassMeasured {
  const { name } = ranking;
  const curve = toCurve(ranking);
  const area = areaUnder(ranking);
  return {
    name,
    samples: ranking.positives.length,
    auc: estimate(area, found.auc),
    counts,
    sensitivity: sensitivity(counts, name),
    specificity: specificity(counts, name),
    sensitivityAt: rates.specificities.map((leastSpecificity, j) => {
      const point = curve && atSpecificity(curve, leastSpecificity);
      const value = point ? known(point.sensitivity) : area;
      return {
        leastSpecificity,
        sensitivity: estimate(value, found.sensitivityAt[j] ?? null),
        threshold: point?.threshold ?? null,
      };
    }),
    specificityAt: rates.sensitivities.map((leastSensitivity) => {
      const point = curve && atSensitivity(curve, leastSensitivity);
      return {
        leastSensitivity,
        specificity: point ? known(point.specificity) : area,
        threshold: point?.threshold ?? null,
      };
    }),
    roc: curve ? rocPoints(curve, MOST_POINTS) : [],
  };
}

/**
 * Measures a split. Shapes of `scores` and `labels` are those of `toAnswers`. Time is O(n log n) a class, then O(n) a
 * class and resample, and the thread is held for all of it: `npm run bench -- metrics` says how long.
 *
 * @throws MedNasError INVALID_ARGUMENT as `toAnswers`, and for options out of range.
 */
export function measure(
  task: Task,
  classes: readonly string[],
  scores: Scores,
  labels: Int32Array,
  { seed, resamples, specificities = RATES, sensitivities = RATES }: MeasureOptions,
): Measured {
  checkResamples(resamples);
  checkRates(specificities, 'specificities');
  checkRates(sensitivities, 'sensitivities');
  const answers = toAnswers(task, classes, scores, labels);
  const decisions = decide(answers);
  const { counts, confusion } = decisions;
  const found = bootstrapped(answers, decisions, specificities, { seed, resamples });
  const first = classes.length - answers.rankings.length;
  return {
    task,
    samples: answers.samples,
    auc: estimate(auc(answers), found.auc),
    acc: estimate(accuracy(decisions), found.acc),
    balancedAccuracy: balancedAccuracy(decisions, classes),
    quadraticKappa: task === 'ordinal-regression' && confusion ? quadraticKappa(confusion) : null,
    confusion,
    classes: answers.rankings.map((ranking, k) =>
      measureClass(ranking, counts[first + k] as Counts, found.classes[k] as Intervals['classes'][number], {
        specificities,
        sensitivities,
      }),
    ),
  };
}
