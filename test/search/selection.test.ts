import fc from 'fast-check';
import type { Member } from '../../src/search/evolution.ts';
import type { ArchitectureId } from '../../src/search/identity.ts';
import type { MeasureOptions, Point } from '../../src/search/objectives.ts';
import { kneeOf, pickBest } from '../../src/search/selection.ts';
import { infeasible, type Made, scored } from './landscape.ts';

const PAPER: MeasureOptions = { indicators: ['jacobCov', 'synflow'], indicatorScale: 'log' };

const member = (name: string, made: Made | null, objectives: Point | null = null): Member => ({
  id: name as ArchitectureId,
  genotype: [],
  origin: 'random',
  parents: [],
  born: 0,
  evaluation: made === null ? infeasible() : scored(made),
  objectives,
  rank: 0,
  crowding: 0,
});

describe('pickBest', () => {
  // Scaled p1 + p2: a 0 + 1, b 0.5 + 0.75, c 1 + 0, d 0.75 + 0.25.
  const members = [
    member('a', { p1: 10, p2: 5, macs: 400, params: 40 }),
    member('b', { p1: 20, p2: 4, macs: 300, params: 90 }),
    member('dead', null),
    member('c', { p1: 30, p2: 1, macs: 100, params: 10 }),
    member('d', { p1: 25, p2: 2, macs: 200, params: 60 }),
  ];

  test.each([
    ['the largest sum', {}, 'b'],
    ['limits that do not bind', { maxParams: 90, maxMacs: 400 }, 'b'],
    ['few enough params; the first of equals', { maxParams: 89 }, 'a'],
    ['few enough MACs; the first of equals', { maxMacs: 299 }, 'c'],
    ['both', { maxParams: 60, maxMacs: 200 }, 'c'],
    ['a limit of exactly its size', { maxParams: 10, maxMacs: 100 }, 'c'],
    // The dead one has 1 MAC and 1 parameter.
    ['nothing feasible that small', { maxParams: 9 }, undefined],
    ['nothing at all', { maxMacs: 0 }, undefined],
  ])('%s: %j', (_, constraints, best) => {
    expect(pickBest(members, PAPER, constraints)?.id).toBe(best);
  });

  test('scales over the whole population, not over those within the limits', () => {
    // Over the two within limits it would be 0 + 1 against 1 + 0: a tie that the first wins.
    const population = [
      member('low', { p1: 1, p2: 2, params: 1 }),
      member('high', { p1: 9, p2: 1, params: 1 }),
      member('huge', { p1: 10, p2: 100, params: 9 }),
    ];
    expect(pickBest(population, PAPER, { maxParams: 5 })?.id).toBe('high');
  });

  test('goes by the scale asked for', () => {
    // Raw synflow e^1, e^8, e^10: the middle one is at 0.13, by logarithm at 0.78.
    const population = [
      member('a', { p1: 10, p2: 1 }),
      member('b', { p1: 8, p2: 8 }),
      member('c', { p1: 0, p2: 10 }),
    ];
    expect(pickBest(population, PAPER)?.id).toBe('b');
    expect(pickBest(population, { ...PAPER, indicatorScale: 'raw' })?.id).toBe('a');
  });

  test.each([
    ['nobody', [], undefined],
    ['infeasible ones', [member('dead', null)], undefined],
    ['one alone', [member('dead', null), member('a', { p1: -3, p2: -4 })], 'a'],
    ['equals', [member('a', { p1: 1, p2: 1 }), member('b', { p1: 1, p2: 1 })], 'a'],
  ])('of %s', (_, members, best) => {
    expect(pickBest(members, PAPER)?.id).toBe(best);
  });
});

const front = (...points: readonly Point[]): readonly Member[] =>
  points.map((point, i) => member(String(i), { p1: 0, p2: 0 }, point));

describe('kneeOf', () => {
  test.each<readonly [string, readonly Point[], string | undefined]>([
    ['nobody', [], undefined],
    ['one', [[1, 1]], '0'],
    [
      'two',
      [
        [0, 1],
        [1, 0],
      ],
      '0',
    ],
    [
      'a bend',
      [
        [0, 10],
        [1, 6],
        [2, 2],
        [6, 1],
        [10, 0],
      ],
      '2',
    ],
    // Scaled: (0, 1), (0.1, 0.5), (0.2, 0.45), (1, 0).
    [
      'objectives of other units',
      [
        [0, 1000],
        [1, 500],
        [2, 450],
        [10, 0],
      ],
      '1',
    ],
    [
      'negative objectives',
      [
        [-2, 1],
        [-1.5, -0.5],
        [-1, -0.6],
        [0, -1],
      ],
      '1',
    ],
    [
      'a bulge: an end',
      [
        [0, 10],
        [6, 6],
        [10, 0],
      ],
      '0',
    ],
    [
      'a line: the first',
      [
        [0, 4],
        [2, 2],
        [4, 0],
      ],
      '0',
    ],
    [
      'equal points',
      [
        [3, 3],
        [3, 3],
      ],
      '0',
    ],
  ])('of %s', (_, points, knee) => {
    expect(kneeOf(front(...points))?.id).toBe(knee);
  });

  test('is a member of the front, whatever its units', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })), {
      minLength: 2,
    });
    fc.assert(
      fc.property(steps, (steps) => {
        let [x, y] = [0, 0];
        const points = steps.map(([dx, dy]): Point => [(x += dx), (y -= dy)]);
        const knee = kneeOf(front(...points));
        const stretched = kneeOf(front(...points.map(([x, y]): Point => [x * 1024, y / 1024])));
        expect(Number(knee?.id)).toBeLessThan(points.length);
        expect(stretched?.id).toBe(knee?.id);
      }),
    );
  });
});
