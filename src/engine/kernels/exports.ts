// The kernels' exports as a WebAssembly module has them, numbers only, and their binding to the
// interface callers see. The order of arguments is that of the assembly.

import {
  type AllKernels,
  bindGradientKernels,
  GRADIENT_NAMES,
  type GradientExports,
} from '../gradients/kernels.ts';
import type { Activation, Affine, Codes, Kernels, Maps } from './kernels.ts';

const NAMES = [
  'activate',
  'add',
  'avgPool',
  'clear',
  'columnStats',
  'conv',
  'convScratch',
  'depthwise',
  'depthwiseScratch',
  'gemm',
  'gemmScratch',
  'globalAverage',
  'hamming',
  'maxPool',
  'maxPoolFollowed',
  'normalisation',
  'pack',
  'packedBytes',
  'packedWeights',
  'scale',
  'weights',
] as const;

export type Exports = Readonly<Record<(typeof NAMES)[number], (...args: readonly number[]) => number>> &
  GradientExports;

/** @throws Error when the module is not a build of these sources. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const missing = [...NAMES, ...GRADIENT_NAMES].filter((name) => typeof exports[name] !== 'function');
  if (missing.length > 0) throw new Error(`build/kernels is out of date, it lacks ${missing.join(', ')}`);
  return exports as Exports;
}

/** A null address is 0: nothing lies there, the first bytes of the heap are never allocated. */
const affineArgs = (affine: Affine | null): readonly [number, number] => [
  affine?.scale ?? 0,
  affine?.shift ?? 0,
];
const codeArgs = (codes: Codes | null): readonly [number, number] => [codes?.at ?? 0, codes?.stride ?? 0];
const activationArgs = ({ affine, rectify }: Activation): readonly [number, number, number] => [
  ...affineArgs(affine),
  Number(rectify),
];
const extents = ({ images, height, width, channels }: Maps): readonly [number, number, number, number] => [
  images,
  height,
  width,
  channels,
];

/** Codes of 16 pixels end on 16 bytes. */
const codeBytes = ({ height, width, channels }: Maps): number =>
  Math.ceil((height * width * Math.ceil(channels / 8)) / 16) * 16;

export function bind(raw: Exports, build: Kernels['build'], wide: boolean): AllKernels {
  const form = Number(wide);
  return {
    build,
    wide,
    gradient: bindGradientKernels(raw),
    packedBytes: (k, n) => raw.packedBytes(k, n) >>> 0,
    pack: (k, n, matrix, packed) => {
      raw.pack(form, k, n, matrix.at, matrix.stride, packed);
    },
    packedWeights: (k, n, { key, divisor, absolute }, packed) => {
      raw.packedWeights(form, k, n, key, divisor, Number(absolute), packed);
    },
    weights: (count, { key, divisor, absolute }, out) => {
      raw.weights(key, count, divisor, Number(absolute), out);
    },
    gemm: (m, n, k, a, packed, c, accumulate, stats, scratch) => {
      raw.gemm(
        form,
        m,
        n,
        k,
        a.at,
        a.stride,
        packed,
        c.at,
        c.stride,
        Number(accumulate),
        stats ?? 0,
        scratch,
      );
    },
    gemmScratch: (n) => raw.gemmScratch(n) >>> 0,
    conv: (maps, [kh, kw], outputs, x, packed, y, stats, scratch) => {
      const { images, height, width, channels } = maps;
      raw.conv(
        form,
        images,
        height,
        width,
        channels,
        outputs,
        kh,
        kw,
        x.at,
        x.stride,
        packed,
        y.at,
        y.stride,
        stats ?? 0,
        scratch,
      );
    },
    convScratch: ({ height, width, channels }, [kh, kw], outputs) =>
      raw.convScratch(height, width, channels, outputs, kh, kw) >>> 0,
    depthwise: (maps, size, dilation, x, before, weights, y, scratch) => {
      const activation = [...activationArgs(before), ...codeArgs(before.codes)];
      raw.depthwise(
        form,
        ...extents(maps),
        size,
        dilation,
        x.at,
        x.stride,
        ...activation,
        weights,
        y.at,
        y.stride,
        scratch,
      );
    },
    depthwiseScratch: ({ height, width, channels }, size, dilation) =>
      raw.depthwiseScratch(height, width, channels, size, dilation) >>> 0,
    activate: ({ images, height, width, channels }, x, activation, y) => {
      const to = [y?.at ?? 0, y?.stride ?? 0];
      const codes = codeArgs(activation.codes);
      raw.activate(
        images,
        height * width,
        channels,
        x.at,
        x.stride,
        ...activationArgs(activation),
        ...to,
        ...codes,
      );
    },
    columnStats: (rows, columns, x, stats) => {
      raw.columnStats(rows, columns, x.at, x.stride, stats);
    },
    normalisation: (rows, columns, stats, epsilon, { scale, shift }) => {
      raw.normalisation(rows, columns, stats, epsilon, scale, shift);
    },
    maxPool: (maps, size, x, affine, y) => {
      raw.maxPool(...extents(maps), size, x.at, x.stride, ...affineArgs(affine), y.at, y.stride);
    },
    avgPool: (maps, size, x, affine, y) => {
      raw.avgPool(...extents(maps), size, x.at, x.stride, ...affineArgs(affine), y.at, y.stride);
    },
    maxPoolFollowed: ({ height, width, channels }, size, x, follower, y, followerOut) => {
      raw.maxPoolFollowed(
        height,
        width,
        channels,
        size,
        x.at,
        follower,
        x.stride,
        y.at,
        followerOut,
        y.stride,
      );
    },
    globalAverage: ({ images, height, width, channels }, x, y) => {
      raw.globalAverage(images, height * width, channels, x.at, x.stride, y.at, y.stride);
    },
    add: (rows, columns, x, y) => {
      raw.add(rows, columns, x.at, x.stride, y.at, y.stride);
    },
    scale: (rows, columns, factor, y) => {
      raw.scale(rows, columns, factor, y.at, y.stride);
    },
    clear: (rows, columns, y) => {
      raw.clear(rows, columns, y.at, y.stride);
    },
    codeBytes,
    hamming: (images, codes, times, matrix) => {
      raw.hamming(images, codes.at, codes.stride, times, matrix);
    },
  };
}
