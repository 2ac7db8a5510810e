// What scores are computed on: a table of backends. The service's thread finds a device, which is plain
// data; every worker opens its backend on it. What a backend needs is loaded only when it is chosen.

import type { Protocol } from '../search/evaluation.ts';
import type { Backend } from './backend.ts';
import type { BackendChoice, BackendName } from './engine.ts';
import type { KernelChoice } from './simd/backend.ts';

/** As the workers are told. */
export interface Device {
  readonly backend: BackendName;
  /** Of the SIMD kernels. */
  readonly kernels: Required<KernelChoice> | null;
  /** Bytes of memory of its own that a worker may take; null: the backend sees to it. */
  readonly limit: number | null;
}

export interface Found {
  readonly device: Device;
  readonly numerics: string;
  /** The GPU, as its driver calls it; null: the CPU. */
  readonly adapter: string | null;
  /** Of the SIMD kernels: instructions and bits at a time; null: they do not run. */
  readonly simd: string | null;
  /** Threads that may use it at once. */
  readonly threads: number;
  /** @throws MedNasError BATCH_TOO_LARGE, as Engine.requireFit. */
  requireFit(protocol: Protocol, blocks: number): void;
}

interface Row {
  /** @throws MedNasError ENGINE_UNAVAILABLE when this machine has no such device, and says what to do. */
  find(workers: number): Promise<Found>;
  open(device: Device): Promise<Backend>;
}

const BACKENDS: Readonly<Record<BackendName, Row>> = {
  wasm: {
    async find(workers) {
      const { findSimd } = await import('./simd/find.ts');
      return findSimd(workers);
    },
    async open({ kernels, limit }) {
      const { openSimd } = await import('./simd/backend.ts');
      return openSimd(kernels ?? {}, limit ?? undefined);
    },
  },
  webgpu: {
    async find() {
      const { findWebgpu } = await import('./webgpu/find.ts');
      return findWebgpu();
    },
    async open() {
      const { openWebgpu } = await import('./webgpu/backend.ts');
      return openWebgpu();
    },
  },
  tensorflow: {
    async find() {
      const { findTensorflow } = await import('./tensorflow.ts');
      return findTensorflow();
    },
    async open() {
      const { openTensorflow } = await import('./tensorflow.ts');
      return openTensorflow();
    },
  },
};

/** A real GPU where there is one, else the CPU. */
async function findAny(workers: number): Promise<Found> {
  const { mayHaveGpu, findRealGpu } = await import('./webgpu/find.ts');
  const gpu = mayHaveGpu() ? await findRealGpu() : null;
  return gpu ?? BACKENDS.wasm.find(workers);
}

/** @throws MedNasError ENGINE_UNAVAILABLE */
export const findDevice = (choice: BackendChoice, workers: number): Promise<Found> =>
  choice === 'auto' ? findAny(workers) : BACKENDS[choice].find(workers);

/** In a worker. @throws MedNasError ENGINE_UNAVAILABLE */
export const openBackend = (device: Device): Promise<Backend> => BACKENDS[device.backend].open(device);
