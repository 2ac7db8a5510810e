// What the command line calls the settings, so that a person is told of the flag they gave and not of
// the setting or the variable behind it.

import { type Config, loadConfig, VARIABLES } from '../config.ts';
import { MedNasError, shown } from '../search/errors.ts';
import type { SearchSettings } from '../search/settings.ts';

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
  exploitation: '--exploitation',
  seed: '--seed',
} as const satisfies Record<keyof SearchSettings, string>;

/** The error, its message about the flag where it was about the setting. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof MedNasError) || error.field === null) return error;
  const { code, field, message } = error;
  if (!Object.hasOwn(FLAGS, field) || !message.startsWith(`${field} `)) return error;
  const flag = FLAGS[field as keyof typeof FLAGS];
  return new MedNasError(code, flag + message.slice(field.length), { field, cause: error });
}

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
