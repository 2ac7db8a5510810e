// The members of a zip file on disk. The directory (with ZIP64, which the 224 px sets need) is read
// by yauzl; the members' bytes by ourselves, a chunk at a time, held to the sizes and the CRC that
// the directory promises, so that a lying archive can neither fill the memory nor go unnoticed.

import { read } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';
import { MedNasError } from '../search/errors.ts';
import { corrupt } from './corrupt.ts';
import { type DataFile, fileBytes } from './file.ts';
import { reasonOf } from './reason.ts';

export interface ZipEntry {
  readonly name: string;
  /** For messages: the member and its file. */
  readonly where: string;
  /** Stored as it is, so any part can be read without the rest; otherwise deflated. */
  readonly stored: boolean;
  /** Where its bytes start in the file. */
  readonly start: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly crc32: number;
}

const STORED = 0;
const DEFLATED = 8;
/** No deflate stream grows by more (zlib's technical notes), so a larger promise is a lie. */
const MAX_RATIO = 1032;
const MAX_ENTRIES = 1000;
/** Bytes of all members together: the largest published set has 16 GB. */
const MAX_TOTAL = 64 * 2 ** 30;
/** Images are noise to deflate: a whole file that grows by more, and to more than the next, is no set of them. */
const MAX_GROWTH = 100;
const SMALL_TOTAL = 2 ** 30;
const CHUNK = 1 << 18;

/**
 * yauzl's view of an open file. Its own reader lets node:fs throw out of a callback, past every catch,
 * when a hostile directory points beyond 2^53; this one answers with an error.
 */
class BoundedReader extends RandomAccessReader {
  private readonly descriptor: number;
  private readonly fileSize: number;

  constructor(descriptor: number, fileSize: number) {
    super();
    this.descriptor = descriptor;
    this.fileSize = fileSize;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (position + length > this.fileSize)
      setImmediate(callback, new Error(`its directory points past its ${this.fileSize} bytes`));
    else read(this.descriptor, buffer, offset, length, position, callback);
  }
}

function checkEntry(entry: Entry, where: string): void {
  const { compressionMethod: method, compressedSize, uncompressedSize: size } = entry;
  if (entry.isEncrypted()) throw corrupt(where, 'is encrypted.');
  if (method !== STORED && method !== DEFLATED)
    throw corrupt(where, `is compressed by method ${method}: only stored (0) and deflated (8) are read.`);
  if (method === DEFLATED && size > MAX_RATIO * (compressedSize + 1))
    throw corrupt(where, `is said to grow from ${compressedSize} to ${size} bytes, more than deflate can.`);
}

/** Members that share bytes, or are more together than images can be, are a bomb. */
function checkTogether(entries: readonly ZipEntry[], file: DataFile): void {
  const inOrder = entries.toSorted((a, b) => a.start - b.start);
  for (const [i, { start, compressedSize, where }] of inOrder.entries()) {
    const next = inOrder[i + 1]?.start ?? file.size;
    if (start + compressedSize > next) throw corrupt(where, 'reaches into another member, or past the end.');
  }
  const total = entries.reduce((sum, { size }) => sum + size, 0);
  const most = Math.min(MAX_TOTAL, Math.max(SMALL_TOTAL, MAX_GROWTH * file.size));
  if (total > most)
    throw corrupt(
      file.label,
      `is said to grow from ${file.size} to ${total} bytes: at most ${most} are read.`,
    );
}

/** The members of the zip by name. CORRUPT_DATASET: not a zip, damaged, or two members of one name. */
export async function listZip(handle: FileHandle, file: DataFile): Promise<ReadonlyMap<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  try {
    // autoClose is off: the handle is its opener's to close.
    const zip = await fromRandomAccessReaderPromise(new BoundedReader(handle.fd, file.size), file.size, {
      autoClose: false,
    });
    for await (const entry of zip.eachEntry()) {
      const where = `${entry.fileName} in ${file.label}`;
      if (entries.has(entry.fileName)) throw corrupt(where, 'is there twice.');
      if (entries.size === MAX_ENTRIES) throw corrupt(file.label, `has more than ${MAX_ENTRIES} members.`);
      checkEntry(entry, where);
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      entries.set(entry.fileName, {
        name: entry.fileName,
        where,
        stored: entry.compressionMethod === STORED,
        start: fileDataStart,
        compressedSize: entry.compressedSize,
        size: entry.uncompressedSize,
        crc32: entry.crc32,
      });
    }
  } catch (error) {
    if (error instanceof MedNasError) throw error;
    throw corrupt(file.label, `is not a whole zip file, as an .npz has to be (${reasonOf(error)}).`, error);
  }
  checkTogether([...entries.values()], file);
  return entries;
}

/**
 * A member's bytes, a chunk at a time, never more than the directory promises. Read to its end it is
 * CORRUPT_DATASET unless length and CRC-32 agree; leaving early stops the inflating.
 */
export async function* entryBytes(handle: FileHandle, entry: ZipEntry): AsyncGenerator<Uint8Array> {
  const raw = fileBytes(handle, entry.start, entry.start + entry.compressedSize);
  const bytes = entry.stored
    ? raw
    : pipeline(raw, createInflateRaw({ chunkSize: CHUNK }), () => {
        // The loop below meets the same error.
      });
  let size = 0;
  let sum = 0;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > entry.size) throw corrupt(entry.where, `is longer than its ${entry.size} bytes.`);
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof MedNasError) throw error;
    throw corrupt(entry.where, `cannot be read after byte ${size} (${reasonOf(error)}).`, error);
  }
  if (size < entry.size) throw corrupt(entry.where, `ends after ${size} of ${entry.size} bytes.`);
  if (sum !== entry.crc32)
    throw corrupt(entry.where, 'has other bytes than were put in: its CRC-32 differs.');
}
