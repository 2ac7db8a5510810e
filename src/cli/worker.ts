// `mednas worker`: scores and trains what services put into the queue, until it is told to end.

import { join } from 'node:path';
import { openDatasets } from '../data/datasets.ts';
import { publishersAnd } from '../data/source.ts';
import { endOnSignal } from '../ending.ts';
import { openEngine } from '../engine/pool.ts';
import { openBatches } from '../queue/batches.ts';
import { openImages } from '../queue/images.ts';
import { openWorker } from '../queue/worker.ts';
import { MedNasError } from '../search/errors.ts';
import { openLogger } from '../server/log.ts';
import { VERSION } from '../version.ts';
import { configWith } from './flags.ts';

interface Flags {
  readonly workers?: string;
}

/** Resolves once it takes jobs. @throws MedNasError INVALID_ARGUMENT without a queue; ENGINE_UNAVAILABLE. */
export async function runWorker({ workers }: Flags): Promise<void> {
  const config = configWith(workers);
  const { queue, api, apiKey, dataDir, datasetFolders, download, downloadHosts, backend } = config;
  if (queue === null) {
    throw new MedNasError(
      'INVALID_ARGUMENT',
      'A worker takes its jobs from a queue: set MEDNAS_QUEUE to the Redis that the service uses, redis://HOST:6379.',
    );
  }
  const logger = openLogger(config.logLevel);
  const engine = await openEngine({ backend, workers: config.workers });
  const datasets = openDatasets({
    folders: datasetFolders,
    dataFolder: dataDir,
    // What the API has need not be downloaded twice, and a batch of it is small.
    download: download && api === null,
    confined: true,
    mayFetch: publishersAnd(downloadHosts),
  });
  const from = api === null ? null : { url: api, key: apiKey };
  const worker = await openWorker({
    url: queue,
    engine,
    batches: openBatches({ datasets, folder: join(dataDir, 'batches'), api: from }),
    images: openImages({ datasets, folder: join(dataDir, 'copies'), api: from, trainer: engine.info }),
    version: VERSION,
    onError: (error) => logger.error({ err: error }, 'a worker has trouble'),
    onJob: (scored, of) => logger.debug({ scored, of }, 'a job is over'),
  }).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  logger.info({ worker: worker.describe() }, 'takes jobs');
  endOnSignal(logger, config.grace * 1000, [['jobs', 1, worker.close]]);
}
