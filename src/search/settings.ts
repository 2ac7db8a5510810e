// Everything that decides a search's outcome, with the paper's values as defaults (section IV-B).

import { MedNasError, shown } from './errors.ts';
import { INDICATORS, type IndicatorName } from './evaluation.ts';
import {
  INDICATOR_SCALES,
  type IndicatorScale,
  OBJECTIVES_NAMES,
  type ObjectivesName,
} from './objectives.ts';
import { SPACES } from './space/spaces.ts';
import type { SearchSpace } from './space/space.ts';
import { STRATEGY_NAMES, type StrategyName } from './strategy.ts';

export interface SearchSettings {
  readonly space: string;
  /** A registered name or the path of an npz. */
  readonly dataset: string;
  /** Images in the minibatch. */
  readonly batchSize: number;
  /** null: as many as the space takes for the dataset's image size. */
  readonly blocks: number | null;
  readonly initChannels: number;
  readonly population: number;
  readonly offspring: number;
  /** Generations after the initial population; 0: the initial population alone. */
  readonly generations: number;
  readonly strategy: StrategyName;
  /** Candidates that are under way at a time, where the strategy has no generations. */
  readonly lanes: number;
  readonly indicators: readonly [IndicatorName, IndicatorName];
  readonly indicatorScale: IndicatorScale;
  readonly objectives: ObjectivesName;
  /** That `validAuc` trains an architecture for. */
  readonly estimateEpochs: number;
  /** Share of offspring drawn by exploitation. */
  readonly exploitation: number;
  /** Seeds the batch, the weights and the search. */
  readonly seed: number;
}

export const DEFAULT_SETTINGS: SearchSettings = {
  space: 'mstf',
  dataset: 'breastmnist',
  batchSize: 64,
  blocks: null,
  initChannels: 16,
  population: 40,
  offspring: 40,
  generations: 40,
  strategy: 'nsga2',
  lanes: 40,
  indicators: ['jacobCov', 'synflow'],
  indicatorScale: 'log',
  objectives: 'eq5',
  estimateEpochs: 3,
  exploitation: 0.25,
  seed: 0,
};

/** Far below the number of architectures in the smallest space, so that new ones are always found. */
const MAX_EVALUATIONS = 1_000_000;

/** Evaluations a whole search takes. */
export const plannedEvaluations = ({ population, offspring, generations }: SearchSettings): number =>
  population + offspring * generations;

type Check = (value: unknown) => string | null;

const integer =
  (min: number, max: number, multipleOf = 1): Check =>
  (value) =>
    Number.isInteger(value) &&
    (value as number) >= min &&
    (value as number) <= max &&
    (value as number) % multipleOf === 0
      ? null
      : `${multipleOf === 1 ? 'an integer' : multipleOf === 2 ? 'an even integer' : `a multiple of ${multipleOf}`} from ${min} to ${max}`;

const oneOf =
  (choices: readonly string[]): Check =>
  (value) =>
    choices.includes(value as string) ? null : `one of ${choices.join(', ')}`;

const CHECKS: { readonly [K in keyof SearchSettings]: Check } = {
  space: oneOf(Object.keys(SPACES)),
  dataset: (value) => (typeof value === 'string' && value.length > 0 ? null : 'a dataset name or a path'),
  batchSize: integer(2, 1024),
  blocks: (value) => (value === null ? null : integer(1, 6)(value)),
  initChannels: integer(4, 512, 4),
  population: integer(2, 10_000, 2),
  offspring: integer(2, 10_000, 2),
  generations: integer(0, 10_000),
  strategy: oneOf(STRATEGY_NAMES),
  lanes: integer(1, 10_000),
  indicators: (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value[0] !== value[1] &&
    value.every((name) => INDICATORS.includes(name as IndicatorName))
      ? null
      : `two different ones of ${INDICATORS.join(', ')}`,
  indicatorScale: oneOf(INDICATOR_SCALES),
  objectives: oneOf(OBJECTIVES_NAMES),
  estimateEpochs: integer(1, 1000),
  exploitation: (value) =>
    typeof value === 'number' && value >= 0 && value <= 1 ? null : 'a number from 0 to 1',
  seed: integer(0, 2 ** 32 - 1),
};

/**
 * Settings with defaults for what is left out; what is not a setting is left out too.
 * @throws MedNasError INVALID_ARGUMENT naming the first setting at fault, what it is and what it may be.
 */
export function parseSettings(given: { readonly [K in keyof SearchSettings]?: unknown }): SearchSettings {
  const settings = Object.fromEntries(
    Object.entries(DEFAULT_SETTINGS).map(([name, byDefault]: [string, unknown]) => {
      const value = given[name as keyof SearchSettings];
      // -0 becomes 0, as it would in JSON.
      return [name, value === undefined ? byDefault : typeof value === 'number' ? value + 0 : value];
    }),
  ) as unknown as SearchSettings;
  for (const [name, check] of Object.entries(CHECKS)) {
    const value = settings[name as keyof SearchSettings];
    const wanted = check(value);
    if (wanted !== null) {
      throw new MedNasError('INVALID_ARGUMENT', `${name} is ${wanted}; got ${shown(value)}.`, {
        field: name,
      });
    }
  }
  const planned = plannedEvaluations(settings);
  if (planned > MAX_EVALUATIONS) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `A search makes at most ${MAX_EVALUATIONS} evaluations; population + offspring * generations is ${planned}.`,
      { field: 'generations' },
    );
  }
  return settings;
}

/** The space of settings that have been parsed. */
export function spaceOf(settings: SearchSettings): SearchSpace {
  const space = SPACES[settings.space];
  if (space === undefined) throw new Error(`settings name a space that does not exist: ${settings.space}`);
  return space;
}
