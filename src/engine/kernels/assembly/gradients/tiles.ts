// Winograd's F(4 x 4, 3 x 3) for convolutions 3 x 3 of stride 1 and SAME padding, and for their filters' gradient
// (Lavin and Gray 2016, with its matrices A, B and G): an image is cut into tiles of 4 x 4 outputs, which read
// 6 x 6 inputs; on 36 planes a convolution is a product of matrices each, a quarter of the multiplications.
//
// Planes are [tiles, channels] without gaps, one behind the other; channels are a multiple of four. `scratch`
// holds two tiles of four channels.

import { bytes } from '../lanes';

const TILE: usize = 36 << 4;

@inline
function scaled(v: v128, by: f32): v128 {
  return f32x4.mul(v, f32x4.splat(by));
}

/** B^T of six vectors `step` bytes apart. */
@inline
function inputSide(p: usize, step: usize, q: usize, next: usize): void {
  const d0 = v128.load(p);
  const d1 = v128.load(p + step);
  const d2 = v128.load(p + 2 * step);
  const d3 = v128.load(p + 3 * step);
  const d4 = v128.load(p + 4 * step);
  const d5 = v128.load(p + 5 * step);
  const even = f32x4.sub(d4, scaled(d2, 4));
  const odd = f32x4.sub(d3, scaled(d1, 4));
  const near = f32x4.sub(d4, d2);
  const far = scaled(f32x4.sub(d3, d1), 2);
  v128.store(q, f32x4.add(f32x4.sub(scaled(d0, 4), scaled(d2, 5)), d4));
  v128.store(q + next, f32x4.add(even, odd));
  v128.store(q + 2 * next, f32x4.sub(even, odd));
  v128.store(q + 3 * next, f32x4.add(near, far));
  v128.store(q + 4 * next, f32x4.sub(near, far));
  v128.store(q + 5 * next, f32x4.add(f32x4.sub(scaled(d1, 4), scaled(d3, 5)), d5));
}

/** A^T of six vectors, to four. */
@inline
function outputSide(p: usize, step: usize, q: usize, next: usize): void {
  const m0 = v128.load(p);
  const m1 = v128.load(p + step);
  const m2 = v128.load(p + 2 * step);
  const m3 = v128.load(p + 3 * step);
  const m4 = v128.load(p + 4 * step);
  const m5 = v128.load(p + 5 * step);
  const sum1 = f32x4.add(m1, m2);
  const sum2 = f32x4.add(m3, m4);
  const difference1 = f32x4.sub(m1, m2);
  const difference2 = f32x4.sub(m3, m4);
  v128.store(q, f32x4.add(f32x4.add(m0, sum1), sum2));
  v128.store(q + next, f32x4.add(difference1, scaled(difference2, 2)));
  v128.store(q + 2 * next, f32x4.add(sum1, scaled(sum2, 4)));
  v128.store(q + 3 * next, f32x4.add(f32x4.add(difference1, scaled(difference2, 8)), m5));
}

/** A of four vectors, to six. */
@inline
function gradientSide(p: usize, step: usize, q: usize, next: usize): void {
  const y0 = v128.load(p);
  const y1 = v128.load(p + step);
  const y2 = v128.load(p + 2 * step);
  const y3 = v128.load(p + 3 * step);
  const even1 = f32x4.add(y0, y2);
  const odd1 = f32x4.add(y1, y3);
  const even2 = f32x4.add(y0, scaled(y2, 4));
  const odd2 = f32x4.add(scaled(y1, 2), scaled(y3, 8));
  v128.store(q, y0);
  v128.store(q + next, f32x4.add(even1, odd1));
  v128.store(q + 2 * next, f32x4.sub(even1, odd1));
  v128.store(q + 3 * next, f32x4.add(even2, odd2));
  v128.store(q + 4 * next, f32x4.sub(even2, odd2));
  v128.store(q + 5 * next, y3);
}

