// The header of a NumPy .npy array (NEP 1, format versions 1.0, 2.0 and 3.0): magic, version, length
// of the text, then a Python dictionary literal of `descr`, `fortran_order` and `shape`. Only what
// image sets need is taken, arrays of integers in C order; all else is refused by name. The bytes are
// not trusted: every size is bounded before anybody allocates by it.

import { corrupt } from './corrupt.ts';

type ReadInteger = (view: DataView, at: number, littleEndian: boolean) => number;

/** By NumPy's kind and item size. 64-bit values past 2^53 are rounded: they are far out of range anyway. */
const INTEGERS: ReadonlyMap<string, { readonly bytes: number; readonly read: ReadInteger }> = new Map([
  ['b1', { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ['u1', { bytes: 1, read: (view, at) => view.getUint8(at) }],
  ['i1', { bytes: 1, read: (view, at) => view.getInt8(at) }],
  ['u2', { bytes: 2, read: (view, at, little) => view.getUint16(at, little) }],
  ['i2', { bytes: 2, read: (view, at, little) => view.getInt16(at, little) }],
  ['u4', { bytes: 4, read: (view, at, little) => view.getUint32(at, little) }],
  ['i4', { bytes: 4, read: (view, at, little) => view.getInt32(at, little) }],
  ['u8', { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) }],
  ['i8', { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) }],
]);

export interface NpyHeader {
  /** Byte order, kind and item size, e.g. `|u1` or `<i8`. */
  readonly descr: string;
  readonly shape: readonly number[];
  /** Where the values start, in bytes from the start of the .npy. */
  readonly dataStart: number;
  /** What the values take, in bytes: the item size times the shape's product. */
  readonly dataBytes: number;
}

const MAGIC = '\x93NUMPY';
/** NumPy's own bound on the text (`max_header_size` of numpy.load). */
const MAX_TEXT = 10_000;
/** As many bytes from an array's start as its header can possibly take. */
export const MAX_HEADER = 12 + MAX_TEXT;

const ITEM = /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^']*)'|"([^"]*)"|(True|False)|\(([^()]*)\))\s*(,|(?=\}))/y;

/** The literal's values by key, as their text; null when it is not a dictionary of strings, booleans and tuples. */
function parseDictionary(text: string): ReadonlyMap<string, string> | null {
  const body = text.trim();
  if (!body.startsWith('{') || !body.endsWith('}')) return null;
  const values = new Map<string, string>();
  ITEM.lastIndex = 1;
  while (ITEM.lastIndex < body.length - 1) {
    const [matched, key1, key2, string1, string2, boolean, tuple] = ITEM.exec(body) ?? [];
    if (matched === undefined) return null;
    const key = key1 ?? key2 ?? '';
    if (values.has(key)) return null;
    values.set(key, string1 ?? string2 ?? boolean ?? `(${tuple})`);
    if (/^\s*$/.test(body.slice(ITEM.lastIndex, -1))) return values;
  }
  return null;
}

/** A Python tuple of sizes, Python 2's `28L` included; null when an element is none. */
function parseShape(tuple: string): readonly number[] | null {
  const inner = tuple.slice(1, -1).trim();
  if (!tuple.startsWith('(')) return null;
  if (inner === '') return [];
  if (!inner.includes(',')) return null;
  const sizes = inner.replace(/,$/, '').split(',');
  if (!sizes.every((size) => /^\s*\d+L?\s*$/.test(size))) return null;
  return sizes.map((size) => Number.parseInt(size, 10));
}

/** The dictionary's text and where it ends; refuses what is no .npy before looking at anything else. */
function readText(bytes: Uint8Array, where: string): { readonly text: string; readonly end: number } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8 || buffer.toString('latin1', 0, 6) !== MAGIC)
    throw corrupt(where, 'does not start like a NumPy .npy array.');
  const [major, minor] = buffer.subarray(6, 8) as unknown as readonly [number, number];
  if (major < 1 || major > 3 || minor !== 0)
    throw corrupt(where, `has .npy format version ${major}.${minor}: got neither 1.0 nor 2.0 nor 3.0.`);
  const start = major === 1 ? 10 : 12;
  if (buffer.length < start) throw corrupt(where, `ends inside its header, after ${buffer.length} bytes.`);
  const length = major === 1 ? buffer.readUInt16LE(8) : buffer.readUInt32LE(8);
  if (length > MAX_TEXT)
    throw corrupt(where, `has a header of ${length} bytes: at most ${MAX_TEXT} are read.`);
  if (buffer.length < start + length)
    throw corrupt(where, `ends inside its header: got ${buffer.length} of ${start + length} bytes.`);
  const text = buffer.toString(major === 3 ? 'utf8' : 'latin1', start, start + length);
  return { text, end: start + length };
}

/**
 * Parses the header at the start of `bytes`, which hold the array's first MAX_HEADER bytes or all
 * of it. `where` names the array in messages. CORRUPT_DATASET: not a .npy array, or one that is
 * not of integers in C order.
 */
export function parseNpyHeader(bytes: Uint8Array, where: string): NpyHeader {
  const { text, end } = readText(bytes, where);
  const values = parseDictionary(text);
  const quoted = JSON.stringify(text.trim().slice(0, 200));
  const [descr, order, tuple] = ['descr', 'fortran_order', 'shape'].map((key) => values?.get(key));
  if (values?.size !== 3 || descr === undefined || order === undefined || tuple === undefined)
    throw corrupt(
      where,
      `has a header that is not {descr, fortran_order, shape} of a plain array: ${quoted}.`,
    );

  const integer = /^[<>|]/.test(descr) ? INTEGERS.get(descr.slice(1)) : undefined;
  if (integer === undefined)
    throw corrupt(
      where,
      `has values of type ${JSON.stringify(descr.slice(0, 50))}: wanted integers, such as "|u1" or "<i8".`,
    );
  if (order !== 'False')
    throw corrupt(
      where,
      `has fortran_order ${order.slice(0, 50)}: save it in C order (numpy.ascontiguousarray).`,
    );

  const shape = parseShape(tuple);
  const dataBytes = shape?.reduce((product, size) => product * size, integer.bytes);
  if (shape === null || !shape.every(Number.isSafeInteger) || !Number.isSafeInteger(dataBytes))
    throw corrupt(
      where,
      `has the shape ${tuple.slice(0, 200)}: wanted a tuple of sizes from 0, of a size that can be addressed.`,
    );
  return { descr, shape, dataStart: end, dataBytes: dataBytes as number };
}

/** Every value of the array in order, from `data`, its dataBytes bytes. */
export function* integersOf(header: NpyHeader, data: Uint8Array): Generator<number> {
  const integer = INTEGERS.get(header.descr.slice(1));
  if (integer === undefined) throw new Error(`no integer type ${header.descr}`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = !header.descr.startsWith('>');
  for (let at = 0; at < header.dataBytes; at += integer.bytes) yield integer.read(view, at, little);
}
