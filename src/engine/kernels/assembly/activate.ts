// One pass over a tensor's channels: batch norm as scale and shift, the sign code of the result, and
// its rectified (or plain) value to another tensor or slice of one; each of them may be left out.

import { codeBits16, codeBits4, codeRowBytes, storeCode } from './codes';
import { bytes, loadLanes, madd, relu, storeLanes } from './lanes';

/** Up to 16 channels of one pixel that a whole group does not fill. */
function partialGroup(
  channels: i32,
  x: usize,
  scale: usize,
  shift: usize,
  rectify: bool,
  y: usize,
  codes: usize,
): void {
  let bits = 0;
  for (let c = 0; c < channels; c += 4) {
    const at = bytes(c);
    let v = loadLanes(x + at, channels - c);
    if (scale) v = madd(v, loadLanes(scale + at, channels - c), loadLanes(shift + at, channels - c));
    bits |= codeBits4(v) << c;
    if (y) storeLanes(y + at, rectify ? relu(v) : v, channels - c);
  }
  if (codes) storeCode(codes, bits, channels);
}

/** All whole groups of 16 channels of one pixel; the flags are constants where this is inlined. */
@inline
function wholeGroups(
  channels: i32,
  x: usize,
  scaled: bool,
  scale: usize,
  shift: usize,
  rectify: bool,
  written: bool,
  y: usize,
  coded: bool,
  codes: usize,
): void {
  for (let c = 0; c + 16 <= channels; c += 16) {
    const at = bytes(c);
    const from = x + at;
    let v0 = v128.load(from);
    let v1 = v128.load(from, 16);
    let v2 = v128.load(from, 32);
    let v3 = v128.load(from, 48);
    if (scaled) {
      v0 = madd(v0, v128.load(scale + at), v128.load(shift + at));
      v1 = madd(v1, v128.load(scale + at, 16), v128.load(shift + at, 16));
      v2 = madd(v2, v128.load(scale + at, 32), v128.load(shift + at, 32));
      v3 = madd(v3, v128.load(scale + at, 48), v128.load(shift + at, 48));
    }
    if (coded) store<u16>(codes + ((<usize>c) >> 3), <u16>codeBits16(v0, v1, v2, v3));
    if (written) {
      const to = y + at;
      v128.store(to, rectify ? relu(v0) : v0);
      v128.store(to, rectify ? relu(v1) : v1, 16);
      v128.store(to, rectify ? relu(v2) : v2, 32);
      v128.store(to, rectify ? relu(v3) : v3, 48);
    }
  }
}

export function activate(
  images: i32,
  pixels: i32,
  channels: i32,
  x: usize,
  ldx: i32,
  scale: usize,
  shift: usize,
  rectify: bool,
  y: usize,
  ldy: i32,
  codes: usize,
  codeStride: usize,
): void {
  const codeRow = codeRowBytes(channels);
  const whole = channels & ~15;
  const tail = bytes(whole);
  const scaled = scale != 0;
  for (let image = 0; image < images; image++) {
    let code = codes;
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (codes && y && rectify) {
        if (scaled) wholeGroups(channels, x, true, scale, shift, true, true, y, true, code);
        else wholeGroups(channels, x, false, 0, 0, true, true, y, true, code);
      } else {
        if (codes) {
          if (scaled) wholeGroups(channels, x, true, scale, shift, false, false, 0, true, code);
          else wholeGroups(channels, x, false, 0, 0, false, false, 0, true, code);
        }
        if (y) {
          if (scaled && rectify) wholeGroups(channels, x, true, scale, shift, true, true, y, false, 0);
          else if (scaled) wholeGroups(channels, x, true, scale, shift, false, true, y, false, 0);
          else if (rectify) wholeGroups(channels, x, false, 0, 0, true, true, y, false, 0);
          else wholeGroups(channels, x, false, 0, 0, false, true, y, false, 0);
        }
      }
      if (whole < channels) {
        partialGroup(
          channels - whole,
          x + tail,
          scaled ? scale + tail : 0,
          shift + tail,
          rectify,
          y ? y + tail : 0,
          codes ? code + ((<usize>whole) >> 3) : 0,
        );
      }
      x += bytes(ldx);
      if (y) y += bytes(ldy);
      code += codeRow;
    }
    if (codes) {
      memory.fill(code, 0, codes + codeStride - code);
      codes += codeStride;
    }
  }
}
