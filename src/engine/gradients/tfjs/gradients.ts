// Derivatives of the loss with tf.js ops, on whatever backend is set: slow, and what the SIMD kernels
// are tested against.

import type { Gradients } from '../gradient.ts';
import { gradient } from './backward.ts';
import { curvature } from './curvature.ts';

export const tfjsGradients: Gradients = { gradient, curvature };
