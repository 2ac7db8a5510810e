// The matrix product C = A B (+ C): A's rows are pixels of an NHWC tensor, B a packed weight matrix
// (pack.ts), C's rows go where the caller says, so a product may land in a slice of a concatenation.

import { blockScratch, fillTable, rowBlock, tableRows } from './block';
import { bytes } from './lanes';

const BLOCK_ROWS: i32 = 120;

/** Bytes of scratch for `n` columns. */
export function gemmScratch(n: i32): usize {
  return blockScratch(BLOCK_ROWS, n) + 2 * bytes(tableRows(BLOCK_ROWS));
}

export function gemm(
  wide: bool,
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  b: usize,
  c: usize,
  ldc: i32,
  accumulate: bool,
  stats: usize,
  scratch: usize,
): void {
  const aTable = scratch + blockScratch(BLOCK_ROWS, n);
  const cTable = aTable + bytes(tableRows(BLOCK_ROWS));
  for (let row = 0; row < m; row += BLOCK_ROWS) {
    const rows = min(BLOCK_ROWS, m - row);
    if (row == 0 || rows < BLOCK_ROWS) {
      fillTable(aTable, 1, 0, rows, bytes(lda));
      fillTable(cTable, 1, 0, rows, bytes(ldc));
    }
    const from = a + <usize>row * bytes(lda);
    const to = c + <usize>row * bytes(ldc);
    rowBlock(wide, from, to, aTable, cTable, rows, 1, 0, k, b, 0, k, n, accumulate, stats, scratch);
  }
}
