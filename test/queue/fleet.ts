// Workers in the test's own process, on a real Redis, whose engine is the real one or stands in for it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openBatches, type Batches } from '../../src/queue/batches.ts';
import { type Images, openImages } from '../../src/queue/images.ts';
import { openWorker, type QueueWorker, type WorkerOptions } from '../../src/queue/worker.ts';

/** Of the bundled datasets, and of those in a folder by their paths. */
const ownDatasets = (folder: string) => openDatasets({ folders: [], dataFolder: folder, download: false });

export const ownBatches = (folder: string): Batches =>
  openBatches({ datasets: ownDatasets(folder), folder: join(folder, 'batches'), api: null });

export const ownImages = (folder: string, trainer: Engine['info']): Images =>
  openImages({ datasets: ownDatasets(folder), folder: join(folder, 'copies'), api: null, trainer });

/** By the network that a worker tests itself by, of five classes, the real engine; by all others another. */
export const testedBy = (real: Engine, other: Engine): Engine => ({
  ...other,
  train: (lesson, signal) => (lesson.problem.classes === 5 ? real : other).train(lesson, signal),
});

/** A worker whose engine is left open when it closes. */
export async function startWorker(
  url: string,
  engine: Engine,
  alter: Partial<Pick<WorkerOptions, 'batches' | 'images' | 'onError'>> = {},
): Promise<QueueWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-worker-'));
  const worker = await openWorker({
    url,
    engine: { ...engine, close: () => Promise.resolve() },
    batches: ownBatches(folder),
    images: ownImages(folder, engine.info),
    version: 'test',
    onError: () => undefined,
    ...alter,
  });
  return {
    ...worker,
    async close() {
      await worker.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
