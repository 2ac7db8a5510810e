// The linear maps of the seven-tap convolution in 13 products (winograd.ts): coefficients, and the
// transforms of inputs, weights and outputs. With the points +-p for the six p of `point`, and infinity:
//   V(+-p) = odd(p) +- p even(p), odd and even the sums of e_k d(2k + 1) and e_k d(2k), where
//            e_k are the coefficients of the product of (z - q^2) over the other points q
//   V(inf) = sum of f_k d(2k), f_k those of the product over all points
//   U(+-p) = +-sum of (+-p)^k w_k / (2 p product of (p^2 - q^2) over the other q),  U(inf) = w_6
//   y_i    = sum over p of p^i (M(p) + (-1)^i M(-p)),  plus M(inf) for i = 6
// The points were chosen among small fractions for the least error. All are quarters, so every
// coefficient of V and y is exact in float32.

import { bytes, madd } from './lanes';
import { panelColumns } from './pack';

export const TAPS: i32 = 7;
export const OUTPUTS: i32 = 7;
export const INPUTS: i32 = 13;
const PAIRS: i32 = 6;

function point(i: i32): f64 {
  if (i == 0) return 0.25;
  if (i == 1) return 0.5;
  if (i == 2) return 0.75;
  if (i == 3) return 1;
  return i == 4 ? 1.5 : 3;
}

// Coefficients, as floats: for each pair e_0..e_5, p and -p; f_0..f_6 and a gap; for each pair p^0..p^6
// and a gap; for each pair the weights' p^k / denominator and a gap.
const IN: i32 = 0;
const INFINITE: i32 = IN + 8 * PAIRS;
const OUT: i32 = INFINITE + 8;
const WEIGHTS: i32 = OUT + 8 * PAIRS;
export const COEFFICIENTS: i32 = WEIGHTS + 8 * PAIRS;

/** Coefficients of the product of (z - q^2) over all points q but number `left`, into f64s at `to`; returns its value at `at`. */
function expand(left: i32, at: f64, to: usize): f64 {
  let value: f64 = 1;
  store<f64>(to, 1);
  let degree = 0;
  for (let i = 0; i < PAIRS; i++) {
    if (i == left) continue;
    const root = point(i) * point(i);
    value *= at - root;
    let carry: f64 = 0;
    degree++;
    for (let k = 0; k <= degree; k++) {
      const here = to + ((<usize>k) << 3);
      const old = k < degree ? load<f64>(here) : 0;
      store<f64>(here, carry - root * old);
      carry = old;
    }
  }
  return value;
}

export function fillCoefficients(table: usize, work: usize): void {
  for (let i = 0; i < PAIRS; i++) {
    const p = point(i);
    const value = expand(i, p * p, work);
    const input = table + bytes(IN + 8 * i);
    for (let k = 0; k < PAIRS; k++) store<f32>(input + bytes(k), <f32>load<f64>(work + ((<usize>k) << 3)));
    store<f32>(input + bytes(6), <f32>p);
    store<f32>(input + bytes(7), <f32>-p);
    let power: f64 = 1;
    for (let k = 0; k < TAPS; k++) {
      store<f32>(table + bytes(OUT + 8 * i + k), <f32>power);
      store<f32>(table + bytes(WEIGHTS + 8 * i + k), <f32>(power / (2 * p * value)));
      power *= p;
    }
  }
  expand(-1, 0, work);
  for (let k = 0; k < TAPS; k++) {
    store<f32>(table + bytes(INFINITE + k), <f32>load<f64>(work + ((<usize>k) << 3)));
  }
}

/** Sum of six vectors times six coefficients. */
@inline
function sum6(table: usize, at: i32, x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128): v128 {
  let sum = f32x4.mul(x0, v128.load32_splat(table + bytes(at)));
  sum = madd(x1, v128.load32_splat(table + bytes(at + 1)), sum);
  sum = madd(x2, v128.load32_splat(table + bytes(at + 2)), sum);
  sum = madd(x3, v128.load32_splat(table + bytes(at + 3)), sum);
  sum = madd(x4, v128.load32_splat(table + bytes(at + 4)), sum);
  return madd(x5, v128.load32_splat(table + bytes(at + 5)), sum);
}

