// The way back through batch norm and ReLU. With y = x * scale + shift the normalised input, the
// gradient of a batch norm is dx = scale * (dy - mean(dy) - y * mean(dy * y)): its sums over a channel
// first, then, with what they come to, one line a channel: dx = a * dy + b * x + c.

import { bytes, madd } from '../lanes';
import { addLanes, get, put } from './vector';

/** Rows summed up in float32 before they go to float64. */
const BLOCK_ROWS: i32 = 64;

@inline
function sums4(
  whole: bool,
  exist: i32,
  rows: i32,
  x: usize,
  ldx: usize,
  scale: usize,
  shift: usize,
  dy: usize,
  lddy: usize,
  sums: usize,
  next: usize,
): void {
  const s = get(whole, scale, exist);
  const t = get(whole, shift, exist);
  let plain = f32x4.splat(0);
  let along = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const d = get(whole, dy, exist);
    plain = f32x4.add(plain, d);
    along = madd(d, madd(get(whole, x, exist), s, t), along);
    x += ldx;
    dy += lddy;
  }
  addLanes(sums, plain, exist);
  addLanes(sums + next, along, exist);
}

/** Adds to `sums` (f64) the column sums of dy, then those of dy * (x * scale + shift). */
export function normGradientSums(
  rows: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  dy: usize,
  lddy: i32,
  sums: usize,
): void {
  const next = <usize>channels << 3;
  for (let block = 0; block < rows; block += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - block);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at = bytes(c);
      sums4(true, 4, count, x + at, bytes(ldx), scale + at, shift + at, dy + at, bytes(lddy), sums + 2 * at, next);
    }
    if (c < channels) {
      const at = bytes(c);
      const exist = channels - c;
      sums4(false, exist, count, x + at, bytes(ldx), scale + at, shift + at, dy + at, bytes(lddy), sums + 2 * at, next);
    }
    x += <usize>count * bytes(ldx);
    dy += <usize>count * bytes(lddy);
  }
}

@inline
function combine4(whole: bool, exist: i32, x: usize, coefficients: usize, width: usize, y: usize): void {
  const a = get(whole, coefficients, exist);
  const b = get(whole, coefficients + width, exist);
  const c = get(whole, coefficients + 2 * width, exist);
  put(whole, y, madd(get(whole, y, exist), a, madd(get(whole, x, exist), b, c)), exist);
}

/** y = a * y + b * x + c, the three a float a channel, one behind the other. */
export function combine(rows: i32, channels: i32, x: usize, ldx: i32, coefficients: usize, y: usize, ldy: i32): void {
  const width = bytes(channels);
  for (let row = 0; row < rows; row++) {
    let i = 0;
    for (; i + 4 <= channels; i += 4) combine4(true, 4, x + bytes(i), coefficients + bytes(i), width, y + bytes(i));
    if (i < channels) combine4(false, channels - i, x + bytes(i), coefficients + bytes(i), width, y + bytes(i));
    x += bytes(ldx);
    y += bytes(ldy);
  }
}

@inline
function rectify4(whole: bool, exist: i32, x: usize, scale: usize, shift: usize, dy: usize): void {
  let v = get(whole, x, exist);
  if (scale) v = madd(v, get(whole, scale, exist), get(whole, shift, exist));
  put(whole, dy, v128.and(get(whole, dy, exist), f32x4.gt(v, f32x4.splat(0))), exist);
}

/** What of dy passes a ReLU whose input is x, or x * scale + shift if there is a scale, in place. */
export function rectifyGradient(
  rows: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  dy: usize,
  lddy: i32,
): void {
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at = bytes(c);
      rectify4(true, 4, x + at, scale ? scale + at : 0, shift + at, dy + at);
    }
    const at = bytes(c);
    if (c < channels) rectify4(false, channels - c, x + at, scale ? scale + at : 0, shift + at, dy + at);
    x += bytes(ldx);
    dy += bytes(lddy);
  }
}

@inline
function dots4(whole: bool, exist: i32, rows: i32, x: usize, ldx: usize, y: usize, ldy: usize, dots: usize): void {
  let sum = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    sum = madd(get(whole, x, exist), get(whole, y, exist), sum);
    x += ldx;
    y += ldy;
  }
  addLanes(dots, sum, exist);
}

/** For each image and channel the sum over pixels of x * y: [images, channels] doubles. */
export function imageDots(images: i32, pixels: i32, channels: i32, x: usize, ldx: i32, y: usize, ldy: i32, dots: usize): void {
  memory.fill(dots, 0, <usize>(images * channels) << 3);
  for (let image = 0; image < images; image++) {
    for (let block = 0; block < pixels; block += BLOCK_ROWS) {
      const count = min(BLOCK_ROWS, pixels - block);
      let c = 0;
      for (; c + 4 <= channels; c += 4) {
        dots4(true, 4, count, x + bytes(c), bytes(ldx), y + bytes(c), bytes(ldy), dots + 2 * bytes(c));
      }
      if (c < channels) {
        dots4(false, channels - c, count, x + bytes(c), bytes(ldx), y + bytes(c), bytes(ldy), dots + 2 * bytes(c));
      }
      x += <usize>count * bytes(ldx);
      y += <usize>count * bytes(ldy);
    }
    dots += <usize>channels << 3;
  }
}
