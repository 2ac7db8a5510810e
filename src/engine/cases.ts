// Networks on made-up images, as the goldens have them (spec section 3): input i is 2u - 1 of path
// `input` over [N, H, W, C], label n is n mod classes. Nothing but the case decides their scores.

import { TRAINING_FREE, type Protocol } from '../search/evaluation.ts';
import { streamKey, uniformAt } from '../search/random.ts';
import { mstf } from '../search/space/mstf.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Inspection, ScoringEngine } from './engine.ts';

export interface Case {
  readonly genotype: Genotype;
  readonly seed: number;
  readonly initChannels: number;
  readonly inputChannels: number;
  readonly classes: number;
  readonly batch: number;
  /** Height and width of the images. */
  readonly size: number;
}

/** Values of all images. */
export const pixelsOf = ({ batch, size, inputChannels }: Case): number => batch * size * size * inputChannels;

function imagesOf(given: Case): Float32Array {
  const key = streamKey(given.seed, 'input');
  const images = new Float32Array(new SharedArrayBuffer(4 * pixelsOf(given)));
  for (let i = 0; i < images.length; i++) images[i] = 2 * uniformAt(key, i) - 1;
  return images;
}

/** All indicators of a case, and what they were made of. */
export async function inspectCase(engine: ScoringEngine, given: Case): Promise<Inspection> {
  const { genotype, size, inputChannels, classes, batch, initChannels, seed } = given;
  const protocol: Protocol = {
    space: mstf.id,
    dataset: 'case',
    batch: 'case',
    batchSize: batch,
    input: [size, size, inputChannels],
    classes,
    multiLabel: false,
    initChannels,
    seed,
    indicators: TRAINING_FREE,
    numerics: engine.info.numerics,
  };
  const labels = Int32Array.from({ length: batch }, (_, n) => n % classes);
  return await engine.inspect(genotype, protocol, { images: imagesOf(given), labels });
}
