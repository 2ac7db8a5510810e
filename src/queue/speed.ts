// How fast a worker is, by its own short benchmark: half a second of scoring, all threads at work.

import type { Engine } from '../engine/engine.ts';
import { networkOf } from '../engine/evaluate.ts';
import type { Protocol } from '../search/evaluation.ts';
import { macs } from '../search/network.ts';
import { randomFor } from '../search/random.ts';
import { mstf } from '../search/space/mstf.ts';
import { randomGenotype } from '../search/variation.ts';

const ROUND_MS = 500;
const BATCH = 16;
const SIZE = 28;

/** MACs a second, of networks of three blocks and 16 channels. */
export async function measureSpeed(engine: Engine): Promise<number> {
  const protocol: Protocol = {
    space: mstf.id,
    dataset: 'speed',
    batch: 'speed',
    batchSize: BATCH,
    input: [SIZE, SIZE, 1],
    classes: 2,
    multiLabel: false,
    initChannels: 16,
    seed: 0,
    indicators: ['jacobCov', 'synflow'],
    numerics: engine.info.numerics,
  };
  const images = Float32Array.from({ length: BATCH * SIZE * SIZE }, (_, i) => Math.sin(i * i));
  const evaluator = engine.evaluator(protocol, { images, labels: new Int32Array(BATCH) });
  const random = randomFor(0, 0, 'variation');
  const bounds = mstf.upperBounds(3);
  const round = () => Array.from({ length: 2 * engine.info.workers }, () => randomGenotype(random, bounds));
  const { signal } = new AbortController();
  // Threads start, and their kernels are compiled.
  await evaluator.evaluate(round(), signal);
  const start = performance.now();
  let scored = 0;
  while (performance.now() - start < ROUND_MS) {
    const genotypes = round();
    await evaluator.evaluate(genotypes, signal);
    for (const genotype of genotypes) scored += macs(networkOf(genotype, protocol)) * BATCH;
  }
  return Math.round(scored / ((performance.now() - start) / 1000));
}
