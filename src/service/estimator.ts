// `validAuc`: an architecture trained for a few epochs and asked for its AUC on the validation split, which stands
// where an indicator would (the estimator of NSGA-Net, Lu et al. 2019), so that the paper's comparison of training-free
// against training-based search can be run. By MedMNIST's recipe, at its first learning rate throughout: a decay within
// three epochs would measure the decay.

import { courseOf } from '../learning/epoch.ts';
import type { School } from '../learning/school.ts';
import type { Splits } from '../learning/splits.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import { type Evaluation, isTrainingFree, type Protocol } from '../search/evaluation.ts';
import type { Genotype } from '../search/space/space.ts';
import { parseRecipe, type Recipe } from '../training/recipe.ts';

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

/** What a protocol says of it. */
export const inProtocol = ({ splits, recipe }: Estimator): string =>
  JSON.stringify({ data: splits.protocol.data, recipe });

/** Why there may be no estimate of an architecture, and whether another machine might have one. */
const OF_THE_MACHINE: Readonly<Partial<Record<ErrorCode, boolean>>> = {
  DIVERGED: false,
  BATCH_TOO_LARGE: true,
  CRASHED: true,
};

/** An evaluation with the estimate, or infeasible for the lack of it. @throws what is the engine's or the signal's */
export async function withEstimate(
  school: School,
  { splits, recipe }: Estimator,
  { space, initChannels }: Protocol,
  genotype: Genotype,
  evaluation: Evaluation,
  signal: AbortSignal,
): Promise<Evaluation> {
  if (evaluation.status === 'infeasible') return evaluation;
  const start = performance.now();
  const { macs, params, scores } = evaluation;
  try {
    const course = courseOf({ kind: 'architecture', space, genotype, initChannels }, splits, recipe);
    const { auc: value } = await school.estimate(course, signal);
    const seconds = (performance.now() - start) / 1000;
    return { ...evaluation, scores: { ...scores, validAuc: { value, seconds } } };
  } catch (error) {
    if (!(error instanceof MedNasError) || !Object.hasOwn(OF_THE_MACHINE, error.code)) throw error;
    const machine = OF_THE_MACHINE[error.code] === true && { machine: true as const };
    return { status: 'infeasible', reason: `validAuc: ${error.message}`, ...machine, scores, macs, params };
  }
}
