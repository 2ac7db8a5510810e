import fc from 'fast-check';
import {
  bestFirst,
  crowdingDistances,
  dominates,
  nondominatedSort,
  standings,
  survivors,
  tournament,
} from '../../src/search/nsga2.ts';
import type { Point } from '../../src/search/objectives.ts';
import { anyRandom, scripted } from './genotypes.ts';

type Points = readonly (Point | null)[];

/** A small grid, so that equal points and equal coordinates are common; now and then infeasible. */
const anyPoint = fc.option(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })), {
  freq: 6,
});
const anyPoints = (minLength = 0): fc.Arbitrary<Points> => fc.array(anyPoint, { minLength, maxLength: 25 });

test.each<readonly [Point | null, Point | null, boolean]>([
  [[1, 1], [2, 2], true],
  [[1, 2], [2, 2], true],
  [[2, 1], [2, 2], true],
  [[2, 2], [2, 2], false],
  [[1, 3], [2, 2], false],
  [[2, 2], [1, 1], false],
  [[9, 9], null, true],
  [null, [9, 9], false],
  [null, null, false],
])('dominates(%j, %j) is %j', (a, b, expected) => {
  expect(dominates(a, b)).toBe(expected);
});

describe('nondominatedSort', () => {
  test.each<readonly [string, Points, readonly (readonly number[])[]]>([
    ['nothing', [], []],
    ['one', [[5, 5]], [[0]]],
    [
      'a chain',
      [
        [3, 3],
        [1, 1],
        [2, 2],
      ],
      [[1], [2], [0]],
    ],
    [
      'one front',
      [
        [1, 3],
        [3, 1],
        [2, 2],
      ],
      [[0, 1, 2]],
    ],
    [
      'two fronts',
      [
        [1, 4],
        [2, 2],
        [4, 1],
        [2, 5],
        [3, 3],
      ],
      [
        [0, 1, 2],
        [3, 4],
      ],
    ],
    [
      'equal points',
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      [[0, 1, 2]],
    ],
    [
      'equal points behind another',
      [
        [2, 2],
        [1, 1],
        [2, 2],
      ],
      [[1], [0, 2]],
    ],
    [
      'equal in one objective',
      [
        [1, 2],
        [1, 1],
        [2, 1],
      ],
      [[1], [0, 2]],
    ],
    ['infeasible ones last, together', [null, [9, 9], null, [1, 1]], [[3], [1], [0, 2]]],
    ['infeasible ones alone', [null, null], [[0, 1]]],
  ])('%s', (_, points, fronts) => {
    expect(nondominatedSort(points)).toEqual(fronts);
  });

  /** By definition: a front is what nobody left dominates. Quadratic, or worse. */
  function peel(points: Points): readonly (readonly number[])[] {
    const fronts: (readonly number[])[] = [];
    let left = points.map((_, i) => i);
    while (left.length > 0) {
      const front = left.filter((i) => !left.some((j) => dominates(points[j] as Point, points[i] as Point)));
      fronts.push(front);
      left = left.filter((i) => !front.includes(i));
    }
    return fronts;
  }

  test('agrees with peeling off what nobody dominates', () => {
    fc.assert(
      fc.property(anyPoints(), (points) => expect(nondominatedSort(points)).toEqual(peel(points))),
      { numRuns: 500 },
    );
  });

  test('agrees with it on reals too', () => {
    const real = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(real, real), { maxLength: 40 }), (points) => {
        expect(nondominatedSort(points)).toEqual(peel(points));
      }),
    );
  });
});

