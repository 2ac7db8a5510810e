// Products of the dense layer's small matrices, added up in float64.

import type { Rows } from '../../kernels/kernels.ts';

/** A matrix by the floats from a row, and from a column, to the next. */
export interface Matrix {
  readonly at: number;
  readonly row: number;
  readonly column: number;
}
export const matrixOf = ({ at, stride }: Rows): Matrix => ({ at: at / 4, row: stride, column: 1 });
export const transposed = ({ at, row, column }: Matrix): Matrix => ({ at, row: column, column: row });

/** C = A B of [rows, depth] and [depth, columns]. */
export function multiply(
  memory: Float32Array,
  a: Matrix,
  b: Matrix,
  c: Matrix,
  extents: readonly [number, number, number],
): void {
  const [rows, depth, columns] = extents;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < depth; k++) {
        const [left, right] = [a.at + i * a.row + k * a.column, b.at + k * b.row + j * b.column];
        sum += (memory[left] as number) * (memory[right] as number);
      }
      memory[c.at + i * c.row + j * c.column] = sum;
    }
  }
}
