// ln |det| of the small symmetric kernel matrices, in float64.

/**
 * ln |det A| of an n x n matrix, row-major, by LU decomposition with partial pivoting; null when A
 * is singular to working precision, i.e. a pivot is not above n * 2^-52 times A's largest element.
 */
export function logAbsDeterminant(matrix: Float64Array, n: number): number | null {
  const a = matrix.slice();
  const at = (row: number, column: number): number => a[row * n + column] as number;
  const negligible = n * 2 ** -52 * a.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  let log = 0;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k + 1; row < n; row++) {
      if (Math.abs(at(row, k)) > Math.abs(at(pivot, k))) pivot = row;
    }
    const size = Math.abs(at(pivot, k));
    if (!(size > negligible)) return null;
    log += Math.log(size);
    if (pivot !== k) {
      const row = a.slice(k * n, (k + 1) * n);
      a.copyWithin(k * n, pivot * n, (pivot + 1) * n);
      a.set(row, pivot * n);
    }
    for (let row = k + 1; row < n; row++) {
      const factor = at(row, k) / at(k, k);
      if (factor === 0) continue;
      for (let column = k + 1; column < n; column++)
        a[row * n + column] = at(row, column) - factor * at(k, column);
    }
  }
  return log;
}
