// How much memory does a worker take, and does it grow? One worker scores the neediest architectures,
// then random ones, on the largest batch up to the one asked for that the plan lets pass. The process's
// resident memory, V8 and this thread included, is read while it works.

import { openEngine } from '../src/engine/pool.ts';
import type { Engine } from '../src/engine/engine.ts';
import { loadKernels } from '../src/engine/kernels/load.ts';
import { bytesForAll, NEEDIEST } from '../src/engine/memory.ts';
import type { IndicatorName, Protocol } from '../src/search/evaluation.ts';
import { randomFor } from '../src/search/random.ts';
import { mstf } from '../src/search/space/mstf.ts';
import type { Genotype } from '../src/search/space/space.ts';
import { randomGenotype } from '../src/search/variation.ts';
import { batch, protocolOf } from './workload.ts';

export interface MemoryOptions {
  readonly initChannels: number;
  readonly size: number;
  readonly batch: number;
  readonly indicators: readonly IndicatorName[];
  readonly evaluations: number;
}

const MEBIBYTE = 2 ** 20;
const mebibytes = (bytes: number): number => Math.round(bytes / MEBIBYTE);
const resident = (): number => mebibytes(process.memoryUsage.rss());

/** The largest batch up to `most` that the engine does not refuse. */
function largestFit(engine: Engine, blocks: number, most: number, of: (images: number) => Protocol): number {
  for (let images = most; images > 0; images--) {
    try {
      engine.requireFit(of(images), blocks);
      return images;
    } catch (error) {
      if (images === 1) throw error;
    }
  }
  return most;
}

/** Scores them, and returns the most memory seen meanwhile. */
async function peak(
  engine: Engine,
  protocol: Protocol,
  extent: Parameters<typeof batch>[0],
  genotypes: readonly Genotype[],
): Promise<number> {
  let most = resident();
  const timer = setInterval(() => (most = Math.max(most, resident())), 20);
  await engine.evaluator(protocol, batch(extent)).evaluate(genotypes, new AbortController().signal);
  clearInterval(timer);
  return Math.max(most, resident());
}

export async function memory(options: MemoryOptions): Promise<void> {
  const { initChannels, indicators, size, evaluations } = options;
  const blocks = size > 64 ? 4 : 3;
  const engine = await openEngine({ workers: 1 });
  const of = (images: number): Protocol =>
    protocolOf(initChannels, indicators, engine.info.numerics, { images, size });
  const images = largestFit(engine, blocks, options.batch, of);
  const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }));
  const planned = bytesForAll(of(images), blocks, images, kernels);
  console.log({
    initChannels,
    size,
    indicators,
    blocks,
    images,
    plannedMebibytes: mebibytes(planned),
    idle: resident(),
  });
  console.log({
    neediest: await peak(engine, of(images), { images, size }, NEEDIEST[mstf.id]?.(blocks) ?? []),
  });
  const random = randomFor(0, 0, 'immigrants');
  const hundred = (): Genotype[] =>
    Array.from({ length: 100 }, () => randomGenotype(random, mstf.upperBounds(blocks)));
  for (let done = 100; done <= evaluations; done += 100) {
    console.log({ evaluations: done, peak: await peak(engine, of(images), { images, size }, hundred()) });
  }
  await engine.close();
}
