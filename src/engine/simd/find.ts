// What the SIMD kernels find on this machine: instructions, width, memory.

import type { Found } from '../device.ts';
import { loadKernels } from '../kernels/load.ts';
import { requireFit, workerBytes, workerRoom } from '../memory.ts';
import { numericsOf } from './backend.ts';

/** @throws MedNasError ENGINE_UNAVAILABLE when the kernels were not built or there is no SIMD. */
export async function findSimd(workers: number): Promise<Found> {
  const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }));
  const { build, wide } = kernels;
  const limit = workerBytes(workers);
  return {
    device: { backend: 'wasm', kernels: { build, wide }, limit },
    numerics: numericsOf(build),
    adapter: null,
    simd: `${build === 'relaxed' ? 'relaxed SIMD, fused multiply-add' : 'SIMD'}, ${wide ? 256 : 128} bits`,
    threads: workers,
    requireFit: (protocol, blocks) =>
      requireFit(protocol, blocks, workerRoom(protocol, blocks, limit, kernels)),
  };
}
