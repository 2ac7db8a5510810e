// A memory of its own for kernels under test: everything on it lies between guard bands, and inputs
// must come back unchanged, so a write outside an output fails the test that made it.
//
// What is tested is the code V8 optimises, vectors paired, as it runs in earnest: without the option
// a short test would see no more than its first, plain translation.

import { setFlagsFromString } from 'node:v8';
import { loadKernels, pairVectors } from '../../../src/engine/kernels/load.ts';
import type { AllKernels } from '../../../src/engine/gradients/kernels.ts';

/** Every form of the kernels: what they compute is the same, to rounding, in all. */
export const VARIANTS = (['relaxed', 'simd'] as const).flatMap((build) =>
  [false, true].map((wide) => ({ build, wide })),
);

setFlagsFromString('--no-liftoff');
pairVectors();

const GUARD_BYTES = 128;
const GUARD = 0xa5;
/** A float no kernel writes: what an output holds before. */
export const UNTOUCHED = -12345.678;

interface Piece {
  readonly at: number;
  readonly bytes: number;
  /** Content it must still have at the check; null for outputs. */
  readonly content: Uint8Array | null;
}

export interface Arena {
  readonly kernels: AllKernels;
  /** Address of a copy of `values`, which no kernel may change. */
  input(values: ArrayLike<number>): number;
  /** Address of `length` floats for a kernel to write. */
  output(length: number): number;
  /** Address of `length` doubles, zero. */
  doubles(length: number): number;
  /** Address of `bytes` bytes of 0xee. */
  scratch(bytes: number): number;
  /** Moves the next piece `floats` floats off its 64-byte alignment. */
  misalign(floats: number): void;
  floats(at: number, length: number): Float32Array;
  float64s(at: number, length: number): Float64Array;
  integers(at: number, length: number): Int32Array;
  bytes(at: number, length: number): Uint8Array;
  /** Throws if a guard or an input was written to; forgets all pieces. */
  close(): void;
}

const memories = new Map<string, Promise<readonly [AllKernels, WebAssembly.Memory]>>();

/** 64 MiB and the kernels on it, once a test file. */
function loaded(variant: (typeof VARIANTS)[number]): Promise<readonly [AllKernels, WebAssembly.Memory]> {
  const key = `${variant.build} ${variant.wide}`;
  const known = memories.get(key);
  if (known !== undefined) return known;
  const memory = new WebAssembly.Memory({ initial: 1024 });
  const loading = loadKernels(memory, variant).then((kernels) => [kernels, memory] as const);
  memories.set(key, loading);
  return loading;
}

export async function openArena(variant: (typeof VARIANTS)[number]): Promise<Arena> {
  const [kernels, memory] = await loaded(variant);
  const { buffer } = memory;
  const all = new Uint8Array(buffer);
  const pieces: Piece[] = [];
  let top = 1024;
  let shift = 0;

  function place(bytes: number, fill: (at: number) => void, fixed: boolean): number {
    const at = Math.ceil((top + GUARD_BYTES) / 64) * 64 + shift;
    shift = 0;
    if (at + bytes + GUARD_BYTES > all.length) throw new Error('the arena is too small for this test');
    all.fill(GUARD, top, at);
    all.fill(0xee, at, at + bytes);
    fill(at);
    top = at + bytes;
    all.fill(GUARD, top, top + GUARD_BYTES);
    pieces.push({ at, bytes, content: fixed ? all.slice(at, top) : null });
    return at;
  }

  function close(): void {
    let end = 1024;
    for (const { at, bytes, content } of pieces) {
      if (all.subarray(end, at).some((byte) => byte !== GUARD)) throw new Error(`written before ${at}`);
      if (content?.some((byte, i) => byte !== all[at + i])) throw new Error(`the input at ${at} was changed`);
      end = at + bytes;
    }
    if (all.subarray(end, end + GUARD_BYTES).some((byte) => byte !== GUARD)) {
      throw new Error(`written past ${end}, the end of the last piece`);
    }
    pieces.length = 0;
    top = 1024;
  }

  return {
    kernels,
    input: (values) =>
      place(4 * values.length, (at) => new Float32Array(buffer, at, values.length).set(values), true),
    output: (length) =>
      place(4 * length, (at) => new Float32Array(buffer, at, length).fill(UNTOUCHED), false),
    doubles: (length) => place(8 * length, (at) => all.fill(0, at, at + 8 * length), false),
    scratch: (bytes) => place(bytes, () => undefined, false),
    misalign: (floats) => {
      shift = 4 * floats;
    },
    floats: (at, length) => new Float32Array(buffer, at, length),
    float64s: (at, length) => new Float64Array(buffer, at, length),
    integers: (at, length) => new Int32Array(buffer, at, length),
    bytes: (at, length) => new Uint8Array(buffer, at, length),
    close,
  };
}
