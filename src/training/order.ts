// Which images meet in which step: a pure function of seed and epoch, so that a run goes on after a kill as
// if nothing had happened.

import { permutation, randomFor } from '../search/random.ts';
import type { Recipe } from './recipe.ts';

/**
 * An epoch's batches of rows of the training split, each row once. A last batch of one image joins the one
 * before it: batch statistics of one image are no statistics.
 */
export function batchesOf(
  { seed, batchSize }: Pick<Recipe, 'seed' | 'batchSize'>,
  epoch: number,
  rows: number,
): readonly Uint32Array[] {
  const order = permutation(randomFor(seed, epoch, 'training'), rows);
  const whole = Math.max(1, Math.ceil(rows / batchSize));
  const batches = rows > batchSize && rows % batchSize === 1 ? whole - 1 : whole;
  return Array.from({ length: batches }, (_, i) =>
    order.subarray(i * batchSize, i === batches - 1 ? rows : (i + 1) * batchSize),
  );
}
