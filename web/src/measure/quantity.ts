// What architectures are compared by, and which of them are the best in two such quantities.

import type { Indicator } from '../api/generated/graphql.ts';
import { count, figure, INDICATORS } from '../ui/format.ts';
import type { Measured } from './measured.ts';

export interface Quantity<T> {
  readonly key: string;
  readonly label: string;
  /** Where there is little room. */
  readonly short: string;
  /** Which end is the better one. */
  readonly better: 'less' | 'more';
  /** null: it has no place among the others. */
  readonly of: (thing: T) => number | null;
  readonly show: (value: number | null) => string;
}

export const indicator = (name: Indicator): Quantity<Measured> => ({
  key: name,
  ...INDICATORS[name],
  better: 'more',
  of: ({ values }) => values[name] ?? null,
  show: figure,
});

const cost = (key: 'macs' | 'params', label: string, short: string): Quantity<Measured> => ({
  key,
  label,
  short,
  better: 'less',
  of: (measured) => measured[key],
  show: (value) => (value === null ? '–' : count(value)),
});

export const MACS = cost('macs', 'MACs', 'MACs');
export const PARAMS = cost('params', 'Parameters', 'params');

/** The quantity of what contains something that has it. */
export const within = <T, P>(quantity: Quantity<P>, part: (thing: T) => P): Quantity<T> => ({
  ...quantity,
  of: (thing) => quantity.of(part(thing)),
});

const SIGN = { less: 1, more: -1 } as const;

/** Those that no other betters in both quantities, in the order of x; what lacks a value takes no part. */
export function frontOf<T>(things: readonly T[], x: Quantity<T>, y: Quantity<T>): readonly T[] {
  const placed = things.flatMap((thing) => {
    const [a, b] = [x.of(thing), y.of(thing)];
    return a === null || b === null ? [] : [{ thing, a: a * SIGN[x.better], b: b * SIGN[y.better] }];
  });
  const front: T[] = [];
  let [last, least] = [Infinity, Infinity];
  for (const { thing, a, b } of placed.toSorted((p, q) => p.a - q.a || p.b - q.b)) {
    // Equals better one another in neither.
    if (b > least || (b === least && a !== last)) continue;
    [last, least] = [a, b];
    front.push(thing);
  }
  return x.better === 'less' ? front : front.toReversed();
}
