// How fast are the kernels? GFLOP/s of each by shape, batch 64, next to tf.js's own WASM kernel for the
// same op in the same process, in turns. Both count the products of the plain sum that do not fall on
// padding, so a scheme that needs fewer can pass the processor's peak.

import { availableParallelism, cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { type Heap, openHeap } from '../src/engine/kernels/heap.ts';
import type { Codes, Kernels, Maps, Rows } from '../src/engine/kernels/kernels.ts';
import { loadKernels, pairVectors } from '../src/engine/kernels/load.ts';

export interface KernelsOptions {
  /** Rounds of a shape; the best counts. */
  readonly rounds: number;
  readonly json: boolean;
}

/** One op on one shape. */
interface Contest {
  readonly kernel: string;
  readonly shape: string;
  /** Floating-point operations; 0: report milliseconds alone. */
  readonly flops: number;
  readonly ours: () => void;
  /** The same with tf.js's op; null: it has none. */
  readonly stock: (() => tf.Tensor) | null;
  readonly close: () => void;
}

const IMAGES = 64;

/** Height or width and channels: the blocks of 16 and 128 initial channels at 28 px. */
const BLOCKS = [
  { size: 28, channels: 16 },
  { size: 14, channels: 32 },
  { size: 7, channels: 64 },
  { size: 28, channels: 128 },
  { size: 14, channels: 256 },
  { size: 7, channels: 512 },
] as const;

interface Bench {
  readonly heap: Heap;
  readonly kernels: Kernels;
}

/** Taps of a filter of `k` that fall inside, over all positions of a line of `size`, `dilation` apart. */
export function tapsInside(size: number, k: number, dilation: number): number {
  const before = ((k - 1) * dilation) >> 1;
  let taps = 0;
  for (let at = 0; at < size; at++) {
    for (let i = 0; i < k; i++) {
      const from = at + i * dilation - before;
      if (from >= 0 && from < size) taps++;
    }
  }
  return taps;
}

/** Two tensors and what both sides need to work on them. */
function tensors({ heap }: Bench, maps: Maps, outputs: number) {
  const shape = [maps.images, maps.height, maps.width] as const;
  const x = tf.randomUniform<tf.Rank.R4>([...shape, maps.channels], -1, 1);
  const y = tf.zeros([...shape, outputs]);
  const rows = (tensor: tf.Tensor, stride: number): Rows => ({ at: heap.offsetOf(tensor), stride });
  return { x, y, from: rows(x, maps.channels), to: rows(y, outputs) };
}

function convContest(
  bench: Bench,
  maps: Maps,
  filter: readonly [number, number],
  outputs: number,
  normed: boolean,
): Contest {
  const { heap, kernels } = bench;
  const { x, y, from, to } = tensors(bench, maps, outputs);
  const [kh, kw] = filter;
  const k = kh * kw * maps.channels;
  const weights = tf.randomUniform<tf.Rank.R4>([kh, kw, maps.channels, outputs], -0.1, 0.1);
  const packed = heap.allocate(kernels.packedBytes(k, outputs));
  kernels.pack(k, outputs, { at: heap.offsetOf(weights), stride: outputs }, packed);
  const scratch = heap.allocate(kernels.convScratch(maps, filter, outputs));
  const stats = heap.allocate(16 * outputs);
  const inside = tapsInside(maps.height, kh, 1) * tapsInside(maps.width, kw, 1);
  return {
    kernel: `conv ${kh}x${kw}${normed ? ' + BN statistics' : ''}`,
    shape: `${maps.height}x${maps.width}x${maps.channels} to ${outputs}`,
    flops: 2 * maps.images * inside * maps.channels * outputs,
    ours: () => kernels.conv(maps, filter, outputs, from, packed, to, normed ? stats : null, scratch),
    stock: normed ? null : () => tf.conv2d(x, weights, 1, 'same'),
    close() {
      tf.dispose([x, y, weights]);
      for (const at of [packed, scratch, stats]) heap.free(at);
    },
  };
}

function depthwiseContest(bench: Bench, maps: Maps, size: number, dilation: number, fused: boolean): Contest {
  const { heap, kernels } = bench;
  const { channels, images, height, width } = maps;
  const { x, y, from, to } = tensors(bench, maps, channels);
  const weights = tf.randomUniform<tf.Rank.R4>([size, size, channels, 1], -0.1, 0.1);
  const affine = tf.randomUniform([2 * channels], 0.5, 1);
  const stride = kernels.codeBytes(maps);
  const codes: Codes = { at: heap.allocate(images * stride), stride };
  const scale = heap.offsetOf(affine);
  const before = fused
    ? { affine: { scale, shift: scale + 4 * channels }, rectify: true, codes }
    : { affine: null, rectify: false, codes: null };
  const scratch = heap.allocate(kernels.depthwiseScratch(maps, size, dilation));
  const inside = tapsInside(height, size, dilation) * tapsInside(width, size, dilation);
  return {
    kernel: `depthwise ${size}x${size}${dilation > 1 ? ` dilation ${dilation}` : ''}${fused ? ' + BN, ReLU, codes' : ''}`,
    shape: `${height}x${width}x${channels}`,
    flops: 2 * images * inside * channels,
    ours: () => kernels.depthwise(maps, size, dilation, from, before, heap.offsetOf(weights), to, scratch),
    stock: fused ? null : () => tf.depthwiseConv2d(x, weights, 1, 'same', 'NHWC', dilation),
    close() {
      tf.dispose([x, y, weights, affine]);
      for (const at of [codes.at, scratch]) heap.free(at);
    },
  };
}

function poolContest(bench: Bench, maps: Maps, kind: 'maxPool' | 'avgPool', size: number): Contest {
  const { x, y, from, to } = tensors(bench, maps, maps.channels);
  return {
    kernel: `${kind} ${size}x${size}`,
    shape: `${maps.height}x${maps.width}x${maps.channels}`,
    flops: 0,
    ours: () => bench.kernels[kind](maps, size, from, null, to),
    stock: () => tf.pool(x, [size, size], kind === 'maxPool' ? 'max' : 'avg', 'same', [1, 1], [2, 2]),
    close: () => tf.dispose([x, y]),
  };
}

/** ReLU with its code; the matrix of distances between codes, beside the product of signs it stands for. */
function codeContests(bench: Bench, maps: Maps): readonly Contest[] {
  const { heap, kernels } = bench;
  const { images, height, width, channels } = maps;
  const { x, y, from, to } = tensors(bench, maps, channels);
  const shape = `${height}x${width}x${channels}`;
  const stride = kernels.codeBytes(maps);
  const codes: Codes = { at: heap.allocate(images * stride), stride };
  const matrix = heap.allocate(4 * images * images);
  const signs = tf.sign(tf.reshape<tf.Rank.R2>(x, [images, height * width * channels]));
  return [
    {
      kernel: 'ReLU and code',
      shape,
      flops: 0,
      ours: () => kernels.activate(maps, from, { affine: null, rectify: true, codes }, to),
      stock: () => tf.relu(x),
      close: () => undefined,
    },
    {
      kernel: 'Hamming matrix',
      shape: `${images} codes of ${height * width * channels} bits`,
      flops: 0,
      ours: () => kernels.hamming(images, codes, 1, matrix),
      stock: () => tf.matMul(signs, signs, false, true),
      close() {
        tf.dispose([x, y, signs]);
        for (const at of [codes.at, matrix]) heap.free(at);
      },
    },
  ];
}

function weightsContest({ heap, kernels }: Bench, k: number, n: number): Contest {
  const packed = heap.allocate(kernels.packedBytes(k, n));
  const stream = { key: 1, divisor: Math.sqrt(k), absolute: false };
  return {
    kernel: 'packed weights',
    shape: `${k}x${n}`,
    flops: 0,
    ours: () => kernels.packedWeights(k, n, stream, packed),
    stock: null,
    close: () => heap.free(packed),
  };
}

function contestsOf(bench: Bench, size: number, channels: number): readonly (() => readonly Contest[])[] {
  const maps = { images: IMAGES, height: size, width: size, channels };
  return [
    () => [convContest(bench, maps, [1, 1], channels, false)],
    () => [convContest(bench, maps, [1, 1], channels, true)],
    () => [convContest(bench, maps, [7, 1], channels, false)],
    () => [convContest(bench, maps, [1, 7], channels, false)],
    ...[3, 5, 7].map((k) => () => [depthwiseContest(bench, maps, k, 1, false)]),
    ...[3, 5].map((k) => () => [depthwiseContest(bench, maps, k, 2, false)]),
    () => [depthwiseContest(bench, maps, 3, 1, true)],
    ...[2, 3, 4].flatMap((k) => [
      () => [poolContest(bench, maps, 'maxPool', k)],
      () => [poolContest(bench, maps, 'avgPool', k)],
    ]),
    () => codeContests(bench, maps),
    () => [weightsContest(bench, 7 * channels, channels)],
  ];
}

export function milliseconds(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

/** The quicker a contest, the more often it is run: V8 must have optimised it, and noise only adds. */
function time(
  { ours, stock }: Contest,
  rounds: number,
): { readonly ours: number; readonly stock: number | null } {
  const warm = performance.now() + 60;
  const stockRun = stock === null ? null : () => tf.tidy(() => void stock());
  while (performance.now() < warm) {
    ours();
    stockRun?.();
  }
  const times = Array.from({ length: rounds }, () => [
    milliseconds(ours),
    stockRun === null ? Number.NaN : milliseconds(stockRun),
  ]);
  const best = (i: number): number => Math.min(...times.map((pair) => pair[i] as number));
  return { ours: best(0), stock: stockRun === null ? null : best(1) };
}

const rounded = (value: number): number => Number(value.toPrecision(4));

/** A contest's outcome: the best of its rounds, null where there is nothing to tell. */
interface Result {
  readonly kernel: string;
  readonly shape: string;
  readonly milliseconds: number;
  readonly gflops: number | null;
  readonly stockMilliseconds: number | null;
  readonly stockGflops: number | null;
  readonly ratio: number | null;
}

export async function timeKernels(rounds: number): Promise<readonly Result[]> {
  pairVectors();
  await tf.setBackend('wasm');
  const heap = openHeap();
  const bench = { heap, kernels: await loadKernels(heap.memory) };
  const results: Result[] = [];
  const stem = { images: IMAGES, height: 28, width: 28, channels: 3 };
  const plan = [
    ...[16, 128].map((outputs) => () => [convContest(bench, stem, [3, 3], outputs, true)]),
    ...BLOCKS.flatMap(({ size, channels }) => contestsOf(bench, size, channels)),
  ];
  for (const open of plan) {
    const contests = open();
    for (const contest of contests) {
      const { kernel, shape, flops } = contest;
      const best = time(contest, rounds);
      const speed = (ms: number): number | null => (flops === 0 ? null : rounded(flops / ms / 1e6));
      results.push({
        kernel,
        shape,
        milliseconds: rounded(best.ours),
        gflops: speed(best.ours),
        stockMilliseconds: best.stock === null ? null : rounded(best.stock),
        stockGflops: best.stock === null ? null : speed(best.stock),
        ratio: best.stock === null ? null : rounded(best.stock / best.ours),
      });
    }
    for (const { close } of contests) close();
  }
  return results;
}

export async function kernels({ rounds, json }: KernelsOptions): Promise<void> {
  const results = await timeKernels(rounds);
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  if (json) console.log(JSON.stringify({ machine, rounds, results }));
  else console.table(results);
}
