// `mednas worker` as a process of its own, which can be killed.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLI } from '../crash/process.ts';

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly kill: () => Promise<void>;
  /** In order; whether it exits with 0. */
  readonly stop: () => Promise<boolean>;
}

/** @throws Error when it ends before it takes jobs. */
export async function startWorkerProcess(
  environment: Readonly<Record<string, string>>,
): Promise<WorkerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-worker-'));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, 'worker'], {
    env: {
      PATH: process.env['PATH'],
      MEDNAS_DATA_DIR: folder,
      MEDNAS_WORKERS: '1',
      MEDNAS_DOWNLOAD: 'off',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit').then((result) => {
    rmSync(folder, { recursive: true, force: true });
    return result as readonly unknown[];
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if ((JSON.parse(line) as { readonly msg?: string }).msg === 'takes jobs') resolve();
    });
    void ended.then(([code]) => reject(new Error(`the worker ended with ${String(code)}: ${stderr}`)));
  });
  return {
    child,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      return (await ended)[0] === 0;
    },
  };
}

/** So many worker processes. */
export interface Gang {
  readonly kill: (index: number) => Promise<void>;
  /** Starts another in the place of one that was killed. */
  readonly replace: (index: number) => Promise<void>;
  readonly stop: () => Promise<boolean>;
}

export async function startGang(count: number, environment: Readonly<Record<string, string>>): Promise<Gang> {
  const workers = await Promise.all(Array.from({ length: count }, () => startWorkerProcess(environment)));
  return {
    kill: (index) => (workers[index] as WorkerProcess).kill(),
    async replace(index) {
      workers[index] = await startWorkerProcess(environment);
    },
    stop: async () => (await Promise.all(workers.map(({ stop }) => stop()))).every(Boolean),
  };
}
