// The tools that read what is exported, each in a process of its own: all jobs of a test in one, for starting
// them takes longer than running them.

import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { FormatName } from '../../src/export/formats.ts';
import type { ExportedFile } from '../../src/export/subject.ts';

export interface Job {
  /** The format's main file, the others beside it. */
  readonly main: string;
  /** A file of float32 [images, height, width, channels]. */
  readonly images: string;
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
}

export interface Ran {
  readonly shape: readonly number[];
  readonly logits: readonly number[];
  /** What else the tool says of the model. */
  readonly told: Readonly<Record<string, unknown>>;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** A Python that has a module: the one on the path, or Debian's. null: none. */
export function pythonWith(module: string): string | null {
  const found = ['python3', '/usr/bin/python3'].find((python) => {
    try {
      execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
  return found ?? null;
}

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;
const torch = pythonWith('torch');

interface Runtime {
  readonly format: FormatName;
  /** Program and arguments; null: not on this machine. */
  readonly command: readonly string[] | null;
}

export const RUNTIMES: Readonly<Record<string, Runtime>> = {
  onnxruntime: { format: 'onnx', command: [...NODE, here('onnx.child.ts')] },
  PyTorch: { format: 'pytorch', command: torch === null ? null : [torch, here('run_pytorch.py')] },
  'TF.js': { format: 'tfjs', command: [...NODE, here('tfjs.child.ts')] },
};

const execute = promisify(execFile);

/** What the program prints, given the jobs: exported files and the images they are asked of. */
export async function runJobs(
  [program = '', ...args]: readonly string[],
  jobs: readonly {
    readonly files: readonly ExportedFile[];
    readonly images: Float32Array;
    readonly shape: Job['shape'];
  }[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-export-'));
  try {
    const told = jobs.map(({ files, images, shape }, i): Job => {
      const own = mkdtempSync(join(folder, `${i}-`));
      for (const { name, content } of files) writeFileSync(join(own, name), content);
      writeFileSync(join(own, 'images'), images);
      return { main: join(own, files[0]?.name ?? ''), images: join(own, 'images'), shape };
    });
    const list = join(folder, 'jobs.json');
    writeFileSync(list, JSON.stringify(told));
    const { stdout } = await execute(program, [...args, list], { maxBuffer: 2 ** 28 });
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
