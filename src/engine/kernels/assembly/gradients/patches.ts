// A convolution of stride 2 as a matrix product: what each output reads, tap by tap, as a row of its own; and
// the sum of activations, which residual networks are made of.

import { bytes, madd, relu } from '../lanes';
import { get, put } from './vector';

/**
 * To t, rows of kh * kw * channels floats without a gap: the pixels under a filter [kh, kw] about every second
 * pixel of x, zeros outside of the image.
 */
export function patches(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  kh: i32,
  kw: i32,
  x: usize,
  ldx: i32,
  t: usize,
): void {
  const width = bytes(channels);
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < h; row += 2) {
      for (let column = 0; column < w; column += 2) {
        for (let i = 0; i < kh; i++) {
          const y = row + i - ((kh - 1) >> 1);
          for (let j = 0; j < kw; j++) {
            const z = column + j - ((kw - 1) >> 1);
            if (y >= 0 && y < h && z >= 0 && z < w) memory.copy(t, x + <usize>(y * w + z) * bytes(ldx), width);
            else memory.fill(t, 0, width);
            t += width;
          }
        }
      }
    }
    x += <usize>(h * w) * bytes(ldx);
  }
}

@inline
function add4(whole: bool, exist: i32, x: usize, y: usize): void {
  put(whole, y, f32x4.add(get(whole, y, exist), get(whole, x, exist)), exist);
}

/** Adds rows as `patches` makes them to the pixels they are of. */
export function patchesGradient(
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  kh: i32,
  kw: i32,
  dt: usize,
  dx: usize,
  lddx: i32,
): void {
  const width = bytes(channels);
  for (let image = 0; image < images; image++) {
    for (let row = 0; row < h; row += 2) {
      for (let column = 0; column < w; column += 2) {
        for (let i = 0; i < kh; i++) {
          const y = row + i - ((kh - 1) >> 1);
          for (let j = 0; j < kw; j++) {
            const z = column + j - ((kw - 1) >> 1);
            if (y >= 0 && y < h && z >= 0 && z < w) {
              const to = dx + <usize>(y * w + z) * bytes(lddx);
              let c = 0;
              for (; c + 4 <= channels; c += 4) add4(true, 4, dt + bytes(c), to + bytes(c));
              if (c < channels) add4(false, channels - c, dt + bytes(c), to + bytes(c));
            }
            dt += width;
          }
        }
      }
    }
    dx += <usize>(h * w) * bytes(lddx);
  }
}

@inline
function enter4(whole: bool, exist: i32, x: usize, scale: usize, shift: usize, rectify: bool, y: usize): void {
  let v = get(whole, x, exist);
  if (scale) v = madd(v, get(whole, scale, exist), get(whole, shift, exist));
  if (rectify) v = relu(v);
  put(whole, y, f32x4.add(get(whole, y, exist), v), exist);
}

/** Y += x as it enters: through batch norm if there is a scale, through ReLU if `rectify`. */
export function addEntering(
  rows: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  rectify: bool,
  y: usize,
  ldy: i32,
): void {
  for (let row = 0; row < rows; row++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const at = bytes(c);
      enter4(true, 4, x + at, scale ? scale + at : 0, shift + at, rectify, y + at);
    }
    const at = bytes(c);
    if (c < channels) enter4(false, channels - c, x + at, scale ? scale + at : 0, shift + at, rectify, y + at);
    x += bytes(ldx);
    y += bytes(ldy);
  }
}
