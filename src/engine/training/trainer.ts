// What training asks of the arithmetic, whoever does it: one network's weights, moved a batch at a time.

import type { Network } from '../../search/network.ts';

/**
 * All that a run has learned, in shared memory, so that a thread hands it to the next without a copy. Laid out as
 * `layoutOf(network)` says.
 */
export interface TrainingState {
  /** [floats]: weights, then running statistics. */
  readonly values: Float32Array;
  /** [learned]: the optimizer's moving means of the gradient, and (Adam) of its square. */
  readonly first: Float32Array;
  readonly second: Float32Array;
  /** Updates so far. */
  readonly steps: number;
}

/** What decides an update beside the batch. */
export interface Step {
  readonly optimizer: 'adam' | 'sgd';
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface TrainingBatch {
  /** float32 NHWC, scaled to -1..1. */
  readonly images: Float32Array;
  /** [images] class indices, or [images, classes] of 0/1 for multi-label. */
  readonly labels: Int32Array;
}

export interface TrainerProblem {
  readonly network: Network;
  readonly multiLabel: boolean;
}

/** Holds a copy of a state until it is closed; its backend does nothing else meanwhile. */
export interface Trainer {
  /**
   * One update. Returns the mean loss before it; one that is not finite, or whose gradient is not, is NaN and changes
   * nothing. What the logits do not depend on (behind a `zero`) has no gradient, and its statistics stay.
   * @throws MedNasError BATCH_TOO_LARGE where it is known beforehand, else OutOfMemoryError
   */
  step(batch: TrainingBatch, step: Step): Promise<number>;
  /** Logits, [images, classes], with the running statistics. @throws OutOfMemoryError */
  predict(images: Float32Array): Promise<Float32Array>;
  /** Writes what has been learned to `state`'s arrays; returns how many updates there were. */
  save(state: TrainingState): Promise<number>;
  close(): void;
}

/** Of a backend that trains. */
export interface Training {
  trainer(problem: TrainerProblem, from: TrainingState): Promise<Trainer>;
}

/** PyTorch's: how far a batch moves the running statistics, whose variance is unbiased (n - 1). */
export const STATISTICS_MOMENTUM = 0.1;
/** Adam's (Kingma and Ba 2015; PyTorch's defaults). */
export const ADAM_BETA2 = 0.999;
export const ADAM_EPSILON = 1e-8;
