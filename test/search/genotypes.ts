// Genotypes and sources of chance for tests.

import fc from 'fast-check';
import { type Random, randomFor } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';

/** Genotypes of `mstf` within bounds. */
export const anyGenotype = (minBlocks = 1, maxBlocks = 6): fc.Arbitrary<Genotype> =>
  fc
    .integer({ min: minBlocks, max: maxBlocks })
    .chain((blocks) => fc.tuple(...mstf.upperBounds(blocks).map((max) => fc.integer({ min: 0, max }))));

/** One block of `mstf` from its normal cell, written as (operation, input) pairs, and its pools. */
export const block = (normal: readonly (readonly [number, number])[], pools = [0, 0, 0, 0]): Genotype => [
  ...normal.flat(),
  ...pools,
];

export const anyRandom: fc.Arbitrary<Random> = fc
  .integer({ min: 0, max: 2 ** 32 - 1 })
  .map((seed) => randomFor(seed, 0, 'variation'));

/** A source that gives these uniforms, and fails when asked for more. */
export function scripted(...uniforms: readonly number[]): Random {
  let next = 0;
  return () => {
    const u = uniforms[next++];
    if (u === undefined) throw new Error(`asked for more than ${uniforms.length} uniforms`);
    return u;
  };
}
