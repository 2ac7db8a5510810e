// Named float32 tensors as one file, in the safetensors format (Hugging Face, version 0.3): the length of a JSON
// header as 8 bytes little-endian, the header, then the tensors' bytes. It holds no code, and PyTorch, JAX and
// TensorFlow have readers; so a checkpoint and an export are the same file.

import { MedNasError } from '../search/errors.ts';

export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: Float32Array;
}

export interface TensorFile {
  readonly tensors: readonly NamedTensor[];
  /** Texts by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Readers refuse longer headers. */
const MAX_HEADER = 100_000_000;
const ALIGNMENT = 8;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Names are written in the order given; equal files have equal bytes. */
export function encodeTensors({ tensors, metadata }: TensorFile): Uint8Array {
  let end = 0;
  const entries = tensors.map(({ name, shape, values }): [string, Entry] => {
    const start = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
  });
  const text = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const json = new TextEncoder().encode(text);
  // Spaces at the end, so that the tensors begin at a multiple of 8.
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.fill(0x20, 8, 8 + length);
  bytes.set(json, 8);
  let at = 8 + length;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

const damaged = (what: string): MedNasError =>
  new MedNasError('STORAGE_CORRUPT', `The weights cannot be read: ${what}.`);

function headerOf(bytes: Uint8Array): { readonly json: Record<string, unknown>; readonly start: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? 0 : Number(view.getBigUint64(0, true));
  if (length < 2 || length > MAX_HEADER || 8 + length > bytes.length) throw damaged('they have no header');
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (typeof json === 'object' && json !== null && !Array.isArray(json))
      return { json: json as Record<string, unknown>, start: 8 + length };
  } catch {
    // Told below.
  }
  throw damaged('their header is not JSON');
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Partial<Entry>;
  const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) >= 0;
  return (
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every(isCount) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(isCount)
  );
}

/** Tensors in the order of the header. @throws MedNasError STORAGE_CORRUPT that says what is wrong. */
export function decodeTensors(bytes: Uint8Array): TensorFile {
  const { json, start } = headerOf(bytes);
  const { __metadata__: metadata = {}, ...entries } = json;
  const tensors = Object.entries(entries).map(([name, entry]): NamedTensor => {
    if (!isEntry(entry)) throw damaged(`'${name}' is not described as a tensor`);
    const {
      dtype,
      shape,
      data_offsets: [from, to],
    } = entry;
    if (dtype !== 'F32') throw damaged(`'${name}' has values of type ${dtype}, want F32`);
    const size = 4 * shape.reduce((a, b) => a * b, 1);
    if (to - from !== size || start + to > bytes.length)
      throw damaged(`'${name}' is to have ${size} bytes, from ${from} to ${to}, of ${bytes.length - start}`);
    // A copy begins at a multiple of 4. Not by `slice`, which copies nothing of a Buffer.
    const values = new Float32Array(new Uint8Array(bytes.subarray(start + from, start + to)).buffer);
    return { name, shape, values };
  });
  return { tensors, metadata: metadata as Readonly<Record<string, string>> };
}
