// One epoch of training, and what a network then answers: what a training is made of, and an estimate by training.

import type { Engine, LearningProblem, Lesson } from '../engine/engine.ts';
import { emptyState, initialState } from '../engine/training/state.ts';
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

/** A state, and memory for the next one. */
export interface Learner {
  readonly state: TrainingState;
  readonly spare: TrainingState;
}

export const newLearner = (
  { problem, layout, recipe }: Course,
  state: TrainingState = initialState(problem, recipe.seed),
): Learner => ({ state, spare: emptyState(layout) });

export const diverged = (epoch: number, what: string, { learningRate }: Recipe): MedNasError =>
  new MedNasError(
    'DIVERGED',
    `${what} in epoch ${epoch + 1} is not a finite number: the training has diverged. ` +
      `A learning rate below ${learningRate} may help; what came of the epochs before is kept.`,
  );

/**
 * What an epoch, from 0, comes to, and the mean loss over its images, each before its update. `onLesson`: after each of
 * its lessons, which take about a second.
 * @throws MedNasError DIVERGED, BATCH_TOO_LARGE, ENGINE_UNAVAILABLE; the signal's reason
 */
export async function learnEpoch(
  engine: Engine,
  { problem, splits, recipe }: Course,
  epoch: number,
  start: Learner,
  signal: AbortSignal,
  onLesson: () => Promise<void> = () => Promise.resolve(),
): Promise<{ readonly learner: Learner; readonly loss: number }> {
  const { optimizer, momentum, weightDecay } = recipe;
  const step = { optimizer, momentum, weightDecay, learningRate: learningRateAt(recipe, epoch) };
  const images = splits.protocol.samples.train;
  const batches = batchesOf(recipe, epoch, images);
  let { state, spare } = start;
  let sum = 0;
  for (let done = 0; done < batches.length;) {
    const lesson: Lesson = {
      problem,
      data: splits.train,
      batches: batches.slice(done),
      step,
      from: state,
      to: spare,
    };
    const { losses, steps } = await engine.train(lesson, signal);
    for (const [i, loss] of losses.entries()) {
      if (!Number.isFinite(loss)) throw diverged(epoch, 'The loss of a batch', recipe);
      sum += loss * (batches[done + i] as Uint32Array).length;
    }
    done += losses.length;
    [state, spare] = [{ ...spare, steps }, state];
    await onLesson();
  }
  return { learner: { state, spare }, loss: sum / images };
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
