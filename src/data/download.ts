// Fetches a known set's file into the data folder. The bytes go to a `.part` file of their own and are
// summed on the way; only a whole file with the right sum is renamed to its final name, so whatever
// stops a download, nothing half done is ever found under that name.

import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../folder.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import type { KnownSet } from './catalogue.ts';
import { codeOf, reasonOf } from './reason.ts';
import { fetchFrom, type Source } from './source.ts';

export interface Progress {
  readonly name: string;
  /** Bytes so far. */
  readonly received: number;
  /** Bytes in all; null: the server did not say. */
  readonly total: number | null;
}

const STORAGE_CODES: ReadonlyMap<string, readonly [code: ErrorCode, problem: string]> = new Map([
  ['ENOSPC', ['STORAGE_FULL', 'the disk is full: make room there']],
  ['EDQUOT', ['STORAGE_FULL', 'the disk quota is used up: make room there']],
  ['EROFS', ['STORAGE_READ_ONLY', 'it is read-only: choose a data folder that can be written']],
  ['EACCES', ['STORAGE_READ_ONLY', 'permission was denied: choose a data folder that can be written']],
  ['EPERM', ['STORAGE_READ_ONLY', 'permission was denied: choose a data folder that can be written']],
]);

/** What a failed file operation in `folder` means to a person: STORAGE_FULL, STORAGE_READ_ONLY, or the error as it is. */
export function storageError(error: unknown, folder: string): unknown {
  const row = STORAGE_CODES.get(codeOf(error));
  return row === undefined
    ? error
    : new MedNasError(
        row[0],
        `Cannot write to the data folder ${folder}: ${row[1]}, or put the file into a dataset folder by hand.`,
        { cause: error },
      );
}

async function storing<T>(folder: string, work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    throw storageError(error, folder);
  });
}

const HOUR_MS = 3_600_000;

/** Removes what crashed processes left of this file; a living download writes far more often than hourly. */
async function removeStaleParts(folder: string, file: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((name) => name.startsWith(`${file}.`) && name.endsWith('.part'))) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => null);
    if (stats !== null && Date.now() - stats.mtimeMs > HOUR_MS) await rm(path, { force: true });
  }
}

/** No file of the set can be larger: deflate hardly grows what it cannot shrink, and labels are few. */
const sizeLimit = (set: KnownSet): number => 1.05 * set.pixelBytes + 64 * 2 ** 20;

export interface Destination {
  readonly folder: string;
  readonly mayFetch: Source;
  readonly onProgress: (progress: Progress) => void;
}

/** Writes the body of the set's URL to `handle`; rejects unless all of it came and its MD5 is right. */
async function receive(
  set: KnownSet,
  handle: FileHandle,
  { folder, mayFetch, onProgress }: Destination,
): Promise<void> {
  const response = await fetchFrom(set.url, mayFetch);
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status} ${response.statusText}`.trim());
  }
  const length = response.headers.get('content-length');
  const total = length === null || response.headers.has('content-encoding') ? null : Number(length);
  const md5 = createHash('md5');
  let received = 0;
  onProgress({ name: set.name, received, total });
  for await (const chunk of response.body) {
    received += chunk.length;
    if (received > sizeLimit(set))
      throw new Error(`the answer is longer than the set can be (${received} bytes so far)`);
    md5.update(chunk);
    await storing(folder, handle.writeFile(chunk));
    onProgress({ name: set.name, received, total });
  }
  const sum = md5.digest('hex');
  if (sum !== set.md5) throw new Error(`got ${received} bytes with MD5 ${sum}, wanted ${set.md5}`);
}

/**
 * Downloads the set to a folder, made where it is missing, and returns the file's path.
 * DOWNLOAD_FAILED: the server or the bytes it sent; STORAGE_FULL, STORAGE_READ_ONLY: the folder.
 * Nothing is left behind on failure.
 */
export async function download(set: KnownSet, destination: Destination): Promise<string> {
  const { folder } = destination;
  const file = `${set.name}.npz`;
  const target = join(folder, file);
  const part = `${target}.${randomUUID()}.part`;
  try {
    await storing(folder, makeFolder(folder));
    await storing(folder, removeStaleParts(folder, file));
    const handle = await storing(folder, open(part, 'wx'));
    try {
      await receive(set, handle, destination);
      await storing(folder, handle.sync());
    } finally {
      await handle.close();
    }
    await storing(folder, rename(part, target));
    return target;
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    if (error instanceof MedNasError) throw error;
    throw new MedNasError(
      'DOWNLOAD_FAILED',
      `Could not download ${set.name} from ${set.url}: ${reasonOf(error)}. Try again, or fetch it by other means and put it at ${target}.`,
      { field: 'dataset', cause: error },
    );
  }
}