/** G of three vectors, to six. */
@inline
function filterSide(p: usize, step: usize, q: usize, next: usize): void {
  const g0 = v128.load(p);
  const g1 = v128.load(p + step);
  const g2 = v128.load(p + 2 * step);
  const even1 = scaled(f32x4.add(g0, g2), -1.0 / 6.0);
  const odd1 = scaled(g1, -1.0 / 6.0);
  const even2 = f32x4.add(scaled(g0, 1.0 / 24.0), scaled(g2, 1.0 / 6.0));
  const odd2 = scaled(g1, 1.0 / 12.0);
  v128.store(q, scaled(g0, 0.25));
  v128.store(q + next, f32x4.add(even1, odd1));
  v128.store(q + 2 * next, f32x4.sub(even1, odd1));
  v128.store(q + 3 * next, f32x4.add(even2, odd2));
  v128.store(q + 4 * next, f32x4.sub(even2, odd2));
  v128.store(q + 5 * next, g2);
}

/** G^T of six vectors, to three. */
@inline
function filterGradientSide(p: usize, step: usize, q: usize, next: usize): void {
  const u0 = v128.load(p);
  const u1 = v128.load(p + step);
  const u2 = v128.load(p + 2 * step);
  const u3 = v128.load(p + 3 * step);
  const u4 = v128.load(p + 4 * step);
  const u5 = v128.load(p + 5 * step);
  const sum1 = scaled(f32x4.add(u1, u2), -1.0 / 6.0);
  const sum2 = f32x4.add(u3, u4);
  v128.store(q, f32x4.add(f32x4.add(scaled(u0, 0.25), sum1), scaled(sum2, 1.0 / 24.0)));
  v128.store(
    q + next,
    f32x4.add(scaled(f32x4.sub(u2, u1), 1.0 / 6.0), scaled(f32x4.sub(u3, u4), 1.0 / 12.0)),
  );
  v128.store(q + 2 * next, f32x4.add(f32x4.add(sum1, scaled(sum2, 1.0 / 6.0)), u5));
}

/** Four channels of the `size` x `size` pixels from (top, left) on, zeros outside of the image. */
@inline
function loadTile(size: i32, h: i32, w: i32, top: i32, left: i32, x: usize, ldx: usize, to: usize): void {
  const start = max(0, -left);
  const end = min(size, w - left);
  const firstRow = max(0, -top);
  const lastRow = min(size, h - top);
  if (end - start < size || lastRow - firstRow < size) memory.fill(to, 0, <usize>(size * size) << 4);
  for (let i = firstRow; i < lastRow; i++) {
    let from = x + <usize>((top + i) * w + left + start) * ldx;
    for (let j = start; j < end; j++) {
      v128.store(to + <usize>((i * size + j) << 4), v128.load(from));
      from += ldx;
    }
  }
}

/** To planes V = B^T x B: tiles `first` and on of all images' tiles, in the order of their rows. */
export function tileInputs(
  first: i32,
  count: i32,
  h: i32,
  w: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  planes: usize,
  scratch: usize,
): void {
  const across = (w + 3) >> 2;
  const down = (h + 3) >> 2;
  const plane = <usize>count * bytes(channels);
  const half = scratch + TILE;
  for (let t = 0; t < count; t++) {
    const index = first + t;
    const image = index / (across * down);
    const inner = index % (across * down);
    const top = 4 * (inner / across) - 1;
    const left = 4 * (inner % across) - 1;
    const from = x + <usize>(image * h * w) * bytes(ldx);
    const to = planes + <usize>t * bytes(channels);
    for (let c = 0; c < channels; c += 4) {
      loadTile(6, h, w, top, left, from + bytes(c), bytes(ldx), scratch);
      for (let k: usize = 0; k < 6; k++) inputSide(scratch + 16 * k, 96, half + 16 * k, 96);
      for (let k: usize = 0; k < 6; k++) inputSide(half + 96 * k, 16, to + bytes(c) + 6 * k * plane, plane);
    }
  }
}

