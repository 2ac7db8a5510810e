// What a kernel of ours stands on inside tf.js: the WASM backend, its heap and our kernels loaded on it.
// Outputs are allocated as tf.js's own kernels do it; scratch is a piece of the same heap. Both may make
// the heap grow, so addresses are taken after them, and views last.

import type * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { MedNasError } from '../../../search/errors.ts';
import type { AllKernels } from '../../gradients/kernels.ts';
import type { Heap } from '../heap.ts';
import type { Rows } from '../kernels.ts';

export interface Ground {
  readonly backend: BackendWasm;
  readonly heap: Heap;
  readonly kernels: AllKernels;
}

/** A new float32 tensor, of which `write` is told the byte offset; if it throws, there is none. */
export function produce(
  { backend, heap }: Ground,
  shape: readonly number[],
  write: (at: number) => void,
): tf.TensorInfo {
  const out = backend.makeOutput([...shape], 'float32');
  try {
    const at = heap.offsetOf(out);
    // tf.js does not look at what malloc returned.
    if (at === 0) {
      throw new MedNasError(
        'ENGINE_UNAVAILABLE',
        `no room for a tensor [${shape.join(', ')}] on the WASM heap, which holds 4 GiB at most. Use a smaller batch.`,
      );
    }
    write(at);
    return out;
  } catch (error) {
    backend.disposeData(out.dataId);
    throw error;
  }
}

/** Scratch for as long as `run` takes, 64-byte aligned. */
export function withScratch(heap: Heap, bytes: number, run: (at: number) => void): void {
  const scratch = heap.allocate(bytes);
  try {
    run(scratch);
  } finally {
    heap.free(scratch);
  }
}

/** Where a tensor lies that has `channels` channels. */
export const rowsOf = ({ heap }: Ground, tensor: tf.TensorInfo, channels: number): Rows => ({
  at: heap.offsetOf(tensor),
  stride: channels,
});

/** All of the heap as floats, index = byte offset / 4. */
export const floatsOf = ({ heap }: Ground): Float32Array =>
  heap.floats(0, Math.floor(heap.memory.buffer.byteLength / 4));

/** A float32 tensor's values, until the heap grows. */
export const valuesOf = ({ backend }: Ground, tensor: tf.TensorInfo): Float32Array =>
  backend.typedArrayFromHeap(tensor) as Float32Array;
