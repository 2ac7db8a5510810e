import fc from 'fast-check';
import { hypervolume } from '../../src/search/hypervolume.ts';
import type { Point } from '../../src/search/objectives.ts';

test.each<readonly [string, readonly (Point | null)[], Point, number]>([
  ['no point', [], [1, 1], 0],
  ['infeasible points', [null, null], [1, 1], 0],
  ['one point', [[1, 2]], [4, 4], 6],
  [
    'two that share a corner',
    [
      [1, 2],
      [2, 1],
    ],
    [4, 4],
    8,
  ],
  [
    'three',
    [
      [0, 3],
      [1, 1],
      [3, 0],
    ],
    [4, 4],
    11,
  ],
  [
    'a dominated point',
    [
      [1, 2],
      [2, 3],
    ],
    [4, 4],
    6,
  ],
  [
    'one point twice',
    [
      [1, 2],
      [1, 2],
    ],
    [4, 4],
    6,
  ],
  [
    'equal in the first objective',
    [
      [1, 3],
      [1, 2],
    ],
    [4, 4],
    6,
  ],
  [
    'equal in the second objective',
    [
      [2, 2],
      [1, 2],
    ],
    [4, 4],
    6,
  ],
  ['an infeasible point among others', [null, [1, 2]], [4, 4], 6],
  ['the reference itself', [[4, 4]], [4, 4], 0],
  [
    'on the edge',
    [
      [0, 4],
      [4, 0],
    ],
    [4, 4],
    0,
  ],
  [
    'beyond the reference in one objective',
    [
      [-9, 5],
      [5, -9],
    ],
    [4, 4],
    0,
  ],
  ['negative coordinates', [[-2, -1]], [0, 1], 4],
])('%s', (_, points, reference, area) => {
  expect(hypervolume(points, reference)).toBe(area);
});

const SIDE = 7;
const point = fc.tuple(fc.integer({ min: 0, max: SIDE + 1 }), fc.integer({ min: 0, max: SIDE + 1 }));
const points = fc.array(fc.option(point, { freq: 8 }), { maxLength: 12 });

test('counts the unit squares that some point dominates', () => {
  fc.assert(
    fc.property(points, (points) => {
      let squares = 0;
      for (let x = 0; x < SIDE; x++) {
        for (let y = 0; y < SIDE; y++) {
          if (points.some((point) => point !== null && point[0] <= x && point[1] <= y)) squares++;
        }
      }
      expect(hypervolume(points, [SIDE, SIDE])).toBe(squares);
    }),
    { numRuns: 500 },
  );
});

test('never falls when points are added, and does not mind their order', () => {
  const coordinate = fc.double({ noNaN: true, min: -2, max: 2 });
  const anyPoints = fc.array(fc.option(fc.tuple(coordinate, coordinate)), { maxLength: 15 });
  fc.assert(
    fc.property(anyPoints, anyPoints, (some, more) => {
      const before = hypervolume(some, [1, 1]);
      const after = hypervolume([...some, ...more], [1, 1]);
      expect(after).toBeGreaterThanOrEqual(before - 1e-12);
      expect(hypervolume([...more, ...some], [1, 1])).toBe(after);
    }),
  );
});
