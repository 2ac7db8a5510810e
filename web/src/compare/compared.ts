// A search as the comparison knows it, and in how far several compare.

import type { ComparedQuery, CurveQuery } from '../api/generated/graphql.ts';
import { isAtWork } from '../ui/format.ts';

export type ComparedSearch = NonNullable<ComparedQuery['search']>;
export type Point = NonNullable<CurveQuery['search']>['generations']['edges'][number]['node'];

/** A finished generation after the other, as far as they were read. */
export interface Curve {
  readonly points: readonly Point[];
  /** Where to go on reading; null: at the start. */
  readonly cursor: string | null;
}

/** What is known of an id of the address. */
export type Compared =
  | { readonly state: 'loading'; readonly id: string }
  /** No search has this id. */
  | { readonly state: 'unknown'; readonly id: string }
  | { readonly state: 'failed'; readonly id: string; readonly message: string }
  | {
      readonly state: 'there';
      readonly id: string;
      readonly search: ComparedSearch;
      readonly curve: Curve;
      /** Why the last look failed, and what is shown may be old. */
      readonly problem: string | null;
    };

export type There = Extract<Compared, { readonly state: 'there' }>;

/** It may be otherwise in a moment. */
export function isUnsettled(compared: Compared | undefined): boolean {
  if (compared?.state !== 'there') return compared?.state !== 'unknown';
  return isAtWork(compared.search) || compared.problem !== null;
}

type Scale = NonNullable<Point['scale']>;

const extents = ({ p1, p2, macs }: Scale): readonly number[] =>
  [p1, p2, macs].flatMap(({ min, max }) => [min, max]);

/** The frame of its hypervolume: the first generation's ranges, or the first that span more than a point. */
export const frameOf = ({ points }: Curve): readonly number[] | null =>
  points
    .flatMap(({ scale }) => (scale ? [extents(scale)] : []))
    .find(([a, b, c, d, e, f]) => a !== b || c !== d || e !== f) ?? null;

const isOne = (values: readonly unknown[]): boolean =>
  new Set(values.map((value) => JSON.stringify(value))).size < 2;

const FRAME_PARTS: readonly (readonly [words: string, of: (there: There) => unknown])[] = [
  ['what is minimised', ({ search }) => search.settings.objectives],
  ['the indicators', ({ search }) => search.settings.indicators],
  ['how indicators enter', ({ search }) => search.settings.indicatorScale],
  ['the ranges of the first generation', ({ curve }) => frameOf(curve)],
];

/**
 * In what the frames of objectives and hypervolumes differ, in words; none: their numbers compare. A search without
 * a generation has no numbers yet.
 */
export function frameDifferences(searches: readonly There[]): readonly string[] {
  const begun = searches.filter(({ curve }) => frameOf(curve) !== null);
  return FRAME_PARTS.filter(([, of]) => !isOne(begun.map(of))).map(([words]) => words);
}

/** Those whose frames are the same, where it is some and not all: groups of two and more. */
export function sameFrames<T extends { readonly there: There }>(
  searches: readonly T[],
): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const one of searches) {
    const frame = JSON.stringify(FRAME_PARTS.map(([, of]) => of(one.there)));
    if (frameOf(one.there.curve) !== null) groups.set(frame, [...(groups.get(frame) ?? []), one]);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}

const PROTOCOL_PARTS = [
  ['dataset', 'the dataset'],
  ['space', 'the search space'],
  ['initChannels', 'the channels of the stem'],
  ['batchSize', 'the size of the batch'],
  ['seed', 'the seed of weights and batch'],
  ['numerics', 'the arithmetic'],
] as const;

/** In what the protocols differ, in words; none: indicators of the same name compare. */
export function protocolDifferences(searches: readonly There[]): readonly string[] {
  const known = searches.flatMap(({ search }) => search.protocol ?? []);
  const parts = PROTOCOL_PARTS.filter(([name]) => !isOne(known.map((one) => one[name]))).map(
    ([, words]) => words,
  );
  if (parts.length > 0 || isOne(known.map(({ batch }) => batch))) return parts;
  return ['the images of the batch'];
}

/** Words as a list of people: a, b and c. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
