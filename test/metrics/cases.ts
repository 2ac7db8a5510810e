// Random splits with their scores: every task, 5 to 500 samples, rounded scores for ties, classes as rare as one in a
// hundred. Case i is the same on every machine.

import type { Task } from '../../src/data/dataset.ts';
import type { Scores } from '../../src/metrics/answers.ts';
import { type Random, randomFor, randomInt } from '../../src/search/random.ts';

export interface Case {
  readonly task: Task;
  readonly classes: readonly string[];
  readonly scores: Scores;
  readonly labels: Int32Array;
  readonly samples: number;
}

const TASKS: readonly Task[] = [
  'binary-class',
  'multi-class',
  'multi-label, binary-class',
  'ordinal-regression',
];
const SKEWS = [1, 10, 100];
const DECIMALS = [null, 1, 2];

const at = <T>(items: readonly T[], i: number): T => items[i % items.length] as T;

const softmax = (logits: readonly number[]): readonly number[] => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

/** Class 0 is `skew` times as likely as all the others together. */
const drawClass = (random: Random, classes: number, skew: number): number =>
  skew > 1 && random() * (skew + 1) > 1 ? 0 : randomInt(random, classes);

/** Tasks, ties and skews in all combinations, every 36 cases; `most` samples at most. */
export function caseAt(i: number, most = 500): Case {
  const random = randomFor(i, 0, 'variation');
  const task = at(TASKS, i);
  const decimals = at(DECIMALS, Math.floor(i / 4));
  const skew = at(SKEWS, Math.floor(i / 12));
  const count = task === 'binary-class' ? 2 : 2 + randomInt(random, 6);
  const samples = Math.round(5 * (most / 5) ** random());
  const rounded = (score: number): number => (decimals === null ? score : Number(score.toFixed(decimals)));
  const isMultiLabel = task === 'multi-label, binary-class';
  const skill = 4 * random();

  const rows = Array.from({ length: samples }, () => {
    const truth = drawClass(random, count, skew);
    const labels = isMultiLabel
      ? Array.from({ length: count }, () => Number(random() * (skew + 1) < 1))
      : [truth];
    const logits = Array.from({ length: count }, (_, k) => {
      const isOfClass = isMultiLabel ? labels[k] === 1 : truth === k;
      return 4 * random() - 2 + (isOfClass ? skill : 0);
    });
    const scores = isMultiLabel ? logits.map((logit) => 1 / (1 + Math.exp(1 - logit))) : softmax(logits);
    return { labels, scores: scores.map(rounded) };
  });
  const scores = rows.flatMap((row) => row.scores);
  return {
    task,
    classes: Array.from({ length: count }, (_, k) => `class ${k}`),
    scores: i % 3 === 0 ? Float32Array.from(scores) : Float64Array.from(scores),
    labels: Int32Array.from(rows.flatMap((row) => row.labels)),
    samples,
  };
}
