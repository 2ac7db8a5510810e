// Dense convolutions, NHWC, stride 1, SAME zero padding, as matrix products without a copy of the
// input. A k x 1 convolution is a product for each output line y: its rows are the pixels of that
// line in a few images, and a row of A is the pixel's column, a piece a tap, cut where it leaves the
// image. A 1 x k convolution is the same for each output column x; there a row of A is even one piece.
// So products with the padding are left out, a quarter of all for 7 taps on 7 x 7 pixels.
//
// Other kernels (the 3 x 3 stem) are k x 1 convolutions of kw times as many channels, as the pixels lie,
// except where a window crosses the image's sides: there patches are copied first.

import { blockScratch, fillTable, rowBlock, tableRows } from './block';
import { gemm, gemmScratch } from './gemm';
import { bytes, loadLanes } from './lanes';
import { winograd, winogradPays, winogradScratch } from './winograd';

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
  if (kw == 1 && kh == 7 && winogradPays(h, cin, cout)) return winogradScratch(w, cin, cout);
  if (kh == 1 && kw == 7 && winogradPays(w, cin, cout)) return winogradScratch(1, cin, cout);
  const line = kh == 1 ? h : w;
  const rows = tableRows(BLOCK_ROWS + line);
  const patches = kh > 1 && kw > 1 ? BLOCK_ROWS * kh * kw * cin + 3 : 0;
  return blockScratch(rows, cout) + bytes(2 * rows + patches);
}

/**
 * `columns` neighbouring columns, from the one at `y` on, of a convolution whose windows lie between the
 * image's sides: their lines are `depth` floats, the first column's at `x`.
 */
function tall(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  columns: i32,
  depth: i32,
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
  const group = imagesPerBlock(columns, images);
  const xTable = scratch + blockScratch(tableRows(BLOCK_ROWS + w), cout);
  const yTable = xTable + bytes(tableRows(BLOCK_ROWS + w));
  const xLine = bytes(w * ldx);
  const yLine = bytes(w * ldy);
  for (let image = 0; image < images; image += group) {
    const count = min(group, images - image);
    if (image == 0 || count < group) {
      fillTable(xTable, count, <usize>h * xLine, columns, bytes(ldx));
      fillTable(yTable, count, <usize>h * yLine, columns, bytes(ldy));
    }
    for (let line = 0; line < h; line++) {
      const top = max(0, pad - line);
      const taps = min(kh, h + pad - line) - top;
      const from = x + <usize>(image * h + line + top - pad) * xLine;
      const to = y + <usize>(image * h + line) * yLine;
      const k = kh * depth;
      rowBlock(
        wide,
        from,
        to,
        xTable,
        yTable,
        count * columns,
        taps,
        xLine,
        depth,
        packed,
        top * depth,
        k,
        cout,
        false,
        stats,
        scratch,
      );
    }
  }
}

/** A 1 x kw convolution. */
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
        wide,
        from,
        to,
        xTable,
        yTable,
        count * h,
        pieces,
        bytes(ldx),
        depth,
        packed,
        left * cin,
        k,
        cout,
        false,
        stats,
        scratch,
      );
    }
  }
}

/** Copies `count` floats; `to` may be written up to the next multiple of 4, `from` is read before `end` alone. */
@inline
function copyFloats(from: usize, to: usize, count: i32, end: usize): void {
  if (from + bytes(count + 3) <= end) {
    for (let i = 0; i < count; i += 4) v128.store(to + bytes(i), v128.load(from + bytes(i)));
  } else {
    for (let i = 0; i < count; i += 4) v128.store(to + bytes(i), loadLanes(from + bytes(i), count - i));
  }
}

@inline
function clearFloats(to: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + bytes(i), 0);
}

/**
 * Copies the kh x kw patch around one pixel in reading order, so that what a copy writes past its end is
 * written again; the last one may leave 3 floats past the patch.
 */
