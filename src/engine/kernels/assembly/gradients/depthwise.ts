// dL/dfilter of a depthwise convolution (k x k, dilated, stride 1, SAME padding) of the activation of x:
// for each tap the sum over images and pixels of activation(x) at the tap times dy.
//
// Four channels of an image at a time lie in two planes of their own, that of x with the padding
// around it, so that the inner loop knows no border: up to seven taps of a filter's row in as many
// accumulators, each a shifted pixel times the one of dy.

import { bytes, loadLanes, madd, relu, storeLanes } from '../lanes';

/** Products an accumulator takes before it is added to the result: few enough for float32. */
const RUN: i32 = 1024;
const MOST_TAPS: i32 = 7;

@inline
function planeBytes(h: i32, w: i32, reach: i32): usize {
  return <usize>((h + reach) * (w + reach)) << 4;
}

/** Bytes of scratch: the planes, and a result of four channels. */
export function depthwiseFilterScratch(h: i32, w: i32, k: i32, dilation: i32): usize {
  return 4 * (planeBytes(h, w, (k - 1) * dilation) + planeBytes(h, w, 0)) + (<usize>(k * k) << 4);
}

/** Up to 16 channels of an image, activated, into the middle of as many planes of four as they fill; planes `size` bytes apart. */
function fillPlanes(
  h: i32,
  w: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  rectify: bool,
  plane: usize,
  size: usize,
  lineSize: usize,
): void {
  for (let line = 0; line < h; line++) {
    for (let column = 0; column < w; column++) {
      let to = plane + (<usize>column << 4);
      for (let c = 0; c < channels; c += 4) {
        const at = bytes(c);
        let v = loadLanes(x + at, channels - c);
        if (scale) v = madd(v, loadLanes(scale + at, channels - c), loadLanes(shift + at, channels - c));
        v128.store(to, rectify ? relu(v) : v);
        to += size;
      }
      x += bytes(ldx);
    }
    plane += lineSize;
  }
}

@inline
function addTo(p: usize, v: v128): void {
  v128.store(p, f32x4.add(v128.load(p), v));
}

/** Adds to `count` (a constant where this is inlined) neighbouring taps what some lines give them. */
@inline
function addTaps(count: i32, lines: i32, w: i32, tapStep: usize, x: usize, lineSize: usize, dy: usize, out: usize): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let c4 = f32x4.splat(0);
  let c5 = f32x4.splat(0);
  let c6 = f32x4.splat(0);
  for (let line = 0; line < lines; line++) {
    let p = x;
    for (let column = 0; column < w; column++) {
      const d = v128.load(dy);
      c0 = madd(v128.load(p), d, c0);
      if (count > 1) c1 = madd(v128.load(p + tapStep), d, c1);
      if (count > 2) c2 = madd(v128.load(p + 2 * tapStep), d, c2);
      if (count > 3) c3 = madd(v128.load(p + 3 * tapStep), d, c3);
      if (count > 4) c4 = madd(v128.load(p + 4 * tapStep), d, c4);
      if (count > 5) c5 = madd(v128.load(p + 5 * tapStep), d, c5);
      if (count > 6) c6 = madd(v128.load(p + 6 * tapStep), d, c6);
      p += 16;
      dy += 16;
    }
    x += lineSize;
  }
  addTo(out, c0);
  if (count > 1) addTo(out + 16, c1);
  if (count > 2) addTo(out + 32, c2);
  if (count > 3) addTo(out + 48, c3);
  if (count > 4) addTo(out + 64, c4);
  if (count > 5) addTo(out + 80, c5);
  if (count > 6) addTo(out + 96, c6);
}

function add7(lines: i32, w: i32, tapStep: usize, x: usize, lineSize: usize, dy: usize, out: usize): void {
  addTaps(7, lines, w, tapStep, x, lineSize, dy, out);
}
function add5(lines: i32, w: i32, tapStep: usize, x: usize, lineSize: usize, dy: usize, out: usize): void {
  addTaps(5, lines, w, tapStep, x, lineSize, dy, out);
}
function add3(lines: i32, w: i32, tapStep: usize, x: usize, lineSize: usize, dy: usize, out: usize): void {
  addTaps(3, lines, w, tapStep, x, lineSize, dy, out);
}
function add1(lines: i32, w: i32, tapStep: usize, x: usize, lineSize: usize, dy: usize, out: usize): void {
  addTaps(1, lines, w, tapStep, x, lineSize, dy, out);
}

/** Adds to k * k taps of four channels what one image gives them. */
function addImage(h: i32, w: i32, k: i32, dilation: i32, x: usize, lineSize: usize, dy: usize, out: usize): void {
  const tapStep = <usize>dilation << 4;
  const lines = max(1, RUN / w);
  for (let i = 0; i < k; i++) {
    let row = x + <usize>(i * dilation) * lineSize;
    let d = dy;
    for (let line = 0; line < h; line += lines) {
      const count = min(lines, h - line);
      let tap = 0;
      while (tap < k) {
        const left = k - tap;
        const p = row + <usize>tap * tapStep;
        const to = out + (<usize>(i * k + tap) << 4);
        if (left >= MOST_TAPS) {
          add7(count, w, tapStep, p, lineSize, d, to);
          tap += 7;
        } else if (left >= 5) {
          add5(count, w, tapStep, p, lineSize, d, to);
          tap += 5;
        } else if (left >= 3) {
          add3(count, w, tapStep, p, lineSize, d, to);
          tap += 3;
        } else {
          add1(count, w, tapStep, p, lineSize, d, to);
          tap += 1;
        }
      }
      row += <usize>count * lineSize;
      d += <usize>(count * w) << 4;
    }
  }
}

/** Writes the gradient, [k * k, channels], to `out`. */
export function depthwiseFilter(
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
  dy: usize,
  lddy: i32,
  out: usize,
  scratch: usize,
): void {
  const reach = (k - 1) * dilation;
  const size = planeBytes(h, w, reach);
  const flat = planeBytes(h, w, 0);
  const lineSize = <usize>(w + reach) << 4;
  const inner = scratch + <usize>(reach >> 1) * (lineSize + 16);
  const dyPlanes = scratch + 4 * size;
  const part = dyPlanes + 4 * flat;
  const taps = k * k;
  memory.fill(scratch, 0, 4 * size);
  memory.fill(out, 0, bytes(taps * channels));
  for (let image = 0; image < images; image++) {
    for (let group = 0; group < channels; group += 16) {
      const at = bytes(group);
      const width = min(16, channels - group);
      fillPlanes(h, w, width, x + at, ldx, scale ? scale + at : 0, shift + at, rectify, inner, size, lineSize);
      fillPlanes(h, w, width, dy + at, lddy, 0, 0, false, dyPlanes, flat, <usize>w << 4);
      for (let c = 0; c < width; c += 4) {
        const plane = <usize>(c >> 2);
        memory.fill(part, 0, <usize>taps << 4);
        addImage(h, w, k, dilation, scratch + plane * size, lineSize, dyPlanes + plane * flat, part);
        for (let tap = 0; tap < taps; tap++) {
          const to = out + bytes(tap * channels + group + c);
          const v = v128.load(part + (<usize>tap << 4));
          const sum = f32x4.add(loadLanes(to, width - c), v);
          storeLanes(to, sum, width - c);
        }
      }
    }
    x += <usize>(h * w) * bytes(ldx);
    dy += <usize>(h * w) * bytes(lddy);
  }
}
