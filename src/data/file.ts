// A data file on disk, and how to tell that it is still the same one. A dataset is read again and
// again over hours, so each read first makes sure that nobody has replaced the file since it was
// checked; that also lets a 16 GB file be summed once instead of at every opening.

import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { corrupt } from './corrupt.ts';
import { reasonOf } from './reason.ts';

export interface DataFile {
  readonly path: string;
  /** What messages call it: for clients of the API not its path, which is the operator's. */
  readonly label: string;
  /** Bytes. */
  readonly size: number;
  /** Changes when the file is replaced or written to. */
  readonly identity: string;
}

const identityOf = (stats: BigIntStats): string =>
  [stats.dev, stats.ino, stats.size, stats.mtimeNs].join(':');

/** The file at `path` as it is now. Rejects with the system's error where there is none to be seen. */
export async function dataFile(path: string, label: string = path): Promise<DataFile> {
  const stats = await stat(path, { bigint: true });
  // Opening a named pipe would wait for a writer, and a device has no end.
  if (!stats.isFile()) throw corrupt(label, 'is not a regular file.');
  return { path, label, size: Number(stats.size), identity: identityOf(stats) };
}

/** Opens the very file that was looked at. The caller closes it. CORRUPT_DATASET: it changed or went away. */
export async function openFile(file: DataFile): Promise<FileHandle> {
  const handle = await open(file.path).catch((error: unknown) => {
    throw corrupt(file.label, `cannot be opened for reading (${reasonOf(error)}).`, error);
  });
  if (identityOf(await handle.stat({ bigint: true })) === file.identity) return handle;
  await handle.close();
  throw corrupt(file.label, 'has changed since it was opened: leave it alone and open it again.');
}

const CHUNK = 1 << 18;

/**
 * The bytes from `start` up to `end`, a chunk at a time. (A stream made by the handle would close it
 * when it is left early, autoClose or not.)
 */
export async function* fileBytes(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, end - at));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error(`the file ends at byte ${at}, wanted ${end}`);
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function computeMd5(file: DataFile): Promise<string> {
  const handle = await openFile(file);
  try {
    const hash = createHash('md5');
    for await (const chunk of fileBytes(handle, 0, file.size)) hash.update(chunk);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** Names the file as it was when it was looked at. */
export const versionOf = ({ identity, path }: DataFile): string => `${identity}:${path}`;

/** `compute`, done once in the process's life for each key; a failure is not remembered. */
export function once<A, T>(keyOf: (of: A) => string, compute: (of: A) => Promise<T>): (of: A) => Promise<T> {
  const results = new Map<string, Promise<T>>();
  return (of) => {
    const key = keyOf(of);
    const known = results.get(key);
    if (known !== undefined) return known;
    const result = compute(of);
    results.set(key, result);
    result.catch(() => results.delete(key));
    return result;
  };
}

/** The file's MD5 in hex, computed once in the process's life as long as path, size and times stay. */
export const md5Of = once(versionOf, computeMd5);
