// Writes .npy and .npz files byte by byte, true ones and lying ones. It shares nothing with the
// readers under test, and follows the formats' papers: NumPy's NEP 1 and PKWARE's APPNOTE 6.3.

import { crc32, deflateRawSync } from 'node:zlib';

export type NpyVersion = 1 | 2 | 3;

/** A .npy from its header's text, padded as NumPy pads it. */
export function npyFromText(text: string, data: Uint8Array, version: NpyVersion = 1): Buffer {
  const start = version === 1 ? 10 : 12;
  const body = Buffer.from(text, version === 3 ? 'utf8' : 'latin1');
  const length = Math.ceil((start + body.length + 1) / 64) * 64 - start;
  const header = Buffer.alloc(start + length, ' ');
  header.write('\x93NUMPY', 'latin1');
  header.set([version, 0], 6);
  if (version === 1) header.writeUInt16LE(length, 8);
  else header.writeUInt32LE(length, 8);
  header.set(body, start);
  header.write('\n', start + length - 1);
  return Buffer.concat([header, data]);
}

const tuple = (shape: readonly number[]): string => `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;

/** A .npy of `shape`, its values given as bytes. */
export function npy(
  shape: readonly number[],
  data: Uint8Array,
  descr = '|u1',
  version: NpyVersion = 1,
): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple(shape)}, }`;
  return npyFromText(text, data, version);
}

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Otherwise it is stored. */
  readonly deflated: boolean;
  /** Stored zeros after `bytes`, for the file system to leave as a hole: members beyond 4 GiB at no cost. */
  readonly hole?: number;
  /** What the directory says instead of the truth. */
  readonly lie?: {
    readonly size?: number;
    readonly compressedSize?: number;
    readonly crc32?: number;
    readonly method?: number;
    readonly flags?: number;
    readonly start?: bigint;
  };
}

const u16 = (...values: readonly number[]): Buffer => Buffer.from(Uint16Array.from(values).buffer);
const u32 = (...values: readonly number[]): Buffer => Buffer.from(Uint32Array.from(values).buffer);
export const u64 = (...values: readonly (number | bigint)[]): Buffer =>
  Buffer.from(BigUint64Array.from(values, BigInt).buffer);

const FULL_32 = 0xffffffff;
const FULL_16 = 0xffff;

function localHeader(name: Buffer, method: number, crc: number, packedSize: number, size: number): Buffer {
  const fixed = [u32(0x04034b50), u16(20, 0, method, 0, 33), u32(crc, packedSize, size), u16(name.length, 0)];
  return Buffer.concat([...fixed, name]);
}

interface Placed {
  readonly member: Member;
  readonly size: number;
  readonly packedSize: number;
  readonly start: number;
}

function centralHeader({ member, size, packedSize, start }: Placed, zip64: boolean): Buffer {
  const { lie = {}, bytes, deflated } = member;
  const name = Buffer.from(member.name);
  const saidSize = lie.size ?? size;
  const saidPacked = lie.compressedSize ?? packedSize;
  const extra = zip64
    ? Buffer.concat([u16(1, 24), u64(saidSize, saidPacked, lie.start ?? start)])
    : Buffer.alloc(0);
  const [size32, packed32, start32] = zip64 ? [FULL_32, FULL_32, FULL_32] : [saidSize, saidPacked, start];
  return Buffer.concat([
    u32(0x02014b50),
    u16(45, 45, lie.flags ?? 0, lie.method ?? (deflated ? 8 : 0), 0, 33),
    u32(lie.crc32 ?? crc32(bytes), packed32, size32),
    u16(name.length, extra.length, 0, 0, 0),
    u32(0, start32),
    name,
    extra,
  ]);
}

/** The directory, which starts at `start`, and the records that end the file. */
function directory(placed: readonly Placed[], start: number, zip64: boolean): Buffer {
  const headers = Buffer.concat(placed.map((entry) => centralHeader(entry, zip64)));
  const count = placed.length;
  const end64 = [
    u32(0x06064b50),
    u64(44),
    u16(45, 45),
    u32(0, 0),
    u64(count, count, headers.length, start),
    u32(0x07064b50, 0),
    u64(start + headers.length),
    u32(1),
  ];
  const [count16, length32, start32] = zip64 ? [FULL_16, FULL_32, FULL_32] : [count, headers.length, start];
  const end = [u32(0x06054b50), u16(0, 0, count16, count16), u32(length32, start32), u16(0)];
  return Buffer.concat([headers, ...(zip64 ? end64 : []), ...end]);
}

export interface Piece {
  /** Offset in the file. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A zip file's pieces in order; with `zip64` all sizes, offsets and counts stand in the 64-bit records alone. */
export function zipPieces(members: readonly Member[], { zip64 = false } = {}): readonly Piece[] {
  const pieces: Piece[] = [];
  const placed: Placed[] = [];
  let start = 0;
  for (const member of members) {
    const { bytes, deflated, hole = 0 } = member;
    const packed = deflated ? deflateRawSync(bytes) : bytes;
    const size = bytes.length + hole;
    const packedSize = packed.length + hole;
    const sizes: readonly [number, number] = zip64 ? [FULL_32, FULL_32] : [packedSize, size];
    const header = localHeader(Buffer.from(member.name), deflated ? 8 : 0, crc32(bytes), ...sizes);
    pieces.push({ at: start, bytes: Buffer.concat([header, packed]) });
    placed.push({ member, size, packedSize, start });
    start += header.length + packedSize;
  }
  return [...pieces, { at: start, bytes: directory(placed, start, zip64) }];
}

/** A zip file without holes. */
export function zip(members: readonly Member[], options: { readonly zip64?: boolean } = {}): Buffer {
  return Buffer.concat(zipPieces(members, options).map(({ bytes }) => bytes));
}

export type Arrays = Readonly<Record<string, Uint8Array>>;

/** An .npz of .npy arrays by name, all deflated (numpy.savez_compressed) or all stored (numpy.savez). */
export function npz(arrays: Arrays, { deflated = true, zip64 = false } = {}): Buffer {
  const members = Object.entries(arrays).map(([name, bytes]) => ({ name: `${name}.npy`, bytes, deflated }));
  return zip(members, { zip64 });
}

/** Pixel `i` of image `row`: no two rows below 251 agree. */
export const pixelAt = (row: number, i: number): number => (row * 37 + i * 11 + row * i) % 251;

/** [rows, ...image] of uint8, every row different. */
export function images(rows: number, image: readonly number[]): Buffer {
  const size = image.reduce((a, b) => a * b, 1);
  const pixels = Uint8Array.from({ length: rows * size }, (_, i) => pixelAt(Math.floor(i / size), i % size));
  return npy([rows, ...image], pixels);
}

/** [rows, 1] of uint8. */
export const labels = (values: readonly number[]): Buffer => npy([values.length, 1], Uint8Array.from(values));

/** A small true set in MedMNIST's layout: 6, 3 and 2 gray images of 4 x 4, labels 0 and 1. */
export const TINY: Arrays = {
  train_images: images(6, [4, 4]),
  train_labels: labels([0, 1, 0, 1, 1, 0]),
  val_images: images(3, [4, 4]),
  val_labels: labels([0, 0, 1]),
  test_images: images(2, [4, 4]),
  test_labels: labels([1, 0]),
};
