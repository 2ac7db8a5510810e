// All that a run has learned, as a file of tensors: kept between epochs, and sent where the next one is trained.

import { MedNasError } from '../search/errors.ts';
import { decodeTensors, encodeTensors } from './safetensors.ts';

/** Its arrays may lie in shared memory. */
export interface Learning {
  readonly values: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
  readonly steps: number;
}

const ARRAYS = ['values', 'first', 'second'] as const;

export function encodeLearning(
  learning: Learning,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const tensors = ARRAYS.map((name) => ({ name, shape: [learning[name].length], values: learning[name] }));
  return encodeTensors({ tensors, metadata: { ...metadata, steps: String(learning.steps) } });
}

/** `from`: where the bytes come from, for people. @throws MedNasError STORAGE_CORRUPT */
export function decodeLearning(bytes: Uint8Array, from: string): Learning {
  const { tensors, metadata } = decodeTensors(bytes);
  const [values, first, second] = ARRAYS.map((name) => tensors.find((one) => one.name === name)?.values);
  const steps = Number(metadata['steps'] ?? Number.NaN);
  if (!values || !first || !second || !Number.isSafeInteger(steps))
    throw new MedNasError('STORAGE_CORRUPT', `${from} is not the checkpoint of a training.`);
  return { values, first, second, steps };
}
