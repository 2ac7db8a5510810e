// The two inner kernels of the matrix product: a panel of packed B times a run of rows of A, a
// register tile at a time. `panelWide` holds 4 rows x 16 columns: where V8 pairs 128-bit operations
// into 256-bit ones that fills its 15 registers and both multiply-add units; where it does not, they
// spill. `panelNarrow` holds 6 x 8, the same fifteen registers as 128-bit ones. Both add up in the
// same order, k by k and row by row, so that which of them ran can't be told from the results.
//
// A row of A is `taps` pieces of `depth` floats, `tapStep` bytes apart: one piece for a pointwise or
// 1 x k convolution, a piece a tap for a k x 1 convolution. The tables list for every row the byte
// offsets of its A row from `a` and of its C row from `c`, and repeat the last one up to a whole
// number of tiles: a tile that lacks rows writes the same values to the same place again.
//
// Column sums are taken of the differences from pivots, the mean of the block's first four rows: far
// from zero, the squares of the values themselves would leave float32 no digits for the variance. `sums`, their
// squares and the pivots lie `sumsStep` bytes apart.
//
// What V8 pairs is fragile: neighbouring loads and stores without a store between the loads, and no
// value that is merged from branches. Hence the tile that starts from zeros reads them from memory.

import { madd } from './lanes';

/** Adds `count` finished rows of C to a panel's column sums: the tail of a block, off the hot path. */
function addRows(c: usize, cTable: usize, count: i32, width: usize, sums: usize, sumsStep: usize): void {
  for (let r = 0; r < count; r++) {
    const row = c + load<usize>(cTable + ((<usize>r) << 2));
    for (let at: usize = 0; at < width; at += 16) {
      const sum = sums + at;
      const square = sum + sumsStep;
      const d = f32x4.sub(v128.load(row + at), v128.load(square + sumsStep));
      v128.store(sum, f32x4.add(v128.load(sum), d));
      v128.store(square, madd(d, d, v128.load(square)));
    }
  }
}

@inline
function mean4(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.splat(0.25));
}

@inline
function add4(a: v128, b: v128, c: v128, d: v128, sum: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.add(f32x4.add(sum, a), b), c), d);
}

@inline
function add6(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, sum: v128): v128 {
  return f32x4.add(f32x4.add(add4(a, b, c, d, sum), e), f);
}

@inline
function square4(a: v128, b: v128, c: v128, d: v128, sum: v128): v128 {
  return madd(d, d, madd(c, c, madd(b, b, madd(a, a, sum))));
}

@inline
function square6(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128, sum: v128): v128 {
  return madd(f, f, madd(e, e, square4(a, b, c, d, sum)));
}

