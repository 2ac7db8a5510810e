// What bounds a score? Where the time of jacobCov and SynFlow goes, kernel by kernel and block by block,
// in one worker that runs alone, against what this core reaches at best: products from cache, and sums
// from memory. Operations are those of the plain sums, bytes those of every operand once; Winograd's
// scheme needs fewer operations and caches fewer bytes, so either can pass its roof.

import { availableParallelism, cpus } from 'node:os';
import { networkOf } from '../src/engine/evaluate.ts';
import type { Activation, Kernels, Maps, Rows } from '../src/engine/kernels/kernels.ts';
import { loadKernels, pairVectors } from '../src/engine/kernels/load.ts';
import { MOST_BYTES } from '../src/engine/memory.ts';
import { planActivity } from '../src/engine/simd/activity.ts';
import { openMachine } from '../src/engine/simd/machine.ts';
import { planSensitivity } from '../src/engine/simd/sensitivity.ts';
import { milliseconds, tapsInside } from './kernels.ts';
import { BATCH, batch, protocolOf, readGenotypes } from './workload.ts';

export interface RooflineOptions {
  readonly initChannels: readonly number[];
  /** Times each architecture is scored; the quickest counts. */
  readonly rounds: number;
  readonly json: boolean;
}

/** What a call is, and the least it has to do. */
interface Work {
  readonly kind: string;
  /** Height of the maps it works on, which tells the block; 0: none. */
  readonly size: number;
  readonly flops: number;
  readonly bytes: number;
}

const pixelsOf = ({ images, height, width }: Maps): number => images * height * width;
const floatsOf = (maps: Maps): number => pixelsOf(maps) * maps.channels;
const codeBytesOf = (maps: Maps, { codes }: Activation): number => (codes === null ? 0 : floatsOf(maps) / 8);

function poolWork(kind: string, maps: Maps, size: number): Work {
  const reduced = pixelsOf(maps) / 4;
  const flops = reduced * maps.channels * size * size;
  return {
    kind: `${kind} pools`,
    size: maps.height,
    flops,
    bytes: 4 * (floatsOf(maps) + floatsOf(maps) / 4),
  };
}

/** Every kernel that a pass calls, by what a call of it costs. */
const WORK: {
  readonly [K in keyof Kernels]?: Kernels[K] extends (...a: infer A) => void ? (...a: A) => Work : never;
} = {
  conv(maps, [kh, kw], outputs) {
    const inside = tapsInside(maps.height, kh, 1) * tapsInside(maps.width, kw, 1);
    return {
      kind: `conv ${kh}x${kw}`,
      size: maps.height,
      flops: 2 * maps.images * inside * maps.channels * outputs,
      bytes: 4 * (pixelsOf(maps) * (maps.channels + outputs) + kh * kw * maps.channels * outputs),
    };
  },
  depthwise(maps, size, dilation, _x, before) {
    const inside = tapsInside(maps.height, size, dilation) * tapsInside(maps.width, size, dilation);
    return {
      kind: `depthwise ${size}x${size}${dilation > 1 ? ' dilated' : ''}`,
      size: maps.height,
      flops: 2 * maps.images * inside * maps.channels,
      bytes: 8 * floatsOf(maps) + codeBytesOf(maps, before),
    };
  },
  activate: (maps, _x: Rows, activation, y) => ({
    kind: 'BN, ReLU, codes',
    size: maps.height,
    flops: 3 * floatsOf(maps),
    bytes: (y === null ? 4 : 8) * floatsOf(maps) + codeBytesOf(maps, activation),
  }),
  maxPool: (maps, size) => poolWork('max', maps, size),
  avgPool: (maps, size) => poolWork('average', maps, size),
  maxPoolFollowed: (maps, size) => poolWork('SynFlow max', maps, size),
  globalAverage: (maps) => ({ kind: 'head', size: 0, flops: floatsOf(maps), bytes: 4 * floatsOf(maps) }),
  weights: (count) => ({ kind: 'weights', size: 0, flops: 0, bytes: 4 * count }),
  packedWeights: (k, n) => ({ kind: 'weights', size: 0, flops: 0, bytes: 4 * k * n }),
  hamming: (images, { stride }) => ({ kind: 'Hamming', size: 0, flops: 0, bytes: images * stride }),
  add: (rows, columns) => ({
    kind: 'SynFlow sums',
    size: 0,
    flops: rows * columns,
    bytes: 12 * rows * columns,
  }),
  scale: (rows, columns) => ({
    kind: 'SynFlow sums',
    size: 0,
    flops: rows * columns,
    bytes: 8 * rows * columns,
  }),
  clear: (rows, columns) => ({ kind: 'SynFlow sums', size: 0, flops: 0, bytes: 4 * rows * columns }),
  normalisation: () => ({ kind: 'BN statistics', size: 0, flops: 0, bytes: 0 }),
};

interface Total {
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}
type Totals = ReadonlyMap<string, Total>;

const NOTHING: Total = { seconds: 0, flops: 0, bytes: 0 };

function addTo(totals: Map<string, Total>, key: string, more: Total): void {
  const { seconds, flops, bytes } = totals.get(key) ?? NOTHING;
  totals.set(key, {
    seconds: seconds + more.seconds,
    flops: flops + more.flops,
    bytes: bytes + more.bytes,
  });
}

