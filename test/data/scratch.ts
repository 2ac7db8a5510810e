// A folder of its own for each test file, removed when the file is done.

import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch {
  readonly folder: string;
  /** Writes a file into the folder, over what was there, and returns its path. */
  write(name: string, bytes: Uint8Array): Promise<string>;
}

export function scratchFolder(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-data-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    async write(name, bytes) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      return path;
    },
  };
}

/** What a rejection or a throw of a MedNasError has to look like. */
export const failure = (code: string, message: RegExp, field: string | null = 'dataset'): Error =>
  expect.objectContaining({ name: 'MedNasError', code, field, message: expect.stringMatching(message) });
