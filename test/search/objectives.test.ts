import fc from 'fast-check';
import type { Evaluation } from '../../src/search/evaluation.ts';
import {
  type Measure,
  measureOf,
  type MeasureOptions,
  OBJECTIVES_NAMES,
  type Point,
  scaled,
  scaleOver,
  toPoints,
  worstPoint,
} from '../../src/search/objectives.ts';
import { infeasible, scored } from './landscape.ts';

const PAPER: MeasureOptions = { indicators: ['jacobCov', 'synflow'], indicatorScale: 'log' };

const withScores = (scores: Evaluation['scores']): Evaluation => ({
  status: 'ok',
  scores,
  macs: 1,
  params: 1,
});

describe('measureOf', () => {
  const evaluation = scored({ p1: 120, p2: 7, macs: 5000 });

  test('takes the logarithm of an indicator that has one, and MACs as FLOPs', () => {
    expect(measureOf(evaluation, PAPER)).toEqual([120, 7, 5000]);
  });

  test('takes raw values on request', () => {
    expect(measureOf(evaluation, { ...PAPER, indicatorScale: 'raw' })).toEqual([120, Math.exp(7), 5000]);
  });

  test('keeps the order of the indicators', () => {
    expect(measureOf(evaluation, { ...PAPER, indicators: ['synflow', 'jacobCov'] })).toEqual([7, 120, 5000]);
  });

  const jacobCov = { value: 3, seconds: 0 };

  test.each<readonly [string, Evaluation, Measure | null, Measure | null]>([
    // evaluation, by logarithm, raw
    ['an infeasible one', infeasible(), null, null],
    [
      'an infeasible one with all its scores',
      { ...scored({ p1: 1, p2: 1 }), status: 'infeasible', reason: '' },
      null,
      null,
    ],
    ['one that lacks an indicator', withScores({ jacobCov }), null, null],
    [
      'a value that is not finite',
      withScores({ jacobCov, synflow: { value: null, log: null, seconds: 0 } }),
      null,
      null,
    ],
    [
      'a value past floats with a log',
      withScores({ jacobCov, synflow: { value: null, log: 800, seconds: 0 } }),
      [3, 800, 1],
      null,
    ],
    [
      'a value whose log is not finite',
      withScores({ jacobCov, synflow: { value: 0, log: null, seconds: 0 } }),
      null,
      [3, 0, 1],
    ],
    [
      'zeros',
      withScores({ jacobCov: { ...jacobCov, value: 0 }, synflow: { value: 1, log: 0, seconds: 0 } }),
      [0, 0, 1],
      [0, 1, 1],
    ],
  ])('%s', (_, given, byLog, raw) => {
    expect(measureOf(given, PAPER)).toEqual(byLog);
    expect(measureOf(given, { ...PAPER, indicatorScale: 'raw' })).toEqual(raw);
  });
});

describe('scaling', () => {
  test('maps the feasible range of each part to [0, 1]', () => {
    const measures: readonly (Measure | null)[] = [[10, -4, 100], null, [30, 4, 300], [15, 2, 150]];
    const scale = scaleOver(measures);
    expect(scale).toEqual([
      { min: 10, max: 30 },
      { min: -4, max: 4 },
      { min: 100, max: 300 },
    ]);
    expect(scaled([15, 2, 150], scale!)).toEqual([0.25, 0.75, 0.25]);
  });

  test('maps a constant range to 0', () => {
    const scale = scaleOver([
      [5, 1, 100],
      [5, 3, 100],
    ])!;
    expect(scaled([5, 2, 100], scale)).toEqual([0, 0.5, 0]);
    // Also for what the range was not taken over.
    expect(scaled([6, 2, 99], scale)).toEqual([0, 0.5, 0]);
  });

  test('goes beyond [0, 1] for what the range was not taken over', () => {
    const scale = scaleOver([
      [0, 0, 0],
      [2, 2, 2],
    ])!;
    expect(scaled([4, -1, 1], scale)).toEqual([2, -0.5, 0.5]);
  });

  test.each([[[]], [[null]], [[null, null]]])('of %j is nothing', (measures) => {
    expect(scaleOver(measures)).toBeNull();
  });
});

describe('objectives', () => {
  // Scaled: A (0, 1, 0), B (0.5, 0, 1), C (1, 0.5, 0.5).
  const measures: readonly (Measure | null)[] = [[10, 4, 100], [20, 0, 300], null, [30, 2, 200]];

  test.each([
    ['eq5', [0, -1], [-1.5, 1], [-1.5, 0], [0, 1]],
    ['indicators', [0, -1], [-0.5, 0], [-1, -0.5], [0, 0]],
    ['flopsSecond', [0, -1], [1, 0], [0.5, -0.5], [1, 0]],
    ['flopsFirst', [0, 0], [1, -0.5], [0.5, -1], [1, 0]],
    ['flopsSum', [0, -1], [1, -0.5], [0.5, -1.5], [1, 0]],
  ] as const)('%s: %j, %j, infeasible, %j; at worst %j', (name, a, b, c, worst) => {
    expect(toPoints(measures, scaleOver(measures), name)).toEqual([a, b, null, c]);
    expect(worstPoint(name)).toEqual(worst);
  });

  test('the table is what settings may name', () => {
    expect(OBJECTIVES_NAMES).toEqual(['eq5', 'indicators', 'flopsSecond', 'flopsFirst', 'flopsSum']);
  });

  test('without a scale there are no points', () => {
    expect(toPoints([[1, 1, 1], null], null, 'eq5')).toEqual([null, null]);
  });

  test('one alone stands at the origin', () => {
    const alone: readonly Measure[] = [[123, 45, 678]];
    for (const name of OBJECTIVES_NAMES) expect(toPoints(alone, scaleOver(alone), name)).toEqual([[0, 0]]);
  });

  test('no point within the range is worse than the worst', () => {
    const part = fc.double({ noNaN: true, min: -1e12, max: 1e12 });
    const anyMeasures = fc.array(fc.option(fc.tuple(part, part, part)), { minLength: 1 });
    fc.assert(
      fc.property(anyMeasures, fc.constantFrom(...OBJECTIVES_NAMES), (measures, name) => {
        const worst = worstPoint(name);
        const points = toPoints(measures, scaleOver(measures), name);
        points.forEach((point, i) => {
          expect(point === null).toBe(measures[i] === null);
          for (const o of [0, 1] as const) expect((point ?? worst)[o]).toBeLessThanOrEqual(worst[o]);
        });
      }),
    );
  });

  test('larger indicators are never worse', () => {
    const part = fc.integer({ min: -50, max: 50 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(part, part, part), { minLength: 2 }),
        fc.constantFrom(...OBJECTIVES_NAMES),
        (measures, name) => {
          const better = measures.map(([p1, p2, flops]): Measure => [p1 + 1, p2 + 1, flops]);
          const scale = scaleOver([...measures, ...better]);
          const [before, after] = [measures, better].map((of) => toPoints(of, scale, name)) as [
            Point[],
            Point[],
          ];
          before.forEach((point, i) => {
            for (const o of [0, 1] as const) expect(after[i]![o]).toBeLessThanOrEqual(point[o]);
          });
        },
      ),
    );
  });
});
