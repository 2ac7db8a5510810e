// How a network is trained, as plain data: by default the recipe of MedMNIST's experiments (Yang et al. 2023:
// Adam, 1e-3, times 0.1 at 50 % and 75 % of 100 epochs, batches of 128, no augmentation; the epoch with the
// best validation AUC is tested).

import { MedNasError, shown } from '../search/errors.ts';

export const OPTIMIZERS = ['adam', 'sgd'] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface Recipe {
  readonly epochs: number;
  /** Images of one step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  /** Shares of the epochs after which the learning rate is multiplied by `decay`. */
  readonly milestones: readonly number[];
  readonly decay: number;
  /** Of Adam's first moment (beta 1), or of SGD. */
  readonly momentum: number;
  /** L2 penalty: times the weight, added to its gradient. */
  readonly weightDecay: number;
  /** Seeds the weights and the order of images. */
  readonly seed: number;
}

export const DEFAULT_RECIPE: Recipe = {
  epochs: 100,
  batchSize: 128,
  optimizer: 'adam',
  learningRate: 1e-3,
  milestones: [0.5, 0.75],
  decay: 0.1,
  momentum: 0.9,
  weightDecay: 0,
  seed: 0,
};

type Check = (value: unknown) => string | null;

const integer =
  (min: number, max: number): Check =>
  (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? null
      : `an integer from ${min} to ${max}`;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const CHECKS: { readonly [K in keyof Recipe]: Check } = {
  epochs: integer(1, 10_000),
  batchSize: integer(2, 4096),
  optimizer: (value) =>
    OPTIMIZERS.includes(value as OptimizerName) ? null : `one of ${OPTIMIZERS.join(', ')}`,
  learningRate: (value) =>
    isNumber(value) && value > 0 && value <= 10 ? null : 'a number above 0, up to 10',
  milestones: (value) =>
    Array.isArray(value) &&
    value.length <= 10 &&
    value.every((share, i) => isNumber(share) && share > 0 && share < 1 && share > (value[i - 1] ?? 0))
      ? null
      : 'at most 10 shares of the epochs between 0 and 1, each larger than the one before',
  decay: (value) => (isNumber(value) && value > 0 && value <= 1 ? null : 'a number above 0, up to 1'),
  momentum: (value) => (isNumber(value) && value >= 0 && value < 1 ? null : 'a number from 0 to below 1'),
  weightDecay: (value) => (isNumber(value) && value >= 0 && value <= 1 ? null : 'a number from 0 to 1'),
  seed: integer(0, 2 ** 32 - 1),
};

export type GivenRecipe = { readonly [K in keyof Recipe]?: unknown };

/**
 * A recipe with defaults for what is left out; what is no part of one is left out too.
 * @throws MedNasError INVALID_ARGUMENT naming the first part at fault, what it is and what it may be.
 */
export function parseRecipe(given: GivenRecipe): Recipe {
  const entries = Object.entries(DEFAULT_RECIPE).map(([name, byDefault]: [string, unknown]) => {
    const value = given[name as keyof Recipe];
    if (value === undefined) return [name, byDefault] as const;
    const wanted = CHECKS[name as keyof Recipe](value);
    if (wanted !== null)
      throw new MedNasError('INVALID_ARGUMENT', `${name} is ${wanted}; got ${shown(value)}.`, {
        field: name,
      });
    return [name, value] as const;
  });
  return Object.freeze(Object.fromEntries(entries)) as unknown as Recipe;
}

/** The rate in an epoch, from 0: as PyTorch's MultiStepLR with milestones at those shares, rounded down. */
export function learningRateAt(recipe: Recipe, epoch: number): number {
  const { learningRate, milestones, decay, epochs } = recipe;
  const passed = milestones.filter((share) => epoch >= Math.floor(share * epochs)).length;
  return learningRate * decay ** passed;
}