/** A panel of 16 columns. */
export function panelWide(
  a: usize,
  c: usize,
  aTable: usize,
  cTable: usize,
  rows: i32,
  taps: i32,
  tapStep: usize,
  depth: i32,
  b: usize,
  accumulate: bool,
  zeros: usize,
  sums: usize,
  sumsStep: usize,
): void {
  const squares = sums + sumsStep;
  const pivots = squares + sumsStep;
  const toNextTap = tapStep - ((<usize>depth) << 2);
  for (let row = 0; row < rows; row += 4) {
    let a0 = a + load<usize>(aTable);
    const c0 = c + load<usize>(cTable);
    let a1 = a + load<usize>(aTable, 4);
    const c1 = c + load<usize>(cTable, 4);
    let a2 = a + load<usize>(aTable, 8);
    const c2 = c + load<usize>(cTable, 8);
    let a3 = a + load<usize>(aTable, 12);
    const c3 = c + load<usize>(cTable, 12);
    aTable += 16;
    cTable += 16;

    let from = accumulate ? c0 : zeros;
    let c00 = v128.load(from);
    let c01 = v128.load(from, 16);
    let c02 = v128.load(from, 32);
    let c03 = v128.load(from, 48);
    from = accumulate ? c1 : zeros;
    let c10 = v128.load(from);
    let c11 = v128.load(from, 16);
    let c12 = v128.load(from, 32);
    let c13 = v128.load(from, 48);
    from = accumulate ? c2 : zeros;
    let c20 = v128.load(from);
    let c21 = v128.load(from, 16);
    let c22 = v128.load(from, 32);
    let c23 = v128.load(from, 48);
    from = accumulate ? c3 : zeros;
    let c30 = v128.load(from);
    let c31 = v128.load(from, 16);
    let c32 = v128.load(from, 32);
    let c33 = v128.load(from, 48);

    let p = b;
    for (let tap = 0; tap < taps; tap++) {
      let k = depth;
      for (; k > 1; k -= 2) {
        let b0 = v128.load(p);
        let b1 = v128.load(p, 16);
        let b2 = v128.load(p, 32);
        let b3 = v128.load(p, 48);
        let x = v128.load32_splat(a0);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        c02 = madd(x, b2, c02);
        c03 = madd(x, b3, c03);
        x = v128.load32_splat(a1);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        c12 = madd(x, b2, c12);
        c13 = madd(x, b3, c13);
        x = v128.load32_splat(a2);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        c22 = madd(x, b2, c22);
        c23 = madd(x, b3, c23);
        x = v128.load32_splat(a3);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        c32 = madd(x, b2, c32);
        c33 = madd(x, b3, c33);
        b0 = v128.load(p, 64);
        b1 = v128.load(p, 80);
        b2 = v128.load(p, 96);
        b3 = v128.load(p, 112);
        x = v128.load32_splat(a0, 4);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        c02 = madd(x, b2, c02);
        c03 = madd(x, b3, c03);
        x = v128.load32_splat(a1, 4);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        c12 = madd(x, b2, c12);
        c13 = madd(x, b3, c13);
        x = v128.load32_splat(a2, 4);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        c22 = madd(x, b2, c22);
        c23 = madd(x, b3, c23);
        x = v128.load32_splat(a3, 4);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        c32 = madd(x, b2, c32);
        c33 = madd(x, b3, c33);
        p += 128;
        a0 += 8;
        a1 += 8;
        a2 += 8;
        a3 += 8;
      }
      if (k) {
        let b0 = v128.load(p);
        let b1 = v128.load(p, 16);
        let b2 = v128.load(p, 32);
        let b3 = v128.load(p, 48);
        let x = v128.load32_splat(a0);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        c02 = madd(x, b2, c02);
        c03 = madd(x, b3, c03);
        x = v128.load32_splat(a1);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        c12 = madd(x, b2, c12);
        c13 = madd(x, b3, c13);
        x = v128.load32_splat(a2);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        c22 = madd(x, b2, c22);
        c23 = madd(x, b3, c23);
        x = v128.load32_splat(a3);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        c32 = madd(x, b2, c32);
        c33 = madd(x, b3, c33);
        p += 64;
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
      }
      a0 += toNextTap;
      a1 += toNextTap;
      a2 += toNextTap;
      a3 += toNextTap;
    }

    v128.store(c0, c00);
    v128.store(c0, c01, 16);
    v128.store(c0, c02, 32);
    v128.store(c0, c03, 48);
    v128.store(c1, c10);
    v128.store(c1, c11, 16);
    v128.store(c1, c12, 32);
    v128.store(c1, c13, 48);
    v128.store(c2, c20);
    v128.store(c2, c21, 16);
    v128.store(c2, c22, 32);
    v128.store(c2, c23, 48);
    v128.store(c3, c30);
    v128.store(c3, c31, 16);
    v128.store(c3, c32, 32);
    v128.store(c3, c33, 48);
    if (sums) {
      if (row == 0) {
        v128.store(pivots, mean4(c00, c10, c20, c30));
        v128.store(pivots, mean4(c01, c11, c21, c31), 16);
        v128.store(pivots, mean4(c02, c12, c22, c32), 32);
        v128.store(pivots, mean4(c03, c13, c23, c33), 48);
      }
      if (rows - row >= 4) {
        const p0 = v128.load(pivots);
        const p1 = v128.load(pivots, 16);
        const p2 = v128.load(pivots, 32);
        const p3 = v128.load(pivots, 48);
        c00 = f32x4.sub(c00, p0);
        c01 = f32x4.sub(c01, p1);
        c02 = f32x4.sub(c02, p2);
        c03 = f32x4.sub(c03, p3);
        c10 = f32x4.sub(c10, p0);
        c11 = f32x4.sub(c11, p1);
        c12 = f32x4.sub(c12, p2);
        c13 = f32x4.sub(c13, p3);
        c20 = f32x4.sub(c20, p0);
        c21 = f32x4.sub(c21, p1);
        c22 = f32x4.sub(c22, p2);
        c23 = f32x4.sub(c23, p3);
        c30 = f32x4.sub(c30, p0);
        c31 = f32x4.sub(c31, p1);
        c32 = f32x4.sub(c32, p2);
        c33 = f32x4.sub(c33, p3);
        const s0 = add4(c00, c10, c20, c30, v128.load(sums));
        const s1 = add4(c01, c11, c21, c31, v128.load(sums, 16));
        const s2 = add4(c02, c12, c22, c32, v128.load(sums, 32));
        const s3 = add4(c03, c13, c23, c33, v128.load(sums, 48));
        const q0 = square4(c00, c10, c20, c30, v128.load(squares));
        const q1 = square4(c01, c11, c21, c31, v128.load(squares, 16));
        const q2 = square4(c02, c12, c22, c32, v128.load(squares, 32));
        const q3 = square4(c03, c13, c23, c33, v128.load(squares, 48));
        v128.store(sums, s0);
        v128.store(sums, s1, 16);
        v128.store(sums, s2, 32);
        v128.store(sums, s3, 48);
        v128.store(squares, q0);
        v128.store(squares, q1, 16);
        v128.store(squares, q2, 32);
        v128.store(squares, q3, 48);
      } else {
        addRows(c, cTable - 16, rows - row, 64, sums, sumsStep);
      }
    }
  }
}

