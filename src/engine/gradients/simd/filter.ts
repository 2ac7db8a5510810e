// dL/dtheta of a dense convolution on the kernels: X^T dY for each tap of the filter, X shifted by it.
//
// Some images at a time, as many as the cache holds, X's channels become rows and the pixels of dY the
// packed side of a matrix product. Both lie on one grid with zeros after each line and image, as far as
// a filter reaches, so that a shift is an offset and what it pulls in from elsewhere is a zero.

import type { Kernels, Maps, Rows } from '../../kernels/kernels.ts';
import type { AllKernels, Entry } from '../kernels.ts';
import { pieces } from './program.ts';

/** Some channels of X and how they enter. */
export interface Source {
  readonly rows: Rows;
  readonly entry: Entry;
  /** First of X's channels, and how many. */
  readonly channel: number;
  readonly channels: number;
}

/** A convolution's extents, X's `maps` among them. */
export interface Convolution {
  readonly maps: Maps;
  readonly filter: readonly [height: number, width: number];
  readonly outputs: number;
}

/** Floats of X and dY together that a product takes at once, about half a megabyte. */
const CACHED = 131_072;

interface Grid {
  /** Images at once. */
  readonly images: number;
  /** Pixels from a line to the next, from an image to the next. */
  readonly line: number;
  readonly image: number;
  /** Pixels the filter reaches before and behind. */
  readonly reach: readonly [lines: number, columns: number];
  /** Floats from a channel of X to the next. */
  readonly stride: number;
  /** Zeros before the first image: the furthest shift. */
  readonly margin: number;
}

function gridOf({ maps, filter, outputs }: Convolution): Grid {
  const [lines, columns] = filter.map((n) => (n - 1) / 2) as [number, number];
  const line = maps.width + columns;
  const image = (maps.height + lines) * line;
  const images = Math.min(maps.images, Math.max(1, Math.floor(CACHED / (maps.channels + outputs) / image)));
  const margin = lines * line + columns;
  const stride = Math.ceil((images * image + 2 * margin) / 16) * 16 + 16;
  return { images, line, image, reach: [lines, columns], stride, margin };
}

const isDense = ({ reach: [lines, columns] }: Grid): boolean => lines === 0 && columns === 0;

function scratchOf(convolution: Convolution, kernels: Kernels): ReturnType<typeof pieces> {
  const grid = gridOf(convolution);
  const pixels = grid.images * grid.image;
  const { maps, outputs } = convolution;
  return pieces(
    4 * maps.channels * grid.stride,
    isDense(grid) ? 0 : 4 * pixels * outputs,
    kernels.packedBytes(pixels, outputs),
    kernels.gemmScratch(outputs),
  );
}

export const convFilterScratch = (convolution: Convolution, kernels: Kernels): number =>
  scratchOf(convolution, kernels).bytes;

/** Floats of both tensors from an image to the next are their strides times its pixels. */
const imageOf = (rows: Rows, image: number, { height, width }: Maps): Rows => ({
  ...rows,
  at: rows.at + 4 * image * height * width * rows.stride,
});

/** Writes the gradient, [height, width, cin, cout], to `out`; what no source covers of X is zero. */
export function convFilter(
  convolution: Convolution,
  sources: readonly Source[],
  dy: Rows,
  out: number,
  scratch: number,
  memory: Float32Array,
  kernels: AllKernels,
): void {
  const { maps, filter, outputs } = convolution;
  const { height, width, channels } = maps;
  const grid = gridOf(convolution);
  const [columns = 0, spread = 0, packed = 0, work = 0] = scratchOf(convolution, kernels).at.map(
    (at) => scratch + at,
  );
  const [kh, kw] = filter;
  memory.fill(0, columns / 4, packed / 4);
  memory.fill(0, out / 4, out / 4 + kh * kw * channels * outputs);
  for (let first = 0; first < maps.images; first += grid.images) {
    const count = Math.min(grid.images, maps.images - first);
    for (let i = 0; i < count; i++) {
      const at = columns + 4 * (grid.margin + i * grid.image);
      for (const { rows, entry, channel, channels: own } of sources) {
        const t = { at: at + 4 * channel * grid.stride, stride: grid.stride };
        const from = imageOf(rows, first + i, maps);
        kernels.gradient.transposeLines(height, width, own, from, entry, t, grid.line);
      }
      if (!isDense(grid)) {
        const to = spread + 4 * i * grid.image * outputs;
        kernels.gradient.spreadLines(height, width, outputs, imageOf(dy, first + i, maps), to, grid.line);
      }
    }
    const pixels = count * grid.image;
    const rows = isDense(grid) ? imageOf(dy, first, maps) : { at: spread, stride: outputs };
    kernels.pack(pixels, outputs, rows, packed);
    for (let tap = 0; tap < kh * kw; tap++) {
      const [line, column] = [Math.floor(tap / kw) - grid.reach[0], (tap % kw) - grid.reach[1]];
      const a = { at: columns + 4 * (grid.margin + line * grid.line + column), stride: grid.stride };
      const c = { at: out + 4 * tap * channels * outputs, stride: outputs };
      kernels.gemm(channels, outputs, pixels, a, packed, c, true, null, work);
    }
  }
}
