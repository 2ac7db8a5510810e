// The loss, and its first and second derivatives with respect to the logits, in float64.

import type { Targets } from './gradient.ts';

/** How many terms the mean is over. */
const terms = ({ images, classes, multiLabel }: Targets): number => (multiLabel ? images * classes : images);

/** Softmax of an image's logits, or the sigmoid of each. */
function probabilities(logits: Float64Array, multiLabel: boolean): Float64Array {
  if (multiLabel) return logits.map((z) => 1 / (1 + Math.exp(-z)));
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((z) => Math.exp(z - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** -log of the softmax's probability of the labels, or of the sigmoids' of having each label or not. */
function surprise(logits: Float64Array, values: Float32Array, multiLabel: boolean): number {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const shift = most + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - most), 0));
  return logits.reduce((sum, z, c) => {
    const value = values[c] as number;
    if (!multiLabel) return sum + value * (shift - z);
    // log(1 + e^z) - value * z, which overflows for no z.
    return sum + Math.max(z, 0) - value * z + Math.log1p(Math.exp(-Math.abs(z)));
  }, 0);
}

/** L from logits, [images, classes]; not finite when one of them is not. */
export function lossValue(logits: Float64Array, targets: Targets): number {
  const { images, classes, multiLabel, values } = targets;
  let sum = 0;
  for (let from = 0; from < images * classes; from += classes) {
    sum += surprise(logits.subarray(from, from + classes), values.subarray(from, from + classes), multiLabel);
  }
  return sum / terms(targets);
}

/** dL/dlogits from logits, both [images, classes]. */
export function lossGradient(logits: Float64Array, targets: Targets): Float64Array {
  const { images, classes, multiLabel, values } = targets;
  const gradient = new Float64Array(images * classes);
  for (let image = 0; image < images; image++) {
    const from = image * classes;
    const p = probabilities(logits.subarray(from, from + classes), multiLabel);
    p.forEach((own, c) => (gradient[from + c] = (own - (values[from + c] as number)) / terms(targets)));
  }
  return gradient;
}

/** The second derivative of L along two directions a and b of the logits, each [images, classes]. */
export function lossCurvature(
  logits: Float64Array,
  a: Float64Array,
  b: Float64Array,
  targets: Targets,
): number {
  const { images, classes, multiLabel } = targets;
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const from = image * classes;
    const p = probabilities(logits.subarray(from, from + classes), multiLabel);
    let [pab, pa, pb] = [0, 0, 0];
    p.forEach((own, c) => {
      const [alongA, alongB] = [a[from + c] as number, b[from + c] as number];
      // A sigmoid's probability depends on its own logit alone, a softmax's on all of its image.
      pab += own * alongA * alongB * (multiLabel ? 1 - own : 1);
      pa += own * alongA;
      pb += own * alongB;
    });
    sum += multiLabel ? pab : pab - pa * pb;
  }
  return sum / terms(targets);
}