/** Sum of six vectors times power `power` of their points. */
@inline
function powers6(table: usize, power: i32, x0: v128, x1: v128, x2: v128, x3: v128, x4: v128, x5: v128): v128 {
  let sum = f32x4.mul(x0, v128.load32_splat(table + bytes(OUT + power)));
  sum = madd(x1, v128.load32_splat(table + bytes(OUT + 8 + power)), sum);
  sum = madd(x2, v128.load32_splat(table + bytes(OUT + 16 + power)), sum);
  sum = madd(x3, v128.load32_splat(table + bytes(OUT + 24 + power)), sum);
  sum = madd(x4, v128.load32_splat(table + bytes(OUT + 32 + power)), sum);
  return madd(x5, v128.load32_splat(table + bytes(OUT + 40 + power)), sum);
}

/** V(p) and V(-p) of pair `i` from even(p) and odd(p), of 8 floats. */
@inline
function storePair(
  v: usize,
  vStep: usize,
  i: i32,
  table: usize,
  e0: v128,
  e1: v128,
  o0: v128,
  o1: v128,
): void {
  const plus = v128.load32_splat(table + bytes(IN + 8 * i + 6));
  const minus = v128.load32_splat(table + bytes(IN + 8 * i + 7));
  const to = v + <usize>(2 * i) * vStep;
  const next = to + vStep;
  const a0 = madd(e0, plus, o0);
  const a1 = madd(e1, plus, o1);
  const b0 = madd(e0, minus, o0);
  const b1 = madd(e1, minus, o1);
  v128.store(to, a0);
  v128.store(to, a1, 16);
  v128.store(next, b0);
  v128.store(next, b1, 16);
}

/** V of `length` floats (a multiple of 8) of each of the 13 inputs listed at `from`; V(j) lie `vStep` bytes apart. */
export function transformInput(from: usize, length: i32, v: usize, vStep: usize, table: usize): void {
  const d0 = load<usize>(from);
  const d1 = load<usize>(from, 4);
  const d2 = load<usize>(from, 8);
  const d3 = load<usize>(from, 12);
  const d4 = load<usize>(from, 16);
  const d5 = load<usize>(from, 20);
  const d6 = load<usize>(from, 24);
  const d7 = load<usize>(from, 28);
  const d8 = load<usize>(from, 32);
  const d9 = load<usize>(from, 36);
  const d10 = load<usize>(from, 40);
  const d11 = load<usize>(from, 44);
  const d12 = load<usize>(from, 48);
  for (let at: usize = 0; at < bytes(length); at += 32) {
    const x0 = v128.load(d0 + at);
    const y0 = v128.load(d0 + at, 16);
    const x1 = v128.load(d2 + at);
    const y1 = v128.load(d2 + at, 16);
    const x2 = v128.load(d4 + at);
    const y2 = v128.load(d4 + at, 16);
    const x3 = v128.load(d6 + at);
    const y3 = v128.load(d6 + at, 16);
    const x4 = v128.load(d8 + at);
    const y4 = v128.load(d8 + at, 16);
    const x5 = v128.load(d10 + at);
    const y5 = v128.load(d10 + at, 16);
    const x6 = v128.load(d12 + at);
    const y6 = v128.load(d12 + at, 16);
    const a0 = sum6(table, IN + 0, x0, x1, x2, x3, x4, x5);
    const b0 = sum6(table, IN + 0, y0, y1, y2, y3, y4, y5);
    const a1 = sum6(table, IN + 8, x0, x1, x2, x3, x4, x5);
    const b1 = sum6(table, IN + 8, y0, y1, y2, y3, y4, y5);
    const a2 = sum6(table, IN + 16, x0, x1, x2, x3, x4, x5);
    const b2 = sum6(table, IN + 16, y0, y1, y2, y3, y4, y5);
    const a3 = sum6(table, IN + 24, x0, x1, x2, x3, x4, x5);
    const b3 = sum6(table, IN + 24, y0, y1, y2, y3, y4, y5);
    const a4 = sum6(table, IN + 32, x0, x1, x2, x3, x4, x5);
    const b4 = sum6(table, IN + 32, y0, y1, y2, y3, y4, y5);
    const a5 = sum6(table, IN + 40, x0, x1, x2, x3, x4, x5);
    const b5 = sum6(table, IN + 40, y0, y1, y2, y3, y4, y5);
    const a6 = madd(
      x6,
      v128.load32_splat(table + bytes(INFINITE + 6)),
      sum6(table, INFINITE, x0, x1, x2, x3, x4, x5),
    );
    const b6 = madd(
      y6,
      v128.load32_splat(table + bytes(INFINITE + 6)),
      sum6(table, INFINITE, y0, y1, y2, y3, y4, y5),
    );
    const infinite = v + at + <usize>(2 * PAIRS) * vStep;
    v128.store(infinite, a6);
    v128.store(infinite, b6, 16);
    const z0 = v128.load(d1 + at);
    const w0 = v128.load(d1 + at, 16);
    const z1 = v128.load(d3 + at);
    const w1 = v128.load(d3 + at, 16);
    const z2 = v128.load(d5 + at);
    const w2 = v128.load(d5 + at, 16);
    const z3 = v128.load(d7 + at);
    const w3 = v128.load(d7 + at, 16);
    const z4 = v128.load(d9 + at);
    const w4 = v128.load(d9 + at, 16);
    const z5 = v128.load(d11 + at);
    const w5 = v128.load(d11 + at, 16);
    storePair(
      v + at,
      vStep,
      0,
      table,
      a0,
      b0,
      sum6(table, IN + 0, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 0, w0, w1, w2, w3, w4, w5),
    );
    storePair(
      v + at,
      vStep,
      1,
      table,
      a1,
      b1,
      sum6(table, IN + 8, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 8, w0, w1, w2, w3, w4, w5),
    );
    storePair(
      v + at,
      vStep,
      2,
      table,
      a2,
      b2,
      sum6(table, IN + 16, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 16, w0, w1, w2, w3, w4, w5),
    );
    storePair(
      v + at,
      vStep,
      3,
      table,
      a3,
      b3,
      sum6(table, IN + 24, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 24, w0, w1, w2, w3, w4, w5),
    );
    storePair(
      v + at,
      vStep,
      4,
      table,
      a4,
      b4,
      sum6(table, IN + 32, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 32, w0, w1, w2, w3, w4, w5),
    );
    storePair(
      v + at,
      vStep,
      5,
      table,
      a5,
      b5,
      sum6(table, IN + 40, z0, z1, z2, z3, z4, z5),
      sum6(table, IN + 40, w0, w1, w2, w3, w4, w5),
    );
  }
}

