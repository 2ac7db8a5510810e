// Batches for workers elsewhere. Nothing is kept for them: a batch is drawn again from its dataset, as the
// search's was, by any replica that has the dataset.

import { drawBatch, packBatch } from '../data/batch.ts';
import type { Datasets } from '../data/datasets.ts';
import { MedNasError } from '../search/errors.ts';

export interface WantedBatch {
  /** SHA-256, as in a protocol. */
  readonly hash: string;
  readonly dataset: string;
  readonly size: number;
  readonly seed: number;
}

/** @throws MedNasError NOT_FOUND when the dataset gives other images; INVALID_ARGUMENT; of the dataset. */
export async function drawWanted(datasets: Datasets, wanted: WantedBatch): Promise<Uint8Array> {
  const { hash, dataset, size, seed } = wanted;
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new MedNasError('INVALID_ARGUMENT', 'seed is an integer from 0 to 4294967295.', { field: 'seed' });
  const batch = await drawBatch(await datasets.open(dataset), { size, seed });
  if (batch.hash === hash) return packBatch(batch);
  throw new MedNasError('NOT_FOUND', `${dataset} has no batch with the hash ${hash}, but ${batch.hash}.`);
}
