// The composition root: config -> storage -> datasets -> engine -> service; nothing else wires parts.

import { join } from 'node:path';
import type { Config } from './config.ts';
import { openDatasets } from './data/datasets.ts';
import type { Progress as DownloadProgress } from './data/download.ts';
import { publishersAnd } from './data/source.ts';
import type { Fleet } from './engine/fleet.ts';
import { openEngine } from './engine/pool.ts';
import { type Computing, inProcess } from './learning/school.ts';
import type { BusChange } from './service/redis.ts';
import { openService, type Service } from './service/service.ts';
import { openWakeUps, type WakeUps } from './service/wakeUps.ts';
import { type Archive, openArchive } from './storage/archive.ts';
import type { Documents } from './storage/documents.ts';
import { openSqlite } from './storage/sqlite.ts';
import { openWeights } from './storage/weights.ts';

export interface Surroundings {
  /** Whether dataset files are opened in the configured folders alone, as is right where anybody may ask. Unless given: yes. */
  readonly confined?: boolean;
  readonly onDownload: (progress: DownloadProgress) => void;
  /** Told when wake-ups begin, or cease, to travel between processes. */
  readonly onBus?: (change: BusChange) => void;
  /** Told of trouble with the queue, which runs wait out; what they cannot is told as their failure. */
  readonly onQueue?: (error: unknown) => void;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, context: string) => void;
}

/** Imported when it is used: mongoose takes longer to load than all the rest. */
async function loadMongo(uri: string): Promise<Documents> {
  const { openMongo } = await import('./storage/mongo.ts');
  return await openMongo(uri);
}

/** Redis too is imported when it is used. */
async function loadWakeUps(url: string | null, onBus: (change: BusChange) => void): Promise<WakeUps> {
  if (url === null) return openWakeUps();
  const { openRedis } = await import('./service/redis.ts');
  return openWakeUps(openRedis(url, onBus));
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

/** Who scores and trains. BullMQ is imported when it is used, for it takes its time. @throws MedNasError ENGINE_UNAVAILABLE */
async function composeEngine(
  { backend, workers, queue }: Config,
  onQueue: NonNullable<Surroundings['onQueue']>,
): Promise<Computing & { readonly fleet?: Fleet }> {
  const local = await openEngine({ backend, workers });
  if (queue === null) return inProcess(local);
  try {
    const { openQueueEngine } = await import('./queue/engine.ts');
    return await openQueueEngine({ url: queue, local, onError: onQueue });
  } catch (error) {
    await local.close();
    throw error;
  }
}

/** @throws MedNasError STORAGE_* when the archive cannot be opened, ENGINE_UNAVAILABLE. */
export async function compose(
  config: Config,
  { onDownload, onBus = () => undefined, onQueue = () => undefined, onError, confined = true }: Surroundings,
): Promise<Service> {
  const { dataDir, datasetFolders, download, downloadHosts } = config;
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
      weights: openWeights(join(dataDir, 'weights')),
      ...(await composeEngine(config, onQueue)),
      // Last, since it keeps the process alive: what fails before it leaves nothing open.
      wakeUps: await loadWakeUps(config.redisUrl, onBus),
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
