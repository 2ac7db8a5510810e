// What the gradient indicators ask for: derivatives of the loss L, the mean over images of softmax
// cross-entropy or, when an image has several labels, the mean over images and classes of sigmoid
// binary cross-entropy (spec section 3). Labels are checked here, before any arithmetic.

import type { Network, Shape } from '../../search/network.ts';
import type { EngineBatch } from '../engine.ts';

/** What L is a function of. */
export interface Problem {
  readonly network: Network;
  readonly batch: EngineBatch;
  readonly input: Shape;
  /** Of the weights. */
  readonly seed: number;
  readonly multiLabel: boolean;
}

/** What a backward pass can find out, each at its own cost, and what a second pass can. */
export type Derivative = 'weights' | 'fisher' | 'curvature';
export type Wanted = ReadonlySet<Derivative>;

/** One convolution's or dense layer's share. */
export interface LayerGradient {
  /** Index of its node. */
  readonly node: number;
  /** dL/dtheta in the order of the weights; empty when not wanted. */
  readonly weights: Float32Array;
  /** With z its output: 0.5 * mean over images of (sum over space of z * dL/dz)^2, summed over channels; 0 when not wanted. */
  readonly fisher: number;
}

/** Every layer in the order of nodes, those that L does not depend on with zeros. */
export type Gradient = readonly LayerGradient[];

/** Derivatives of L, whoever computes them. */
export interface Gradients {
  /** One forward and one backward pass. @throws OutOfMemoryError */
  gradient(problem: Problem, wanted: Wanted): Promise<Gradient>;
  /** theta^T H d, H the Hessian of L between all weights theta and the direction d that stands in `weights`; not finite when d is not. @throws OutOfMemoryError */
  curvature(problem: Problem, direction: Gradient): Promise<number>;
}

export interface Targets {
  /** [images, classes], 1 where the image has the label, else 0. */
  readonly values: Float32Array;
  readonly images: number;
  readonly classes: number;
  readonly multiLabel: boolean;
}

/** @throws Error when the labels are not as many as the images want, or one is out of range. */
export function targetsOf({
  network,
  batch,
  input,
  multiLabel,
}: Pick<Problem, 'network' | 'batch' | 'input' | 'multiLabel'>): Targets {
  const images = batch.images.length / (input[0] * input[1] * input[2]);
  const classes = network.nodes.at(-1)?.shape[2] ?? 0;
  const { labels } = batch;
  const [count, values] = [multiLabel ? images * classes : images, multiLabel ? 2 : classes];
  if (labels.length !== count)
    throw new Error(`a batch of ${images} images has ${labels.length} labels, want ${count}`);
  const wrong = labels.findIndex((label) => label < 0 || label >= values);
  if (wrong >= 0) throw new Error(`label ${wrong} of the batch is ${labels[wrong]}, want 0 to ${values - 1}`);
  const ones = new Float32Array(images * classes);
  labels.forEach((label, i) => {
    if (multiLabel) ones[i] = label;
    else ones[i * classes + label] = 1;
  });
  return { values: ones, images, classes, multiLabel };
}
