// What the command line calls the settings, so that a person is told of the flag they gave and not of
// the setting or the variable behind it.

import { resolve as resolvePath } from 'node:path';
import { type Config, loadConfig, VARIABLES } from '../config.ts';
import { MedNasError, shown } from '../search/errors.ts';
import type { SearchSettings } from '../search/settings.ts';
import type { GivenTraining } from '../service/trainings.ts';

export const FLAGS = {
  space: '--space',
  dataset: '--dataset',
  batchSize: '--batch',
  blocks: '--blocks',
  initChannels: '--init-channels',
  population: '--population',
  offspring: '--offspring',
  generations: '--generations',
  strategy: '--strategy',
  lanes: '--lanes',
  indicators: '--indicators',
  indicatorScale: '--indicator-scale',
  objectives: '--objectives',
  estimateEpochs: '--estimate-epochs',
  exploitation: '--exploitation',
  seed: '--seed',
} as const satisfies Record<keyof SearchSettings, string>;

/** Of what is trained, and of the recipe. */
export const TRAIN_FLAGS = {
  genotype: '--genotype',
  architecture: '--architecture',
  baseline: '--baseline',
  space: '--space',
  initChannels: '--init-channels',
  dataset: '--dataset',
  epochs: '--epochs',
  batchSize: '--batch',
  optimizer: '--optimizer',
  learningRate: '--learning-rate',
  milestones: '--milestones',
  decay: '--decay',
  momentum: '--momentum',
  weightDecay: '--weight-decay',
  seed: '--seed',
} as const satisfies Record<keyof GivenTraining, string>;

/** The error, its message about the flag where it was about the setting. */
export function inFlags(error: unknown, flags: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof MedNasError) || error.field === null) return error;
  const { code, field, message } = error;
  const flag = Object.hasOwn(flags, field) ? flags[field] : undefined;
  if (flag === undefined || !message.startsWith(`${field} `)) return error;
  return new MedNasError(code, flag + message.slice(field.length), { field, cause: error });
}

/** Where the archive is, for a person; an address may hold a password. */
export const placeOf = ({ mongodbUri, dataDir }: Config): string =>
  mongodbUri === null ? resolvePath(dataDir) : 'the database of MONGODB_URI';

/**
 * The configuration, with the workers of the command line when it has them.
 * @throws MedNasError INVALID_ARGUMENT
 */
export function configWith(workers: string | undefined): Config {
  if (workers === undefined) return loadConfig();
  const variable = VARIABLES.workers;
  if (variable.read(workers.trim()) === undefined) {
    throw new MedNasError('INVALID_ARGUMENT', `--workers is ${variable.wanted}; got ${shown(workers)}.`, {
      field: 'workers',
    });
  }
  return loadConfig({ [variable.name]: workers });
}
