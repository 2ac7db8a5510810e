// Where a worker gets the images of a protocol: drawn from a dataset of its own (a shared folder, say), else
// from its cache, else from the API. Whichever it is, they are the protocol's by their hash, or none.

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Batch, drawBatch, unpackBatch } from '../data/batch.ts';
import type { Datasets } from '../data/datasets.ts';
import { makeFolder } from '../folder.ts';
import { MedNasError } from '../search/errors.ts';
import type { Protocol } from '../search/evaluation.ts';
import { type Api, askApi } from './api.ts';

export interface BatchesOptions {
  readonly datasets: Datasets;
  /** Where what came from the API is kept. */
  readonly folder: string;
  /** null: images come from the datasets alone. */
  readonly api: Api | null;
}

export interface Batches {
  /** @throws MedNasError UNKNOWN_DATASET when they are nowhere, with what was tried. */
  readonly of: (protocol: Protocol) => Promise<Batch>;
}

/** Milliseconds that a batch may take. */
const FETCH_MS = 30_000;

const wantedOf = ({ batchSize, input, classes, multiLabel, batch }: Protocol) => ({
  size: batchSize,
  shape: input,
  classes,
  multiLabel,
  hash: batch,
});

/** Files are called by hashes that come with jobs. @throws Error that it is none. */
export function requireHash(text: string): void {
  if (!/^[0-9a-f]{64}$/u.test(text))
    throw new Error('the images of this job are called by something that is no hash');
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function openBatches({ datasets, folder, api }: BatchesOptions): Batches {
  const pathOf = ({ batch }: Protocol): string => join(folder, `${batch}.batch`);

  async function fromDatasets(protocol: Protocol): Promise<Batch> {
    const { dataset, batchSize, seed, batch } = protocol;
    const drawn = await drawBatch(await datasets.open(dataset), { size: batchSize, seed });
    if (drawn.hash === batch) return drawn;
    throw new Error(`${dataset} has other images here`);
  }

  const fromCache = async (protocol: Protocol): Promise<Batch> =>
    unpackBatch(await readFile(pathOf(protocol)), wantedOf(protocol));

  async function fromApi(protocol: Protocol): Promise<Batch> {
    if (api === null) throw new Error('MEDNAS_API, where they could come from, is not set');
    const { dataset, batchSize, seed, batch: hash } = protocol;
    const query = { dataset, size: String(batchSize), seed: String(seed) };
    const response = await askApi(api, `batches/${hash}`, query, FETCH_MS);
    const packed = new Uint8Array(await response.arrayBuffer());
    const batch = unpackBatch(packed, wantedOf(protocol));
    await keep(pathOf(protocol), packed).catch(() => undefined); // a full disk costs the way again
    return batch;
  }

  async function keep(path: string, packed: Uint8Array): Promise<void> {
    await makeFolder(folder);
    const temporary = `${path}.${randomUUID()}`;
    try {
      await writeFile(temporary, packed);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  return {
    async of(protocol) {
      requireHash(protocol.batch);
      const failures: string[] = [];
      for (const from of [fromCache, fromDatasets, fromApi]) {
        try {
          return await from(protocol);
        } catch (error) {
          if (from !== fromCache) failures.push(reasonOf(error));
        }
      }
      throw new MedNasError(
        'UNKNOWN_DATASET',
        `The images of ${protocol.dataset} cannot be got here: ${failures.join('; ')}.`,
        { field: 'dataset' },
      );
    },
  };
}
