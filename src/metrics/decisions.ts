// What is counted once every sample has been decided, as MedMNIST's evaluator decides (medmnist/evaluator.py, `getACC`):
// two-way questions are answered yes above 0.5 and not at it, the other tasks by the largest score, the first of equals.

import { type Answers, MULTI_LABEL } from './answers.ts';
import { known, meanOf, type Quantity, unknown } from './quantity.ts';

const THRESHOLD = 0.5;

/** One class against the rest. */
export interface Counts {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
}

export interface Decisions {
  readonly samples: number;
  /** Questions answered of each sample: one, for multi-label one a class. */
  readonly asked: number;
  /** [samples]: how many of them rightly. */
  readonly right: Uint16Array;
  /** [true class][decided class]; null for multi-label, where classes do not exclude each other. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** By class, each against the rest. */
  readonly counts: readonly Counts[];
}

function largest({ scores, width }: Answers, sample: number): number {
  let best = 0;
  for (let column = 1; column < width; column++)
    if ((scores[sample * width + column] as number) > (scores[sample * width + best] as number))
      best = column;
  return best;
}

const isYes = ({ scores, width }: Answers, sample: number, column: number): boolean =>
  (scores[sample * width + column] as number) > THRESHOLD;

function decideLabels(answers: Answers): Decisions {
  const { samples, labels, classes } = answers;
  const asked = classes.length;
  const right = new Uint16Array(samples);
  // By 2 x truth + decision.
  const cells = classes.map(() => [0, 0, 0, 0] as [number, number, number, number]);
  for (const [i, truth] of labels.entries()) {
    const sample = Math.floor(i / asked);
    const yes = Number(isYes(answers, sample, i % asked));
    right[sample] = (right[sample] as number) + Number(yes === truth);
    const row = cells[i % asked] as number[];
    row[2 * truth + yes] = (row[2 * truth + yes] as number) + 1;
  }
  const counts = cells.map(([trueNegatives, falsePositives, falseNegatives, truePositives]) => ({
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives,
  }));
  return { samples, asked, right, confusion: null, counts };
}

function decideClass(answers: Answers): Decisions {
  const { task, samples, labels, classes, width } = answers;
  const decide =
    task === 'binary-class'
      ? (sample: number) => Number(isYes(answers, sample, width - 1))
      : (sample: number) => largest(answers, sample);
  const right = new Uint16Array(samples);
  const confusion = classes.map(() => classes.map(() => 0));
  for (const [sample, truth] of labels.entries()) {
    const decided = decide(sample);
    right[sample] = Number(decided === truth);
    const row = confusion[truth] as number[];
    row[decided] = (row[decided] as number) + 1;
  }
  const counts = classes.map((_, k) => {
    const truePositives = confusion[k]?.[k] ?? 0;
    const ofClass = (confusion[k] ?? []).reduce((a, b) => a + b, 0);
    const decided = confusion.reduce((sum, row) => sum + (row[k] ?? 0), 0);
    return {
      truePositives,
      falsePositives: decided - truePositives,
      falseNegatives: ofClass - truePositives,
      trueNegatives: samples - ofClass - decided + truePositives,
    };
  });
  return { samples, asked: 1, right, confusion, counts };
}

export const decide = (answers: Answers): Decisions =>
  answers.task === MULTI_LABEL ? decideLabels(answers) : decideClass(answers);

/** MedMNIST's ACC: the share of right decisions, for multi-label over all labels. */
export function accuracy({ samples, asked, right }: Decisions): Quantity {
  if (samples === 0) return unknown('There are no samples.');
  return known(right.reduce((a, b) => a + b, 0) / (samples * asked));
}

/** The share of a class's samples decided as it (recall). */
export const sensitivity = ({ truePositives, falseNegatives }: Counts, name: string): Quantity =>
  truePositives + falseNegatives === 0
    ? unknown(`No sample is of class ${JSON.stringify(name)}.`)
    : known(truePositives / (truePositives + falseNegatives));

/** The share of the other samples not decided as it. */
export const specificity = ({ trueNegatives, falsePositives }: Counts, name: string): Quantity =>
  trueNegatives + falsePositives === 0
    ? unknown(`Every sample is of class ${JSON.stringify(name)}.`)
    : known(trueNegatives / (trueNegatives + falsePositives));

/** The mean of all classes' sensitivities; for multi-label of each label's sensitivity and specificity. */
export function balancedAccuracy({ counts, confusion }: Decisions, classes: readonly string[]): Quantity {
  const rates = counts.flatMap((count, k) => {
    const name = classes[k] ?? '';
    return confusion === null
      ? [sensitivity(count, name), specificity(count, name)]
      : [sensitivity(count, name)];
  });
  return meanOf(rates);
}

/**
 * Agreement on an ordinal scale beyond chance, a mistake costing its squared distance (Cohen 1968): 1 perfect, 0 chance.
 * All classes of the dataset are on the scale, those that occur in neither truth nor decisions too.
 */
export function quadraticKappa(confusion: readonly (readonly number[])[]): Quantity {
  const truths = confusion.map((row) => row.reduce((a, b) => a + b, 0));
  const decided = confusion.map((_, j) => confusion.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const samples = truths.reduce((a, b) => a + b, 0);
  let [observed, expected] = [0, 0];
  for (const [i, row] of confusion.entries())
    for (const [j, count] of row.entries()) {
      observed += (i - j) ** 2 * count;
      expected += (i - j) ** 2 * (truths[i] as number) * (decided[j] as number);
    }
  if (samples === 0) return unknown('There are no samples.');
  if (expected === 0) return unknown('Truth and decisions are one and the same class throughout.');
  return known(1 - (observed * samples) / expected);
}
