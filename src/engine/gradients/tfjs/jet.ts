// Second-order jets: a value with its derivatives along two directions a and b of the weights, and its
// mixed second derivative.
//
// The arithmetic is exact: (v, a, b, ab) of a product is (vw, v'w + vw' along each, and the four mixed
// terms), of f(v) it is (f, f' a, f' b, f' ab + f'' a b).

import * as tf from '@tensorflow/tfjs-core';
import type { Maps } from '../../forward.ts';

/** An alias, not an interface, so that tf.js takes it for a container of tensors. */
export type Jet = { readonly v: Maps; readonly a: Maps; readonly b: Maps; readonly ab: Maps };

const sum = (...terms: readonly Maps[]): Maps => tf.addN([...terms]);

export const product = (x: Jet, y: Jet): Jet => ({
  v: tf.mul(x.v, y.v),
  a: sum(tf.mul(x.a, y.v), tf.mul(x.v, y.a)),
  b: sum(tf.mul(x.b, y.v), tf.mul(x.v, y.b)),
  ab: sum(tf.mul(x.ab, y.v), tf.mul(x.a, y.b), tf.mul(x.b, y.a), tf.mul(x.v, y.ab)),
});

/** f of a jet, from f, f' and f'' at its value. */
export const composed = (x: Jet, f: Maps, first: Maps, second: Maps): Jet => ({
  v: f,
  a: tf.mul(first, x.a),
  b: tf.mul(first, x.b),
  ab: sum(tf.mul(first, x.ab), tf.mul(second, tf.mul(x.a, x.b))),
});

/** Of a linear function. */
export const mapped = ({ v, a, b, ab }: Jet, f: (x: Maps) => Maps): Jet => ({
  v: f(v),
  a: f(a),
  b: f(b),
  ab: f(ab),
});