/** The kernels, adding up under each kind and size what they do and how long it takes. */
function metered(kernels: Kernels, totals: Map<string, Total>): Kernels {
  const entries = Object.entries(kernels).map(([name, value]) => {
    const workOf = WORK[name as keyof Kernels] as ((...args: never[]) => Work) | undefined;
    if (workOf === undefined) return [name, value];
    const kernel = value as (...args: never[]) => void;
    const meter = (...args: never[]): void => {
      const { kind, size, flops, bytes } = workOf(...args);
      const seconds = milliseconds(() => kernel(...args)) / 1000;
      addTo(totals, size === 0 ? kind : `${kind}, ${size} px`, { seconds, flops, bytes });
    };
    return [name, meter];
  });
  return Object.fromEntries(entries) as Kernels;
}

const best = (rounds: number, run: () => void): number =>
  Math.min(...Array.from({ length: rounds }, () => milliseconds(run))) / 1000;

/** GFLOP/s of a product whose operands stay in cache, GB/s of Y += X over arrays that no cache holds. */
function roofs(kernels: Kernels, memory: WebAssembly.Memory) {
  const [m, n, k] = [192, 256, 256];
  const [floats, columns] = [24 * 2 ** 20, 1024];
  const needed = 2 * 4 * floats + 2 ** 20;
  memory.grow(Math.max(0, Math.ceil((needed - memory.buffer.byteLength) / 65_536)));
  const a: Rows = { at: 4096, stride: k };
  const [packed, c, scratch] = [2 ** 20, 2 ** 21, 3 * 2 ** 20];
  const product = (): void => {
    for (let i = 0; i < 20; i++) kernels.gemm(m, n, k, a, packed, { at: c, stride: n }, false, null, scratch);
  };
  const sum = (): void =>
    kernels.add(
      floats / columns,
      columns,
      { at: 2 ** 20, stride: columns },
      { at: 2 ** 20 + 4 * floats, stride: columns },
    );
  best(50, product);
  return {
    gflops: (20 * 2 * m * n * k) / best(30, product) / 1e9,
    gigabytes: (12 * floats) / best(10, sum) / 1e9,
  };
}

/** Totals of all the genotypes, and the seconds they take without the meters. */
async function measure(
  initChannels: number,
  rounds: number,
): Promise<{ readonly totals: Totals; readonly seconds: number }> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const kernels = await loadKernels(memory);
  const totals = new Map<string, Total>();
  const plain = openMachine(kernels, memory, MOST_BYTES);
  const meters = new Map<string, Total>();
  const measured = openMachine(metered(kernels, meters), memory, MOST_BYTES);
  const { images } = batch();
  const ones = new Float32Array((images.length / BATCH) * 2).fill(1);
  let seconds = 0;
  for (const genotype of readGenotypes()) {
    const network = networkOf(genotype, protocolOf(initChannels, [], 'bench'));
    const score = (machine: typeof plain): void => {
      machine.run(planActivity(network, BATCH, false), images, { seed: 0, absolute: false });
      machine.run(planSensitivity(network).plan, ones, { seed: 0, absolute: true });
    };
    score(plain);
    seconds += best(rounds, () => score(plain));
    const runs = Array.from({ length: rounds }, () => {
      meters.clear();
      const took = milliseconds(() => score(measured));
      return { took, totals: new Map(meters) };
    });
    const [quickest] = runs.toSorted((a, b) => a.took - b.took);
    for (const [key, total] of quickest?.totals ?? []) addTo(totals, key, total);
  }
  return { totals, seconds };
}

const rounded = (value: number): number => Number(value.toPrecision(3));

export async function roofline({ initChannels, rounds, json }: RooflineOptions): Promise<void> {
  pairVectors();
  const memory = new WebAssembly.Memory({ initial: 1 });
  const roof = roofs(await loadKernels(memory), memory);
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version, ...roof };
  if (!json) console.log(machine);
  const results: object[] = [];
  for (const channels of initChannels) {
    const { totals, seconds } = await measure(channels, rounds);
    const rows = [...totals]
      .toSorted(([, a], [, b]) => b.seconds - a.seconds)
      .map(([kernel, t]) => {
        const bound = Math.max(t.flops / roof.gflops, t.bytes / roof.gigabytes) / 1e9;
        return {
          kernel,
          percent: rounded((100 * t.seconds) / seconds),
          gflops: rounded(t.flops / t.seconds / 1e9),
          gigabytes: rounded(t.bytes / t.seconds / 1e9),
          bytesAnOperation: t.flops === 0 ? null : rounded(t.bytes / t.flops),
          boundBy: t.flops / roof.gflops > t.bytes / roof.gigabytes ? 'arithmetic' : 'memory',
          percentOfRoof: rounded((100 * bound) / t.seconds),
        };
      });
    const inKernels = [...totals.values()].reduce((sum, t) => sum + t.seconds, 0);
    const between = rounded(100 * (1 - inKernels / seconds));
    const perArchitecture = seconds / readGenotypes().length;
    results.push({
      initChannels: channels,
      secondsAnArchitecture: perArchitecture,
      percentBetweenKernels: between,
      rows,
    });
    if (json) continue;
    console.log(
      `${channels} initial channels: ${perArchitecture} s an architecture, ${between} % of it between kernels`,
    );
    console.table(rows);
  }
  if (json) console.log(JSON.stringify({ machine, rounds, results }));
}
