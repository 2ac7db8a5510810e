// Weights without training: weight i of a layer is (2 u_i - 1) / sqrt(fan_in) with
// u_i = (fmix32(key + i * 0x9E3779B1) >>> 8) * 2^-24, a pure function of the layer's key and i. They are
// generated in the order the matrix product reads them, so packing costs nothing.
//
// 2 u - 1 is (m - 2^23) * 2^-23 with the integer m = hash >>> 8. The quotient is taken in float64 and
// rounded once, so it is the float32 of what JavaScript computes, bit for bit.

import { bytes, storeLanes } from './lanes';
import { panelColumns } from './pack';

const GAMMA: i32 = 0x9e3779b1;
const HALF: i32 = 1 << 23;

@inline
function fmix32(x: v128): v128 {
  let h = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** Four weights of hashed counters; `divisor` is 2^23 times what they are divided by, `signs` 0 or the sign bits to clear. */
@inline
function weights4(counters: v128, divisor: v128, signs: v128): v128 {
  const m = i32x4.sub(i32x4.shr_u(fmix32(counters), 8), i32x4.splat(HALF));
  const low = f64x2.div(f64x2.convert_low_i32x4_s(m), divisor);
  const high = f64x2.div(f64x2.convert_low_i32x4_s(i64x2.shuffle(m, m, 1, 0)), divisor);
  const both = i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
  return v128.andnot(both, signs);
}

@inline
function counter(key: i32, index: i32): v128 {
  return i32x4.add(
    i32x4.splat(key + index * GAMMA),
    i32x4.replace_lane(
      i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 1, GAMMA), 2, 2 * GAMMA),
      3,
      3 * GAMMA,
    ),
  );
}

@inline
function signMask(absolute: bool): v128 {
  return absolute ? i32x4.splat(0x80000000) : i32x4.splat(0);
}

/** Weights 0..count-1 of a layer, in order. */
export function weights(key: i32, count: i32, divisor: f64, absolute: bool, out: usize): void {
  const scaled = f64x2.splat(divisor * <f64>HALF);
  const signs = signMask(absolute);
  for (let i = 0; i < count; i += 4) {
    storeLanes(out + bytes(i), weights4(counter(key, i), scaled, signs), count - i);
  }
}

/** The weight matrix [k, n] of a layer, packed as by `pack`. */
export function packedWeights(
  wide: bool,
  k: i32,
  n: i32,
  key: i32,
  divisor: f64,
  absolute: bool,
  packed: usize,
): void {
  const scaled = f64x2.splat(divisor * <f64>HALF);
  const signs = signMask(absolute);
  let to = packed;
  let j = 0;
  while (j < n) {
    const width = panelColumns(wide, n, j);
    for (let row = 0; row < k; row++) {
      for (let i = 0; i < width; i += 4) {
        const exist = n - j - i;
        v128.store(to, f32x4.splat(0));
        if (exist > 0) storeLanes(to, weights4(counter(key, row * n + j + i), scaled, signs), exist);
        to += 16;
      }
    }
    j += width;
  }
}
