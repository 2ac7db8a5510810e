// The backend that runs on tf.js, here on its WASM kernels.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { MedNasError } from '../search/errors.ts';
import type { Backend } from './backend.ts';
import { addHamming, packSigns } from './codes.ts';
import { forward } from './forward.ts';
import { tfjsGradients } from './gradients/tfjs/gradients.ts';
import { sensitivity } from './sensitivity.ts';

/** @throws MedNasError ENGINE_UNAVAILABLE when tf.js cannot start its WASM backend. */
export async function openTfjs(): Promise<Backend> {
  const started = await tf.setBackend('wasm').catch(() => false);
  if (!started) {
    throw new MedNasError('ENGINE_UNAVAILABLE', 'tf.js cannot start its WASM backend on this machine.');
  }
  await tf.ready();
  return {
    numerics: 'tfjs-wasm-1',
    ...tfjsGradients,
    async activity(network, { images }, input, seed, wanted) {
      const n = images.length / (input[0] * input[1] * input[2]);
      const distances = new Float64Array(n * n);
      const logits = tf.tidy(() => {
        const batch = tf.tensor4d(images, [n, ...input]);
        return forward(network, batch, seed, (x) =>
          addHamming(distances, packSigns(x.dataSync() as Float32Array, n), n),
        ).dataSync() as Float32Array;
      });
      return { distances, logits: wanted ? logits : new Float32Array() };
    },
    sensitivity: async (network, input, seed) => sensitivity(network, input, seed),
  };
}
