// From what a person asks for to what a score depends on: dataset and settings become a batch and
// a protocol.

import { isDeepStrictEqual } from 'node:util';
import { type Batch, drawBatch } from '../data/batch.ts';
import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import type { IndicatorName, Protocol } from '../search/evaluation.ts';

/** The settings a score depends on. */
export interface ProtocolSettings {
  readonly space: string;
  readonly dataset: string;
  readonly batchSize: number;
  readonly initChannels: number;
  readonly seed: number;
  readonly indicators: readonly IndicatorName[];
}

export interface Prepared {
  readonly protocol: Protocol;
  readonly batch: Batch;
}

/**
 * `before`: the protocol of the scores a search has.
 * @throws MedNasError of the dataset (unknown, corrupt, ...) or BATCH_TOO_LARGE.
 */
export async function prepare(
  datasets: Datasets,
  engine: Engine,
  settings: ProtocolSettings,
  before: Protocol | null = null,
): Promise<Prepared> {
  const { space, batchSize, initChannels, seed, indicators } = settings;
  const dataset = await datasets.open(settings.dataset);
  const batch = await drawBatch(dataset, { size: batchSize, seed });
  return {
    batch,
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
      numerics: engine.numericsFor?.(before?.numerics ?? null) ?? engine.info.numerics,
    },
  };
}

/** Parts of a protocol that a person knows by another name. */
const IN_WORDS: Readonly<Partial<Record<keyof Protocol, string>>> = {
  batch: 'the images and labels drawn from the dataset',
  input: 'the size of an image',
  numerics: "the engine's arithmetic",
};

/** @throws MedNasError INVALID_STATE when scores computed now would not be comparable with those before. */
export function requireSameProtocol(before: Protocol, after: Protocol): void {
  const differences = (Object.keys(before) as (keyof Protocol)[])
    .filter((key) => !isDeepStrictEqual(before[key], after[key]))
    .map((key) => `${IN_WORDS[key] ?? key}: ${String(before[key])} before, ${String(after[key])} now`);
  if (differences.length === 0) return;
  throw new MedNasError(
    'INVALID_STATE',
    `The search cannot go on: its scores would not be comparable (${differences.join('; ')}). ` +
      'Resume it where that is as it was before, or start a new search.',
  );
}
