// One epoch of training, and what a network then answers, by an engine of this process.

import type { Engine, LearningProblem, Lesson } from '../engine/engine.ts';
import { emptyState } from '../engine/training/state.ts';
import type { TrainingState } from '../engine/training/trainer.ts';
import type { Measured } from '../metrics/measured.ts';
import { MedNasError } from '../search/errors.ts';
import { type Model, networkOfModel } from '../search/model.ts';
import { layoutOf, type ParameterLayout } from '../search/parameters.ts';
import { batchesOf } from '../training/order.ts';
import { learningRateAt, type Recipe } from '../training/recipe.ts';
import { lossOf, scoresOf } from '../training/scores.ts';
import type { Splits } from './splits.ts';

/** What learns, from what, and how. */
export interface Course {
  readonly problem: LearningProblem;
  readonly layout: ParameterLayout;
  readonly splits: Splits;
  readonly recipe: Recipe;
}

export function courseOf(model: Model, splits: Splits, recipe: Recipe): Course {
  const { input, classes, multiLabel } = splits.protocol;
  const problem: LearningProblem = { model, input, classes, multiLabel };
  return { problem, layout: layoutOf(networkOfModel(model, problem)), splits, recipe };
}

export const diverged = (epoch: number, what: string, { learningRate }: Recipe): MedNasError =>
  new MedNasError(
    'DIVERGED',
    `${what} in epoch ${epoch + 1} is not a finite number: the training has diverged. ` +
      `A learning rate below ${learningRate} may help; what came of the epochs before is kept.`,
  );

/**
 * What an epoch, from 0, comes to, and the mean loss over its images, each before its update. `start` stays as it is.
 * `onLesson`: after each of its lessons, which take about a second.
 * @throws MedNasError DIVERGED, BATCH_TOO_LARGE, CRASHED, ENGINE_UNAVAILABLE; the signal's reason
 */
export async function learnEpoch(
  engine: Engine,
  { problem, layout, splits, recipe }: Course,
  epoch: number,
  start: TrainingState,
  signal: AbortSignal,
  onLesson: () => Promise<void>,
): Promise<{ readonly state: TrainingState; readonly loss: number }> {
  const { optimizer, momentum, weightDecay } = recipe;
  const step = { optimizer, momentum, weightDecay, learningRate: learningRateAt(recipe, epoch) };
  const images = splits.protocol.samples.train;
  const batches = batchesOf(recipe, epoch, images);
  let from = start;
  let [to, spare] = [emptyState(layout), emptyState(layout)];
  let sum = 0;
  for (let done = 0; done < batches.length;) {
    const lesson: Lesson = { problem, data: splits.train, batches: batches.slice(done), step, from, to };
    const { losses, steps } = await engine.train(lesson, signal);
    for (const [i, loss] of losses.entries()) {
      if (!Number.isFinite(loss)) throw diverged(epoch, 'The loss of a batch', recipe);
      sum += loss * (batches[done + i] as Uint32Array).length;
    }
    done += losses.length;
    from = { ...to, steps };
    [to, spare] = [spare, to];
    await onLesson();
  }
  return { state: from, loss: sum / images };
}

/** What a network of these values measures on a split, with so many bootstrap samples; null: an answer is not finite. */
export async function examine(
  engine: Engine,
  { problem, splits, recipe }: Course,
  split: 'val' | 'test',
  values: Float32Array,
  resamples: number,
  signal: AbortSignal,
): Promise<{ readonly measured: Measured; readonly loss: number } | null> {
  const { images, labels } = splits[split];
  const logits = await engine.predict(problem, values, images, signal);
  if (!logits.every(Number.isFinite)) return null;
  const scores = scoresOf(logits, splits.protocol);
  const options = { seed: recipe.seed, resamples };
  return {
    measured: await engine.measure([splits.protocol.task, splits.classes, scores, labels, options], signal),
    loss: lossOf(logits, labels, splits.protocol),
  };
}
