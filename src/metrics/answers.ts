// What a network answered for a split, next to the truth: checked once, asked by every metric. Which yes/no questions
// a task comes to is MedMNIST's convention: for a binary task class 1 alone, else every class against the rest.

import type { Task } from '../data/dataset.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { type Ranking, toRanking } from './ranking.ts';

export type Scores = Float32Array | Float64Array;

export interface Answers {
  readonly task: Task;
  /** Class names by label index. */
  readonly classes: readonly string[];
  readonly samples: number;
  /** [samples, width]. */
  readonly scores: Scores;
  readonly width: number;
  /** [samples], or for multi-label [samples, classes]. */
  readonly labels: Int32Array;
  /** Of class 1 for a binary task, of every class for the others. */
  readonly rankings: readonly Ranking[];
}

export const MULTI_LABEL: Task = 'multi-label, binary-class';

const bad = (message: string, field: string): MedNasError =>
  new MedNasError('INVALID_ARGUMENT', message, { field });

function checkLabels(labels: Int32Array, most: number): void {
  const at = labels.findIndex((label) => label < 0 || label > most);
  if (at !== -1) throw bad(`Label ${at} is ${shown(labels[at])}: wanted 0 to ${most}.`, 'labels');
}

function checkScores(scores: Scores, width: number): void {
  const at = scores.findIndex((score) => !Number.isFinite(score));
  if (at === -1) return;
  const value = shown(scores[at]);
  throw bad(
    `The score of sample ${Math.floor(at / width)}, column ${at % width} is ${value}: wanted finite numbers. A network whose training diverged gives such scores; a smaller learning rate may help.`,
    'scores',
  );
}

/** Columns of scores: one a class; for a binary task also that of class 1 alone. */
function widthOf(task: Task, classes: number, scores: number, samples: number): number {
  const widths = task === 'binary-class' ? [classes, 1] : [classes];
  const width = widths.find((width) => samples * width === scores);
  if (width !== undefined) return width;
  throw bad(
    `There are ${scores} scores for ${samples} samples: wanted ${widths.join(' or ')} a sample.`,
    'scores',
  );
}

/**
 * `scores` [samples, classes]: softmax over classes, or for multi-label a sigmoid each (only the order counts for AUC,
 * and 0.5 is the threshold of the two-way tasks); a binary task may bring class 1's alone, [samples].
 * `labels` as in `Rows` of `data/dataset.ts`. Takes O(n log n) a class.
 *
 * @throws MedNasError INVALID_ARGUMENT when counts do not fit each other, a label is out of range, or a score is not finite.
 */
export function toAnswers(
  task: Task,
  classes: readonly string[],
  scores: Scores,
  labels: Int32Array,
): Answers {
  if (classes.length === 0 || (task === 'binary-class' && classes.length !== 2))
    throw bad(`There are ${classes.length} classes: too few or too many for the task ${task}.`, 'classes');
  const isMultiLabel = task === MULTI_LABEL;
  const labelWidth = isMultiLabel ? classes.length : 1;
  if (labels.length % labelWidth !== 0)
    throw bad(`There are ${labels.length} labels: wanted ${labelWidth} a sample.`, 'labels');
  const samples = labels.length / labelWidth;
  const width = widthOf(task, classes.length, scores.length, samples);
  checkLabels(labels, isMultiLabel ? 1 : classes.length - 1);
  checkScores(scores, width);

  const ranking = (name: string, index: number): Ranking => {
    const column = Math.min(index, width - 1);
    return toRanking(
      name,
      Float64Array.from({ length: samples }, (_, i) => scores[i * width + column] as number),
      Uint8Array.from({ length: samples }, (_, i) =>
        Number(isMultiLabel ? labels[i * labelWidth + index] === 1 : labels[i] === index),
      ),
    );
  };
  const rankings = classes.map((name, index) =>
    task === 'binary-class' && index === 0 ? null : ranking(name, index),
  );
  return {
    task,
    classes,
    samples,
    scores,
    width,
    labels,
    rankings: rankings.filter((ranking) => ranking !== null),
  };
}
