// The heap of tf.js's WASM backend, shared with our kernels: they import its memory, so a tensor is
// worked on where it lies. Emscripten keeps the instance's exports, its memory among them, at
// `backend.wasm.asm` (tf.js 4.22, the build without threads, which is what Node gets).

import * as tf from '@tensorflow/tfjs-core';
import { MedNasError } from '../../search/errors.ts';

/** What we use of tf.js's backend; it types none of it. */
interface WasmBackend {
  readonly wasm?: {
    readonly asm?: {
      readonly memory: WebAssembly.Memory;
      malloc(this: void, bytes: number): number;
      free(this: void, offset: number): void;
    };
  };
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
}

export interface Heap {
  readonly memory: WebAssembly.Memory;
  /** Byte offset of a new piece of at least `bytes`, 64-byte aligned; its content is whatever it was.
   * @throws MedNasError ENGINE_UNAVAILABLE when the heap (4 GiB at most) has no room. */
  allocate(bytes: number): number;
  /** Gives back what `allocate` returned. */
  free(offset: number): void;
  /** Byte offset of a tensor's values, valid until it is disposed of. */
  offsetOf(tensor: tf.TensorInfo): number;
  // Views die when the heap grows, which any allocation, of a tensor too, may make it do: take one when needed.
  floats(offset: number, length: number): Float32Array;
  doubles(offset: number, length: number): Float64Array;
  integers(offset: number, length: number): Int32Array;
  bytes(offset: number, length: number): Uint8Array;
}

/** A cache line: no panel row of 64 bytes then lies in two. */
const ALIGNMENT = 64;
const LARGEST = 2 ** 32;

/**
 * The heap of the current tf.js backend.
 * @throws MedNasError ENGINE_UNAVAILABLE when that is not the WASM backend, or one of an unknown make.
 */
export function openHeap(): Heap {
  const backend = tf.backend() as unknown as WasmBackend;
  const { memory, malloc, free } = backend.wasm?.asm ?? {};
  if (memory === undefined || malloc === undefined || free === undefined) {
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      `the SIMD kernels need the memory of tf.js's WASM backend; the current backend, '${tf.getBackend()}', has none to share. Set the backend to 'wasm' first.`,
    );
  }
  /** Where malloc put a piece, by where its aligned part begins. */
  const starts = new Map<number, number>();
  return {
    memory,
    allocate(bytes) {
      // malloc takes 32 bits, so it would see the rest of what is larger, and returns a signed number.
      const start = bytes + ALIGNMENT < LARGEST ? malloc(bytes + ALIGNMENT) >>> 0 : 0;
      if (start === 0) {
        throw new MedNasError(
          'ENGINE_UNAVAILABLE',
          `no room for ${bytes} bytes on the WASM heap, which holds ${memory.buffer.byteLength} now and 4 GiB at most. Use a smaller batch, image or network.`,
        );
      }
      const offset = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
      starts.set(offset, start);
      return offset;
    },
    free(offset) {
      const start = starts.get(offset);
      if (start === undefined) throw new Error(`${offset} is not allocated`);
      starts.delete(offset);
      free(start);
    },
    offsetOf: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    floats: (offset, length) => new Float32Array(memory.buffer, offset, length),
    doubles: (offset, length) => new Float64Array(memory.buffer, offset, length),
    integers: (offset, length) => new Int32Array(memory.buffer, offset, length),
    bytes: (offset, length) => new Uint8Array(memory.buffer, offset, length),
  };
}
