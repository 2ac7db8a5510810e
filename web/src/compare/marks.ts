// The marks of several fronts in one plot: a colour and a shape for each search.

import { seriesColour } from '../plot/colour.ts';
import type { Dot, Trail } from '../plot/marks.ts';
import type { ScaleKind } from '../plot/scale.ts';
import type { There } from './compared.ts';
import { frontOf, type Quantity } from '../measure/quantity.ts';
import type { Candidate } from './quantities.ts';

/** How many searches can be told apart. */
export const MOST = 6;

/** How a search looks, by its place in the address. */
export interface Look {
  readonly letter: string;
  readonly colour: string;
  readonly shape: Dot['shape'];
}

const SHAPES = ['disc', 'diamond', 'ring', 'cross'] as const;

export const lookOf = (place: number): Look => ({
  letter: String.fromCharCode('A'.charCodeAt(0) + place),
  colour: seriesColour(place),
  shape: SHAPES[place % SHAPES.length] ?? 'disc',
});

export interface Shown {
  readonly there: There;
  readonly look: Look;
}

export interface Plane {
  readonly x: Quantity<Candidate>;
  readonly y: Quantity<Candidate>;
  readonly xKind: ScaleKind;
  readonly yKind: ScaleKind;
}

/** An architecture may be on the front of more than one search. */
export const dotId = (search: string, architecture: string): string => `${search} ${architecture}`;

interface Placed {
  readonly candidate: Candidate;
  readonly at: readonly [x: number, y: number];
}

const fits = (value: number | null, kind: ScaleKind): value is number =>
  value !== null && (kind === 'linear' || value > 0);

/** Members that have a place in the plane. */
function placed({ there }: Shown, { x, y, xKind, yKind }: Plane): readonly Placed[] {
  return there.search.paretoFront.flatMap(({ individual }) => {
    const [a, b] = [x.of(individual), y.of(individual)];
    return fits(a, xKind) && fits(b, yKind) ? [{ candidate: individual, at: [a, b] as const }] : [];
  });
}

export function dotsOf(shown: readonly Shown[], plane: Plane): readonly Dot[] {
  return shown.flatMap((one) => {
    const { search } = one.there;
    const best = search.best?.individual.architecture.id;
    return placed(one, plane).map(({ candidate, at: [x, y] }): Dot => {
      const { id } = candidate.architecture;
      const { colour, shape } = one.look;
      return { id: dotId(search.id, id), x, y, colour, shape, opacity: 0.9, radius: id === best ? 8 : 5 };
    });
  });
}

/** Joins those no other member betters in both quantities: in other planes than its own a front is none. */
export const trailsOf = (shown: readonly Shown[], plane: Plane): readonly Trail[] =>
  shown.flatMap((one) => {
    const members = placed(one, plane).map(({ candidate }) => candidate);
    const points = frontOf(members, plane.x, plane.y).map(
      (candidate) => [plane.x.of(candidate) ?? NaN, plane.y.of(candidate) ?? NaN] as const,
    );
    return points.length < 2 ? [] : [{ points, colour: one.look.colour, opacity: 0.55 }];
  });
