// C rows = A rows times packed B for one block of rows, whatever the rows are: the engine of the
// matrix product (gemm.ts) and of the convolutions (conv.ts), which differ in their row tables.
//
// Blocking: a block is some hundred rows, so that its piece of A stays in the second-level cache; K is
// taken in chunks whose panel of B stays in the first; for each panel all tiles of the block. The
// last chunk also adds up every column and its squares for batch norm while a tile is in registers,
// in float32 over one block and in float64 over blocks.

import { bytes, loadLanes, storeLanes } from './lanes';
import { addShifted } from './norm';
import { panelColumns } from './pack';
import { panelNarrow, panelWide } from './tile';

/** A multiple of both tiles' heights. */
const TILE_ROWS: i32 = 12;
const CHUNK_DEPTH: i32 = 384;
const PANEL_BYTES: usize = 64;

/** Rows of a table for `rows` rows: a whole number of either tile. */
@inline
export function tableRows(rows: i32): i32 {
  return ((rows + TILE_ROWS - 1) / TILE_ROWS) * TILE_ROWS;
}

/** Columns of packed B: N rounded up to a panel of 8. */
@inline
function padded(columns: i32): i32 {
  return (columns + 7) & ~7;
}

// Scratch of a block: a panel's zeros; column sums, sums of squares and pivots; C of a partial panel and
// its table.

@inline
function sumsOf(scratch: usize): usize {
  return scratch + PANEL_BYTES;
}

@inline
function partialOf(scratch: usize, columns: i32): usize {
  return sumsOf(scratch) + bytes(3 * padded(columns));
}

/** Bytes of scratch for blocks of up to `rows` rows. */
export function blockScratch(rows: i32, columns: i32): usize {
  return partialOf(0, columns) + <usize>tableRows(rows) * (PANEL_BYTES + 4);
}

/** Lists `outer` runs of `inner` rows: rows of a run lie `step` bytes apart, runs `runStep`. */
export function fillTable(table: usize, outer: i32, runStep: usize, inner: i32, step: usize): void {
  const rows = outer * inner;
  let p = table;
  let offset: usize = 0;
  for (let o = 0; o < outer; o++) {
    offset = <usize>o * runStep;
    for (let i = 0; i < inner; i++) {
      store<usize>(p, offset);
      offset += step;
      p += 4;
    }
  }
  for (let r = rows; r < tableRows(rows); r++) {
    store<usize>(p, offset - step);
    p += 4;
  }
}

/** Adds the block's column sums to `stats` (f64: N sums, then N sums of squares). */
function flushSums(scratch: usize, rows: i32, columns: i32, stats: usize): void {
  const step = bytes(padded(columns));
  const count = <f64>rows;
  for (let j = 0; j < columns; j++) {
    const at = sumsOf(scratch) + bytes(j);
    addShifted(
      stats + ((<usize>j) << 3),
      columns,
      <f64>load<f32>(at),
      <f64>load<f32>(at + step),
      <f64>load<f32>(at + 2 * step),
      count,
    );
  }
}

/** Copies the existing columns of a panel of C to or from the packed copy a tile can work on. */
function copyPartial(
  c: usize,
  cTable: usize,
  rows: i32,
  columns: i32,
  partial: usize,
  width: i32,
  out: bool,
): void {
  for (let r = 0; r < rows; r++) {
    const row = c + load<usize>(cTable + bytes(r));
    for (let j = 0; j < columns; j += 4) {
      const from = out ? partial : row;
      const to = out ? row : partial;
      storeLanes(to + bytes(j), loadLanes(from + bytes(j), columns - j), columns - j);
    }
    partial += bytes(width);
  }
}

/** All panels of one chunk of K: rows `bRow`.. of packed B. Column sums only if `sum`. */
function chunk(
  wide: bool,
  a: usize,
  c: usize,
  aTable: usize,
  cTable: usize,
  rows: i32,
  taps: i32,
  tapStep: usize,
  depth: i32,
  b: usize,
  bRow: i32,
  k: i32,
  columns: i32,
  accumulate: bool,
  sum: bool,
  scratch: usize,
): void {
  const partial = partialOf(scratch, columns);
  const partialTable = partial + <usize>tableRows(rows) * PANEL_BYTES;
  const sumsStep = bytes(padded(columns));
  let j = 0;
  while (j < columns) {
    const width = panelColumns(wide, columns, j);
    const whole = columns - j >= width;
    const panel = b + bytes(j * k + bRow * width);
    const sums = sum ? sumsOf(scratch) + bytes(j) : 0;
    const to = c + bytes(j);
    if (!whole) {
      fillTable(partialTable, 1, 0, rows, bytes(width));
      if (accumulate) copyPartial(to, cTable, rows, columns - j, partial, width, false);
    }
    const tileC = whole ? to : partial;
    const tileTable = whole ? cTable : partialTable;
    if (width == 16) {
      panelWide(
        a,
        tileC,
        aTable,
        tileTable,
        rows,
        taps,
        tapStep,
        depth,
        panel,
        accumulate,
        scratch,
        sums,
        sumsStep,
      );
    } else {
      panelNarrow(
        a,
        tileC,
        aTable,
        tileTable,
        rows,
        taps,
        tapStep,
        depth,
        panel,
        accumulate,
        scratch,
        sums,
        sumsStep,
      );
    }
    if (!whole) copyPartial(to, cTable, rows, columns - j, partial, width, true);
    j += width;
  }
}

/**
 * C rows (+)= A rows times rows `bRow`.. of packed B [k, columns]. A row of A is `taps` pieces of
 * `depth` floats, `tapStep` bytes apart. `stats`, unless 0, gets the column sums of C added.
 */
export function rowBlock(
  wide: bool,
  a: usize,
  c: usize,
  aTable: usize,
  cTable: usize,
  rows: i32,
  taps: i32,
  tapStep: usize,
  depth: i32,
  b: usize,
  bRow: i32,
  k: i32,
  columns: i32,
  accumulate: bool,
  stats: usize,
  scratch: usize,
): void {
  memory.fill(scratch, 0, partialOf(0, columns));
  // Whole taps to a chunk while they are short, else pieces of one tap.
  const tapsAtOnce = depth < CHUNK_DEPTH ? min(taps, CHUNK_DEPTH / depth) : 1;
  const pieces = (depth + CHUNK_DEPTH - 1) / CHUNK_DEPTH;
  const pieceDepth = ((depth + pieces - 1) / pieces + 3) & ~3;
  for (let tap = 0; tap < taps; tap += tapsAtOnce) {
    const chunkTaps = min(tapsAtOnce, taps - tap);
    for (let from = 0; from < depth; from += pieceDepth) {
      const chunkDepth = min(pieceDepth, depth - from);
      const first = tap == 0 && from == 0;
      const last = tap + chunkTaps == taps && from + chunkDepth == depth;
      chunk(
        wide,
        a + <usize>tap * tapStep + bytes(from),
        c,
        aTable,
        cTable,
        rows,
        chunkTaps,
        tapStep,
        chunkDepth,
        b,
        bRow + tap * depth + from,
        k,
        columns,
        accumulate || !first,
        stats != 0 && last,
        scratch,
      );
    }
  }
  if (stats) flushSums(scratch, rows, columns, stats);
}
