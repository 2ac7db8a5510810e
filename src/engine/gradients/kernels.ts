// What the gradient kernels do (assembly/), in the words of ../kernels/kernels.ts, beside which they are loaded.

import type { Affine, Kernels, Maps, Rows } from '../kernels/kernels.ts';

/** Batch norm and then ReLU, or neither, on the way from a tensor. */
export interface Entry {
  readonly affine: Affine | null;
  readonly rectify: boolean;
}

/** Four tensors of one extent: a value, its derivatives b and a, its mixed second derivative. */
export interface JetRows extends Rows {
  /** Floats from one of the four to the next. */
  readonly part: number;
}

/** Weights, their gradient and its moments: addresses of as many floats each. */
export interface Vectors {
  readonly values: number;
  readonly gradient: number;
  readonly first: number;
  readonly second: number;
}

export interface AdamRates {
  /** The learning rate by 1 - beta1^t. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Times a weight, added to its gradient. */
  readonly decay: number;
  /** The square root of 1 - beta2^t. */
  readonly root: number;
  readonly epsilon: number;
}

export interface DescentRates {
  readonly rate: number;
  readonly momentum: number;
  readonly decay: number;
}

export interface GradientKernels {
  /** Adds to `sums` (doubles) the sums of dy's columns, then those of dy * (x * scale + shift). */
  normGradientSums(rows: number, columns: number, x: Rows, affine: Affine, dy: Rows, sums: number): void;
  /** y = a * y + b * x + c, the coefficients [3, columns]. */
  combine(rows: number, columns: number, x: Rows, coefficients: number, y: Rows): void;
  /** dy = 0 where the affine x is not above 0. */
  rectifyGradient(rows: number, columns: number, x: Rows, affine: Affine | null, dy: Rows): void;
  /** Writes the sum over an image's pixels of x * y, [images, channels] doubles. */
  imageDots(maps: Maps, x: Rows, y: Rows, dots: number): void;

  /** Y += X as it enters. */
  addEntering(rows: number, columns: number, x: Rows, entry: Entry, y: Rows): void;
  /** The pixels of x under a filter about every second pixel, to rows of filter * channels floats at t; zeros outside. */
  patches(maps: Maps, filter: readonly [number, number], x: Rows, t: number): void;
  /** Adds rows of `patches` to the pixels of dx (extents `maps`) that they are of. */
  patchesGradient(maps: Maps, filter: readonly [number, number], dt: number, dx: Rows): void;

  /** One update of `count` weights by Adam, as PyTorch has it. */
  adam(count: number, vectors: Vectors, rates: AdamRates): void;
  /** By gradient descent with momentum, likewise; `second` is left alone. */
  descend(count: number, vectors: Vectors, rates: DescentRates): void;
  /** Whether none of so many floats is infinite or NaN. */
  allFinite(count: number, values: number): boolean;

  /** Adds dy to dx (extents `maps`) at the first largest value of each window of x. */
  maxPoolGradient(maps: Maps, size: number, x: Rows, dy: Rows, dx: Rows): void;
  /** Adds dy to dx in equal shares over each window. */
  avgPoolGradient(maps: Maps, size: number, dy: Rows, dx: Rows): void;

  /** Writes dL/dfilter [size, size, channels] of a depthwise convolution of x. */
  depthwiseFilter(
    maps: Maps,
    size: number,
    dilation: number,
    x: Rows,
    entry: Entry,
    dy: Rows,
    out: number,
    scratch: number,
  ): void;
  depthwiseFilterScratch(maps: Maps, size: number, dilation: number): number;
  /** Lines of x, as they enter, as columns of t, lines `step` floats apart. */
  transposeLines(
    lines: number,
    width: number,
    columns: number,
    x: Rows,
    entry: Entry,
    t: Rows,
    step: number,
  ): void;
  /** Lines of x to y, lines `step` pixels of `columns` floats apart. */
  spreadLines(lines: number, width: number, columns: number, x: Rows, y: number, step: number): void;

  /** To y = W x of each of the four: b + v, a + D v, ab + a + D b. `d`: D v and D b, `part` floats apart. */
  jetLayer(rows: number, columns: number, y: JetRows, d: JetRows): void;
  /** Adds to `sums` ([4, columns] doubles), x less its means ([4, columns]): v v, v b, v a, b a + v ab. */
  jetSums(rows: number, columns: number, x: JetRows, means: number, sums: number): void;
  /** x less its means, times the jet of each column, `scales` [4, columns], in place. */
  jetScale(rows: number, columns: number, x: JetRows, means: number, scales: number): void;
  /** ReLU to y, which may be x. */
  jetRectify(rows: number, columns: number, x: JetRows, y: JetRows): void;
  /** Max pool of the values, the first largest's derivatives with them. */
  jetMaxPool(maps: Maps, size: number, x: JetRows, y: JetRows): void;
}

/** All that a build of the kernels has. */
export interface AllKernels extends Kernels {
  readonly gradient: GradientKernels;
}

