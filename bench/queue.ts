// What the queue costs: the same search by a service whose engine is its own, and by one that leaves scoring
// to as many worker processes of one thread, in turns on the same machine.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatasets } from '../src/data/datasets.ts';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/pool.ts';
import { openQueueEngine } from '../src/queue/engine.ts';
import { openService } from '../src/service/service.ts';
import { openArchive } from '../src/storage/archive.ts';
import { openSqlite } from '../src/storage/sqlite.ts';
import { startRedis } from '../test/support/redis.ts';

export interface QueueOptions {
  readonly initChannels: number;
  readonly workers: number;
  readonly generations: number;
  readonly rounds: number;
}

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url));

async function startWorker(url: string, folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'worker'], {
    env: {
      PATH: process.env['PATH'],
      MEDNAS_QUEUE: url,
      MEDNAS_WORKERS: '1',
      MEDNAS_DATA_DIR: folder,
      MEDNAS_DOWNLOAD: 'off',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    if (line.includes('"takes jobs"')) break;
  }
  return child;
}

/** Evaluations a second of a search in an archive of its own. */
async function timeSearch(engine: Engine, options: QueueOptions, seed: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-bench-'));
  const archive = openArchive(await openSqlite(folder));
  const service = openService({
    archive,
    engine: { ...engine, close: () => Promise.resolve() },
    datasets: openDatasets({ folders: [], dataFolder: folder, download: false }),
    now: () => new Date(),
    onError: (error) => console.error(error),
  });
  const { initChannels, generations } = options;
  const start = performance.now();
  const { id } = await service.searches.start({ initChannels, generations, seed });
  await service.searches.settled(id);
  const seconds = (performance.now() - start) / 1000;
  const { evaluations, status } = (await archive.getSearch(id)).body;
  if (status !== 'completed') throw new Error(`the search is ${status}`);
  await service.close();
  rmSync(folder, { recursive: true });
  return evaluations / seconds;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;

export async function queue(options: QueueOptions): Promise<void> {
  const redis = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), 'mednas-bench-'));
  const children = await Promise.all(
    Array.from({ length: options.workers }, () => startWorker(redis.url, folder)),
  );
  const local = await openEngine({ workers: options.workers });
  const idle = await openEngine({ workers: 1 });
  const { engine: queued } = await openQueueEngine({ url: redis.url, local: idle, onError: console.error });
  console.log(
    `${options.workers} threads on ${availableParallelism()} cores, ${options.initChannels} channels, batch 64, 28 px; load before: ${loadavg()[0]?.toFixed(2)}`,
  );
  const rates: { readonly own: number; readonly over: number }[] = [];
  // Kernels are compiled, speeds learned.
  await timeSearch(local, { ...options, generations: 1 }, 1000);
  await timeSearch(queued, { ...options, generations: 1 }, 1001);
  for (let seed = 0; seed < options.rounds; seed++) {
    const own = await timeSearch(local, options, seed);
    const over = await timeSearch(queued, options, seed);
    rates.push({ own, over });
    console.log(
      `one process ${own.toFixed(1)}/s, queue ${over.toFixed(1)}/s: ${((100 * over) / own).toFixed(0)} %`,
    );
  }
  console.log(`median ${(100 * median(rates.map(({ own, over }) => over / own))).toFixed(0)} %`);
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await queued.close();
  await local.close();
  await redis.close();
  rmSync(folder, { recursive: true });
}
