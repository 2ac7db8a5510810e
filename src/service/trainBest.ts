// What a search may end with: the best of its front are trained. Each has an idempotency key of its own, so
// that a search that is killed between starting them and its end starts none twice.

import { MedNasError, shown } from '../search/errors.ts';
import { membersOf } from '../search/evolution.ts';
import { bestOfFront } from '../search/selection.ts';
import type { Archive } from '../storage/archive.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import { DEFAULT_RECIPE, parseRecipe } from '../training/recipe.ts';
import { stateOf } from './run.ts';
import type { Trainings } from './trainings.ts';

/** Of one search. */
const MOST = 20;

export type TrainBest = NonNullable<SearchRecord['trainBest']>;

/**
 * How many are trained, and how, from what a client says beside the settings; null: none.
 * @throws MedNasError INVALID_ARGUMENT
 */
export function parseTrainBest(
  given: { readonly trainBest?: unknown; readonly trainEpochs?: unknown },
  seed: number,
): TrainBest | null {
  const { trainBest: count = 0, trainEpochs: epochs = DEFAULT_RECIPE.epochs } = given;
  if (!Number.isInteger(count) || (count as number) < 0 || (count as number) > MOST)
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `trainBest is an integer from 0 to ${MOST}; got ${shown(count)}.`,
      { field: 'trainBest' },
    );
  try {
    const recipe = parseRecipe({ epochs, seed });
    return count === 0 ? null : { count: count as number, recipe };
  } catch (error) {
    if (!(error instanceof MedNasError) || error.field !== 'epochs') throw error;
    const message = error.message.replace(/^epochs/u, 'trainEpochs');
    throw new MedNasError(error.code, message, { field: 'trainEpochs', cause: error });
  }
}

export const keyOfTraining = (search: SearchId, n: number): string => `search:${search}:train:${n}`;

/** Starts what a search that has come to its last generation is to train. @throws MedNasError of `trainings.start` */
export async function trainBestOf(
  archive: Archive,
  trainings: Pick<Trainings, 'start'>,
  record: SearchRecord,
): Promise<void> {
  const { trainBest, settings, id, client = null } = record;
  if (!trainBest) return;
  const members = membersOf(settings, await stateOf(archive, record));
  for (const [n, { genotype }] of bestOfFront(members, settings, trainBest.count).entries()) {
    const { space, dataset, initChannels } = settings;
    const given = { space, genotype, dataset, initChannels, ...trainBest.recipe };
    await trainings.start(given, keyOfTraining(id, n), client);
  }
}
