// What an indicator may ask of the arithmetic, whoever does it.

import type { Network, Shape } from '../search/network.ts';
import type { EngineBatch } from './engine.ts';
import type { Gradients } from './gradients/gradient.ts';
import type { Sensitivity } from './sensitivity.ts';
import type { Training } from './training/trainer.ts';

/** One forward pass over a batch of N images. */
export interface Activity {
  /** N x N, row-major: Hamming distances between the images' sign codes over all ReLUs. */
  readonly distances: Float64Array;
  /** [N, classes]; empty when they were not wanted. */
  readonly logits: Float32Array;
}

export interface Backend extends Gradients, Training {
  /** Name and revision of the arithmetic: results of equal numerics are equal bit for bit. */
  readonly numerics: string;
  /** `logits`: whether they are wanted; they cost the network's last layers. */
  activity(
    network: Network,
    batch: EngineBatch,
    input: Shape,
    seed: number,
    logits: boolean,
  ): Promise<Activity>;
  sensitivity(network: Network, input: Shape, seed: number): Promise<Sensitivity>;
}

/** An architecture needs more memory than there is; the message says how much of each. */
export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
}
