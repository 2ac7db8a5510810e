// The gradients of any convolution, by plain loops: strides, any padding, even filters, several outputs
// a channel. Slow and obvious; what our search spaces hold takes the SIMD kernels instead. Arrays are
// float32, NHWC and [height, width, in, out or a channel]; sums are float64.

import type { Geometry } from './geometry.ts';

/** Calls `visit` for every pixel of x that a tap of the filter brings to a pixel of y. */
function eachTap(geometry: Geometry, visit: (x: number, tap: number, y: number) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, filterHeight, filterWidth, padInfo } = geometry;
  const { strideHeight, strideWidth, dilationHeight, dilationWidth } = geometry;
  for (let image = 0; image < batchSize; image++) {
    for (let pixel = 0; pixel < outHeight * outWidth; pixel++) {
      const top = Math.floor(pixel / outWidth) * strideHeight - padInfo.top;
      const left = (pixel % outWidth) * strideWidth - padInfo.left;
      for (let tap = 0; tap < filterHeight * filterWidth; tap++) {
        const line = top + Math.floor(tap / filterWidth) * dilationHeight;
        const column = left + (tap % filterWidth) * dilationWidth;
        if (line < 0 || line >= inHeight || column < 0 || column >= inWidth) continue;
        visit((image * inHeight + line) * inWidth + column, tap, image * outHeight * outWidth + pixel);
      }
    }
  }
}

type Values = Readonly<Float32Array>;

const at = (values: Readonly<Float32Array | Float64Array | Uint32Array>, i: number): number =>
  values[i] as number;

/** dL/dfilter of a dense convolution. */
export function convFilterByLoops(geometry: Geometry, x: Values, dy: Values): Float64Array {
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const sums = new Float64Array(filterHeight * filterWidth * inChannels * outChannels);
  eachTap(geometry, (from, tap, to) => {
    for (let c = 0; c < inChannels; c++) {
      const value = at(x, from * inChannels + c);
      const own = (tap * inChannels + c) * outChannels;
      for (let o = 0; o < outChannels; o++) {
        sums[own + o] = at(sums, own + o) + value * at(dy, to * outChannels + o);
      }
    }
  });
  return sums;
}

/** The channel of x that each output of a depthwise convolution is made of. */
function channelsOf({ inChannels, outChannels }: Geometry): Uint32Array {
  const each = outChannels / inChannels;
  return Uint32Array.from({ length: outChannels }, (_, o) => Math.floor(o / each));
}

/** dL/dfilter of a depthwise convolution, whose outputs lie as the filter's do. */
export function depthwiseFilterByLoops(geometry: Geometry, x: Values, dy: Values): Float64Array {
  const { filterHeight, filterWidth, inChannels, outChannels } = geometry;
  const channels = channelsOf(geometry);
  const sums = new Float64Array(filterHeight * filterWidth * outChannels);
  eachTap(geometry, (from, tap, to) => {
    for (let o = 0; o < outChannels; o++) {
      const i = tap * outChannels + o;
      sums[i] = at(sums, i) + at(x, from * inChannels + at(channels, o)) * at(dy, to * outChannels + o);
    }
  });
  return sums;
}

/** dL/dx of a depthwise convolution. */
export function depthwiseInputByLoops(geometry: Geometry, dy: Values, filter: Values): Float64Array {
  const { batchSize, inHeight, inWidth, inChannels, outChannels } = geometry;
  const channels = channelsOf(geometry);
  const sums = new Float64Array(batchSize * inHeight * inWidth * inChannels);
  eachTap(geometry, (from, tap, to) => {
    for (let o = 0; o < outChannels; o++) {
      const i = from * inChannels + at(channels, o);
      sums[i] = at(sums, i) + at(dy, to * outChannels + o) * at(filter, tap * outChannels + o);
    }
  });
  return sums;
}
