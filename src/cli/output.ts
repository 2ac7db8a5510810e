// What a command writes: its result to stdout, every byte of it or an error, and to stderr what a person
// follows, for as long as somebody reads. Node's own stream for a file on stdout writes once and takes a
// short write, which is how a disk fills up, for a whole one; so results go around it.

import { write } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from '../data/reason.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';

const STDOUT = 1;
const writeSome = promisify(write);

/** How long a reader is given, in ms, before a full pipe that does not block is tried again. */
const RETRY_MS = 5;

const FAILURES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['STORAGE_FULL', 'no space is left where it goes. Free some, or write it elsewhere'],
  EDQUOT: ['STORAGE_FULL', 'the disk quota is used up where it goes. Free some, or write it elsewhere'],
  EFBIG: ['STORAGE_FULL', 'the file has grown as large as it may. Write it elsewhere'],
};

function failed(cause: unknown, written: number, bytes: number): MedNasError {
  const code = codeOf(cause);
  const [kind, why] = FAILURES[code] ?? ['STORAGE_UNREACHABLE', 'whatever it goes to does not take it'];
  const cut = `The result was cut after ${written} of ${bytes} bytes: ${why} (${code}).`;
  return new MedNasError(kind, cut, { cause });
}

/**
 * Writes a line or more to stdout. A reader that has gone away (`| head`) had what it wanted: no failure.
 * @throws MedNasError STORAGE_FULL, STORAGE_UNREACHABLE when not every byte could be written.
 */
export async function print(text: string): Promise<void> {
  const bytes = Buffer.from(`${text}\n`);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += (await writeSome(STDOUT, bytes, written)).bytesWritten;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN' && code !== 'EINTR') throw failed(error, written, bytes.length);
      await setTimeout(RETRY_MS);
    }
  }
}

/** Lets the work go on when stderr is closed, full or hung up: what it would have shown is lost, no more. */
export function outliveStderr(): void {
  process.stderr.on('error', () => undefined);
}
