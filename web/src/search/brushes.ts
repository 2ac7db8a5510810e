// Ranges of quantities that people look at; everything outside fades.

import type { Scored } from '../live/story.ts';
import type { Quantity } from './quantities.ts';

export type Brushes = ReadonlyMap<string, readonly [min: number, max: number]>;

/** Whether an architecture is inside all of them; one that lacks a value is outside. */
export const within =
  (brushes: Brushes, quantities: readonly Quantity[]) =>
  (scored: Scored): boolean =>
    quantities.every(({ key, of }) => {
      const range = brushes.get(key);
      if (range === undefined) return true;
      const value = of(scored);
      return value !== null && value >= range[0] && value <= range[1];
    });
