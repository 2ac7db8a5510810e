// Intervals: what a resample is, which are left out, and that a resample's figures are those of the samples copied out.

import fc from 'fast-check';
import { toAnswers } from '../../src/metrics/answers.ts';
import { auc } from '../../src/metrics/auc.ts';
import { intervals } from '../../src/metrics/bootstrap.ts';
import { measure } from '../../src/metrics/measured.ts';
import { weightedArea, weightedSensitivity } from '../../src/metrics/ranking.ts';
import { atSpecificity, toCurve } from '../../src/metrics/roc.ts';
import { streamKey, uniformAt } from '../../src/search/random.ts';
import { caseAt } from './cases.ts';

test('a resample holds as many samples as there are, each equally often in the long run', () => {
  const [samples, resamples] = [7, 4000];
  const drawn = new Uint32Array(samples);
  intervals({ seed: 3, resamples }, samples, 1, (weights, out) => {
    expect(weights.reduce((a, b) => a + b, 0)).toBe(samples);
    for (const [i, weight] of weights.entries()) drawn[i] = (drawn[i] as number) + weight;
    out[0] = 0;
  });
  // Each is drawn about 4000 times; 5 standard deviations.
  for (const count of drawn) expect(Math.abs(count - resamples)).toBeLessThan(5 * Math.sqrt(resamples));
});

test('an interval lies between the 2.5th and the 97.5th percentile, linear between neighbours', () => {
  let next = 0;
  const [interval] = intervals({ seed: 1, resamples: 101 }, 1, 1, (_, out) => {
    out[0] = (next++ * 37) % 101;
  });
  expect(interval).toEqual({ low: 2.5, high: 97.5, resamples: 101, leftOut: 0 });
});

test.each([
  [0, { resamples: 10, leftOut: 0 }],
  [5, { resamples: 5, leftOut: 5 }],
  [6, null],
  [10, null],
])('with %i of 10 resamples undefined', (undefinedOnes, wanted) => {
  let next = 0;
  const [interval] = intervals({ seed: 1, resamples: 10 }, 3, 1, (_, out) => {
    out[0] = next++ < undefinedOnes ? NaN : 1;
  });
  expect(interval).toEqual(wanted && { low: 1, high: 1, ...wanted });
});

test('without resamples there are no intervals', () => {
  expect(intervals({ seed: 1, resamples: 0 }, 3, 2, () => {})).toEqual([null, null]);
});

test('the accuracy’s interval is the normal one, about', () => {
  // 80 of 100 right: 0.8 +- 1.96 x 0.04.
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const scores = Float64Array.from(labels, (label, i) => (i < 20 ? 1 - label : label));
  const { acc } = measure('binary-class', ['a', 'b'], scores, labels, { seed: 1, resamples: 2000 });
  expect(acc.value).toBe(0.8);
  expect(acc.interval?.low).toBeCloseTo(0.7216, 1);
  expect(acc.interval?.high).toBeCloseTo(0.8784, 1);
  expect(acc.interval).toMatchObject({ resamples: 2000, leftOut: 0 });
});

test('the AUC’s interval is Hanley and McNeil’s, about', () => {
  const key = streamKey(5, 'test');
  const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 2);
  const scores = Float64Array.from(labels, (label, i) => uniformAt(key, i) + 0.5 * label);
  const { auc: found } = measure('binary-class', ['a', 'b'], scores, labels, { seed: 1, resamples: 2000 });
  const a = found.value ?? NaN;
  // Their variance supposes exponential scores; ours are uniform, so a third either way.
  const [q1, q2, n] = [a / (2 - a), (2 * a * a) / (1 + a), 500];
  const error = Math.sqrt((a * (1 - a) + (n - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (n * n));
  const width = (found.interval?.high ?? NaN) - (found.interval?.low ?? NaN);
  expect(width / (2 * 1.96 * error)).toBeGreaterThan(0.67);
  expect(width / (2 * 1.96 * error)).toBeLessThan(1.33);
});

test('a seed gives one result, another seed another', () => {
  const { task, classes, scores, labels } = caseAt(13);
  const of = (seed: number) => measure(task, classes, scores, labels, { seed, resamples: 300 });
  expect(of(1)).toEqual(of(1));
  expect(of(1).acc.interval).not.toEqual(of(2).acc.interval);
});

test('a rare class leaves resamples out, which are counted', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => Number(i === 0));
  const scores = Float64Array.from({ length: 100 }, (_, i) => 1 - i / 100);
  const { auc: found } = measure('binary-class', ['a', 'b'], scores, labels, { seed: 1, resamples: 2000 });
  // Not drawn in 0.99^100 = 37 % of them.
  expect(found.interval?.leftOut).toBeGreaterThan(0.3 * 2000);
  expect(found.interval?.leftOut).toBeLessThan(0.44 * 2000);
  expect((found.interval?.resamples ?? 0) + (found.interval?.leftOut ?? 0)).toBe(2000);
});

test('weights count as copies', () => {
  fc.assert(
    fc.property(
      fc.nat(500),
      fc.infiniteStream(fc.integer({ min: 0, max: 3 })),
      fc.constantFrom(0, 0.5, 0.9, 0.95, 1),
      (i, stream, least) => {
        const { task, classes, scores, labels, samples } = caseAt(i, 60);
        const weights = Uint32Array.from({ length: samples }, () => stream.next().value as number);
        const rows = [...weights].flatMap((weight, row) => Array.from({ length: weight }, () => row));
        const copied = <T extends Float32Array | Float64Array | Int32Array>(values: T): T => {
          const width = values.length / samples;
          const picked = rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)]);
          return (values.constructor as unknown as { from(values: readonly number[]): T }).from(picked);
        };
        fc.pre(rows.length > 0);
        const copies = toAnswers(task, classes, copied(scores), copied(labels));
        for (const [k, ranking] of toAnswers(task, classes, scores, labels).rankings.entries()) {
          const wanted = copies.rankings[k] as typeof ranking;
          const area = auc({ ...copies, rankings: [wanted] }).value;
          const curve = toCurve(wanted);
          expect(weightedArea(ranking, weights, rows.length)).toBe(area ?? NaN);
          expect(weightedSensitivity(ranking, weights, rows.length, least)).toBe(
            curve === null ? NaN : atSpecificity(curve, least).sensitivity,
          );
        }
      },
    ),
  );
});
