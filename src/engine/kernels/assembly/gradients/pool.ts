// The way back through pools (stride 2, SAME padding, see ../pool.ts), and max pools that take other
// tensors along. What comes back is added to what is there.

import { bytes } from '../lanes';
import { get, put } from './vector';

/** First input row or column under output `i`, which may be outside. */
@inline
export function windowStart(i: i32, size: i32, length: i32): i32 {
  return 2 * i - (max(2 * ((length - 1) >> 1) + size - length, 0) >> 1);
}

@inline
function addTo(whole: bool, p: usize, v: v128, exist: i32): void {
  put(whole, p, f32x4.add(get(whole, p, exist), v), exist);
}

/** Equal shares of d to a window of `rows` x `columns` pixels. */
@inline
function share4(whole: bool, exist: i32, rows: i32, columns: i32, dy: usize, dx: usize, lddx: usize, line: usize): void {
  const d = f32x4.mul(get(whole, dy, exist), f32x4.splat(1 / <f32>(rows * columns)));
  for (let row = 0; row < rows; row++) {
    let p = dx;
    for (let column = 0; column < columns; column++) {
      addTo(whole, p, d, exist);
      p += lddx;
    }
    dx += line;
  }
}

/** d to the first largest value of a window. */
@inline
function largest4(
  whole: bool,
  exist: i32,
  rows: i32,
  columns: i32,
  x: usize,
  ldx: usize,
  xLine: usize,
  dy: usize,
  dx: usize,
  lddx: usize,
  dxLine: usize,
): void {
  let best = f32x4.splat(-Infinity);
  let from = x;
  for (let row = 0; row < rows; row++) {
    let p = from;
    for (let column = 0; column < columns; column++) {
      best = f32x4.pmax(best, get(whole, p, exist));
      p += ldx;
    }
    from += xLine;
  }
  // What no earlier pixel has taken.
  let d = get(whole, dy, exist);
  for (let row = 0; row < rows; row++) {
    let p = x;
    let q = dx;
    for (let column = 0; column < columns; column++) {
      const largest = f32x4.eq(get(whole, p, exist), best);
      addTo(whole, q, v128.and(d, largest), exist);
      d = v128.andnot(d, largest);
      p += ldx;
      q += lddx;
    }
    x += xLine;
    dx += dxLine;
  }
}

@inline
function spreadWith(
  average: bool,
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: usize,
  dy: usize,
  lddy: usize,
  dx: usize,
  lddx: usize,
): void {
  const xLine = <usize>w * ldx;
  const dxLine = <usize>w * lddx;
  for (let image = 0; image < images; image++) {
    for (let i = 0; i < (h + 1) >> 1; i++) {
      const top = windowStart(i, size, h);
      const firstRow = max(top, 0);
      const rows = min(top + size, h) - firstRow;
      for (let j = 0; j < (w + 1) >> 1; j++) {
        const left = windowStart(j, size, w);
        const firstColumn = max(left, 0);
        const columns = min(left + size, w) - firstColumn;
        const pixel = <usize>(firstRow * w + firstColumn);
        const from = x + pixel * ldx;
        const to = dx + pixel * lddx;
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          const at = bytes(c);
          if (average) share4(true, 4, rows, columns, dy + at, to + at, lddx, dxLine);
          else largest4(true, 4, rows, columns, from + at, ldx, xLine, dy + at, to + at, lddx, dxLine);
        }
        if (c < channels) {
          const at = bytes(c);
          if (average) share4(false, channels - c, rows, columns, dy + at, to + at, lddx, dxLine);
          else largest4(false, channels - c, rows, columns, from + at, ldx, xLine, dy + at, to + at, lddx, dxLine);
        }
        dy += lddy;
      }
    }
    x += <usize>h * xLine;
    dx += <usize>h * dxLine;
  }
}

/** To the first largest value of each window of x. */
export function maxPoolGradient(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  x: usize,
  ldx: i32,
  dy: usize,
  lddy: i32,
  dx: usize,
  lddx: i32,
): void {
  spreadWith(false, images, h, w, channels, size, x, bytes(ldx), dy, bytes(lddy), dx, bytes(lddx));
}

/** In equal shares to the pixels of each window. */
export function avgPoolGradient(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  size: i32,
  dy: usize,
  lddy: i32,
  dx: usize,
  lddx: i32,
): void {
  spreadWith(true, images, h, w, channels, size, 0, 0, dy, bytes(lddy), dx, bytes(lddx));
}
