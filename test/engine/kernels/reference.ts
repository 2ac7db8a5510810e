// The kernels' specification: the same operations in plain loops and float64, NHWC, obvious rather
// than fast.

import { uniformAt } from '../../../src/search/random.ts';

export interface Tensor {
  readonly shape: readonly [images: number, height: number, width: number, channels: number];
  readonly values: ArrayLike<number>;
}

/** Reproducible floats in [-1, 1), about their rounding to float32. */
export const noise = (length: number, key: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => 2 * uniformAt(key, i) - 1);

/** The same in steps of 1/128: products and sums of a few are exact in float32, and some are 0. */
export const coarseNoise = (length: number, key: number): Float32Array =>
  noise(length, key).map((v) => Math.round(v * 128) / 128);

export const coarseTensor = (shape: Tensor['shape'], key: number): Tensor => ({
  shape,
  values: coarseNoise(
    shape.reduce((a, b) => a * b, 1),
    key,
  ),
});

export const noisyTensor = (shape: Tensor['shape'], key: number): Tensor => ({
  shape,
  values: noise(
    shape.reduce((a, b) => a * b, 1),
    key,
  ),
});

/** The value of a pixel, 0 outside the image. */
export function valueAt({ shape, values }: Tensor, n: number, y: number, x: number, c: number): number {
  const [, height, width, channels] = shape;
  if (y < 0 || y >= height || x < 0 || x >= width) return 0;
  return values[((n * height + y) * width + x) * channels + c] as number;
}

/** A tensor from its values at every place. */
export function tensorOf(
  shape: Tensor['shape'],
  at: (n: number, y: number, x: number, c: number) => number,
): Tensor {
  const [images, height, width, channels] = shape;
  const values: number[] = [];
  for (let n = 0; n < images; n++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < channels; c++) values.push(at(n, y, x, c));
      }
    }
  }
  return { shape, values };
}

/** C [m, n] = A [m, k] B [k, n]. */
export function product(
  m: number,
  n: number,
  k: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
): number[] {
  return Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let q = 0; q < k; q++) sum += (a[i * k + q] as number) * (b[q * n + j] as number);
    return sum;
  });
}

/** Stride 1, SAME padding; weights [kh, kw, cin, cout]. */
export function convolution(
  x: Tensor,
  kh: number,
  kw: number,
  cout: number,
  weights: ArrayLike<number>,
): Tensor {
  const [images, height, width, cin] = x.shape;
  const [top, left] = [(kh - 1) >> 1, (kw - 1) >> 1];
  return tensorOf([images, height, width, cout], (n, row, column, o) => {
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        for (let c = 0; c < cin; c++) {
          const w = weights[((i * kw + j) * cin + c) * cout + o] as number;
          sum += w * valueAt(x, n, row + i - top, column + j - left, c);
        }
      }
    }
    return sum;
  });
}

/** Stride 1, SAME padding; weights [k, k, channels]. */
export function depthwiseConvolution(
  x: Tensor,
  k: number,
  dilation: number,
  weights: ArrayLike<number>,
): Tensor {
  const before = ((k - 1) * dilation) >> 1;
  const channels = x.shape[3];
  return tensorOf(x.shape, (n, row, column, c) => {
    let sum = 0;
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) {
        const w = weights[(i * k + j) * channels + c] as number;
        sum += w * valueAt(x, n, row + i * dilation - before, column + j * dilation - before, c);
      }
    }
    return sum;
  });
}

/** TensorFlow's SAME pool, stride 2, as the list of values in each window. */
export function pooled(x: Tensor, size: number, of: (window: readonly number[]) => number): Tensor {
  const [images, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const [top, left] = [
    Math.max((rows - 1) * 2 + size - height, 0) >> 1,
    Math.max((columns - 1) * 2 + size - width, 0) >> 1,
  ];
  return tensorOf([images, rows, columns, channels], (n, row, column, c) => {
    const window: number[] = [];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const [y, z] = [2 * row + i - top, 2 * column + j - left];
        if (y >= 0 && y < height && z >= 0 && z < width) window.push(valueAt(x, n, y, z, c));
      }
    }
    return of(window);
  });
}

export interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** In two passes, over all values. */
export function momentsOf(values: readonly number[]): Moments {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { mean, variance: values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length };
}

export const momentsFrom = (sum: number, squares: number, count: number): Moments => ({
  mean: sum / count,
  variance: squares / count - (sum / count) ** 2,
});

/** Largest difference of two lists, relative to the largest value expected (at least 1). */
export function worstError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, not ${expected.length}`);
  let worst = 0;
  let largest = 1;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) worst = difference;
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return worst / largest;
}

/** Rows of `columns` floats, spread to `stride` floats a row with `filler` between. */
export function spread(
  values: ArrayLike<number>,
  columns: number,
  stride: number,
  filler: number,
): Float32Array {
  const rows = values.length / columns;
  const out = new Float32Array(rows * stride).fill(filler);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[r * stride + c] = values[r * columns + c] as number;
  }
  return out;
}

/** The columns of rows `stride` floats apart; throws if anything between them is not `filler`. */
export function gathered(
  values: Float32Array,
  columns: number,
  stride: number,
  filler: number,
): Float32Array {
  const expected = Math.fround(filler);
  const rows = values.length / stride;
  const out = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < stride; c++) {
      const value = values[r * stride + c] as number;
      if (c < columns) out[r * columns + c] = value;
      else if (value !== expected) throw new Error(`row ${r} was written past its columns`);
    }
  }
  return out;
}

/** The codes of a tensor as the kernels lay them out: a bit a channel, 1 for > 0, a pixel in whole bytes, an image in 16s. */
export function codeOf({ shape, values }: Tensor): number[] {
  const [images, height, width, channels] = shape;
  const row = Math.ceil(channels / 8);
  const stride = Math.ceil((height * width * row) / 16) * 16;
  const code = Array.from({ length: images * stride }, () => 0);
  for (let i = 0; i < values.length; i++) {
    if (!((values[i] as number) > 0)) continue;
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const n = Math.floor(pixel / (height * width));
    const at = n * stride + (pixel % (height * width)) * row + (c >> 3);
    code[at] = (code[at] as number) | (1 << (c & 7));
  }
  return code;
}
