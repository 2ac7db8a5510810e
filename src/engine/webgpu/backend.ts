// WebGPU: the tf.js backend on a GPU.

import type { Backend } from '../backend.ts';
import { tfjsBackend } from '../tfjs.ts';
import { findAdapter, startWebgpu } from './adapter.ts';
import { openGpuDistances } from './distances.ts';

/** @throws MedNasError ENGINE_UNAVAILABLE when there is no adapter, and says what to do. */
export async function openWebgpu(): Promise<Backend> {
  const { name } = await findAdapter();
  await startWebgpu();
  return tfjsBackend(webgpuNumerics(name), openGpuDistances);
}

/** GPUs differ in their last bits; the number counts changes of our own arithmetic. */
export const webgpuNumerics = (adapter: string): string =>
  `webgpu-${adapter
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')}-1`;
