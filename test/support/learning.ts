// Learning without a network, for tests of what goes on around it: softmax regression on the mean brightness of an
// image, exact and immediate, its few weights at the start of the state that a real engine would move.

import type { Engine, LearningProblem, Lesson } from '../../src/engine/engine.ts';
import { measure } from '../../src/metrics/measured.ts';
import type { Permits } from './service.ts';

/** From so high a learning rate on, the fourth update has a loss that is not finite. */
export const EXPLOSIVE_RATE = 5;

const softmax = (logits: readonly number[]): readonly number[] => {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
};

const pixelsOf = ({ input }: LearningProblem): number => input[0] * input[1] * input[2];

function brightness(images: Uint8Array, row: number, pixels: number): number {
  let sum = 0;
  for (let i = row * pixels; i < (row + 1) * pixels; i++) sum += images[i] as number;
  return sum / pixels / 255;
}

const logitsOf = (values: Float32Array, mean: number, classes: number): readonly number[] =>
  Array.from({ length: classes }, (_, c) => (values[2 * c] as number) * mean + (values[2 * c + 1] as number));

/** One update; the loss before it. */
function update(
  { problem, data, step }: Lesson,
  values: Float32Array,
  first: Float32Array,
  rows: Uint32Array,
): number {
  const { classes } = problem;
  const pixels = pixelsOf(problem);
  let loss = 0;
  for (const row of rows) {
    const mean = brightness(data.images, row, pixels);
    const label = data.labels[row] as number;
    const shares = softmax(logitsOf(values, mean, classes));
    loss -= Math.log(shares[label] as number) / rows.length;
    for (let c = 0; c < classes; c++) {
      const slope = (shares[c] as number) - Number(c === label);
      first[2 * c] = step.momentum * (first[2 * c] as number) + slope * mean;
      first[2 * c + 1] = step.momentum * (first[2 * c + 1] as number) + slope;
    }
  }
  for (let i = 0; i < 2 * classes; i++)
    values[i] = (values[i] as number) - (step.learningRate * (first[i] as number)) / rows.length;
  return loss;
}

/** A permit an update, and an update a lesson. */
export const openLearning = (permits: Permits): Pick<Engine, 'train' | 'predict' | 'measure'> => ({
  async train(lesson, signal) {
    await permits.take(signal);
    const { from, to, batches, step } = lesson;
    to.values.set(from.values);
    to.first.set(from.first);
    to.second.set(from.second);
    if (step.learningRate >= EXPLOSIVE_RATE && from.steps === 3)
      return { losses: [Number.NaN], steps: from.steps };
    const loss = update(lesson, to.values, to.first, batches[0] as Uint32Array);
    return { losses: [loss], steps: from.steps + 1 };
  },
  measure: async (examination) => measure(...examination),

  predict(problem, values, images, signal) {
    signal.throwIfAborted();
    const pixels = pixelsOf(problem);
    const rows = images.length / pixels;
    const logits = Array.from({ length: rows }, (_, row) =>
      logitsOf(values, brightness(images, row, pixels), problem.classes),
    );
    return Promise.resolve(Float32Array.from(logits.flat()));
  },
});
