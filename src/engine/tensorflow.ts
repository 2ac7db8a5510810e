// CUDA through @tensorflow/tfjs-node-gpu, where a person has installed it: its own install downloads
// libtensorflow, so it is no dependency of ours. Nobody has run the engine's contracts on it yet.

import * as tf from '@tensorflow/tfjs-core';
import { MedNasError } from '../search/errors.ts';
import type { Backend } from './backend.ts';
import type { Found } from './device.ts';
import { tfjsBackend } from './tfjs.ts';

/** A variable: the compiler is not to look for what is not there. */
const PACKAGE: string = '@tensorflow/tfjs-node-gpu';

const TENSORFLOW_NUMERICS = 'tensorflow-1';

/** @throws MedNasError ENGINE_UNAVAILABLE when the package is missing or does not start, and says what to do. */
export async function openTensorflow(): Promise<Backend> {
  try {
    await import(PACKAGE);
  } catch (cause) {
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      `MEDNAS_BACKEND=tensorflow needs the npm package '${PACKAGE}', CUDA and cuDNN. Run 'npm install ${PACKAGE}' (it downloads libtensorflow), or set MEDNAS_BACKEND=wasm.`,
      { cause },
    );
  }
  const started = await tf.setBackend('tensorflow').catch(() => false);
  if (!started) {
    throw new MedNasError('ENGINE_UNAVAILABLE', `'${PACKAGE}' is installed, but its backend does not start.`);
  }
  await tf.ready();
  return tfjsBackend(TENSORFLOW_NUMERICS);
}

/** How much memory the GPU has is CUDA's secret: a batch that does not fit fails when it runs. */
export async function findTensorflow(): Promise<Found> {
  const { numerics } = await openTensorflow();
  return {
    device: { backend: 'tensorflow', kernels: null, limit: null },
    numerics,
    adapter: 'CUDA',
    simd: null,
    threads: 1,
    requireFit: () => {},
  };
}
