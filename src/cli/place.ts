// Puts exported files where a person wants them: none is there before it is whole, and none that is there already
// is written over unless they say so.

import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { codeOf } from '../data/reason.ts';
import type { ExportedFile } from '../export/subject.ts';
import { makeFolder } from '../folder.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';

export interface Place {
  readonly folder: string;
  /** What files are called, without extensions. */
  readonly name: string;
  /** What the main file is called; null: as its format does. */
  readonly main: string | null;
}

/** Called so in a folder of their own. */
const NAME = 'model';

/** Other tools put the name into paths, addresses and source. */
const PLAIN = /^[\w-][\w.-]*$/u;

/**
 * Where an export goes: `out` is a file if it ends as one of the format does, and a folder otherwise.
 * @throws MedNasError INVALID_ARGUMENT
 */
export async function placeFor(out: string, extension: string): Promise<Place> {
  const isFolder = await stat(out).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const short = extension.slice(extension.lastIndexOf('.'));
  if (isFolder || extname(out) !== short) return { folder: out, name: NAME, main: null };
  const main = basename(out);
  const name = main.slice(0, -(main.endsWith(extension) ? extension : short).length);
  if (!PLAIN.test(name))
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `--out names a file in letters, digits, '.', '_' and '-', for its name goes into what is written; got '${main}'.`,
      { field: 'out' },
    );
  return { folder: dirname(out), name, main };
}

export interface PlacedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

const FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['STORAGE_FULL', 'no space is left there'],
  EDQUOT: ['STORAGE_FULL', 'the disk quota is used up there'],
  EACCES: ['STORAGE_READ_ONLY', 'it may not be written there'],
  EPERM: ['STORAGE_READ_ONLY', 'it may not be written there'],
  EROFS: ['STORAGE_READ_ONLY', 'it may not be written there'],
  ENOTDIR: ['INVALID_ARGUMENT', 'a file is in the place of its folder'],
  EEXIST: ['INVALID_ARGUMENT', 'a file is in the place of its folder'],
  EISDIR: ['INVALID_ARGUMENT', 'a folder is in its place'],
};

function failed(path: string, error: unknown): unknown {
  const failure = FAILURES[codeOf(error)];
  if (failure === undefined) return error;
  const [code, why] = failure;
  return new MedNasError(code, `${path} could not be written: ${why}. No file was changed.`, {
    field: 'out',
    cause: error,
  });
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** In a folder that others share, a card too is called as what it belongs to. */
const fileName = ({ name, main }: Place, own: string): string =>
  main === null || own.startsWith(`${name}.`) || own.startsWith(`${name}-`) ? own : `${name}.${own}`;

interface Target {
  readonly path: string;
  readonly partial: string;
  readonly bytes: Uint8Array;
}

/** Those that are there with another content; null: nothing is there. */
async function isTaken({ path, bytes }: Target): Promise<boolean> {
  try {
    return !Buffer.from(bytes).equals(await readFile(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw failed(path, error);
  }
}

/**
 * Writes the files, the main one first. One that is there with the same content is no obstacle.
 * @throws MedNasError CONFLICT: one is there with another; STORAGE_*, INVALID_ARGUMENT. Then nothing has changed.
 */
export async function placeFiles(
  place: Place,
  files: readonly ExportedFile[],
  force: boolean,
): Promise<readonly PlacedFile[]> {
  const { folder, main } = place;
  const targets = files.map(({ name, content }, i): Target => {
    const path = join(folder, i === 0 && main !== null ? main : fileName(place, name));
    return { path, partial: `${path}.${process.pid}.partial`, bytes: Buffer.from(content) };
  });
  await makeFolder(folder).catch((error: unknown) => {
    throw failed(folder, error);
  });
  const taken = await Promise.all(targets.map(isTaken));
  const first = targets.find((_, i) => taken[i]);
  if (first !== undefined && !force)
    throw new MedNasError(
      'CONFLICT',
      `${first.path} is there already, with another content. Choose another --out, or write over it with --force.`,
      { field: 'out' },
    );
  try {
    for (const target of targets) {
      await writeWhole(target.partial, target.bytes).catch((error: unknown) => {
        throw failed(target.path, error);
      });
    }
    for (const { partial, path } of targets) await rename(partial, path);
  } finally {
    await Promise.all(targets.map(({ partial }) => rm(partial, { force: true })));
  }
  return targets.map(({ path, bytes }) => ({
    path,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
}
