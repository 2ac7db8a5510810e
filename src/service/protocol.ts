// From what a person asks for to what a score depends on: dataset and settings become a batch and
// a protocol.

import { isDeepStrictEqual } from 'node:util';
import { type Batch, drawBatch } from '../data/batch.ts';
import type { Datasets } from '../data/datasets.ts';
import type { Computing } from '../learning/school.ts';
import { readSplits } from '../learning/splits.ts';
import { MedNasError } from '../search/errors.ts';
import type { IndicatorName, Protocol } from '../search/evaluation.ts';
import { type Estimator, inProtocol, recipeOf } from './estimator.ts';
import type { KindName } from './kinds.ts';

/** The settings a score depends on. */
export interface ProtocolSettings {
  readonly space: string;
  readonly dataset: string;
  readonly batchSize: number;
  readonly initChannels: number;
  readonly seed: number;
  readonly indicators: readonly IndicatorName[];
  readonly estimateEpochs: number;
}

export interface Prepared {
  readonly protocol: Protocol;
  readonly batch: Batch;
  /** null: nothing is trained to judge an architecture. */
  readonly estimator: Estimator | null;
}

export interface PreparationParts extends Computing {
  readonly datasets: Datasets;
}

/**
 * `before`: the protocol of the scores a search has.
 * @throws MedNasError of the dataset (unknown, corrupt, ...) or BATCH_TOO_LARGE; INVALID_ARGUMENT: not fit to train on,
 * where that is asked for
 */
export async function prepare(
  { datasets, engine, school }: PreparationParts,
  settings: ProtocolSettings,
  before: Protocol | null = null,
): Promise<Prepared> {
  const { space, batchSize, initChannels, seed, indicators } = settings;
  const dataset = await datasets.open(settings.dataset);
  const batch = await drawBatch(dataset, { size: batchSize, seed });
  const numerics = engine.numericsFor?.(before?.numerics ?? null) ?? engine.info.numerics;
  const recipe = recipeOf(settings);
  const estimator = recipe && {
    recipe,
    splits: await readSplits(datasets, school.trainerFor(numerics), settings.dataset),
  };
  return {
    batch,
    estimator,
    protocol: {
      space,
      dataset: dataset.info.name,
      batch: batch.hash,
      batchSize,
      input: batch.shape,
      classes: batch.classes,
      multiLabel: batch.multiLabel,
      initChannels,
      seed,
      indicators,
      numerics,
      ...(estimator !== null && { training: inProtocol(estimator) }),
    },
  };
}

/** Parts of a protocol that a person knows by another name. */
const IN_WORDS: Readonly<Partial<Record<string, string>>> = {
  batch: 'the images and labels drawn from the dataset',
  data: 'the images and labels of the dataset',
  input: 'the size of an image',
  numerics: "the engine's arithmetic",
  training: 'the images and the recipe of validAuc',
};

const WOULD_NOT_COMPARE: Readonly<Record<KindName, string>> = {
  search: 'its scores would not be comparable',
  training: 'it would come to other weights',
};

/** @throws MedNasError INVALID_STATE when what is computed now would not fit what was computed before. */
export function requireSameProtocol<P extends object>(kind: KindName, before: P, after: P): void {
  const differences = (Object.keys(before) as (keyof P & string)[])
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => `${IN_WORDS[key] ?? key}: ${String(before[key])} before, ${String(after[key])} now`);
  if (differences.length === 0) return;
  throw new MedNasError(
    'INVALID_STATE',
    `The ${kind} cannot go on: ${WOULD_NOT_COMPARE[kind]} (${differences.join('; ')}). ` +
      `Resume it where that is as it was before, or start a new ${kind}.`,
  );
}
