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

function weightOf(samples: Uint32Array, weights: Uint32Array): number {
  let sum = 0;
  for (const sample of samples) sum += weights[sample] as number;
  return sum;
}

/**
 * Area under the ROC curve when sample i counts `weights[i]` times (whole numbers, `total` in all, below 2^31): the
 * share of pairs of a positive and a negative that the scores put in order, ties half (Mann and Whitney 1947). Pairs
 * are counted in whole numbers, so only the final division rounds. NaN without positives or without negatives.
 */
export function weightedArea(
  { order, positive, last, positives }: Ranking,
  weights: Uint32Array,
  total: number,
): number {
  let truePositives = 0;
  let falsePositives = 0;
  let trueBefore = 0;
  let falseBefore = 0;
  let twicePairs = 0;
  for (let rank = 0; rank < order.length; rank++) {
    // Said to be 32-bit integers, it runs twice as fast.
    const weight = (weights[order[rank] as number] as number) | 0;
    const hit = Math.imul(weight, positive[rank] as number);
    truePositives = (truePositives + hit) | 0;
    falsePositives = (falsePositives + weight - hit) | 0;
    if (last[rank] === 0) continue;
    twicePairs += (falsePositives - falseBefore) * (truePositives + trueBefore);
    trueBefore = truePositives;
    falseBefore = falsePositives;
  }
  const yes = weightOf(positives, weights);
  return twicePairs / (2 * yes * (total - yes));
}

/**
 * Weighted alike, the largest sensitivity of a threshold whose specificity is `leastSpecificity` or more. NaN without
 * positives or without negatives.
 */
export function weightedSensitivity(
  { order, positive, last, positives }: Ranking,
  weights: Uint32Array,
  total: number,
  leastSpecificity: number,
): number {
  const yes = weightOf(positives, weights);
  const no = total - yes;
  if (no === 0) return NaN;
  const most = mostFalse(no, leastSpecificity);
  let truePositives = 0;
  let falsePositives = 0;
  let reached = 0;
  for (let rank = 0; rank < order.length && falsePositives <= most; rank++) {
    const weight = (weights[order[rank] as number] as number) | 0;
    const hit = Math.imul(weight, positive[rank] as number);
    truePositives = (truePositives + hit) | 0;
    falsePositives = (falsePositives + weight - hit) | 0;
    if (last[rank] === 1 && falsePositives <= most) reached = truePositives;
  }
  return reached / yes;
}