export const GRADIENT_NAMES = [
  'adam',
  'addEntering',
  'allFinite',
  'avgPoolGradient',
  'combine',
  'descend',
  'depthwiseFilter',
  'depthwiseFilterScratch',
  'imageDots',
  'jetLayer',
  'jetMaxPool',
  'jetRectify',
  'jetScale',
  'jetSums',
  'maxPoolGradient',
  'normGradientSums',
  'patches',
  'patchesGradient',
  'rectifyGradient',
  'spreadLines',
  'transposeLines',
] as const;

export type GradientExports = Readonly<
  Record<(typeof GRADIENT_NAMES)[number], (...args: readonly number[]) => number>
>;

const affineOf = (affine: Affine | null): readonly [number, number] => [
  affine?.scale ?? 0,
  affine?.shift ?? 0,
];
const rowsOf = ({ at, stride }: Rows): readonly [number, number] => [at, stride];
const jetOf = ({ at, stride, part }: JetRows): readonly [number, number, number] => [at, stride, part];
const extents = ({ images, height, width, channels }: Maps): readonly [number, number, number, number] => [
  images,
  height,
  width,
  channels,
];

export function bindGradientKernels(raw: GradientExports): GradientKernels {
  return {
    normGradientSums: (rows, columns, x, { scale, shift }, dy, sums) => {
      raw.normGradientSums(rows, columns, ...rowsOf(x), scale, shift, ...rowsOf(dy), sums);
    },
    combine: (rows, columns, x, coefficients, y) => {
      raw.combine(rows, columns, ...rowsOf(x), coefficients, ...rowsOf(y));
    },
    rectifyGradient: (rows, columns, x, affine, dy) => {
      raw.rectifyGradient(rows, columns, ...rowsOf(x), ...affineOf(affine), ...rowsOf(dy));
    },
    imageDots: ({ images, height, width, channels }, x, y, dots) => {
      raw.imageDots(images, height * width, channels, ...rowsOf(x), ...rowsOf(y), dots);
    },
    addEntering: (rows, columns, x, { affine, rectify }, y) => {
      raw.addEntering(rows, columns, ...rowsOf(x), ...affineOf(affine), Number(rectify), ...rowsOf(y));
    },
    patches: (maps, [kh, kw], x, t) => {
      raw.patches(...extents(maps), kh, kw, ...rowsOf(x), t);
    },
    patchesGradient: (maps, [kh, kw], dt, dx) => {
      raw.patchesGradient(...extents(maps), kh, kw, dt, ...rowsOf(dx));
    },
    adam: (count, { values, gradient, first, second }, { rate, beta1, beta2, decay, root, epsilon }) => {
      raw.adam(count, values, gradient, first, second, rate, beta1, beta2, decay, root, epsilon);
    },
    descend: (count, { values, gradient, first }, { rate, momentum, decay }) => {
      raw.descend(count, values, gradient, first, rate, momentum, decay);
    },
    allFinite: (count, values) => raw.allFinite(count, values) !== 0,
    maxPoolGradient: (maps, size, x, dy, dx) => {
      raw.maxPoolGradient(...extents(maps), size, ...rowsOf(x), ...rowsOf(dy), ...rowsOf(dx));
    },
    avgPoolGradient: (maps, size, dy, dx) => {
      raw.avgPoolGradient(...extents(maps), size, ...rowsOf(dy), ...rowsOf(dx));
    },
    depthwiseFilter: (maps, size, dilation, x, { affine, rectify }, dy, out, scratch) => {
      const entry = [...affineOf(affine), Number(rectify)];
      const from = [...extents(maps), size, dilation, ...rowsOf(x), ...entry];
      raw.depthwiseFilter(...from, ...rowsOf(dy), out, scratch);
    },
    depthwiseFilterScratch: ({ height, width }, size, dilation) =>
      raw.depthwiseFilterScratch(height, width, size, dilation) >>> 0,
    transposeLines: (lines, width, columns, x, { affine, rectify }, t, step) => {
      const entry = [...affineOf(affine), Number(rectify)];
      raw.transposeLines(lines, width, columns, ...rowsOf(x), ...entry, ...rowsOf(t), step);
    },
    spreadLines: (lines, width, columns, x, y, step) => {
      raw.spreadLines(lines, width, columns, ...rowsOf(x), y, step);
    },
    jetLayer: (rows, columns, y, d) => {
      raw.jetLayer(rows, columns, ...jetOf(y), ...jetOf(d));
    },
    jetSums: (rows, columns, x, means, sums) => {
      raw.jetSums(rows, columns, ...jetOf(x), means, sums);
    },
    jetScale: (rows, columns, x, means, scales) => {
      raw.jetScale(rows, columns, ...jetOf(x), means, scales);
    },
    jetRectify: (rows, columns, x, y) => {
      raw.jetRectify(rows, columns, ...jetOf(x), ...jetOf(y));
    },
    jetMaxPool: (maps, size, x, y) => {
      raw.jetMaxPool(...extents(maps), size, ...jetOf(x), ...jetOf(y));
    },
  };
}
