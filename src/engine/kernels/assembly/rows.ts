// The plainest arithmetic on rows of floats, for what is left between the fused kernels.

import { bytes, loadLanes, storeLanes } from './lanes';

/** y += x. */
export function add(rows: i32, columns: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      const sum = f32x4.add(loadLanes(y + bytes(c), left), loadLanes(x + bytes(c), left));
      storeLanes(y + bytes(c), sum, left);
    }
    x += bytes(ldx);
    y += bytes(ldy);
  }
}

/** y *= factor. */
export function scale(rows: i32, columns: i32, factor: f32, y: usize, ldy: i32): void {
  const splat = f32x4.splat(factor);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c += 4) {
      const left = columns - c;
      storeLanes(y + bytes(c), f32x4.mul(loadLanes(y + bytes(c), left), splat), left);
    }
    y += bytes(ldy);
  }
}

/** y = 0. */
export function clear(rows: i32, columns: i32, y: usize, ldy: i32): void {
  for (let r = 0; r < rows; r++) {
    memory.fill(y, 0, bytes(columns));
    y += bytes(ldy);
  }
}
