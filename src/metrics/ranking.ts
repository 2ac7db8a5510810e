// One yes/no question asked of every sample ("is it of this class?"), its samples sorted by score. AUC, ROC curves and
// sensitivities depend on that order alone, so it is found once: a bootstrap resample gives weights to samples and
// walks the same order again, in linear time.

export interface Ranking {
  readonly name: string;
  /** Samples by falling score. */
  readonly order: Uint32Array;
  /** Scores, in that order. */
  readonly scores: Float64Array;
  /** 1 where the answer is yes, in that order. */
  readonly positive: Uint8Array;
  /** 1 at the last of each run of equal scores, in that order: a threshold never parts equals. */
  readonly last: Uint8Array;
  /** Samples whose answer is yes. */
  readonly positives: Uint32Array;
}

/** `scores` are finite, `positive` is 0 or 1, both [samples]. */
export function toRanking(name: string, scores: Float64Array, positive: Uint8Array): Ranking {
  const samples = scores.length;
  const order = Uint32Array.from({ length: samples }, (_, i) => i).toSorted(
    (a, b) => (scores[b] as number) - (scores[a] as number),
  );
  const sorted = Float64Array.from(order, (sample) => scores[sample] as number);
  return {
    name,
    order,
    scores: sorted,
    positive: Uint8Array.from(order, (sample) => positive[sample] as number),
    last: Uint8Array.from(order, (_, rank) => (sorted[rank] === sorted[rank + 1] ? 0 : 1)),
    positives: Uint32Array.from({ length: samples }, (_, i) => i).filter((i) => positive[i] === 1),
  };
}

/** How many of `negatives` may be called positive at most, so that the specificity is `least` or more. */
function mostFalse(negatives: number, least: number): number {
  let most = Math.min(negatives, Math.ceil(negatives * (1 - least)));
  while (most > 0 && (negatives - most) / negatives < least) most--;
  return most;
}

/**
 * Area under the ROC curve when sample i counts `weights[i]` times (whole numbers, `total` in all): the share of pairs
 * of a positive and a negative that the scores put in order, ties half (Mann and Whitney 1947). Both counts are whole,
 * so only the final division rounds. NaN without positives or without negatives.
 *
 * Writes to `sensitivities` the largest sensitivity of a threshold whose specificity is at least that of the same place
 * in `specificities` (rising), NaN where there is no area.
 */
export function sweep(
  { order, positive, last, positives }: Ranking,
  weights: Uint32Array,
  total: number,
  specificities: readonly number[],
  sensitivities: Float64Array,
): number {
  let yes = 0;
  for (const sample of positives) yes += weights[sample] as number;
  const no = total - yes;
  if (yes === 0 || no === 0) {
    sensitivities.fill(NaN);
    return NaN;
  }
  let open = specificities.length - 1;
  let most = open < 0 ? no : mostFalse(no, specificities[open] as number);
  let [truePositives, falsePositives, trueBefore, falseBefore, twicePairs] = [0, 0, 0, 0, 0];
  for (let rank = 0; rank < order.length; rank++) {
    const weight = weights[order[rank] as number] as number;
    const hit = weight * (positive[rank] as number);
    truePositives += hit;
    falsePositives += weight - hit;
    if (last[rank] === 0) continue;
    twicePairs += (falsePositives - falseBefore) * (truePositives + trueBefore);
    while (falsePositives > most) {
      sensitivities[open--] = trueBefore / yes;
      most = open < 0 ? no : mostFalse(no, specificities[open] as number);
    }
    trueBefore = truePositives;
    falseBefore = falsePositives;
  }
  while (open >= 0) sensitivities[open--] = 1;
  return twicePairs / (2 * yes * no);
}
