// First and second derivatives of the loss with respect to the logits, with tf.js ops.

import * as tf from '@tensorflow/tfjs-core';
import type { Targets } from '../gradient.ts';

/** [images, classes]. */
export type Logits = tf.Tensor2D;

/** How many terms the mean is over. */
const terms = ({ images, classes, multiLabel }: Targets): number => (multiLabel ? images * classes : images);

const probabilities = (logits: Logits, { multiLabel }: Targets): Logits =>
  multiLabel ? tf.sigmoid(logits) : tf.softmax(logits);

/** dL/dlogits. */
export function lossGradient(logits: Logits, targets: Targets): Logits {
  const wanted = tf.tensor2d(targets.values, [targets.images, targets.classes]);
  return tf.div(tf.sub(probabilities(logits, targets), wanted), terms(targets));
}

/** The second derivative of L along two directions a and b of the logits, a scalar. */
export function lossCurvature(logits: Logits, a: Logits, b: Logits, targets: Targets): tf.Tensor {
  const p = probabilities(logits, targets);
  const [pa, pb] = [tf.mul(p, a), tf.mul(p, b)];
  const own = tf.sum(tf.mul(pa, b));
  // A sigmoid's probability depends on its own logit alone, a softmax's on all of its image.
  const together = targets.multiLabel ? tf.sum(tf.mul(pa, pb)) : tf.sum(tf.mul(tf.sum(pa, 1), tf.sum(pb, 1)));
  return tf.div(tf.sub(own, together), terms(targets));
}
