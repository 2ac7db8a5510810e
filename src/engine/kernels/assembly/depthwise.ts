// Depthwise convolution, k x k with dilation, NHWC, stride 1, SAME zero padding, fused with the batch
// norm and ReLU before it and with the signs that ReLU adds to the code.
//
// An image is taken 16 channels (a cache line) at a time into two planes of 8 channels that have the
// padding around them, so that the inner loop knows no border: for each tap, one weight vector times
// seven neighbouring pixels into seven accumulators. Seven divides 28, 14 and 7, and one load a
// multiply-add keeps both kinds of units busy without any reuse in registers. The wide form does all 8
// channels of a plane, the narrow one 4 and then 4.

import { codeRowBytes } from './codes';
import { bytes, loadLanes, madd, storeLanes } from './lanes';
import { fillPlanes } from './planes';

const TILE: i32 = 7;

@inline
function planeWidth(w: i32, reach: i32): i32 {
  return ((w + TILE - 1) / TILE) * TILE + reach;
}

@inline
function planeBytes(h: i32, w: i32, reach: i32): usize {
  return (<usize>((h + reach) * planeWidth(w, reach))) << 5;
}

/** Bytes of scratch: two planes, all weights by groups of 8 channels, and a plane of results. */
export function depthwiseScratch(h: i32, w: i32, channels: i32, k: i32, dilation: i32): usize {
  const groups = (channels + 7) >> 3;
  return 2 * planeBytes(h, w, (k - 1) * dilation) + ((<usize>(groups * k * k + h * w)) << 5);
}

/** [k * k, channels] to [channels / 8, k * k, 8], zeros for channels that do not exist. */
function packWeights(weights: usize, channels: i32, taps: i32, packed: usize): void {
  for (let c = 0; c < channels; c += 8) {
    for (let tap = 0; tap < taps; tap++) {
      const from = weights + bytes(tap * channels + c);
      v128.store(packed, loadLanes(from, channels - c));
      v128.store(packed, loadLanes(from + 16, channels - c - 4), 16);
      packed += 32;
    }
  }
}

/** Where pixel j of a tile with `count` pixels goes; those that do not exist go where the first will be written last. */
@inline
function pixelAt(to: usize, step: usize, j: i32, count: i32): usize {
  return j < count ? to + <usize>j * step : to;
}

/** 4 channels of a plane: output pixels lie `step` bytes apart, lines `w * step`. */
function planeNarrow(
  h: i32,
  w: i32,
  k: i32,
  tapStep: usize,
  lineStep: usize,
  plane: usize,
  lineSize: usize,
  weights: usize,
  y: usize,
  step: usize,
): void {
  for (let line = 0; line < h; line++) {
    for (let column = 0; column < w; column += TILE) {
      let c0 = f32x4.splat(0);
      let c1 = f32x4.splat(0);
      let c2 = f32x4.splat(0);
      let c3 = f32x4.splat(0);
      let c4 = f32x4.splat(0);
      let c5 = f32x4.splat(0);
      let c6 = f32x4.splat(0);
      let row = plane + ((<usize>column) << 5);
      let weight = weights;
      for (let i = 0; i < k; i++) {
        let p = row;
        for (let j = 0; j < k; j++) {
          const u = v128.load(weight);
          c0 = madd(v128.load(p), u, c0);
          c1 = madd(v128.load(p, 32), u, c1);
          c2 = madd(v128.load(p, 64), u, c2);
          c3 = madd(v128.load(p, 96), u, c3);
          c4 = madd(v128.load(p, 128), u, c4);
          c5 = madd(v128.load(p, 160), u, c5);
          c6 = madd(v128.load(p, 192), u, c6);
          weight += 32;
          p += tapStep;
        }
        row += lineStep;
      }
      const to = y + <usize>column * step;
      const count = w - column;
      v128.store(pixelAt(to, step, 6, count), c6);
      v128.store(pixelAt(to, step, 5, count), c5);
      v128.store(pixelAt(to, step, 4, count), c4);
      v128.store(pixelAt(to, step, 3, count), c3);
      v128.store(pixelAt(to, step, 2, count), c2);
      v128.store(pixelAt(to, step, 1, count), c1);
      v128.store(to, c0);
    }
    plane += lineSize;
    y += <usize>w * step;
  }
}

