// Batch statistics of a tensor's channels, on their own (a matrix product adds them up as it goes),
// and what they come to: the scale and shift that every reader of the tensor applies. Sums are taken in
// float32 over blocks of rows, of the differences from the mean of the block's first four rows (so that
// they are small and their squares keep the variance's digits), and go to float64 from there.

import { bytes, loadLanes, madd } from './lanes';

const BLOCK_ROWS: i32 = 120;

/**
 * Adds a column's sum and, `columns` doubles behind it, its sum of squares to `stats`, from those of its
 * `count` differences from `pivot`.
 */
@inline
export function addShifted(stats: usize, columns: i32, sum: f64, square: f64, pivot: f64, count: f64): void {
  const squares = stats + ((<usize>columns) << 3);
  store<f64>(stats, load<f64>(stats) + (sum + count * pivot));
  store<f64>(squares, load<f64>(squares) + (square + pivot * (2 * sum + count * pivot)));
}

/** Adds four columns, of which `exist` exist. */
function addColumns(
  stats: usize,
  columns: i32,
  sum: v128,
  square: v128,
  pivot: v128,
  exist: i32,
  count: i32,
): void {
  for (let lane = 0; lane < min(exist, 4); lane++) {
    const s = <f64>f32x4.extract_lane(sum, 0);
    const q = <f64>f32x4.extract_lane(square, 0);
    const p = <f64>f32x4.extract_lane(pivot, 0);
    addShifted(stats + ((<usize>lane) << 3), columns, s, q, p, <f64>count);
    sum = i32x4.shuffle(sum, sum, 1, 2, 3, 0);
    square = i32x4.shuffle(square, square, 1, 2, 3, 0);
    pivot = i32x4.shuffle(pivot, pivot, 1, 2, 3, 0);
  }
}

/** The pivot of a block: about its mean, any value would do. `exist` of the four columns do. */
@inline
function pivotOf(rows: i32, x: usize, ldx: usize, exist: i32): v128 {
  const x1 = rows > 1 ? x + ldx : x;
  const x2 = rows > 2 ? x1 + ldx : x1;
  const x3 = rows > 3 ? x2 + ldx : x2;
  const low = f32x4.add(loadLanes(x, exist), loadLanes(x1, exist));
  const high = f32x4.add(loadLanes(x2, exist), loadLanes(x3, exist));
  return f32x4.mul(f32x4.add(low, high), f32x4.splat(0.25));
}

/** Up to 4 columns of a block. */
function addBlock(rows: i32, x: usize, ldx: usize, exist: i32, columns: i32, stats: usize): void {
  let sum = f32x4.splat(0);
  let square = f32x4.splat(0);
  const pivot = pivotOf(rows, x, ldx, exist);
  for (let r = 0; r < rows; r++) {
    const d = f32x4.sub(loadLanes(x, exist), pivot);
    sum = f32x4.add(sum, d);
    square = madd(d, d, square);
    x += ldx;
  }
  addColumns(stats, columns, sum, square, pivot, exist, rows);
}

/** 16 whole columns of a block. */
function addBlock16(rows: i32, x: usize, ldx: usize, columns: i32, stats: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let q0 = f32x4.splat(0);
  let q1 = f32x4.splat(0);
  let q2 = f32x4.splat(0);
  let q3 = f32x4.splat(0);
  const p0 = pivotOf(rows, x, ldx, 4);
  const p1 = pivotOf(rows, x + 16, ldx, 4);
  const p2 = pivotOf(rows, x + 32, ldx, 4);
  const p3 = pivotOf(rows, x + 48, ldx, 4);
  for (let r = 0; r < rows; r++) {
    const d0 = f32x4.sub(v128.load(x), p0);
    const d1 = f32x4.sub(v128.load(x, 16), p1);
    const d2 = f32x4.sub(v128.load(x, 32), p2);
    const d3 = f32x4.sub(v128.load(x, 48), p3);
    s0 = f32x4.add(s0, d0);
    s1 = f32x4.add(s1, d1);
    s2 = f32x4.add(s2, d2);
    s3 = f32x4.add(s3, d3);
    q0 = madd(d0, d0, q0);
    q1 = madd(d1, d1, q1);
    q2 = madd(d2, d2, q2);
    q3 = madd(d3, d3, q3);
    x += ldx;
  }
  addColumns(stats, columns, s0, q0, p0, 4, rows);
  addColumns(stats + 32, columns, s1, q1, p1, 4, rows);
  addColumns(stats + 64, columns, s2, q2, p2, 4, rows);
  addColumns(stats + 96, columns, s3, q3, p3, 4, rows);
}

/** Adds the sums and sums of squares of the columns of X to `stats` (f64: sums, then sums of squares). */
export function columnStats(rows: i32, columns: i32, x: usize, ldx: i32, stats: usize): void {
  for (let r = 0; r < rows; r += BLOCK_ROWS) {
    const count = min(BLOCK_ROWS, rows - r);
    const from = x + <usize>r * bytes(ldx);
    let c = 0;
    for (; c + 16 <= columns; c += 16) {
      addBlock16(count, from + bytes(c), bytes(ldx), columns, stats + ((<usize>c) << 3));
    }
    for (; c < columns; c += 4) {
      addBlock(count, from + bytes(c), bytes(ldx), columns - c, columns, stats + ((<usize>c) << 3));
    }
  }
}

/** scale = 1 / sqrt(var + epsilon), shift = -mean * scale, from the statistics of `rows` rows; var over all rows, never below 0. */
export function normalisation(
  rows: i32,
  columns: i32,
  stats: usize,
  epsilon: f64,
  scale: usize,
  shift: usize,
): void {
  const count = <f64>rows;
  for (let c = 0; c < columns; c++) {
    const mean = load<f64>(stats + ((<usize>c) << 3)) / count;
    const variance = max(0, load<f64>(stats + ((<usize>(columns + c)) << 3)) / count - mean * mean);
    const s = 1 / sqrt(variance + epsilon);
    store<f32>(scale + bytes(c), <f32>s);
    store<f32>(shift + bytes(c), <f32>(-mean * s));
  }
}