/** y of `length` floats, to each of the 7 outputs listed at `to`, from M(j) that lie `mStep` bytes apart. */
export function transformOutput(m: usize, mStep: usize, length: i32, to: usize, table: usize): void {
  const y0 = load<usize>(to);
  const y1 = load<usize>(to, 4);
  const y2 = load<usize>(to, 8);
  const y3 = load<usize>(to, 12);
  const y4 = load<usize>(to, 16);
  const y5 = load<usize>(to, 20);
  const y6 = load<usize>(to, 24);
  for (let at: usize = 0; at < bytes(length); at += 32) {
    let p = m + at;
    const s0p = v128.load(p);
    const s0m = v128.load(p + mStep);
    const t0p = v128.load(p, 16);
    const t0m = v128.load(p + mStep, 16);
    const s0 = f32x4.add(s0p, s0m);
    const t0 = f32x4.add(t0p, t0m);
    const u0 = f32x4.sub(s0p, s0m);
    const v0 = f32x4.sub(t0p, t0m);
    p += 2 * mStep;
    const s1p = v128.load(p);
    const s1m = v128.load(p + mStep);
    const t1p = v128.load(p, 16);
    const t1m = v128.load(p + mStep, 16);
    const s1 = f32x4.add(s1p, s1m);
    const t1 = f32x4.add(t1p, t1m);
    const u1 = f32x4.sub(s1p, s1m);
    const v1 = f32x4.sub(t1p, t1m);
    p += 2 * mStep;
    const s2p = v128.load(p);
    const s2m = v128.load(p + mStep);
    const t2p = v128.load(p, 16);
    const t2m = v128.load(p + mStep, 16);
    const s2 = f32x4.add(s2p, s2m);
    const t2 = f32x4.add(t2p, t2m);
    const u2 = f32x4.sub(s2p, s2m);
    const v2 = f32x4.sub(t2p, t2m);
    p += 2 * mStep;
    const s3p = v128.load(p);
    const s3m = v128.load(p + mStep);
    const t3p = v128.load(p, 16);
    const t3m = v128.load(p + mStep, 16);
    const s3 = f32x4.add(s3p, s3m);
    const t3 = f32x4.add(t3p, t3m);
    const u3 = f32x4.sub(s3p, s3m);
    const v3 = f32x4.sub(t3p, t3m);
    p += 2 * mStep;
    const s4p = v128.load(p);
    const s4m = v128.load(p + mStep);
    const t4p = v128.load(p, 16);
    const t4m = v128.load(p + mStep, 16);
    const s4 = f32x4.add(s4p, s4m);
    const t4 = f32x4.add(t4p, t4m);
    const u4 = f32x4.sub(s4p, s4m);
    const v4 = f32x4.sub(t4p, t4m);
    p += 2 * mStep;
    const s5p = v128.load(p);
    const s5m = v128.load(p + mStep);
    const t5p = v128.load(p, 16);
    const t5m = v128.load(p + mStep, 16);
    const s5 = f32x4.add(s5p, s5m);
    const t5 = f32x4.add(t5p, t5m);
    const u5 = f32x4.sub(s5p, s5m);
    const v5 = f32x4.sub(t5p, t5m);
    p += 2 * mStep;
    const i0 = v128.load(p);
    const i1 = v128.load(p, 16);
    const q0 = powers6(table, 0, s0, s1, s2, s3, s4, s5);
    const r0 = powers6(table, 0, t0, t1, t2, t3, t4, t5);
    v128.store(y0 + at, q0);
    v128.store(y0 + at, r0, 16);
    const q1 = powers6(table, 1, u0, u1, u2, u3, u4, u5);
    const r1 = powers6(table, 1, v0, v1, v2, v3, v4, v5);
    v128.store(y1 + at, q1);
    v128.store(y1 + at, r1, 16);
    const q2 = powers6(table, 2, s0, s1, s2, s3, s4, s5);
    const r2 = powers6(table, 2, t0, t1, t2, t3, t4, t5);
    v128.store(y2 + at, q2);
    v128.store(y2 + at, r2, 16);
    const q3 = powers6(table, 3, u0, u1, u2, u3, u4, u5);
    const r3 = powers6(table, 3, v0, v1, v2, v3, v4, v5);
    v128.store(y3 + at, q3);
    v128.store(y3 + at, r3, 16);
    const q4 = powers6(table, 4, s0, s1, s2, s3, s4, s5);
    const r4 = powers6(table, 4, t0, t1, t2, t3, t4, t5);
    v128.store(y4 + at, q4);
    v128.store(y4 + at, r4, 16);
    const q5 = powers6(table, 5, u0, u1, u2, u3, u4, u5);
    const r5 = powers6(table, 5, v0, v1, v2, v3, v4, v5);
    v128.store(y5 + at, q5);
    v128.store(y5 + at, r5, 16);
    const q6 = f32x4.add(powers6(table, 6, s0, s1, s2, s3, s4, s5), i0);
    const r6 = f32x4.add(powers6(table, 6, t0, t1, t2, t3, t4, t5), i1);
    v128.store(y6 + at, q6);
    v128.store(y6 + at, r6, 16);
  }
}

