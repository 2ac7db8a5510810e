// A backup's file: gzipped JSON lines. The first says what it is, each further one is a document, the last
// tells how many there are of each collection and the SHA-256 of all lines before it. The format is stable:
// `version` grows when a reader of before would misread it; layouts of documents have their own numbers.

import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { types } from 'node:util';
import { createGunzip, createGzip } from 'node:zlib';
import { type ErrorCode, MedNasError } from '../../search/errors.ts';

const FORMAT = 'mednas-archive';
const VERSION = 1;

export interface Row {
  readonly collection: string;
  readonly id: string;
  /** Of the document: how often it was stored. */
  readonly version: number;
  /** Revision of the collection that the body is laid out by. */
  readonly layout: number;
  readonly body: unknown;
}

interface Header {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly createdAt: string;
}

export type Counts = Readonly<Record<string, number>>;

export interface Trailer {
  readonly counts: Counts;
  readonly sha256: string;
}

const codeOf = (error: unknown): string =>
  types.isNativeError(error) && 'code' in error ? String(error.code) : '';

const WRITE_FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['STORAGE_FULL', 'no space is left there. Free some, or write it elsewhere'],
  EDQUOT: ['STORAGE_FULL', 'the disk quota is used up there. Free some, or write it elsewhere'],
  ENOENT: ['INVALID_ARGUMENT', 'there is no such folder'],
  EACCES: ['STORAGE_READ_ONLY', 'it may not be written there'],
  EROFS: ['STORAGE_READ_ONLY', 'it may not be written there'],
};

/** Adds to the counts of collections; mutates, for there are millions. */
export function tally(counts: Record<string, number>, collection: string, by = 1): void {
  counts[collection] = (counts[collection] ?? 0) + by;
}

/**
 * Writes pages of rows to a file that appears under its name only once it is whole and on the disk.
 * @throws MedNasError INVALID_ARGUMENT, STORAGE_FULL, STORAGE_READ_ONLY; whatever reading the rows fails with.
 */
export async function writeBackup(
  path: string,
  createdAt: Date,
  pages: AsyncIterable<readonly Row[]>,
): Promise<Trailer> {
  if (existsSync(path)) {
    throw new MedNasError('INVALID_ARGUMENT', `${path} exists; a backup is written to a new file.`);
  }
  const partial = `${path}.${process.pid}.partial`;
  const hash = createHash('sha256');
  const counts: Record<string, number> = {};
  const hashed = (lines: string): string => {
    hash.update(lines);
    return lines;
  };
  let trailer: Trailer | undefined;
  async function* text(): AsyncGenerator<string> {
    const header: Header = { format: FORMAT, version: VERSION, createdAt: createdAt.toISOString() };
    yield hashed(`${JSON.stringify(header)}\n`);
    for await (const page of pages) {
      for (const { collection } of page) tally(counts, collection);
      yield hashed(page.map((row) => `${JSON.stringify(row)}\n`).join(''));
    }
    trailer = { counts, sha256: hash.digest('hex') };
    yield `${JSON.stringify(trailer)}\n`;
  }
  try {
    await pipeline(Readable.from(text()), createGzip(), createWriteStream(partial, { flush: true }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    const failure = WRITE_FAILURES[codeOf(error)];
    if (failure === undefined || error instanceof MedNasError) throw error;
    throw new MedNasError(failure[0], `The backup ${path} could not be written: ${failure[1]}.`, {
      cause: error,
    });
  }
  return trailer as Trailer;
}

const NEWLINE = 10;

async function* linesOf(path: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  const piped = pipeline(createReadStream(path), gunzip).catch(() => undefined); // the loop throws it
  let rest: Buffer[] = [];
  for await (const chunk of gunzip as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, at + 1)]);
      rest = [];
      from = at + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  await piped;
  if (rest.length > 0) yield Buffer.concat(rest);
}

const damaged = (path: string, why: string, cause?: unknown): MedNasError =>
  new MedNasError('CHECKSUM_MISMATCH', `The backup ${path} is damaged (${why}). Take another copy of it.`, {
    cause,
  });

function parse(path: string, line: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(line.toString('utf8')) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw damaged(path, 'a line of it is not JSON', error);
  }
}

function requireHeader(path: string, line: Readonly<Record<string, unknown>>): void {
  const { format, version } = line as Partial<Header>;
  if (format !== FORMAT) {
    throw new MedNasError('INVALID_ARGUMENT', `${path} is not a backup of a MedNAS archive.`);
  }
  if (version === VERSION) return;
  throw new MedNasError(
    'INVALID_STATE',
    `A newer MedNAS wrote ${path} (format ${String(version)}, this one knows up to ${VERSION}). Restore it with that one.`,
  );
}

/**
 * The rows, in the order of the file; once it returns, with the trailer, the whole file has been checked.
 * @throws MedNasError INVALID_ARGUMENT: no such file, no backup; INVALID_STATE: of a newer MedNAS; CHECKSUM_MISMATCH.
 */
export async function* readBackup(path: string): AsyncGenerator<Row, Trailer> {
  const hash = createHash('sha256');
  const counts: Record<string, number> = {};
  let line = 0;
  let trailer: Trailer | null = null;
  try {
    for await (const bytes of linesOf(path)) {
      if (trailer !== null) throw damaged(path, 'there is more after its end');
      const content = parse(path, bytes);
      if (line++ === 0) requireHeader(path, content);
      else if ('sha256' in content) trailer = content as unknown as Trailer;
      else {
        const row = content as unknown as Row;
        tally(counts, row.collection);
        yield row;
      }
      if (trailer === null) hash.update(bytes);
    }
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof MedNasError || !/^(?:Z_|ENOENT|EISDIR|EACCES)/.test(code)) throw error;
    if (code.startsWith('Z_')) throw damaged(path, (error as Error).message, error);
    throw new MedNasError('INVALID_ARGUMENT', `${path} cannot be read (${code}).`, { cause: error });
  }
  if (trailer === null) throw damaged(path, 'it is cut short');
  const isWhole = Object.entries(trailer.counts).every(([name, count]) => counts[name] === count);
  if (hash.digest('hex') !== trailer.sha256 || !isWhole) throw damaged(path, 'its checksum is another');
  return trailer;
}