/** 8 channels of a plane. */
function planeWide(
  h: i32,
  w: i32,
  k: i32,
  tapStep: usize,
  lineStep: usize,
  plane: usize,
  lineSize: usize,
  weights: usize,
  y: usize,
  step: usize,
): void {
  for (let line = 0; line < h; line++) {
    for (let column = 0; column < w; column += TILE) {
      let c0 = f32x4.splat(0);
      let c1 = f32x4.splat(0);
      let c2 = f32x4.splat(0);
      let c3 = f32x4.splat(0);
      let c4 = f32x4.splat(0);
      let c5 = f32x4.splat(0);
      let c6 = f32x4.splat(0);
      let d0 = f32x4.splat(0);
      let d1 = f32x4.splat(0);
      let d2 = f32x4.splat(0);
      let d3 = f32x4.splat(0);
      let d4 = f32x4.splat(0);
      let d5 = f32x4.splat(0);
      let d6 = f32x4.splat(0);
      let row = plane + ((<usize>column) << 5);
      let weight = weights;
      for (let i = 0; i < k; i++) {
        let p = row;
        for (let j = 0; j < k; j++) {
          const u = v128.load(weight);
          const v = v128.load(weight, 16);
          c0 = madd(v128.load(p), u, c0);
          d0 = madd(v128.load(p, 16), v, d0);
          c1 = madd(v128.load(p, 32), u, c1);
          d1 = madd(v128.load(p, 48), v, d1);
          c2 = madd(v128.load(p, 64), u, c2);
          d2 = madd(v128.load(p, 80), v, d2);
          c3 = madd(v128.load(p, 96), u, c3);
          d3 = madd(v128.load(p, 112), v, d3);
          c4 = madd(v128.load(p, 128), u, c4);
          d4 = madd(v128.load(p, 144), v, d4);
          c5 = madd(v128.load(p, 160), u, c5);
          d5 = madd(v128.load(p, 176), v, d5);
          c6 = madd(v128.load(p, 192), u, c6);
          d6 = madd(v128.load(p, 208), v, d6);
          weight += 32;
          p += tapStep;
        }
        row += lineStep;
      }
      const to = y + <usize>column * step;
      const count = w - column;
      let at = pixelAt(to, step, 6, count);
      v128.store(at, c6);
      v128.store(at, d6, 16);
      at = pixelAt(to, step, 5, count);
      v128.store(at, c5);
      v128.store(at, d5, 16);
      at = pixelAt(to, step, 4, count);
      v128.store(at, c4);
      v128.store(at, d4, 16);
      at = pixelAt(to, step, 3, count);
      v128.store(at, c3);
      v128.store(at, d3, 16);
      at = pixelAt(to, step, 2, count);
      v128.store(at, c2);
      v128.store(at, d2, 16);
      at = pixelAt(to, step, 1, count);
      v128.store(at, c1);
      v128.store(at, d1, 16);
      v128.store(to, c0);
      v128.store(to, d0, 16);
    }
    plane += lineSize;
    y += <usize>w * step;
  }
}

/** Results of a group with fewer than 8 channels, from a plane of 8. */
function copyGroup(pixels: i32, from: usize, y: usize, ldy: usize, channels: i32): void {
  for (let i = 0; i < pixels; i++) {
    storeLanes(y, v128.load(from), channels);
    storeLanes(y + 16, v128.load(from, 16), channels - 4);
    from += 32;
    y += ldy;
  }
}

export function depthwise(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  channels: i32,
  k: i32,
  dilation: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  rectify: bool,
  codes: usize,
  codeStride: usize,
  weights: usize,
  y: usize,
  ldy: i32,
  scratch: usize,
): void {
  const reach = (k - 1) * dilation;
  const taps = k * k;
  const planeSize = planeBytes(h, w, reach);
  const lineSize = (<usize>planeWidth(w, reach)) << 5;
  const tapStep = (<usize>dilation) << 5;
  const lineStep = <usize>dilation * lineSize;
  const inner = scratch + <usize>(reach >> 1) * (lineSize + 32);
  const packed = scratch + 2 * planeSize;
  const results = packed + ((<usize>(((channels + 7) >> 3) * taps)) << 5);
  packWeights(weights, channels, taps, packed);
  memory.fill(scratch, 0, 2 * planeSize);
  const codeRow = codeRowBytes(channels);
  for (let image = 0; image < images; image++) {
    const from = x + <usize>(image * h * w) * bytes(ldx);
    const to = y + <usize>(image * h * w) * bytes(ldy);
    const imageCodes = codes ? codes + <usize>image * codeStride : 0;
    for (let c = 0; c < channels; c += 16) {
      const at = bytes(c);
      const groupCodes = codes ? imageCodes + ((<usize>c) >> 3) : 0;
      const groupScale = scale ? scale + at : 0;
      fillPlanes(
        h,
        w,
        channels - c,
        from + at,
        bytes(ldx),
        groupScale,
        shift + at,
        rectify,
        groupCodes,
        codeRow,
        inner,
        planeSize,
        lineSize,
      );
      for (let g = c; g < min(c + 16, channels); g += 8) {
        const plane = g == c ? scratch : scratch + planeSize;
        const groupWeights = packed + ((<usize>((g >> 3) * taps)) << 5);
        const whole = channels - g >= 8;
        const out = whole ? to + bytes(g) : results;
        const step = whole ? bytes(ldy) : 32;
        if (wide) {
          planeWide(h, w, k, tapStep, lineStep, plane, lineSize, groupWeights, out, step);
        } else {
          planeNarrow(h, w, k, tapStep, lineStep, plane, lineSize, groupWeights, out, step);
          planeNarrow(h, w, k, tapStep, lineStep, plane + 16, lineSize, groupWeights + 16, out + 16, step);
        }
        if (!whole) copyGroup(h * w, results, to + bytes(g), bytes(ldy), channels - g);
      }
    }
    if (codes) {
      const used = <usize>(h * w) * codeRow;
      memory.fill(imageCodes + used, 0, codeStride - used);
    }
  }
}
