// Arrays in a NumPy .npz file (a zip of .npy members), read by rows: a row is all values at one index
// of the first axis, one image or one label. Deflated members are inflated as a stream and only the
// rows asked for are kept; of stored members only those rows are read at all.

import { corrupt } from './corrupt.ts';
import { type DataFile, once, openFile, versionOf } from './file.ts';
import { MAX_HEADER, type NpyHeader, parseNpyHeader } from './npy.ts';
import { entryBytes, listZip, type ZipEntry } from './zip.ts';

export interface NpzArray {
  readonly file: DataFile;
  readonly entry: ZipEntry;
  readonly header: NpyHeader;
  readonly rows: number;
  readonly rowBytes: number;
}

export interface Npz {
  /** Every array's name, without `.npy`. */
  readonly names: readonly string[];
  /** Those of the wanted arrays that are there. */
  readonly arrays: ReadonlyMap<string, NpzArray>;
}

/** Opens the file for one use and closes it after. */
async function* opened(array: NpzArray): AsyncGenerator<Uint8Array> {
  const handle = await openFile(array.file);
  try {
    yield* entryBytes(handle, array.entry);
  } finally {
    await handle.close();
  }
}

async function headOf(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MAX_HEADER) break;
  }
  return Buffer.concat(chunks);
}

function toArray(file: DataFile, entry: ZipEntry, head: Uint8Array): NpzArray {
  const header = parseNpyHeader(head, entry.where);
  const wanted = header.dataStart + header.dataBytes;
  if (entry.size !== wanted)
    throw corrupt(
      entry.where,
      `has ${entry.size} bytes, but its shape (${header.shape.join(', ')}) of ${header.descr} takes ${wanted}.`,
    );
  const rows = header.shape[0];
  if (rows === undefined) throw corrupt(entry.where, 'is a single value: wanted an array with rows.');
  return { file, entry, header, rows, rowBytes: rows === 0 ? 0 : header.dataBytes / rows };
}

/** Reads the headers of the `wanted` arrays, no values. CORRUPT_DATASET: not an .npz, or an array that contradicts itself. */
export async function openNpz(file: DataFile, wanted: readonly string[]): Promise<Npz> {
  const handle = await openFile(file);
  try {
    const entries = await listZip(handle, file);
    const arrays = new Map<string, NpzArray>();
    for (const name of wanted) {
      const entry = entries.get(`${name}.npy`);
      if (entry !== undefined)
        arrays.set(name, toArray(file, entry, await headOf(entryBytes(handle, entry))));
    }
    const names = [...entries.keys()].flatMap((name) => (name.endsWith('.npy') ? [name.slice(0, -4)] : []));
    return { names, arrays };
  } finally {
    await handle.close();
  }
}

/** Every row in turn; each is valid until the next is asked for. Run to its end, the array's CRC-32 has been checked. */
export async function* scanRows(array: NpzArray): AsyncGenerator<Uint8Array> {
  const { rowBytes } = array;
  const straddling = new Uint8Array(rowBytes);
  let filled = 0;
  let skip = array.header.dataStart;
  for await (const chunk of opened(array)) {
    let at = Math.min(skip, chunk.length);
    skip -= at;
    while (at < chunk.length) {
      const part = chunk.subarray(at, at + rowBytes - filled);
      at += part.length;
      if (part.length === rowBytes) {
        yield part;
        continue;
      }
      straddling.set(part, filled);
      filled = (filled + part.length) % rowBytes;
      if (filled === 0) yield straddling;
    }
  }
}

/** All values' bytes, with the CRC-32 checked. */
export async function readAll(array: NpzArray): Promise<Uint8Array> {
  const { dataStart, dataBytes } = array.header;
  const data = new Uint8Array(dataBytes);
  let position = -dataStart;
  for await (const chunk of opened(array)) {
    const values = position < 0 ? chunk.subarray(-position) : chunk;
    data.set(values, Math.max(position, 0));
    position += chunk.length;
  }
  return data;
}

async function readThrough(array: NpzArray): Promise<void> {
  const bytes = opened(array);
  while ((await bytes.next()).done !== true);
}

/**
 * Reads all of an array, so that CORRUPT_DATASET is said of damage anywhere in it, also where `readRows`
 * never comes. Once in the process's life as long as the file stays.
 */
export const requireWhole: (array: NpzArray) => Promise<void> = once(
  ({ file, entry }: NpzArray) => `${versionOf(file)}:${entry.name}`,
  readThrough,
);

async function readStored(array: NpzArray, indices: readonly number[]): Promise<Uint8Array> {
  const { rowBytes, entry, header } = array;
  const data = new Uint8Array(indices.length * rowBytes);
  const handle = await openFile(array.file);
  try {
    for (const [place, index] of indices.entries()) {
      const position = entry.start + header.dataStart + index * rowBytes;
      const { bytesRead } = await handle.read(data, place * rowBytes, rowBytes, position);
      if (bytesRead !== rowBytes) throw corrupt(entry.where, `ends inside row ${index}.`);
    }
  } finally {
    await handle.close();
  }
  return data;
}

async function readDeflated(array: NpzArray, indices: readonly number[]): Promise<Uint8Array> {
  const { rows, rowBytes } = array;
  const data = new Uint8Array(indices.length * rowBytes);
  const places = new Map<number, number[]>();
  for (const [place, index] of indices.entries()) places.set(index, [...(places.get(index) ?? []), place]);
  let missing = places.size;
  let index = 0;
  for await (const row of scanRows(array)) {
    const here = places.get(index);
    for (const place of here ?? []) data.set(row, place * rowBytes);
    if (here !== undefined) missing--;
    index++;
    // After the last row the scan goes on to its end, where the CRC-32 is checked.
    if (missing === 0 && index < rows) break;
  }
  return data;
}

/** The rows at `indices`, in that order, repeats allowed: [indices, rowBytes]. Their bytes are taken for good: see `requireWhole`. */
export async function readRows(array: NpzArray, indices: readonly number[]): Promise<Uint8Array> {
  for (const index of indices)
    if (!Number.isInteger(index) || index < 0 || index >= array.rows)
      throw new RangeError(`row ${index} of ${array.entry.where}, which has ${array.rows}`);
  if (indices.length === 0) return new Uint8Array(0);
  return await (array.entry.stored ? readStored : readDeflated)(array, indices);
}
