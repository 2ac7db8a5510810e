// What the engine is measured on: the PyTorch baseline's genotypes on its input, batch 64, 28 px, RGB unless
// another size is asked for.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EngineBatch } from '../src/engine/engine.ts';
import type { IndicatorName, Protocol } from '../src/search/evaluation.ts';
import { streamKey, uniformAt } from '../src/search/random.ts';
import type { Genotype } from '../src/search/space/space.ts';

export const GENOTYPES_FILE = fileURLToPath(new URL('genotypes.json', import.meta.url));
const CHANNELS = 3;
export const BATCH = 64;
export const SIZE = 28;

interface Extent {
  readonly images: number;
  /** Pixels a side. */
  readonly size: number;
}
const USUAL: Extent = { images: BATCH, size: SIZE };

export const readGenotypes = (): readonly Genotype[] =>
  JSON.parse(readFileSync(GENOTYPES_FILE, 'utf8')) as Genotype[];

export const protocolOf = (
  initChannels: number,
  indicators: readonly IndicatorName[],
  numerics: string,
  { images, size }: Extent = USUAL,
): Protocol => ({
  space: 'mstf',
  dataset: 'bench',
  batch: 'bench',
  batchSize: images,
  input: [size, size, CHANNELS],
  classes: 2,
  multiLabel: false,
  initChannels,
  seed: 0,
  indicators,
  numerics,
});

export function batch({ images, size }: Extent = USUAL): EngineBatch {
  const key = streamKey(0, 'input');
  const length = images * size * size * CHANNELS;
  return {
    images: Float32Array.from({ length }, (_, i) => 2 * uniformAt(key, i) - 1),
    labels: Int32Array.from({ length: images }, (_, i) => i % 2),
  };
}