/** Likewise, planes A dy A^T of the 4 x 4 pixels that tiles put out. */
export function tileGradients(
  first: i32,
  count: i32,
  h: i32,
  w: i32,
  channels: i32,
  dy: usize,
  lddy: i32,
  planes: usize,
  scratch: usize,
): void {
  const across = (w + 3) >> 2;
  const down = (h + 3) >> 2;
  const plane = <usize>count * bytes(channels);
  const half = scratch + TILE;
  for (let t = 0; t < count; t++) {
    const index = first + t;
    const image = index / (across * down);
    const inner = index % (across * down);
    const from = dy + <usize>(image * h * w) * bytes(lddy);
    const to = planes + <usize>t * bytes(channels);
    for (let c = 0; c < channels; c += 4) {
      loadTile(4, h, w, 4 * (inner / across), 4 * (inner % across), from + bytes(c), bytes(lddy), scratch);
      for (let k: usize = 0; k < 4; k++) gradientSide(scratch + 16 * k, 64, half + 16 * k, 64);
      for (let k: usize = 0; k < 6; k++) gradientSide(half + 64 * k, 16, to + bytes(c) + 6 * k * plane, plane);
    }
  }
}

/** From planes M to the pixels A^T M A that the tiles put out. */
export function tileOutputs(
  first: i32,
  count: i32,
  h: i32,
  w: i32,
  channels: i32,
  planes: usize,
  y: usize,
  ldy: i32,
  scratch: usize,
): void {
  const across = (w + 3) >> 2;
  const down = (h + 3) >> 2;
  const plane = <usize>count * bytes(channels);
  const half = scratch + TILE;
  for (let t = 0; t < count; t++) {
    const index = first + t;
    const image = index / (across * down);
    const inner = index % (across * down);
    const top = 4 * (inner / across);
    const left = 4 * (inner % across);
    const rows = min(4, h - top);
    const columns = min(4, w - left);
    const from = planes + <usize>t * bytes(channels);
    const to = y + <usize>(image * h * w + top * w + left) * bytes(ldy);
    for (let c = 0; c < channels; c += 4) {
      for (let k: usize = 0; k < 6; k++) outputSide(from + bytes(c) + k * plane, 6 * plane, half + 16 * k, 96);
      for (let k: usize = 0; k < 4; k++) outputSide(half + 96 * k, 16, scratch + 64 * k, 16);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          const pixel = to + <usize>(i * w + j) * bytes(ldy) + bytes(c);
          v128.store(pixel, v128.load(scratch + <usize>((4 * i + j) << 4)));
        }
      }
    }
  }
}

/** A filter [3, 3, count] to planes G g G^T of `count` floats. */
export function tileFilter(count: i32, filter: usize, planes: usize, scratch: usize): void {
  const step = bytes(count);
  for (let c = 0; c < count; c += 4) {
    for (let k: usize = 0; k < 3; k++) filterSide(filter + bytes(c) + k * step, 3 * step, scratch + 16 * k, 48);
    for (let k: usize = 0; k < 6; k++) filterSide(scratch + 48 * k, 16, planes + bytes(c) + 6 * k * step, step);
  }
}

/** Planes of `count` floats to the gradient G^T u G of a filter [3, 3, count]. */
export function tileFilterGradient(count: i32, planes: usize, filter: usize, scratch: usize): void {
  const step = bytes(count);
  for (let c = 0; c < count; c += 4) {
    for (let k: usize = 0; k < 6; k++) {
      filterGradientSide(planes + bytes(c) + k * step, 6 * step, scratch + 16 * k, 96);
    }
    for (let k: usize = 0; k < 3; k++) filterGradientSide(scratch + 96 * k, 16, filter + bytes(c) + 3 * k * step, step);
  }
}
