// Dense convolutions, NHWC, stride 1, SAME zero padding, as matrix products without a copy of the
// input. A k x 1 convolution is a product for each output line y: its rows are the pixels of that
// line in a few images, and a row of A is the pixel's column, a piece a tap, cut where it leaves the
// image. A 1 x k convolution is the same for each output column x; there a row of A is even one piece.
// So products with the padding are left out, a quarter of all for 7 taps on 7 x 7 pixels.
//
// Other kernels (the 3 x 3 stem, with 1 or 3 input channels) copy the patches of some pixels first.

import { blockScratch, fillTable, rowBlock, tableRows } from './block';
import { gemm, gemmScratch } from './gemm';
import { bytes } from './lanes';

/** Rows a block has at least, if there are as many: 3, 6 and 12 images of 28, 14 and 7 pixels fill it exactly. */
const BLOCK_ROWS: i32 = 84;

/** Images whose lines of `length` pixels make a block. */
@inline
function imagesPerBlock(length: i32, images: i32): i32 {
  return min(images, (BLOCK_ROWS + length - 1) / length);
}

/** Bytes of scratch for a convolution; an upper bound for any number of images. */
export function convScratch(h: i32, w: i32, cin: i32, cout: i32, kh: i32, kw: i32): usize {
  if (kh == 1 && kw == 1) return gemmScratch(cout);
  const line = kw == 1 ? w : kh == 1 ? h : 1;
  const rows = tableRows(BLOCK_ROWS + line);
  const patches = kh > 1 && kw > 1 ? BLOCK_ROWS * kh * kw * cin : 0;
  return blockScratch(rows, cout) + bytes(2 * rows + patches);
}

function tall(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  kh: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  const pad = (kh - 1) >> 1;
  const group = imagesPerBlock(w, images);
  const xTable = scratch + blockScratch(tableRows(BLOCK_ROWS + w), cout);
  const yTable = xTable + bytes(tableRows(BLOCK_ROWS + w));
  const xLine = bytes(w * ldx);
  const yLine = bytes(w * ldy);
  for (let image = 0; image < images; image += group) {
    const count = min(group, images - image);
    if (image == 0 || count < group) {
      fillTable(xTable, count, <usize>h * xLine, w, bytes(ldx));
      fillTable(yTable, count, <usize>h * yLine, w, bytes(ldy));
    }
    for (let line = 0; line < h; line++) {
      const top = max(0, pad - line);
      const taps = min(kh, h + pad - line) - top;
      const from = x + <usize>(image * h + line + top - pad) * xLine;
      const to = y + <usize>(image * h + line) * yLine;
      const k = kh * cin;
      rowBlock(
        wide, from, to, xTable, yTable, count * w, taps, xLine, cin, packed, top * cin, k, cout, false, stats, scratch,
      );
    }
  }
}

function flat(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  kw: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  const pad = (kw - 1) >> 1;
  const group = imagesPerBlock(h, images);
  const xTable = scratch + blockScratch(tableRows(BLOCK_ROWS + h), cout);
  const yTable = xTable + bytes(tableRows(BLOCK_ROWS + h));
  const xLine = bytes(w * ldx);
  const yLine = bytes(w * ldy);
  for (let image = 0; image < images; image += group) {
    const count = min(group, images - image);
    if (image == 0 || count < group) {
      fillTable(xTable, 1, 0, count * h, xLine);
      fillTable(yTable, 1, 0, count * h, yLine);
    }
    for (let column = 0; column < w; column++) {
      const left = max(0, pad - column);
      const taps = min(kw, w + pad - column) - left;
      const from = x + <usize>(image * h) * xLine + <usize>(column + left - pad) * bytes(ldx);
      const to = y + <usize>(image * h) * yLine + <usize>column * bytes(ldy);
      // Pixels without a gap between them are one long piece.
      const joined = ldx == cin;
      const pieces = joined ? 1 : taps;
      const depth = joined ? taps * cin : cin;
      const k = kw * cin;
      rowBlock(
        wide, from, to, xTable, yTable, count * h, pieces, bytes(ldx), depth, packed, left * cin, k, cout, false, stats,
        scratch,
      );
    }
  }
}

/** Copies the kh x kw patch around one pixel, zeros outside the image. */
function copyPatch(h: i32, w: i32, cin: i32, kh: i32, kw: i32, x: usize, ldx: i32, line: i32, column: i32, to: usize): void {
  const top = line - ((kh - 1) >> 1);
  const left = column - ((kw - 1) >> 1);
  for (let i = top; i < top + kh; i++) {
    for (let j = left; j < left + kw; j++) {
      if (i >= 0 && i < h && j >= 0 && j < w) {
        const pixel = x + <usize>(i * w + j) * bytes(ldx);
        for (let c = 0; c < cin; c++) store<f32>(to + bytes(c), load<f32>(pixel + bytes(c)));
      } else {
        for (let c = 0; c < cin; c++) store<f32>(to + bytes(c), 0);
      }
      to += bytes(cin);
    }
  }
}

function square(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  kh: i32,
  kw: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  const k = kh * kw * cin;
  const aTable = scratch + blockScratch(tableRows(BLOCK_ROWS + 1), cout);
  const cTable = aTable + bytes(tableRows(BLOCK_ROWS + 1));
  const patches = cTable + bytes(tableRows(BLOCK_ROWS + 1));
  const pixels = h * w;
  const total = images * pixels;
  for (let first = 0; first < total; first += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, total - first);
    fillTable(aTable, 1, 0, rows, bytes(k));
    fillTable(cTable, 1, 0, rows, bytes(ldy));
    for (let r = 0; r < rows; r++) {
      const image = (first + r) / pixels;
      const pixel = first + r - image * pixels;
      const line = pixel / w;
      const from = x + <usize>(image * pixels) * bytes(ldx);
      copyPatch(h, w, cin, kh, kw, from, ldx, line, pixel - line * w, patches + bytes(r * k));
    }
    const to = y + <usize>first * bytes(ldy);
    rowBlock(wide, patches, to, aTable, cTable, rows, 1, 0, k, packed, 0, k, cout, false, stats, scratch);
  }
}

/** Any dense convolution with stride 1 and SAME padding; which of the four ways is the kernel's shape alone. */
export function conv(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  kh: i32,
  kw: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  if (kh == 1 && kw == 1) {
    gemm(wide, images * h * w, cout, cin, x, ldx, packed, y, ldy, false, stats, scratch);
  } else if (kw == 1) {
    tall(wide, images, h, w, cin, cout, kh, x, ldx, packed, y, ldy, stats, scratch);
  } else if (kh == 1) {
    flat(wide, images, h, w, cin, cout, kw, x, ldx, packed, y, ldy, stats, scratch);
  } else {
    square(wide, images, h, w, cin, cout, kh, kw, x, ldx, packed, y, ldy, stats, scratch);
  }
}
