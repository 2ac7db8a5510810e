// Area under the ROC curve as MedMNIST's evaluator takes it (medmnist/evaluator.py, `getAUC`): of class 1 for a binary
// task, else the mean over classes, each against the rest, none weighted. One class without positives or
// negatives leaves the mean undefined, as there: a mean over the others would be another metric.

import type { Answers } from './answers.ts';
import { known, meanOf, type Quantity, unknown } from './quantity.ts';
import { type Ranking, sweep } from './ranking.ts';

const quoted = (rankings: readonly Ranking[]): string =>
  rankings.map(({ name }) => JSON.stringify(name)).join(', ');

/** Why the order of these says nothing: a class that no sample is of, or every one. null: it does. */
function whyUnranked(rankings: readonly Ranking[]): string | null {
  const absent = rankings.filter(({ positives }) => positives.length === 0);
  if (absent.length > 0) return `No sample is of class ${quoted(absent)}.`;
  const only = rankings.filter(({ positives, order }) => positives.length === order.length);
  return only.length > 0 ? `Every sample is of class ${quoted(only)}.` : null;
}

/** AUC of one class against the rest. */
export function areaUnder(ranking: Ranking): Quantity {
  const samples = ranking.order.length;
  const reason = whyUnranked([ranking]);
  if (reason !== null) return unknown(reason);
  return known(sweep(ranking, new Uint32Array(samples).fill(1), samples, [], new Float64Array(0)));
}

/** MedMNIST's AUC, in [0, 1]; O(n) a class, since `Answers` are sorted. */
export function auc({ rankings }: Answers): Quantity {
  const reason = whyUnranked(rankings);
  return reason === null ? meanOf(rankings.map(areaUnder)) : unknown(reason);
}
