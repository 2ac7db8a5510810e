// What WebGPU finds on this machine.

import { existsSync } from 'node:fs';
import type { Found } from '../device.ts';
import { largestTensor, requireFit } from '../memory.ts';
import { type Adapter, findAdapter } from './adapter.ts';
import { webgpuNumerics } from './backend.ts';

/** What Linux shows of a GPU: DRM, NVIDIA's driver, WSL. */
const GPU_FILES = ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'];

/** Whether it is worth the time to load Dawn and ask. */
export const mayHaveGpu = (): boolean =>
  process.platform !== 'linux' || GPU_FILES.some((path) => existsSync(path));

/** One thread feeds it. How much memory it has WebGPU does not say, only how large a tensor may be. */
const foundOf = ({ name, largestTensor: limit }: Adapter): Found => ({
  device: { backend: 'webgpu', kernels: null, limit: null },
  numerics: webgpuNumerics(name),
  adapter: name,
  simd: null,
  threads: 1,
  requireFit: (protocol, blocks) =>
    requireFit(protocol, blocks, {
      limit,
      of: "one of the GPU's tensors",
      needed: (images) => largestTensor(protocol, blocks, images),
    }),
});

/** Whatever adapter there is. @throws MedNasError ENGINE_UNAVAILABLE */
export const findWebgpu = async (): Promise<Found> => foundOf(await findAdapter());

/** Null: none, or one that computes on the CPU. */
export async function findRealGpu(): Promise<Found | null> {
  const adapter = await findAdapter().catch(() => null);
  return adapter === null || adapter.software ? null : foundOf(adapter);
}
