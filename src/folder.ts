// Makes a folder, with those above it. Not by mkdir's `recursive`: it takes a read-only file system for a
// missing folder, and never ends in /proc.

import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

const makeOne = (path: string): Promise<void> =>
  mkdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });

export async function makeFolder(folder: string): Promise<void> {
  const path = resolve(folder);
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    await makeOne(path);
  }
}
