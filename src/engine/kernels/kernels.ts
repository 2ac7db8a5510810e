// What the SIMD kernels do, in the words of their callers. All addresses are byte offsets into the
// memory the kernels were loaded on (a multiple of 4; of 64 for weights and scratch is fastest);
// strides count floats, 0 never stands for a default. Nothing is checked: a wrong size reads or writes
// someone else's memory. Outputs must not overlap inputs unless a kernel says so. Tensors are NHWC
// float32; a channel slice of a wider tensor is the same thing with its stride.

/** Rows of floats: the pixels of a tensor, or of a slice of its channels. */
export interface Rows {
  readonly at: number;
  /** Floats from one row to the next, at least the columns used. */
  readonly stride: number;
}

/** Extents of a tensor. */
export interface Maps {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** x * scale[c] + shift[c]: batch norm as its readers apply it. Two addresses of one float a channel. */
export interface Affine {
  readonly scale: number;
  readonly shift: number;
}

/** Sign codes, `stride` bytes (of `codeBytes`) an image; see src/engine/kernels/assembly/codes.ts for the bits. */
export interface Codes {
  readonly at: number;
  readonly stride: number;
}

/** What happens to a value on its way from a tensor: batch norm, then its sign noted, then ReLU. */
export interface Activation {
  readonly affine: Affine | null;
  /** x > 0 ? x : 0, so 0 for NaN. */
  readonly rectify: boolean;
  /** The code of x > 0 after `affine`. */
  readonly codes: Codes | null;
}

/** Weights (2 u_i - 1) / divisor with u_i from the stream of `key` (spec section 2); divisor is sqrt(fan_in), or that times a power of two. */
export interface WeightStream {
  readonly key: number;
  readonly divisor: number;
  readonly absolute: boolean;
}

export interface Kernels {
  /** Fused multiply-add or not: the only thing the last bits of a result depend on. */
  readonly build: 'relaxed' | 'simd';
  /** Whether kernels work on 256 bits at a time, which changes no bit of a result, but the format of packed weights. */
  readonly wide: boolean;

  /** Bytes of a packed k x n matrix. */
  packedBytes(k: number, n: number): number;
  /** Packs a matrix of k rows and n columns for `gemm` and `conv`. */
  pack(k: number, n: number, matrix: Rows, packed: number): void;
  /** The k x n weights of a stream, row-major in index, packed as by `pack`. */
  packedWeights(k: number, n: number, stream: WeightStream, packed: number): void;
  /** The first `count` weights of a stream. */
  weights(count: number, stream: WeightStream, out: number): void;

  /** C [m, n] = A [m, k] B, plus C itself if `accumulate`. `stats`, unless null, is 2n doubles: the sums of C's
   * columns are added to the first n, of their squares to the others. */
  gemm(
    m: number,
    n: number,
    k: number,
    a: Rows,
    packed: number,
    c: Rows,
    accumulate: boolean,
    stats: number | null,
    scratch: number,
  ): void;
  /** Bytes of scratch `gemm` needs for n columns. */
  gemmScratch(n: number): number;

  /** Convolution of `x` (extents `maps`), stride 1, SAME padding, to `outputs` channels; the weights are the packed
   * matrix [height * width * channels, outputs] of a filter [height, width]. `stats` as for gemm. Seven taps along
   * one axis, of enough channels in eights, come of Winograd's scheme: a third of the time, an error of some 1e-5
   * of an output's deviation (else 1e-6), and NaN where the input is infinite. */
  conv(
    maps: Maps,
    filter: readonly [height: number, width: number],
    outputs: number,
    x: Rows,
    packed: number,
    y: Rows,
    stats: number | null,
    scratch: number,
  ): void;
  /** Bytes of scratch `conv` needs, whatever the number of images. */
  convScratch(maps: Maps, filter: readonly [height: number, width: number], outputs: number): number;

  /** Depthwise convolution [size, size] of the activation of `x`, stride 1, SAME padding; weights [size, size, channels]. */
  depthwise(
    maps: Maps,
    size: number,
    dilation: number,
    x: Rows,
    before: Activation,
    weights: number,
    y: Rows,
    scratch: number,
  ): void;
  /** Bytes of scratch `depthwise` needs, whatever the number of images. */
  depthwiseScratch(maps: Maps, size: number, dilation: number): number;

  /** The activation of `x` to `y` (which may be `x`), or only its codes if `y` is null. With nothing to do it copies. */
  activate(maps: Maps, x: Rows, activation: Activation, y: Rows | null): void;
  /** Adds the column sums of X [rows, columns] to `stats`, as `gemm` does. */
  columnStats(rows: number, columns: number, x: Rows, stats: number): void;
  /** From statistics over `rows` rows: scale = 1 / sqrt(variance + epsilon), shift = -mean * scale. */
  normalisation(rows: number, columns: number, stats: number, epsilon: number, affine: Affine): void;

  /** Max pool, stride 2, SAME padding, to ceil(h / 2) x ceil(w / 2); then `affine`, whose scale must be positive. NaN is passed over. */
  maxPool(maps: Maps, size: number, x: Rows, affine: Affine | null, y: Rows): void;
  /** Average pool, likewise; the padding is not averaged. */
  avgPool(maps: Maps, size: number, x: Rows, affine: Affine | null, y: Rows): void;
  /** Max pool of one image that takes the follower of the first largest value along (strides as of x and y). */
  maxPoolFollowed(maps: Maps, size: number, x: Rows, follower: number, y: Rows, followerOut: number): void;
  /** Each channel's mean over an image's pixels, to a row of `y` an image. */
  globalAverage(maps: Maps, x: Rows, y: Rows): void;

  /** Y += X. */
  add(rows: number, columns: number, x: Rows, y: Rows): void;
  /** Y *= factor. */
  scale(rows: number, columns: number, factor: number, y: Rows): void;
  /** Y = 0. */
  clear(rows: number, columns: number, y: Rows): void;

  /** Bytes an image of the codes of a tensor: each pixel's bits in whole bytes, together a multiple of 16. */
  codeBytes(maps: Maps): number;
  /** Adds `times` the Hamming distance between every two images' codes to the i32 matrix [images, images]. */
  hamming(images: number, codes: Codes, times: number, matrix: number): void;
}
