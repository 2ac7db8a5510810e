// What every kernel needs of one 128-bit vector of four floats. The one place where the two builds
// differ: `madd` is a fused multiply-add where relaxed SIMD may be used, else a product and a sum.

/** a * b + c. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** x > 0 ? x : 0, so NaN becomes 0. (`f32x4.max` would keep NaN, at seven instructions.) */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(f32x4.splat(0), x);
}

/** The first `count` floats at `p`, zeros behind them; never reads past them. */
export function loadLanes(p: usize, count: i32): v128 {
  if (count >= 4) return v128.load(p);
  let v = f32x4.splat(0);
  if (count > 0) v = f32x4.replace_lane(v, 0, load<f32>(p));
  if (count > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (count > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

/** Writes the first `count` lanes of `v` to `p`, and nothing behind them. */
export function storeLanes(p: usize, v: v128, count: i32): void {
  if (count >= 4) {
    v128.store(p, v);
    return;
  }
  if (count > 0) store<f32>(p, f32x4.extract_lane(v, 0));
  if (count > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (count > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

/** Bytes from one row of `floats` floats to the next. */
@inline
export function bytes(floats: i32): usize {
  return (<usize>floats) << 2;
}