/** U of the packed weights [7 * cin, cout]: packed matrices [cin, cout], one a point, `uStep` bytes apart. */
export function transformWeights(
  wide: bool,
  cin: i32,
  cout: i32,
  packed: usize,
  u: usize,
  uStep: usize,
  table: usize,
): void {
  let j = 0;
  while (j < cout) {
    const width = panelColumns(wide, cout, j);
    const length = bytes(cin * width);
    const w = packed + bytes(TAPS * cin * j);
    const to = u + bytes(cin * j);
    for (let at: usize = 0; at < length; at += 16) {
      let p = w + at;
      const w0 = v128.load(p);
      p += length;
      const w1 = v128.load(p);
      p += length;
      const w2 = v128.load(p);
      p += length;
      const w3 = v128.load(p);
      p += length;
      const w4 = v128.load(p);
      p += length;
      const w5 = v128.load(p);
      p += length;
      const w6 = v128.load(p);
      let out = to + at;
      for (let i = 0; i < PAIRS; i++) {
        const c = table + bytes(WEIGHTS + 8 * i);
        let even = f32x4.mul(w0, v128.load32_splat(c));
        even = madd(w2, v128.load32_splat(c, 8), even);
        even = madd(w4, v128.load32_splat(c, 16), even);
        even = madd(w6, v128.load32_splat(c, 24), even);
        let odd = f32x4.mul(w1, v128.load32_splat(c, 4));
        odd = madd(w3, v128.load32_splat(c, 12), odd);
        odd = madd(w5, v128.load32_splat(c, 20), odd);
        v128.store(out, f32x4.add(odd, even));
        out += uStep;
        v128.store(out, f32x4.sub(odd, even));
        out += uStep;
      }
      v128.store(out, w6);
    }
    j += width;
  }
}
