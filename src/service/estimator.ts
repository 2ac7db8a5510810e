// `validAuc`: an architecture trained for a few epochs and asked for its AUC on the validation split, which stands
// where an indicator would (the estimator of NSGA-Net, Lu et al. 2019), so that the paper's comparison of training-free
// against training-based search can be run. By MedMNIST's recipe, at its first learning rate throughout: a decay within
// three epochs would measure the decay.

import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import { type Evaluation, isTrainingFree, type Protocol } from '../search/evaluation.ts';
import type { Genotype } from '../search/space/space.ts';
import { parseRecipe, type Recipe } from '../training/recipe.ts';
import { courseOf, diverged, examine, learnEpoch, newLearner } from './epoch.ts';
import type { Splits } from './splits.ts';

export interface Estimator {
  readonly splits: Splits;
  readonly recipe: Recipe;
}

/** Of settings that ask for it; null: they do not. */
export const recipeOf = ({
  indicators,
  estimateEpochs,
  seed,
}: Pick<Protocol, 'indicators' | 'seed'> & { readonly estimateEpochs: number }): Recipe | null =>
  indicators.every(isTrainingFree) ? null : parseRecipe({ epochs: estimateEpochs, milestones: [], seed });

/** What a protocol of these numerics says of it. Where others train than score, their arithmetic is part of it. */
export function inProtocol({ splits, recipe }: Estimator, numerics: string): string {
  const { data, numerics: own } = splits.protocol;
  return JSON.stringify({ data, recipe, ...(own !== numerics && { numerics: own }) });
}

async function validAuc(
  engine: Engine,
  { splits, recipe }: Estimator,
  { space, initChannels }: Protocol,
  genotype: Genotype,
  signal: AbortSignal,
): Promise<number> {
  const course = courseOf({ kind: 'architecture', space, genotype, initChannels }, splits, recipe);
  let learner = newLearner(course);
  for (let epoch = 0; epoch < recipe.epochs; epoch++)
    ({ learner } = await learnEpoch(engine, course, epoch, learner, signal));
  const answer = await examine(engine, course, 'val', learner.state.values, 0, signal);
  const auc = answer?.measured.auc.value ?? null;
  if (auc === null) throw diverged(recipe.epochs - 1, 'An answer for the validation images', recipe);
  return auc;
}

/** An evaluation with the estimate, or infeasible for the lack of it. @throws what is the engine's or the signal's */
export async function withEstimate(
  engine: Engine,
  estimator: Estimator,
  protocol: Protocol,
  genotype: Genotype,
  evaluation: Evaluation,
  signal: AbortSignal,
): Promise<Evaluation> {
  if (evaluation.status === 'infeasible') return evaluation;
  const start = performance.now();
  const { macs, params, scores } = evaluation;
  try {
    const value = await validAuc(engine, estimator, protocol, genotype, signal);
    const seconds = (performance.now() - start) / 1000;
    return { ...evaluation, scores: { ...scores, validAuc: { value, seconds } } };
  } catch (error) {
    const code = error instanceof MedNasError ? error.code : null;
    if (!(error instanceof MedNasError) || (code !== 'DIVERGED' && code !== 'BATCH_TOO_LARGE')) throw error;
    const machine = code === 'BATCH_TOO_LARGE' && { machine: true as const };
    return { status: 'infeasible', reason: `validAuc: ${error.message}`, ...machine, scores, macs, params };
  }
}
