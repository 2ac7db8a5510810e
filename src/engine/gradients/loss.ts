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

/** log(1 + e^z), which e^z alone would overflow. */
const softplus = (z: number): number => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** L from logits, [images, classes]. */
export function lossOf(logits: Float64Array, targets: Targets): number {
  const { images, classes, multiLabel, values } = targets;
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const from = image * classes;
    const own = logits.subarray(from, from + classes);
    const most = own.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = most + Math.log(own.reduce((all, z) => all + Math.exp(z - most), 0));
    own.forEach((z, c) => {
      const target = values[from + c] as number;
      sum += multiLabel ? softplus(z) - target * z : target * (total - z);
    });
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
