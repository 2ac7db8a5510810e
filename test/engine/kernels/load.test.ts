import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { openHeap } from '../../../src/engine/kernels/heap.ts';
import { loadKernels } from '../../../src/engine/kernels/load.ts';
import { VARIANTS } from './arena.ts';

describe('the heap of tf.js', () => {
  beforeEach(() => tf.setBackend('wasm'));

  test('a kernel works on tensors where they lie', async () => {
    const heap = openHeap();
    const kernels = await loadKernels(heap.memory);
    const [x, y] = [tf.tensor1d([1, -2, 3, NaN, -5]), tf.zeros([5])];
    const maps = { images: 1, height: 1, width: 1, channels: 5 };
    const at = (tensor: tf.Tensor) => ({ at: heap.offsetOf(tensor), stride: 5 });
    kernels.activate(maps, at(x), { affine: null, rectify: true, codes: null }, at(y));
    expect(Array.from(y.dataSync())).toEqual([1, 0, 3, 0, 0]);
  });

  test('and still does after the heap has grown', async () => {
    const heap = openHeap();
    const kernels = await loadKernels(heap.memory, { wide: false });
    const small = heap.allocate(64);
    heap.floats(small, 16).fill(1);
    const before = heap.memory.buffer.byteLength;
    const large = heap.allocate(before);
    expect(heap.memory.buffer.byteLength).toBeGreaterThan(before);
    const maps = { images: 1, height: 1, width: 1, channels: 16 };
    const last = large + before - 64;
    kernels.activate(
      maps,
      { at: small, stride: 16 },
      { affine: null, rectify: false, codes: null },
      { at: last, stride: 16 },
    );
    expect(heap.floats(last, 16).every((v) => v === 1)).toBe(true);
    heap.free(large);
    heap.free(small);
  });

  test('pieces are aligned, apart from each other, and come back', () => {
    const heap = openHeap();
    const pieces = [1, 63, 64, 65, 1000].map((bytes) => ({ bytes, at: heap.allocate(bytes) }));
    const sorted = pieces.toSorted((a, b) => a.at - b.at);
    for (const [i, { at }] of sorted.entries()) {
      const end = i === 0 ? 0 : (sorted[i - 1]?.at as number) + (sorted[i - 1]?.bytes as number);
      expect(at % 64).toBe(0);
      expect(at).toBeGreaterThanOrEqual(end);
    }
    for (const { at } of pieces) heap.free(at);
    expect(() => heap.free(sorted[0]?.at as number)).toThrow('is not allocated');
    // A thousand times a piece of 64 MiB is more than the heap can hold at once.
    for (let i = 0; i < 1000; i++) heap.free(heap.allocate(2 ** 26));
  });

  test.each([2 ** 32 - 2 ** 20, 2 ** 32 + 1000])('refuses %i bytes, which cannot fit', (bytes) => {
    expect(() => openHeap().allocate(bytes)).toThrow(
      expect.objectContaining({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining(`${bytes}`) }),
    );
  });

  test('says which backend has no heap to share', async () => {
    await tf.setBackend('cpu');
    expect(() => openHeap()).toThrow(
      expect.objectContaining({ code: 'ENGINE_UNAVAILABLE', message: expect.stringContaining("'cpu'") }),
    );
  });
});

test.each(VARIANTS)('loads the $build build, wide: $wide', async (variant) => {
  const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }), variant);
  expect(kernels).toMatchObject(variant);
});

/** Ids and contents of a module's sections (WebAssembly 1.0, 5.5.2). */
function sectionsOf(module: Uint8Array): ReadonlyMap<number, number> {
  const sections = new Map<number, number>();
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = module[at++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < module.length) {
    const id = module[at++] as number;
    const size = number();
    sections.set(id, size);
    at += size;
  }
  return sections;
}

const SECTION = { memory: 5, global: 6, start: 8, data: 11 };

test.each(['relaxed', 'simd'])(
  'the %s build puts nothing of its own on the heap: no data, no globals, no memory, no start function',
  async (build) => {
    const url = new URL(`../../../build/kernels/${build}.wasm`, import.meta.url);
    const sections = sectionsOf(await readFile(url));
    for (const id of Object.values(SECTION)) expect(sections.has(id)).toBe(false);
    expect(sections.has(10)).toBe(true);
  },
);
