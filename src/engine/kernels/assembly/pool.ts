// Pools, NHWC, stride 2, TensorFlow's SAME padding (out = ceil(H / 2), the smaller half of the padding
// first), which averages leave out. The batch norm of the input goes onto the output, four times
// smaller: its scale is positive, so it commutes with a maximum as it does with an average.

import { bytes, loadLanes, madd, storeLanes } from './lanes';

/** A NaN is passed over, as by `if (v > best)`. */
@inline
function larger(best: v128, v: v128): v128 {
  return f32x4.pmax(best, v);
}

@inline
function combine(average: bool, sum: v128, v: v128): v128 {
  return average ? f32x4.add(sum, v) : larger(sum, v);
}

/**
 * 16 channels of one output pixel from `rows` x `columns` input pixels; an average is divided by
 * `count`, and with `scaled` the result gets `scale` and `shift`. The flags are constants where this is
 * inlined.
 */
@inline
function window16(
  average: bool,
  rows: i32,
  columns: i32,
  x: usize,
  line: usize,
  step: usize,
  scaled: bool,
  scale: usize,
  shift: usize,
  y: usize,
): void {
  const start = f32x4.splat(average ? 0 : -Infinity);
  let v0 = start;
  let v1 = start;
  let v2 = start;
  let v3 = start;
  for (let i = 0; i < rows; i++) {
    let p = x;
    for (let j = 0; j < columns; j++) {
      v0 = combine(average, v0, v128.load(p));
      v1 = combine(average, v1, v128.load(p, 16));
      v2 = combine(average, v2, v128.load(p, 32));
      v3 = combine(average, v3, v128.load(p, 48));
      p += step;
    }
    x += line;
  }
  if (average) {
    const count = f32x4.splat(<f32>(rows * columns));
    v0 = f32x4.div(v0, count);
    v1 = f32x4.div(v1, count);
    v2 = f32x4.div(v2, count);
    v3 = f32x4.div(v3, count);
  }
  if (scaled) {
    v0 = madd(v0, v128.load(scale), v128.load(shift));
    v1 = madd(v1, v128.load(scale, 16), v128.load(shift, 16));
    v2 = madd(v2, v128.load(scale, 32), v128.load(shift, 32));
    v3 = madd(v3, v128.load(scale, 48), v128.load(shift, 48));
  }
  v128.store(y, v0);
  v128.store(y, v1, 16);
  v128.store(y, v2, 32);
  v128.store(y, v3, 48);
}

/** Up to 4 channels. */
@inline
function window4(
  average: bool,
  rows: i32,
  columns: i32,
  channels: i32,
  x: usize,
  line: usize,
  step: usize,
  scale: usize,
  shift: usize,
  y: usize,
): void {
  let v = f32x4.splat(average ? 0 : -Infinity);
  for (let i = 0; i < rows; i++) {
    let p = x;
    for (let j = 0; j < columns; j++) {
      v = combine(average, v, loadLanes(p, channels));
      p += step;
    }
    x += line;
  }
  if (average) v = f32x4.div(v, f32x4.splat(<f32>(rows * columns)));
  if (scale) v = madd(v, loadLanes(scale, channels), loadLanes(shift, channels));
  storeLanes(y, v, channels);
}

/** First input row or column under output `i`, which may be outside, for TensorFlow's SAME padding. */
@inline
function windowStart(i: i32, size: i32, length: i32): i32 {
  return 2 * i - (max(2 * ((length - 1) >> 1) + size - length, 0) >> 1);
}

@inline
function poolWith(
  average: bool,
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  y: usize,
  ldy: i32,
): void {
  const step = bytes(ldx);
  const line = <usize>w * step;
  for (let image = 0; image < images; image++) {
    for (let i = 0; i < (h + 1) >> 1; i++) {
      const firstRow = windowStart(i, size, h);
      const top = max(firstRow, 0);
      const rows = min(firstRow + size, h) - top;
      for (let j = 0; j < (w + 1) >> 1; j++) {
        const firstColumn = windowStart(j, size, w);
        const left = max(firstColumn, 0);
        const columns = min(firstColumn + size, w) - left;
        const from = x + <usize>top * line + <usize>left * step;
        let c = 0;
        if (scale) {
          for (; c + 16 <= channels; c += 16) {
            const at = bytes(c);
            window16(average, rows, columns, from + at, line, step, true, scale + at, shift + at, y + at);
          }
        } else {
          for (; c + 16 <= channels; c += 16) {
            window16(average, rows, columns, from + bytes(c), line, step, false, 0, 0, y + bytes(c));
          }
        }
        for (; c < channels; c += 4) {
          const at = bytes(c);
          const own = scale ? scale + at : 0;
          window4(average, rows, columns, channels - c, from + at, line, step, own, shift + at, y + at);
        }
        y += bytes(ldy);
      }
    }
    x += <usize>h * line;
  }
}

export function maxPool(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  y: usize,
  ldy: i32,
): void {
  poolWith(false, images, h, w, channels, size, x, ldx, scale, shift, y, ldy);
}

export function avgPool(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  y: usize,
  ldy: i32,
): void {
  poolWith(true, images, h, w, channels, size, x, ldx, scale, shift, y, ldy);
}

/**
 * A max pool of values that takes a second tensor along: the output's follower is that of the first
 * largest value in its window (the derivative of a max pool). One image.
 */
export function maxPoolFollowed(
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  follower: usize,
  ldx: i32,
  y: usize,
  followerOut: usize,
  ldy: i32,
): void {
  const step = bytes(ldx);
  const line = <usize>w * step;
  for (let i = 0; i < (h + 1) >> 1; i++) {
    const firstRow = windowStart(i, size, h);
    for (let j = 0; j < (w + 1) >> 1; j++) {
      const firstColumn = windowStart(j, size, w);
      for (let c = 0; c < channels; c += 4) {
        let best = f32x4.splat(-Infinity);
        let chosen = f32x4.splat(0);
        for (let row = max(firstRow, 0); row < min(firstRow + size, h); row++) {
          for (let column = max(firstColumn, 0); column < min(firstColumn + size, w); column++) {
            const at = <usize>row * line + <usize>column * step + bytes(c);
            const v = loadLanes(x + at, channels - c);
            const better = f32x4.gt(v, best);
            best = v128.bitselect(v, best, better);
            chosen = v128.bitselect(loadLanes(follower + at, channels - c), chosen, better);
          }
        }
        storeLanes(y + bytes(c), best, channels - c);
        storeLanes(followerOut + bytes(c), chosen, channels - c);
      }
      y += bytes(ldy);
      followerOut += bytes(ldy);
    }
  }
}

/** The mean of each channel over an image's pixels: Y [images, channels]. */
export function globalAverage(
  images: i32,
  pixels: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
): void {
  for (let image = 0; image < images; image++) {
    for (let c = 0; c < channels; c += 4) {
      let sum = f32x4.splat(0);
      let p = x + bytes(c);
      for (let i = 0; i < pixels; i++) {
        sum = f32x4.add(sum, loadLanes(p, channels - c));
        p += bytes(ldx);
      }
      storeLanes(y + bytes(c), f32x4.div(sum, f32x4.splat(<f32>pixels)), channels - c);
    }
    x += <usize>pixels * bytes(ldx);
    y += bytes(ldy);
  }
}
