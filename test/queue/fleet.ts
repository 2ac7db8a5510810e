// Workers in the test's own process, on a real Redis, whose engine is the real one or stands in for it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openBatches, type Batches } from '../../src/queue/batches.ts';
import { openWorker, type QueueWorker } from '../../src/queue/worker.ts';

export const ownBatches = (folder: string): Batches =>
  openBatches({
    datasets: openDatasets({ folders: [], dataFolder: folder, download: false, confined: true }),
    folder: join(folder, 'batches'),
    api: null,
  });

/** A worker whose engine is left open when it closes. */
export async function startWorker(
  url: string,
  engine: Engine,
  alter: { readonly batches?: Batches; readonly onError?: (error: unknown) => void } = {},
): Promise<QueueWorker> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-worker-'));
  const worker = await openWorker({
    url,
    engine: { ...engine, close: () => Promise.resolve() },
    batches: ownBatches(folder),
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
