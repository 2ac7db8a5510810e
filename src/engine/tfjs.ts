// The backend that runs on tf.js, on whatever device tf.js has been set to: slow beside the SIMD
// executor, obvious, and the way to a GPU.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { MedNasError } from '../search/errors.ts';
import type { Backend } from './backend.ts';
import { addHamming, packSigns } from './codes.ts';
import { forward, type Maps } from './forward.ts';
import { tfjsGradients } from './gradients/tfjs/gradients.ts';
import { sensitivity } from './sensitivity.ts';

/** Hamming distances between the sign codes of a batch's images, as a forward pass adds to them. */
export interface Distances {
  /** Adds those of one ReLU's input. */
  add(maps: Maps): void;
  /** N x N, row-major; nothing is left on the device. */
  take(): Promise<Float64Array>;
}

export type OpenDistances = (images: number) => Distances;

/** Read from the device ReLU by ReLU, which costs nothing where its memory is the host's. */
const hostDistances: OpenDistances = (images) => {
  const distances = new Float64Array(images * images);
  return {
    add: (maps) => addHamming(distances, packSigns(maps.dataSync() as Float32Array, images), images),
    take: async () => distances,
  };
};

/** On the current tf.js backend, which nothing else may change. */
export function tfjsBackend(numerics: string, openDistances: OpenDistances = hostDistances): Backend {
  return {
    ...tfjsGradients,
    numerics,
    async activity(network, { images }, input, seed, wanted) {
      const count = images.length / (input[0] * input[1] * input[2]);
      const distances = openDistances(count);
      const logits = tf.tidy(() =>
        forward(network, tf.tensor4d(images, [count, ...input]), seed, (maps) => distances.add(maps)),
      );
      try {
        return {
          distances: await distances.take(),
          logits: wanted ? ((await logits.data()) as Float32Array) : new Float32Array(),
        };
      } finally {
        logits.dispose();
      }
    },
    sensitivity,
    async trainer() {
      throw new MedNasError(
        'ENGINE_UNAVAILABLE',
        `${numerics} scores networks, but does not train them yet: set MEDNAS_BACKEND=wasm.`,
      );
    },
  };
}

/** On tf.js's own WASM kernels. @throws MedNasError ENGINE_UNAVAILABLE when they cannot be started. */
export async function openTfjs(): Promise<Backend> {
  const started = await tf.setBackend('wasm').catch(() => false);
  if (!started) {
    throw new MedNasError('ENGINE_UNAVAILABLE', 'tf.js cannot start its WASM backend on this machine.');
  }
  await tf.ready();
  return tfjsBackend('tfjs-wasm-1');
}
