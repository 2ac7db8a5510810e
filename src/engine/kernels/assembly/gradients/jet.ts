// Second-order jets (see src/engine/gradients/tfjs/jet.ts): four tensors of one extent, the value v, its
// derivatives b and a and its mixed second derivative ab, `part` floats apart in that order.

import { bytes, madd } from '../lanes';
import { windowStart } from './pool';
import { addLanes, get, put } from './vector';

/** Rows summed up in float32 before they go to float64. */
const BLOCK_ROWS: i32 = 64;

@inline
function layer4(whole: bool, exist: i32, y: usize, part: usize, d: usize, dPart: usize): void {
  const v = get(whole, y, exist);
  const b = get(whole, y + part, exist);
  const a = get(whole, y + 2 * part, exist);
  const ab = get(whole, y + 3 * part, exist);
  put(whole, y + part, f32x4.add(b, v), exist);
  put(whole, y + 2 * part, f32x4.add(a, get(whole, d, exist)), exist);
  put(whole, y + 3 * part, f32x4.add(ab, f32x4.add(a, get(whole, d + dPart, exist))), exist);
}

/** A layer's output y, from W applied to each of the four and, `dPart` floats apart in `d`, the direction of a applied to v and to b. */
export function jetLayer(rows: i32, channels: i32, y: usize, ldy: i32, part: i32, d: usize, ldd: i32, dPart: i32): void {
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) layer4(true, 4, y + bytes(c), bytes(part), d + bytes(c), bytes(dPart));
    if (c < channels) layer4(false, channels - c, y + bytes(c), bytes(part), d + bytes(c), bytes(dPart));
    y += bytes(ldy);
    d += bytes(ldd);
  }
}

@inline
function sums4(whole: bool, exist: i32, rows: i32, x: usize, ldx: usize, part: usize, means: usize, width: usize, sums: usize): void {
  const m0 = get(whole, means, exist);
  const m1 = get(whole, means + width, exist);
  const m2 = get(whole, means + 2 * width, exist);
  const m3 = get(whole, means + 3 * width, exist);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    const v = f32x4.sub(get(whole, x, exist), m0);
    const b = f32x4.sub(get(whole, x + part, exist), m1);
    const a = f32x4.sub(get(whole, x + 2 * part, exist), m2);
    const ab = f32x4.sub(get(whole, x + 3 * part, exist), m3);
    s0 = madd(v, v, s0);
    s1 = madd(v, b, s1);
    s2 = madd(v, a, s2);
    s3 = madd(b, a, madd(v, ab, s3));
    x += ldx;
  }
  const next: usize = 2 * width;
  addLanes(sums, s0, exist);
  addLanes(sums + next, s1, exist);
  addLanes(sums + 2 * next, s2, exist);
  addLanes(sums + 3 * next, s3, exist);
}

/**
 * Adds to `sums` (f64, a channel each, one behind the other) over the rows, with `means` (f32, [4, channels])
 * taken off: v v, v b, v a, and b a + v ab.
 */
export function jetSums(rows: i32, channels: i32, x: usize, ldx: i32, part: i32, means: usize, sums: usize): void {
  const width = bytes(channels);
  for (let block = 0; block < rows; block += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - block);
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at = bytes(c);
      sums4(true, 4, count, x + at, bytes(ldx), bytes(part), means + at, width, sums + 2 * at);
    }
    const at = bytes(c);
    if (c < channels) sums4(false, channels - c, count, x + at, bytes(ldx), bytes(part), means + at, width, sums + 2 * at);
    x += <usize>count * bytes(ldx);
  }
}

@inline
function scale4(whole: bool, exist: i32, x: usize, part: usize, means: usize, scales: usize, width: usize): void {
  const v = f32x4.sub(get(whole, x, exist), get(whole, means, exist));
  const b = f32x4.sub(get(whole, x + part, exist), get(whole, means + width, exist));
  const a = f32x4.sub(get(whole, x + 2 * part, exist), get(whole, means + 2 * width, exist));
  const ab = f32x4.sub(get(whole, x + 3 * part, exist), get(whole, means + 3 * width, exist));
  const s = get(whole, scales, exist);
  const sb = get(whole, scales + width, exist);
  const sa = get(whole, scales + 2 * width, exist);
  const sab = get(whole, scales + 3 * width, exist);
  put(whole, x, f32x4.mul(v, s), exist);
  put(whole, x + part, madd(b, s, f32x4.mul(v, sb)), exist);
  put(whole, x + 2 * part, madd(a, s, f32x4.mul(v, sa)), exist);
  put(whole, x + 3 * part, madd(ab, s, madd(b, sa, madd(a, sb, f32x4.mul(v, sab)))), exist);
}