function copyPatch(
  h: i32,
  w: i32,
  cin: i32,
  kh: i32,
  kw: i32,
  x: usize,
  ldx: i32,
  line: i32,
  column: i32,
  to: usize,
): void {
  const last = x + <usize>(h * w - 1) * bytes(ldx) + bytes(cin);
  const top = line - ((kh - 1) >> 1);
  const left = column - ((kw - 1) >> 1);
  const first = max(0, -left);
  const end = min(kw, w - left);
  for (let i = top; i < top + kh; i++) {
    if (i < 0 || i >= h) {
      clearFloats(to, kw * cin);
    } else {
      const from = x + <usize>(i * w + left + first) * bytes(ldx);
      const inside = to + bytes(first * cin);
      clearFloats(to, first * cin);
      if (ldx == cin) {
        copyFloats(from, inside, (end - first) * cin, last);
      } else {
        for (let j = 0; j < end - first; j++) {
          copyFloats(from + <usize>j * bytes(ldx), inside + bytes(j * cin), cin, last);
        }
      }
      clearFloats(to + bytes(end * cin), (kw - end) * cin);
    }
    to += bytes(kw * cin);
  }
}

/** The pixels of one column in all images, by copies of their patches. */
function patchColumn(
  wide: bool,
  images: i32,
  h: i32,
  w: i32,
  cin: i32,
  cout: i32,
  kh: i32,
  kw: i32,
  column: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  const k = kh * kw * cin;
  const aTable = scratch + blockScratch(tableRows(BLOCK_ROWS + w), cout);
  const cTable = aTable + bytes(tableRows(BLOCK_ROWS + w));
  const patches = cTable + bytes(tableRows(BLOCK_ROWS + w));
  for (let first = 0; first < images * h; first += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, images * h - first);
    fillTable(aTable, 1, 0, rows, bytes(k));
    fillTable(cTable, 1, 0, rows, bytes(w * ldy));
    for (let r = 0; r < rows; r++) {
      const image = (first + r) / h;
      const from = x + <usize>(image * h * w) * bytes(ldx);
      copyPatch(h, w, cin, kh, kw, from, ldx, first + r - image * h, column, patches + bytes(r * k));
    }
    const to = y + <usize>(first * w + column) * bytes(ldy);
    rowBlock(wide, patches, to, aTable, cTable, rows, 1, 0, k, packed, 0, k, cout, false, stats, scratch);
  }
}

/**
 * Both extents above 1: where a window does not cross the image's sides, its lines are pieces of the
 * input as it lies; the other columns take copies. A slice of channels takes copies everywhere.
 */
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
  const left = (kw - 1) >> 1;
  const inner = ldx == cin ? max(0, w - kw + 1) : 0;
  for (let column = 0; column < w; column++) {
    if (column >= left && column < left + inner) continue;
    patchColumn(wide, images, h, w, cin, cout, kh, kw, column, x, ldx, packed, y, ldy, stats, scratch);
  }
  if (inner > 0) {
    const to = y + bytes(left * ldy);
    tall(wide, images, h, w, inner, kw * cin, cout, kh, x, ldx, packed, to, ldy, stats, scratch);
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
  } else if (kw == 1 && kh == 7 && winogradPays(h, cin, cout)) {
    winograd(wide, images, h, w, cin, cout, x, ldx, packed, y, ldy, stats, scratch);
  } else if (kh == 1 && kw == 7 && winogradPays(w, cin, cout)) {
    winograd(wide, images * h, w, 1, cin, cout, x, ldx, packed, y, ldy, stats, scratch);
  } else if (kw == 1) {
    tall(wide, images, h, w, w, cin, cout, kh, x, ldx, packed, y, ldy, stats, scratch);
  } else if (kh == 1) {
    flat(wide, images, h, w, cin, cout, kw, x, ldx, packed, y, ldy, stats, scratch);
  } else {
    square(wide, images, h, w, cin, cout, kh, kw, x, ldx, packed, y, ldy, stats, scratch);
  }
}
