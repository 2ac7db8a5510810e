// The real command, in a process of its own.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly outcome: Promise<Outcome>;
}

export interface Where {
  readonly cwd: string;
  /** Beyond PATH; nothing else of this process's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Which file is the command: its source unless given. */
  readonly cli?: string;
}

export function startMednas(args: readonly string[], { cwd, env = {}, cli = CLI }: Where): Running {
  const child = spawn(process.execPath, [cli, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
  });
  const chunks = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      chunks[name] += text;
    });
  }
  const outcome = once(child, 'close').then(([code, signal]: readonly unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    ...chunks,
  }));
  return { child, outcome };
}

export const mednas = (args: readonly string[], where: Where): Promise<Outcome> =>
  startMednas(args, where).outcome;