describe('crowdingDistances', () => {
  const all = (points: Points): readonly number[] => points.map((_, i) => i);

  test.each<readonly [string, Points, readonly number[]]>([
    ['one', [[1, 1]], [Infinity]],
    [
      'two',
      [
        [1, 2],
        [2, 1],
      ],
      [Infinity, Infinity],
    ],
    [
      'four',
      [
        [0, 10],
        [1, 5],
        [4, 4],
        [10, 0],
      ],
      [Infinity, 0.4 + 0.6, 0.9 + 0.5, Infinity],
    ],
    [
      'in any order',
      [
        [4, 4],
        [10, 0],
        [0, 10],
        [1, 5],
      ],
      [0.9 + 0.5, Infinity, Infinity, 0.4 + 0.6],
    ],
    [
      'objectives of other units',
      [
        [0, 1000],
        [1, 500],
        [4, 400],
        [10, 0],
      ],
      [Infinity, 0.4 + 0.6, 0.9 + 0.5, Infinity],
    ],
    [
      'evenly spread',
      [
        [0, 4],
        [1, 3],
        [2, 2],
        [3, 1],
        [4, 0],
      ],
      [Infinity, 1, 1, 1, Infinity],
    ],
    // The later of two equal points has the room of both, so that one of them is dropped first.
    [
      'equal points inside',
      [
        [0, 4],
        [1, 1],
        [1, 1],
        [4, 0],
      ],
      [Infinity, 0.25 + 0.25, 0.75 + 0.75, Infinity],
    ],
    [
      'all equal',
      [
        [2, 2],
        [2, 2],
        [2, 2],
      ],
      [Infinity, 0, Infinity],
    ],
    ['infeasible', [null, null, null], [0, 0, 0]],
  ])('%s', (_, points, distances) => {
    const found = crowdingDistances(points, all(points));
    expect(found).toHaveLength(distances.length);
    found.forEach((distance, i) => expect(distance).toBeCloseTo(distances[i] as number, 12));
  });

  test('looks at the front alone, in the front’s order', () => {
    const points: Points = [[9, 9], [0, 10], null, [4, 4], [10, 0], [1, 5]];
    expect(crowdingDistances(points, [3, 1, 5, 4])).toEqual([1.4, Infinity, 1, Infinity]);
  });

  test('the best of each objective are at infinity; nobody else is below zero', () => {
    fc.assert(
      fc.property(anyPoints(1), (points) => {
        for (const front of nondominatedSort(points)) {
          const members = front.map((i) => points[i] as Point | null);
          if (members.includes(null)) continue;
          const distances = crowdingDistances(points, front);
          for (const o of [0, 1] as const) {
            const least = Math.min(...members.map((point) => point![o]));
            expect(distances.some((d, k) => d === Infinity && members[k]![o] === least)).toBe(true);
          }
          for (const d of distances) expect(d).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

test('standings say front and crowding of each point', () => {
  expect(standings([[3, 3], [1, 4], null, [2, 2], [4, 1]])).toEqual([
    { rank: 1, crowding: Infinity },
    { rank: 0, crowding: Infinity },
    { rank: 2, crowding: 0 },
    { rank: 0, crowding: 2 },
    { rank: 0, crowding: Infinity },
  ]);
  expect(standings([])).toEqual([]);
});

describe('survivors', () => {
  // Front 0 is the first four, of crowding infinity, 1, 1.4 and infinity.
  const points: Points = [[0, 10], [1, 5], [4, 4], [10, 0], [5, 5], null];

  test('go by rank, then larger crowding, then index', () => {
    expect(bestFirst(points)).toEqual([0, 3, 2, 1, 4, 5]);
  });

  test.each([
    [0, []],
    [1, [0]],
    [2, [0, 3]],
    [3, [0, 2, 3]],
    [4, [0, 1, 2, 3]],
    [5, [0, 1, 2, 3, 4]],
    [6, [0, 1, 2, 3, 4, 5]],
    [9, [0, 1, 2, 3, 4, 5]],
  ])('the best %i are %j', (count, kept) => {
    expect(survivors(points, count)).toEqual(kept);
  });

  test('nobody left out is of a better rank, or of the same and less crowded', () => {
    fc.assert(
      fc.property(anyPoints(1), fc.nat({ max: 25 }), (points, count) => {
        const kept = survivors(points, count);
        expect(kept).toHaveLength(Math.min(count, points.length));
        expect(new Set(kept).size).toBe(kept.length);
        const standing = standings(points);
        points.forEach((_, out) => {
          if (kept.includes(out)) return;
          for (const i of kept) {
            const [inside, outside] = [standing[i]!, standing[out]!];
            const isBehind =
              inside.rank > outside.rank ||
              (inside.rank === outside.rank && inside.crowding < outside.crowding);
            expect(isBehind).toBe(false);
          }
        });
      }),
    );
  });
});

describe('tournament', () => {
  const points: Points = [[0, 10], [1, 5], [4, 4], [10, 0], [5, 4.5], null, null];
  const standing = standings(points);
  /** The uniform that draws index i. */
  const draw = (i: number): number => (i + 0.5) / points.length;

  test.each([
    ['a dominating one', 2, 4, 2],
    ['a dominating one that comes second', 4, 2, 2],
    ['the feasible one', 5, 4, 4],
    ['the feasible one that comes first', 4, 5, 4],
    ['the less crowded of two that tie', 1, 2, 2],
    ['an end of the front', 3, 2, 3],
    // Neither dominates: crowding decides, whatever the ranks.
    ['the less crowded across fronts', 1, 4, 4],
  ])('%s wins: of %i and %i, %i', (_, a, b, winner) => {
    expect(tournament(scripted(draw(a), draw(b)), points, standing)).toBe(winner);
  });

  test.each([
    ['two ends', 0, 3],
    ['two infeasible ones', 5, 6],
    ['one with itself', 1, 1],
  ])('%s: chance decides', (_, a, b) => {
    expect(tournament(scripted(draw(a), draw(b), 0.49), points, standing)).toBe(a);
    expect(tournament(scripted(draw(a), draw(b), 0.5), points, standing)).toBe(b);
  });

  test('the winner is nobody’s loser', () => {
    fc.assert(
      fc.property(anyPoints(1), anyRandom, (points, random) => {
        const drawn: number[] = [];
        const watched = (): number => {
          drawn.push(random());
          return drawn.at(-1) as number;
        };
        const winner = tournament(watched, points, standings(points));
        const [a, b] = drawn.slice(0, 2).map((u) => Math.floor(u * points.length)) as [number, number];
        expect([a, b]).toContain(winner);
        const loser = winner === a ? b : a;
        expect(dominates(points[loser] as Point, points[winner] as Point)).toBe(false);
      }),
    );
  });
});
