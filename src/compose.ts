// The composition root: config -> storage -> datasets -> engine -> service; nothing else wires parts.

import { join } from 'node:path';
import type { Config } from './config.ts';
import { openDatasets } from './data/datasets.ts';
import type { Progress as DownloadProgress } from './data/download.ts';
import { publishersAnd } from './data/source.ts';
import { openEngine } from './engine/pool.ts';
import { openService, type Service } from './service/service.ts';
import { type Archive, openArchive } from './storage/archive.ts';
import type { Documents } from './storage/documents.ts';
import { openSqlite } from './storage/sqlite.ts';
import { openWeights } from './storage/weights.ts';

export interface Surroundings {
  /** Whether dataset files are opened in the configured folders alone, as is right where anybody may ask. Unless given: yes. */
  readonly confined?: boolean;
  readonly onDownload: (progress: DownloadProgress) => void;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, context: string) => void;
}

/** Imported when it is used: mongoose takes longer to load than all the rest. */
async function loadMongo(uri: string): Promise<Documents> {
  const { openMongo } = await import('./storage/mongo.ts');
  return await openMongo(uri);
}

/**
 * The archive's documents as they are stored, for who takes them elsewhere or checks them.
 * @throws MedNasError STORAGE_* when it cannot be opened.
 */
export const composeDocuments = ({ mongodbUri, dataDir }: Config): Promise<Documents> =>
  mongodbUri === null ? openSqlite(dataDir) : loadMongo(mongodbUri);

/**
 * The archive alone, for who only looks at what is in it.
 * @throws MedNasError STORAGE_* when it cannot be opened.
 */
export const composeArchive = async (config: Config): Promise<Archive> =>
  openArchive(await composeDocuments(config));

/** @throws MedNasError STORAGE_* when the archive cannot be opened, ENGINE_UNAVAILABLE. */
export async function compose(
  config: Config,
  { onDownload, onError, confined = true }: Surroundings,
): Promise<Service> {
  const { dataDir, backend, workers, datasetFolders, download, downloadHosts } = config;
  const { searches, maxEvaluations, maxSeconds } = config;
  const archive = await composeArchive(config);
  try {
    return openService({
      archive,
      datasets: openDatasets({
        folders: datasetFolders,
        dataFolder: dataDir,
        download,
        confined,
        mayFetch: publishersAnd(downloadHosts),
        onProgress: onDownload,
      }),
      engine: await openEngine({ backend, workers }),
      weights: openWeights(join(dataDir, 'weights')),
      now: () => new Date(),
      maxSearches: searches,
      quota: { maxEvaluations, maxSeconds },
      onError,
    });
  } catch (error) {
    await archive.close();
    throw error;
  }
}
