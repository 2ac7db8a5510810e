// From what a person asks for to what a score depends on: dataset and settings become a batch and
// a protocol.

import { type Batch, drawBatch } from '../data/batch.ts';
import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
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

/** @throws MedNasError of the dataset (unknown, corrupt, ...) or BATCH_TOO_LARGE. */
export async function prepare(
  datasets: Datasets,
  engine: Engine,
  settings: ProtocolSettings,
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
      numerics: engine.info.numerics,
    },
  };
}
