// Ranges of quantities that people look at; everything outside fades.

import type { Scored } from '../live/story.ts';
import type { Quantity } from '../measure/quantity.ts';
import { type Brushes, inside, type Values } from '../plot/brush.ts';

export type { Brushes };

/** What parallel coordinates draw of an architecture. */
export const profileOf = (scored: Scored, quantities: readonly Quantity<Scored>[]): Values =>
  Object.fromEntries(quantities.map(({ key, of }) => [key, of(scored)]));

/** Whether an architecture is inside all of them; one that lacks a value is outside. */
export const within =
  (brushes: Brushes, quantities: readonly Quantity<Scored>[]) =>
  (scored: Scored): boolean =>
    brushes.size === 0 || inside(profileOf(scored, quantities), brushes);
