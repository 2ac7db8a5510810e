// Packs a weight matrix B [K, N] for the matrix product: panels of columns (16 for the wide kernel,
// the last one 8 when that holds the rest; 8 for the narrow one), each panel K rows of its columns,
// so that the kernel reads it front to back. Columns that do not exist are zeros.

import { bytes, loadLanes } from './lanes';

/** Bytes of a packed K x N matrix, either width. */
export function packedBytes(k: i32, n: i32): usize {
  return bytes(k * ((n + 7) & ~7));
}

/** Columns of the panel that starts at column j. */
@inline
export function panelColumns(wide: bool, n: i32, j: i32): i32 {
  return wide && n - j > 8 ? 16 : 8;
}

/** Packs B [k, n], rows `ldb` floats apart. */
export function pack(wide: bool, k: i32, n: i32, b: usize, ldb: i32, packed: usize): void {
  let to = packed;
  let j = 0;
  while (j < n) {
    const width = panelColumns(wide, n, j);
    const whole = n - j >= width;
    let from = b + bytes(j);
    for (let row = 0; row < k; row++) {
      for (let i = 0; i < width; i += 4) {
        const at = bytes(i);
        v128.store(to + at, whole ? v128.load(from + at) : loadLanes(from + at, n - j - i));
      }
      from += bytes(ldb);
      to += bytes(width);
    }
    j += width;
  }
}
