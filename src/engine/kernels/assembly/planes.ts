// Copies an image, 16 channels (a cache line) at a time, into two planes of 8 channels for the depthwise
// convolution (depthwise.ts), with the batch norm, ReLU and sign code on the way.

import { codeBits16, codeBits4, storeCode } from './codes';
import { bytes, loadLanes, madd, relu } from './lanes';

/** 16 channels of an image into the middle of two planes; the flags are constants where this is inlined. */
@inline
function fillWhole(
  h: i32,
  w: i32,
  x: usize,
  ldx: usize,
  scaled: bool,
  scale: usize,
  shift: usize,
  rectify: bool,
  coded: bool,
  codes: usize,
  codeRow: usize,
  planes: usize,
  planeSize: usize,
  lineSize: usize,
): void {
  for (let line = 0; line < h; line++) {
    let p = planes;
    for (let column = 0; column < w; column++) {
      let v0 = v128.load(x);
      let v1 = v128.load(x, 16);
      let v2 = v128.load(x, 32);
      let v3 = v128.load(x, 48);
      if (scaled) {
        v0 = madd(v0, v128.load(scale), v128.load(shift));
        v1 = madd(v1, v128.load(scale, 16), v128.load(shift, 16));
        v2 = madd(v2, v128.load(scale, 32), v128.load(shift, 32));
        v3 = madd(v3, v128.load(scale, 48), v128.load(shift, 48));
      }
      const q = p + planeSize;
      v128.store(p, rectify ? relu(v0) : v0);
      v128.store(p, rectify ? relu(v1) : v1, 16);
      v128.store(q, rectify ? relu(v2) : v2);
      v128.store(q, rectify ? relu(v3) : v3, 16);
      if (coded) {
        store<u16>(codes, <u16>codeBits16(v0, v1, v2, v3));
        codes += codeRow;
      }
      x += ldx;
      p += 32;
    }
    planes += lineSize;
  }
}

/** Up to 16 channels, likewise, in any combination. */
function fillPartial(
  h: i32,
  w: i32,
  channels: i32,
  x: usize,
  ldx: usize,
  scale: usize,
  shift: usize,
  rectify: bool,
  codes: usize,
  codeRow: usize,
  planes: usize,
  planeSize: usize,
  lineSize: usize,
): void {
  for (let line = 0; line < h; line++) {
    let p = planes;
    for (let column = 0; column < w; column++) {
      let bits = 0;
      for (let c = 0; c < channels; c += 4) {
        const at = bytes(c);
        let v = loadLanes(x + at, channels - c);
        if (scale) v = madd(v, loadLanes(scale + at, channels - c), loadLanes(shift + at, channels - c));
        bits |= codeBits4(v) << c;
        v128.store(p + (c < 8 ? at : planeSize + at - 32), rectify ? relu(v) : v);
      }
      if (codes) {
        storeCode(codes, bits, channels);
        codes += codeRow;
      }
      x += ldx;
      p += 32;
    }
    planes += lineSize;
  }
}

/** Up to 16 channels of an image, scaled, shifted and rectified if asked for, into the middle of two planes. */
export function fillPlanes(
  h: i32,
  w: i32,
  channels: i32,
  x: usize,
  ldx: usize,
  scale: usize,
  shift: usize,
  rectify: bool,
  codes: usize,
  codeRow: usize,
  planes: usize,
  planeSize: usize,
  lineSize: usize,
): void {
  if (channels < 16) {
    fillPartial(h, w, channels, x, ldx, scale, shift, rectify, codes, codeRow, planes, planeSize, lineSize);
  } else if (codes && scale && rectify) {
    fillWhole(h, w, x, ldx, true, scale, shift, true, true, codes, codeRow, planes, planeSize, lineSize);
  } else if (codes && rectify) {
    fillWhole(h, w, x, ldx, false, 0, 0, true, true, codes, codeRow, planes, planeSize, lineSize);
  } else if (!codes && !scale && !rectify) {
    fillWhole(h, w, x, ldx, false, 0, 0, false, false, 0, 0, planes, planeSize, lineSize);
  } else {
    fillPartial(h, w, 16, x, ldx, scale, shift, rectify, codes, codeRow, planes, planeSize, lineSize);
  }
}