/** The product of the jet x less its means with a jet that is the same for all rows, in place; both f32 [4, channels]. */
export function jetScale(rows: i32, channels: i32, x: usize, ldx: i32, part: i32, means: usize, scales: usize): void {
  const width = bytes(channels);
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) scale4(true, 4, x + bytes(c), bytes(part), means + bytes(c), scales + bytes(c), width);
    if (c < channels) {
      scale4(false, channels - c, x + bytes(c), bytes(part), means + bytes(c), scales + bytes(c), width);
    }
    x += bytes(ldx);
  }
}

@inline
function rectify4(whole: bool, exist: i32, x: usize, xPart: usize, y: usize, yPart: usize): void {
  const v = get(whole, x, exist);
  const open = f32x4.gt(v, f32x4.splat(0));
  put(whole, y, v128.and(v, open), exist);
  put(whole, y + yPart, v128.and(get(whole, x + xPart, exist), open), exist);
  put(whole, y + 2 * yPart, v128.and(get(whole, x + 2 * xPart, exist), open), exist);
  put(whole, y + 3 * yPart, v128.and(get(whole, x + 3 * xPart, exist), open), exist);
}

/** ReLU to y, which may be x. */
export function jetRectify(rows: i32, channels: i32, x: usize, ldx: i32, xPart: i32, y: usize, ldy: i32, yPart: i32): void {
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) rectify4(true, 4, x + bytes(c), bytes(xPart), y + bytes(c), bytes(yPart));
    if (c < channels) rectify4(false, channels - c, x + bytes(c), bytes(xPart), y + bytes(c), bytes(yPart));
    x += bytes(ldx);
    y += bytes(ldy);
  }
}

@inline
function pool4(
  whole: bool,
  exist: i32,
  rows: i32,
  columns: i32,
  x: usize,
  ldx: usize,
  line: usize,
  xPart: usize,
  y: usize,
  yPart: usize,
): void {
  let v = f32x4.splat(-Infinity);
  let b = f32x4.splat(0);
  let a = f32x4.splat(0);
  let ab = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    let p = x;
    for (let column = 0; column < columns; column++) {
      const u = get(whole, p, exist);
      const better = f32x4.gt(u, v);
      v = v128.bitselect(u, v, better);
      b = v128.bitselect(get(whole, p + xPart, exist), b, better);
      a = v128.bitselect(get(whole, p + 2 * xPart, exist), a, better);
      ab = v128.bitselect(get(whole, p + 3 * xPart, exist), ab, better);
      p += ldx;
    }
    x += line;
  }
  put(whole, y, v, exist);
  put(whole, y + yPart, b, exist);
  put(whole, y + 2 * yPart, a, exist);
  put(whole, y + 3 * yPart, ab, exist);
}

/** Max pool, stride 2, SAME padding: the derivatives follow the first largest value. */
export function jetMaxPool(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: i32,
  xPart: i32,
  y: usize,
  ldy: i32,
  yPart: i32,
): void {
  const step = bytes(ldx);
  const line = <usize>w * step;
  for (let image = 0; image < images; image++) {
    for (let i = 0; i < (h + 1) >> 1; i++) {
      const top = windowStart(i, size, h);
      const firstRow = max(top, 0);
      const rows = min(top + size, h) - firstRow;
      for (let j = 0; j < (w + 1) >> 1; j++) {
        const left = windowStart(j, size, w);
        const firstColumn = max(left, 0);
        const columns = min(left + size, w) - firstColumn;
        const from = x + <usize>(firstRow * w + firstColumn) * step;
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          pool4(true, 4, rows, columns, from + bytes(c), step, line, bytes(xPart), y + bytes(c), bytes(yPart));
        }
        if (c < channels) {
          const exist = channels - c;
          pool4(false, exist, rows, columns, from + bytes(c), step, line, bytes(xPart), y + bytes(c), bytes(yPart));
        }
        y += bytes(ldy);
      }
    }
    x += <usize>h * line;
  }
}
