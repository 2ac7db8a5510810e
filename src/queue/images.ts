// Where a worker gets the images of a training: from a dataset of its own (a shared folder, say), else from a copy it
// has fetched before, else from the API. Whichever it is, they are the training's by their hash, or none.

import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Datasets, isDatasetPath, openDatasets } from '../data/datasets.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { makeFolder } from '../folder.ts';
import { readSplits, type Splits } from '../learning/splits.ts';
import { MedNasError } from '../search/errors.ts';
import type { TrainingProtocol } from '../training/protocol.ts';
import { type Api, askApi } from './api.ts';
import { type BatchesOptions, reasonOf, requireHash } from './batches.ts';

export interface ImagesOptions extends BatchesOptions {
  readonly trainer: Pick<EngineInfo, 'memory' | 'numerics'>;
}

export interface Images {
  /** @throws MedNasError UNKNOWN_DATASET when they are nowhere, with what was tried. */
  readonly of: (protocol: TrainingProtocol) => Promise<Splits>;
}

/** What is wrong with a file that is none of what was asked for. */
const USELESS: ReadonlySet<string> = new Set(['CORRUPT_DATASET', 'CHECKSUM_MISMATCH']);

/** Datasets that are held at the same time: a search and a training, say. */
const HELD = 2;

/** A dataset may be large, and the way slow. */
const FETCH_MS = 3_600_000;

/** Puts the dataset's file at a path. @throws Error that says what the API answered. */
async function fetchDataset(api: Api, dataset: string, path: string): Promise<void> {
  const { body } = await askApi(api, `datasets/${encodeURIComponent(dataset)}`, {}, FETCH_MS);
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    await pipeline(body as unknown as AsyncIterable<Uint8Array>, createWriteStream(partial));
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

export function openImages({ datasets, folder, api, trainer }: ImagesOptions): Images {
  const held = new Map<string, Promise<Splits>>();

  async function from(
    source: Pick<Datasets, 'open'>,
    name: string,
    wanted: TrainingProtocol,
  ): Promise<Splits> {
    const splits = await readSplits(source, trainer, name);
    const { data, task, classes } = splits.protocol;
    if (data === wanted.data && task === wanted.task && classes === wanted.classes) return splits;
    throw new MedNasError('CHECKSUM_MISMATCH', `${name} has other images here`);
  }

  /** A folder with one file, under the name by which it is known. */
  async function fromCopy(wanted: TrainingProtocol, mayFetch: boolean): Promise<Splits> {
    const { dataset, data } = wanted;
    const copies = join(folder, data);
    const name = isDatasetPath(dataset) ? basename(dataset) : dataset;
    const path = join(copies, name.endsWith('.npz') ? name : `${name}.npz`);
    if (mayFetch) {
      if (api === null) throw new Error('MEDNAS_API, where they could come from, is not set');
      await makeFolder(copies);
      await fetchDataset(api, dataset, path);
    }
    const source = openDatasets({ folders: [], dataFolder: copies, download: false, confined: true });
    try {
      return await from(source, name, wanted);
    } catch (error) {
      // What has just come and is of no use; others may be at a copy that was there.
      if (mayFetch && error instanceof MedNasError && USELESS.has(error.code))
        await rm(path, { force: true });
      throw error;
    }
  }

  async function find(wanted: TrainingProtocol): Promise<Splits> {
    requireHash(wanted.data);
    const failures: string[] = [];
    const ways = [
      () => from(datasets, wanted.dataset, wanted),
      () => fromCopy(wanted, false),
      () => fromCopy(wanted, true),
    ];
    for (const [i, way] of ways.entries()) {
      try {
        return await way();
      } catch (error) {
        if (i !== 1) failures.push(reasonOf(error));
      }
    }
    throw new MedNasError(
      'UNKNOWN_DATASET',
      `The images of ${wanted.dataset} cannot be got here: ${failures.join('; ')}.`,
      { field: 'dataset' },
    );
  }

  return {
    of(protocol) {
      // The same pixels may be of another task.
      const key = [protocol.data, protocol.task, protocol.classes].join();
      const splits = held.get(key) ?? find(protocol);
      held.delete(key);
      held.set(key, splits);
      splits.catch(() => held.get(key) === splits && held.delete(key));
      const [oldest] = held.keys();
      if (held.size > HELD && oldest !== undefined) held.delete(oldest);
      return splits;
    },
  };
}
