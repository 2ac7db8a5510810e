// Convolutions 3 x 3 of many channels by Winograd's F(4 x 4, 3 x 3), a quarter of the multiplications: residual
// networks are made of them, search spaces have none. An error of some 1e-5 of an output's deviation.

import type { Maps, Rows } from '../../kernels/kernels.ts';
import type { AllKernels, Tiles } from '../kernels.ts';
import { pieces } from './program.ts';

const PLANES = 36;
/** Two tiles of four channels. */
const WORK = 2 * PLANES * 16;
/** Bytes of planes that are worked on at once, and tiles at least: the filter's planes are read for each lot. */
const CACHED = 2 ** 21;
const FEWEST = 64;

/** Channels from which on the way to the planes and back is worth it. */
const MANY = 16;

/** Whether it is for a convolution of so many channels in and out. */
export const isTiled = (
  [height, width]: readonly [number, number],
  inputs: number,
  outputs: number,
): boolean =>
  height === 3 && width === 3 && Math.min(inputs, outputs) >= MANY && inputs % 4 === 0 && outputs % 4 === 0;

const tilesOf = ({ images, height, width }: Maps): number =>
  images * Math.ceil(height / 4) * Math.ceil(width / 4);

const lotOf = (maps: Maps, outputs: number): number =>
  Math.min(tilesOf(maps), Math.max(FEWEST, Math.floor(CACHED / (4 * PLANES * (maps.channels + outputs)))));

function forEachLot(maps: Maps, outputs: number, visit: (tiles: Tiles) => void): void {
  const [all, lot] = [tilesOf(maps), lotOf(maps, outputs)];
  for (let first = 0; first < all; first += lot) visit({ first, count: Math.min(lot, all - first) });
}

function convScratch(maps: Maps, outputs: number, kernels: AllKernels): ReturnType<typeof pieces> {
  const inputs = maps.channels;
  const lot = lotOf(maps, outputs);
  return pieces(
    WORK,
    PLANES * kernels.packedBytes(inputs, outputs),
    Math.max(4 * PLANES * inputs * outputs, 4 * PLANES * lot * (inputs + outputs)),
    kernels.gemmScratch(outputs),
  );
}

export const tiledScratch = (maps: Maps, outputs: number, kernels: AllKernels): number =>
  convScratch(maps, outputs, kernels).bytes;

/** As `Kernels.conv`, with the weights [3, 3, inputs, outputs] as they are. */
export function tiledConv(
  maps: Maps,
  outputs: number,
  x: Rows,
  weights: number,
  y: Rows,
  scratch: number,
  kernels: AllKernels,
): void {
  const inputs = maps.channels;
  const [work = 0, packed = 0, planes = 0, gemm = 0] = convScratch(maps, outputs, kernels).at.map(
    (at) => scratch + at,
  );
  const packedPlane = kernels.packedBytes(inputs, outputs);
  kernels.gradient.tileFilter(inputs * outputs, weights, planes, work);
  for (let p = 0; p < PLANES; p++) {
    const from = { at: planes + 4 * p * inputs * outputs, stride: outputs };
    kernels.pack(inputs, outputs, from, packed + p * packedPlane);
  }
  forEachLot(maps, outputs, (tiles) => {
    const { count } = tiles;
    const results = planes + 4 * PLANES * count * inputs;
    kernels.gradient.tileInputs(tiles, maps, x, planes, work);
    for (let p = 0; p < PLANES; p++) {
      const a = { at: planes + 4 * p * count * inputs, stride: inputs };
      const c = { at: results + 4 * p * count * outputs, stride: outputs };
      kernels.gemm(count, outputs, inputs, a, packed + p * packedPlane, c, false, null, gemm);
    }
    kernels.gradient.tileOutputs(tiles, { ...maps, channels: outputs }, results, y, work);
  });
}

function filterScratch(maps: Maps, outputs: number, kernels: AllKernels): ReturnType<typeof pieces> {
  const inputs = maps.channels;
  const lot = lotOf(maps, outputs);
  return pieces(
    WORK,
    4 * PLANES * inputs * outputs,
    4 * PLANES * lot * (inputs + outputs),
    4 * inputs * lot,
    kernels.packedBytes(lot, outputs),
    kernels.gemmScratch(outputs),
  );
}

export const tiledFilterScratch = (maps: Maps, outputs: number, kernels: AllKernels): number =>
  filterScratch(maps, outputs, kernels).bytes;

/** Writes dL/dfilter, [3, 3, inputs, outputs], to `out`. */
export function tiledFilter(
  maps: Maps,
  outputs: number,
  x: Rows,
  dy: Rows,
  out: number,
  scratch: number,
  kernels: AllKernels,
): void {
  const inputs = maps.channels;
  const [work = 0, filter = 0, planes = 0, columns = 0, packed = 0, gemm = 0] = filterScratch(
    maps,
    outputs,
    kernels,
  ).at.map((at) => scratch + at);
  const plain = { affine: null, rectify: false };
  forEachLot(maps, outputs, (tiles) => {
    const { first, count } = tiles;
    const gradients = planes + 4 * PLANES * count * inputs;
    kernels.gradient.tileInputs(tiles, maps, x, planes, work);
    kernels.gradient.tileGradients(tiles, { ...maps, channels: outputs }, dy, gradients, work);
    for (let p = 0; p < PLANES; p++) {
      const [a, c] = [
        { at: columns, stride: count },
        { at: filter + 4 * p * inputs * outputs, stride: outputs },
      ];
      const v = { at: planes + 4 * p * count * inputs, stride: inputs };
      kernels.gradient.transposeLines(1, count, inputs, v, plain, a, 0);
      kernels.pack(count, outputs, { at: gradients + 4 * p * count * outputs, stride: outputs }, packed);
      kernels.gemm(inputs, outputs, count, a, packed, c, first > 0, null, gemm);
    }
  });
  kernels.gradient.tileFilterGradient(inputs * outputs, filter, out, work);
}
