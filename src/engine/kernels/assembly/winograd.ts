// Seven-tap convolutions along one axis, 7 outputs from 13 inputs with 13 products instead of 49
// (Winograd 1980; Toom and Cook's interpolation, transposed): inputs and weights are transformed
// (interpolation.ts), each of 13 points takes a product of matrices, and the outputs are transformed
// back. The error is some 1e-5 of an output's deviation, 30 times that of the plain sum, and an infinite
// input may give NaN in place of infinity.

import { blockScratch, fillTable, rowBlock, tableRows } from './block';
import {
  COEFFICIENTS,
  fillCoefficients,
  INPUTS,
  OUTPUTS,
  TAPS,
  transformInput,
  transformOutput,
  transformWeights,
} from './interpolation';
import { bytes } from './lanes';
import { columnStats } from './norm';
import { packedBytes } from './pack';

/** Rows of a block's matrix products, about: V and M of a block stay in the second-level cache. */
const BLOCK_ROWS: i32 = 84;

/** Tiles of 7 outputs along `length` pixels. */
@inline
function tilesOf(length: i32): i32 {
  return (length + OUTPUTS - 1) / OUTPUTS;
}

/** Distance of 13 matrices read or written side by side: not a multiple of 4096, which would put them all in one cache set. */
@inline
function spaced(size: usize): usize {
  return ((size + 4095) & ~4095) + 320;
}

/** Rows of a block: whole lines across the axis, of `across` pixels. */
@inline
function blockRows(across: i32): i32 {
  return ((BLOCK_ROWS + across - 1) / across) * across;
}

/**
 * Whether this way is the quicker one for a convolution along `length` pixels: products against
 * products, with the transforms' cost in products as it was measured.
 */
export function winogradPays(length: i32, cin: i32, cout: i32): bool {
  if ((cin | cout) & 7) return false;
  let taps = 0;
  for (let i = 0; i < length; i++) taps += min(TAPS, length + 3 - i) - max(0, 3 - i);
  return tilesOf(length) * (INPUTS * cin * cout + 360 * cin + 180 * cout) < taps * cin * cout;
}

export function winogradScratch(across: i32, cin: i32, cout: i32): usize {
  const rows = blockRows(across);
  const matrices = spaced(packedBytes(cin, cout)) + spaced(bytes(rows * cin)) + spaced(bytes(rows * cout));
  const lines = bytes(across * (cin + cout));
  return (
    blockScratch(rows, cout) +
    <usize>INPUTS * matrices +
    lines +
    bytes(2 * tableRows(rows) + COEFFICIENTS + 64)
  );
}

/**
 * A convolution of 7 taps along an axis of `length` pixels, `along` pixels apart; `lines` lines of
 * `across` neighbouring pixels each lie across it, `lines` being the images for a 7 x 1 convolution
 * (across = w) and all rows of all images for a 1 x 7 one (across = 1).
 */
export function winograd(
  wide: bool,
  lines: i32,
  length: i32,
  across: i32,
  cin: i32,
  cout: i32,
  x: usize,
  ldx: i32,
  packed: usize,
  y: usize,
  ldy: i32,
  stats: usize,
  scratch: usize,
): void {
  const most = blockRows(across);
  const table = scratch + blockScratch(most, cout);
  const inputs = table + bytes(COEFFICIENTS);
  const outputs = inputs + 64;
  const aTable = outputs + 64;
  const cTable = aTable + bytes(tableRows(most));
  const zeros = cTable + bytes(tableRows(most));
  const nowhere = zeros + bytes(across * cin);
  const uStep = spaced(packedBytes(cin, cout));
  const u = nowhere + bytes(across * cout);
  const v = u + <usize>INPUTS * uStep;
  const vStep = spaced(bytes(most * cin));
  const m = v + <usize>INPUTS * vStep;
  const mStep = spaced(bytes(most * cout));

  fillCoefficients(table, inputs);
  transformWeights(wide, cin, cout, packed, u, uStep, table);
  memory.fill(zeros, 0, bytes(across * cin));

  const tiles = tilesOf(length);
  const units = lines * tiles;
  const unitsPerBlock = most / across;
  // Pixels without a gap between them are one long vector.
  const runsX = ldx == cin ? 1 : across;
  const runsY = ldy == cout ? 1 : across;
  for (let first = 0; first < units; first += unitsPerBlock) {
    const count = min(unitsPerBlock, units - first);
    for (let i = 0; i < count; i++) {
      const line = (first + i) / tiles;
      const start = (first + i - line * tiles) * OUTPUTS - (TAPS >> 1);
      for (let pixel = 0; pixel < runsX; pixel++) {
        for (let k = 0; k < INPUTS; k++) {
          const at = start + k;
          const from = x + <usize>((line * length + at) * across + pixel) * bytes(ldx);
          store<usize>(inputs + bytes(k), at >= 0 && at < length ? from : zeros);
        }
        const to = v + bytes((i * across + pixel) * cin);
        transformInput(inputs, (across / runsX) * cin, to, vStep, table);
      }
    }
    const rows = count * across;
    if (first == 0 || count < unitsPerBlock) {
      fillTable(aTable, 1, 0, rows, bytes(cin));
      fillTable(cTable, 1, 0, rows, bytes(cout));
    }
    for (let j = 0; j < INPUTS; j++) {
      const a = v + <usize>j * vStep;
      const c = m + <usize>j * mStep;
      const b = u + <usize>j * uStep;
      rowBlock(wide, a, c, aTable, cTable, rows, 1, 0, cin, b, 0, cin, cout, false, 0, scratch);
    }
    for (let i = 0; i < count; i++) {
      const line = (first + i) / tiles;
      const start = (first + i - line * tiles) * OUTPUTS;
      for (let pixel = 0; pixel < runsY; pixel++) {
        for (let k = 0; k < OUTPUTS; k++) {
          const at = start + k;
          const to = y + <usize>((line * length + at) * across + pixel) * bytes(ldy);
          store<usize>(outputs + bytes(k), at < length ? to : nowhere);
        }
        const from = m + bytes((i * across + pixel) * cout);
        transformOutput(from, mStep, (across / runsY) * cout, outputs, table);
      }
    }
    if (stats) {
      const begin = pixelsBefore(first, tiles, length) * across;
      const end = pixelsBefore(first + count, tiles, length) * across;
      columnStats(end - begin, cout, y + <usize>begin * bytes(ldy), ldy, stats);
    }
  }
}

/** Pixels along the axis in all tiles before number `unit`. */
@inline
function pixelsBefore(unit: i32, tiles: i32, length: i32): i32 {
  const line = unit / tiles;
  return line * length + (unit - line * tiles) * OUTPUTS;
}
