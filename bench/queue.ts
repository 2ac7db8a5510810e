// What the queue costs: the same search, and the same trainings, by a service whose engine is its own and by one that
// leaves the work to as many worker processes of one thread, in turns on the same machine.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatasets } from '../src/data/datasets.ts';
import { openEngine } from '../src/engine/pool.ts';
import { openQueueEngine } from '../src/queue/engine.ts';
import { type Computing, inProcess } from '../src/learning/school.ts';
import { openService, type Service } from '../src/service/service.ts';
import { openArchive } from '../src/storage/archive.ts';
import { openSqlite } from '../src/storage/sqlite.ts';
import { openWeights } from '../src/storage/weights.ts';
import { startRedis } from '../test/support/redis.ts';

export interface QueueOptions {
  readonly initChannels: number;
  readonly workers: number;
  readonly generations: number;
  readonly epochs: number;
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

/** Clock ticks of /proc are hundredths of a second on Linux. */
const TICKS = 100;

/** Seconds of processor time that another process has used. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

interface Timing {
  /** Of what was done, a second. */
  readonly rate: number;
  /** Milliseconds of processor time each, of this process and the workers: whoever else is busy. */
  readonly cpu: number;
}

/** Times work that says how much it has done, by a service with an archive of its own. */
async function time(
  computing: Computing,
  workers: readonly number[],
  work: (service: Service) => Promise<number>,
): Promise<Timing> {
  const cpuNow = (): number => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6 + workers.reduce((sum, pid) => sum + cpuOf(pid), 0);
  };

  const folder = mkdtempSync(join(tmpdir(), 'mednas-bench-'));
  const service = openService({
    archive: openArchive(await openSqlite(folder)),
    ...computing,
    engine: { ...computing.engine, close: () => Promise.resolve() },
    datasets: openDatasets({ folders: [], dataFolder: folder, download: false }),
    weights: openWeights(join(folder, 'weights')),
    now: () => new Date(),
    onError: (error) => console.error(error),
  });
  const cpuBefore = cpuNow();
  const start = performance.now();
  const done = await work(service);
  const seconds = (performance.now() - start) / 1000;
  const cpu = cpuNow() - cpuBefore;
  await service.close();
  rmSync(folder, { recursive: true });
  return { rate: done / seconds, cpu: (1000 * cpu) / done };
}

/** Evaluations. */
const searching =
  ({ initChannels, generations }: QueueOptions, seed: number) =>
  async ({ archive, searches }: Service): Promise<number> => {
    const { id } = await searches.start({ initChannels, generations, seed });
    await searches.settled(id);
    const { evaluations, status } = (await archive.getSearch(id)).body;
    if (status !== 'completed') throw new Error(`the search is ${status}`);
    return evaluations;
  };

const GENOTYPE = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];

/** Epochs, of as many trainings as there are threads. */
const learning =
  ({ initChannels, epochs, workers }: QueueOptions, seed: number) =>
  async ({ archive, trainings }: Service): Promise<number> => {
    const records = await Promise.all(
      Array.from({ length: workers }, (_, i) =>
        trainings.start({ genotype: GENOTYPE, initChannels, epochs, seed: seed * workers + i }),
      ),
    );
    for (const { id } of records) {
      await trainings.settled(id);
      const { status } = (await archive.getTraining(id)).body;
      if (status !== 'completed') throw new Error(`the training is ${status}`);
    }
    return epochs * workers;
  };

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
  const queued = await openQueueEngine({ url: redis.url, local: idle, onError: console.error });
  console.log(
    `${options.workers} threads on ${availableParallelism()} cores, ${options.initChannels} channels, batch 64, 28 px; load before: ${loadavg()[0]?.toFixed(2)}`,
  );
  const pids = children.flatMap(({ pid }) => pid ?? []);
  // Kernels are compiled, speeds learned.
  for (const computing of [inProcess(local), queued])
    await time(computing, pids, searching({ ...options, generations: 1 }, 1000));
  for (const [what, work] of [['evaluations', searching] as const, ['epochs', learning] as const]) {
    const ratios: { readonly rate: number; readonly cpu: number }[] = [];
    for (let seed = 0; seed < options.rounds; seed++) {
      const own = await time(inProcess(local), pids, work(options, seed));
      const over = await time(queued, pids, work(options, seed));
      ratios.push({ rate: over.rate / own.rate, cpu: over.cpu / own.cpu });
      console.log(
        `${what}: one process ${own.rate.toFixed(2)}/s, ${own.cpu.toFixed(1)} ms of CPU each; queue ${over.rate.toFixed(2)}/s, ${over.cpu.toFixed(1)} ms`,
      );
    }
    const percent = (values: readonly number[]): string => `${(100 * median(values)).toFixed(0)} %`;
    console.log(
      `${what}, median: ${percent(ratios.map(({ rate }) => rate))} of the throughput, ${percent(ratios.map(({ cpu }) => cpu))} of the CPU time (Redis left out); load after: ${loadavg()[0]?.toFixed(2)}`,
    );
  }
  for (const child of children) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await queued.engine.close();
  await local.close();
  await redis.kill();
  rmSync(folder, { recursive: true });
}