/** A panel of 8 columns. */
export function panelNarrow(
  a: usize,
  c: usize,
  aTable: usize,
  cTable: usize,
  rows: i32,
  taps: i32,
  tapStep: usize,
  depth: i32,
  b: usize,
  accumulate: bool,
  zeros: usize,
  sums: usize,
  sumsStep: usize,
): void {
  const squares = sums + sumsStep;
  const pivots = squares + sumsStep;
  const toNextTap = tapStep - ((<usize>depth) << 2);
  for (let row = 0; row < rows; row += 6) {
    let a0 = a + load<usize>(aTable);
    const c0 = c + load<usize>(cTable);
    let a1 = a + load<usize>(aTable, 4);
    const c1 = c + load<usize>(cTable, 4);
    let a2 = a + load<usize>(aTable, 8);
    const c2 = c + load<usize>(cTable, 8);
    let a3 = a + load<usize>(aTable, 12);
    const c3 = c + load<usize>(cTable, 12);
    let a4 = a + load<usize>(aTable, 16);
    const c4 = c + load<usize>(cTable, 16);
    let a5 = a + load<usize>(aTable, 20);
    const c5 = c + load<usize>(cTable, 20);
    aTable += 24;
    cTable += 24;

    let from = accumulate ? c0 : zeros;
    let c00 = v128.load(from);
    let c01 = v128.load(from, 16);
    from = accumulate ? c1 : zeros;
    let c10 = v128.load(from);
    let c11 = v128.load(from, 16);
    from = accumulate ? c2 : zeros;
    let c20 = v128.load(from);
    let c21 = v128.load(from, 16);
    from = accumulate ? c3 : zeros;
    let c30 = v128.load(from);
    let c31 = v128.load(from, 16);
    from = accumulate ? c4 : zeros;
    let c40 = v128.load(from);
    let c41 = v128.load(from, 16);
    from = accumulate ? c5 : zeros;
    let c50 = v128.load(from);
    let c51 = v128.load(from, 16);

    let p = b;
    for (let tap = 0; tap < taps; tap++) {
      for (let k = depth; k > 0; k--) {
        let b0 = v128.load(p);
        let b1 = v128.load(p, 16);
        let x = v128.load32_splat(a0);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        x = v128.load32_splat(a1);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        x = v128.load32_splat(a2);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        x = v128.load32_splat(a3);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        x = v128.load32_splat(a4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
        x = v128.load32_splat(a5);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        p += 32;
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        a4 += 4;
        a5 += 4;
      }
      a0 += toNextTap;
      a1 += toNextTap;
      a2 += toNextTap;
      a3 += toNextTap;
      a4 += toNextTap;
      a5 += toNextTap;
    }

    v128.store(c0, c00);
    v128.store(c0, c01, 16);
    v128.store(c1, c10);
    v128.store(c1, c11, 16);
    v128.store(c2, c20);
    v128.store(c2, c21, 16);
    v128.store(c3, c30);
    v128.store(c3, c31, 16);
    v128.store(c4, c40);
    v128.store(c4, c41, 16);
    v128.store(c5, c50);
    v128.store(c5, c51, 16);
    if (sums) {
      if (row == 0) {
        v128.store(pivots, mean4(c00, c10, c20, c30));
        v128.store(pivots, mean4(c01, c11, c21, c31), 16);
      }
      if (rows - row >= 6) {
        const p0 = v128.load(pivots);
        const p1 = v128.load(pivots, 16);
        c00 = f32x4.sub(c00, p0);
        c01 = f32x4.sub(c01, p1);
        c10 = f32x4.sub(c10, p0);
        c11 = f32x4.sub(c11, p1);
        c20 = f32x4.sub(c20, p0);
        c21 = f32x4.sub(c21, p1);
        c30 = f32x4.sub(c30, p0);
        c31 = f32x4.sub(c31, p1);
        c40 = f32x4.sub(c40, p0);
        c41 = f32x4.sub(c41, p1);
        c50 = f32x4.sub(c50, p0);
        c51 = f32x4.sub(c51, p1);
        const s0 = add6(c00, c10, c20, c30, c40, c50, v128.load(sums));
        const s1 = add6(c01, c11, c21, c31, c41, c51, v128.load(sums, 16));
        const q0 = square6(c00, c10, c20, c30, c40, c50, v128.load(squares));
        const q1 = square6(c01, c11, c21, c31, c41, c51, v128.load(squares, 16));
        v128.store(sums, s0);
        v128.store(sums, s1, 16);
        v128.store(squares, q0);
        v128.store(squares, q1, 16);
      } else {
        addRows(c, cTable - 24, rows - row, 32, sums, sumsStep);
      }
    }
  }
}
