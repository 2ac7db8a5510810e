// What the product X^T dY needs, dL/dtheta of a dense convolution: the channels of X as rows, and the
// pixels of dY, on one grid whose lines and images have gaps of zeros between them, so that a tap of the
// filter is a shift along the grid.

import { bytes, loadLanes, madd, relu } from '../lanes';
import { get, put } from './vector';

/** Up to four pixels, of which `pixels` exist, of four channels, of which `exist` do, to rows of t. */
@inline
function transpose4(
  whole: bool,
  exist: i32,
  pixels: i32,
  x: usize,
  ldx: usize,
  scaled: bool,
  s: v128,
  o: v128,
  rectify: bool,
  t: usize,
  row: usize,
): void {
  let v0 = get(whole, x, exist);
  let v1 = whole || pixels > 1 ? get(whole, x + ldx, exist) : v0;
  let v2 = whole || pixels > 2 ? get(whole, x + 2 * ldx, exist) : v0;
  let v3 = whole || pixels > 3 ? get(whole, x + 3 * ldx, exist) : v0;
  if (scaled) {
    v0 = madd(v0, s, o);
    v1 = madd(v1, s, o);
    v2 = madd(v2, s, o);
    v3 = madd(v3, s, o);
  }
  if (rectify) {
    v0 = relu(v0);
    v1 = relu(v1);
    v2 = relu(v2);
    v3 = relu(v3);
  }
  const low01 = i32x4.shuffle(v0, v1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(v2, v3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(v0, v1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(v2, v3, 2, 6, 3, 7);
  put(whole, t, i64x2.shuffle(low01, low23, 0, 2), pixels);
  if (whole || exist > 1) put(whole, t + row, i64x2.shuffle(low01, low23, 1, 3), pixels);
  if (whole || exist > 2) put(whole, t + 2 * row, i64x2.shuffle(high01, high23, 0, 2), pixels);
  if (whole || exist > 3) put(whole, t + 3 * row, i64x2.shuffle(high01, high23, 1, 3), pixels);
}

/** activation(x)^T: `lines` lines of `w` pixels to `channels` rows `ldt` floats apart, lines `step` floats apart; what is between is left as it is. */
export function transposeLines(
  lines: i32,
  w: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  rectify: bool,
  t: usize,
  ldt: i32,
  step: i32,
): void {
  const row = bytes(ldt);
  const next = bytes(ldx);
  const scaled = scale != 0;
  for (let line = 0; line < lines; line++) {
    for (let c = 0; c < channels; c += 4) {
      const exist = channels - c;
      const s = scaled ? loadLanes(scale + bytes(c), exist) : f32x4.splat(1);
      const o = scaled ? loadLanes(shift + bytes(c), exist) : f32x4.splat(0);
      let from = x + bytes(c);
      let to = t + <usize>c * row;
      for (let column = 0; column < w; column += 4) {
        const pixels = w - column;
        if (exist >= 4 && pixels >= 4) transpose4(true, 4, 4, from, next, scaled, s, o, rectify, to, row);
        else transpose4(false, exist, pixels, from, next, scaled, s, o, rectify, to, row);
        from += 4 * next;
        to += 16;
      }
    }
    x += <usize>w * next;
    t += bytes(step);
  }
}

/** `lines` lines of `w` pixels to lines `step` pixels apart, pixels of `channels` floats without a gap; what is between is left as it is. */
export function spreadLines(lines: i32, w: i32, channels: i32, x: usize, ldx: i32, y: usize, step: i32): void {
  const width = bytes(channels);
  for (let line = 0; line < lines; line++) {
    if (ldx == channels) {
      memory.copy(y, x, <usize>w * width);
    } else {
      for (let column = 0; column < w; column++) {
        memory.copy(y + <usize>column * width, x + <usize>column * bytes(ldx), width);
      }
    }
    x += <usize>w * bytes(ldx);
    y += <usize>step * width;
  }
}
