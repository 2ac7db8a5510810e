// What an optimizer does to a vector of weights, four at a time. Vectors are 4-byte aligned and of any length;
// the last lanes of a length that is no multiple of four are loaded and stored one by one.

import { bytes } from '../lanes';
import { get, put } from './vector';

@inline
function adam4(
  whole: bool,
  exist: i32,
  values: usize,
  gradient: usize,
  first: usize,
  second: usize,
  rate: v128,
  beta1: v128,
  beta2: v128,
  decay: v128,
  root: v128,
  epsilon: v128,
): void {
  const one = f32x4.splat(1);
  const w = get(whole, values, exist);
  const g = f32x4.add(get(whole, gradient, exist), f32x4.mul(decay, w));
  const m0 = get(whole, first, exist);
  const m = f32x4.add(m0, f32x4.mul(f32x4.sub(g, m0), f32x4.sub(one, beta1)));
  const v = f32x4.add(
    f32x4.mul(get(whole, second, exist), beta2),
    f32x4.mul(f32x4.mul(g, g), f32x4.sub(one, beta2)),
  );
  const deviation = f32x4.add(f32x4.div(f32x4.sqrt(v), root), epsilon);
  put(whole, first, m, exist);
  put(whole, second, v, exist);
  put(whole, values, f32x4.sub(w, f32x4.div(f32x4.mul(rate, m), deviation)), exist);
}

/**
 * Adam (Kingma and Ba 2015) as PyTorch has it. `rate`: the learning rate by 1 - beta1^t; `root`: the square root
 * of 1 - beta2^t; `decay` times a weight is added to its gradient.
 */
export function adam(
  count: i32,
  values: usize,
  gradient: usize,
  first: usize,
  second: usize,
  rate: f32,
  beta1: f32,
  beta2: f32,
  decay: f32,
  root: f32,
  epsilon: f32,
): void {
  const r = f32x4.splat(rate);
  const b1 = f32x4.splat(beta1);
  const b2 = f32x4.splat(beta2);
  const d = f32x4.splat(decay);
  const s = f32x4.splat(root);
  const e = f32x4.splat(epsilon);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = bytes(i);
    adam4(true, 4, values + at, gradient + at, first + at, second + at, r, b1, b2, d, s, e);
  }
  if (i < count) {
    const at = bytes(i);
    adam4(false, count - i, values + at, gradient + at, first + at, second + at, r, b1, b2, d, s, e);
  }
}

@inline
function momentum4(
  whole: bool,
  exist: i32,
  values: usize,
  gradient: usize,
  first: usize,
  rate: v128,
  momentum: v128,
  decay: v128,
): void {
  const w = get(whole, values, exist);
  const g = f32x4.add(get(whole, gradient, exist), f32x4.mul(decay, w));
  const m = f32x4.add(f32x4.mul(get(whole, first, exist), momentum), g);
  put(whole, first, m, exist);
  put(whole, values, f32x4.sub(w, f32x4.mul(rate, m)), exist);
}

/** Stochastic gradient descent with momentum as PyTorch has it: m = momentum * m + g, w -= rate * m. */
export function descend(
  count: i32,
  values: usize,
  gradient: usize,
  first: usize,
  rate: f32,
  momentum: f32,
  decay: f32,
): void {
  const r = f32x4.splat(rate);
  const b = f32x4.splat(momentum);
  const d = f32x4.splat(decay);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = bytes(i);
    momentum4(true, 4, values + at, gradient + at, first + at, r, b, d);
  }
  if (i < count) {
    const at = bytes(i);
    momentum4(false, count - i, values + at, gradient + at, first + at, r, b, d);
  }
}

/** Whether none of `count` floats is infinite or NaN. */
export function allFinite(count: i32, values: usize): i32 {
  // x * 0 is 0 or NaN, and NaN stays in a sum.
  const zero = f32x4.splat(0);
  let sum = zero;
  let i = 0;
  for (; i + 4 <= count; i += 4) sum = f32x4.add(sum, f32x4.mul(v128.load(values + bytes(i)), zero));
  if (i < count) sum = f32x4.add(sum, f32x4.mul(get(false, values + bytes(i), count - i), zero));
  return i32(i32x4.all_true(f32x4.eq(sum, zero)));
}
