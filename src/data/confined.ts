// Where clients of the API may have files opened: inside the dataset folders, by a path below one of them.
// What is outside looks to them as what is not there, so that nobody finds out by asking what a machine has.

import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';

const realOf = (path: string): Promise<string | null> => realpath(path).catch(() => null);

function isInside(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below);
}

/** The file at `name`, links resolved, in the first of the folders that has it; null: none has. */
export async function findInside(folders: readonly string[], name: string): Promise<string | null> {
  if (!name.endsWith('.npz') || name.includes('\0')) return null;
  for (const folder of folders) {
    const [inside, path] = await Promise.all([realOf(folder), realOf(resolve(folder, name))]);
    if (inside !== null && path !== null && isInside(inside, path)) return path;
  }
  return null;
}
