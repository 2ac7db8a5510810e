// Cases small enough to check by hand, then laws that hold for all.

import fc from 'fast-check';
import type { Task } from '../../src/data/dataset.ts';
import { toAnswers } from '../../src/metrics/answers.ts';
import { auc } from '../../src/metrics/auc.ts';
import { type Measured, measure } from '../../src/metrics/measured.ts';
import { rocPoints, toCurve } from '../../src/metrics/roc.ts';
import { caseAt } from './cases.ts';

const BINARY: Task = 'binary-class';
const LABELS: Task = 'multi-label, binary-class';
const names = (count: number): readonly string[] => Array.from('abcdefgh').slice(0, count);

function measured(
  task: Task,
  rows: readonly (readonly number[])[],
  labels: readonly (number | readonly number[])[],
  options: Partial<Parameters<typeof measure>[4]> = {},
): Measured {
  const classes = task === BINARY ? 2 : (rows[0] ?? []).length;
  return measure(task, names(classes), Float64Array.from(rows.flat()), Int32Array.from(labels.flat()), {
    seed: 1,
    resamples: 0,
    ...options,
  });
}

/** Class 1's scores alone. */
const binary = (
  scores: readonly number[],
  labels: readonly number[],
  options: Partial<Parameters<typeof measure>[4]> = {},
): Measured =>
  measured(
    BINARY,
    scores.map((score) => [score]),
    labels,
    options,
  );

describe('a binary task', () => {
  test.each<[readonly number[], readonly number[], number, number]>([
    // Scores, labels, AUC, ACC.
    [[0.1, 0.9], [0, 1], 1, 1],
    [[0.9, 0.1], [0, 1], 0, 0],
    [[0.3, 0.3], [0, 1], 0.5, 0.5],
    [[0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], 0.75, 0.75],
    [[0.1, 0.4, 0.4, 0.8], [0, 0, 1, 1], 0.875, 0.75],
    // 0.5 is not above 0.5.
    [[0.5, 0.5, 0.6], [0, 1, 1], 0.75, 2 / 3],
    [[0, -0, 1], [0, 1, 1], 0.75, 2 / 3],
  ])('of scores %j, labels %j has the AUC %d and ACC %d', (scores, labels, area, acc) => {
    const { auc, acc: got } = binary(scores, labels);
    expect([auc.value, got.value]).toEqual([area, acc]);
  });

  test('may bring both columns: the last counts', () => {
    const rows = [
      [0.9, 0.1],
      [0.6, 0.4],
      [0.65, 0.35],
      [0.2, 0.8],
    ];
    const labels = [0, 0, 1, 1];
    const one = binary(
      rows.map(([, score = NaN]) => score),
      labels,
    );
    expect(measured(BINARY, rows, labels)).toEqual(one);
  });

  test('is told of in full', () => {
    const found = binary([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(found).toEqual({
      task: BINARY,
      samples: 4,
      auc: { value: 0.75, reason: null, interval: null },
      acc: { value: 0.75, reason: null, interval: null },
      balancedAccuracy: { value: 0.75, reason: null },
      quadraticKappa: null,
      confusion: [
        [2, 0],
        [1, 1],
      ],
      classes: [
        {
          name: 'b',
          samples: 2,
          auc: { value: 0.75, reason: null, interval: null },
          counts: { truePositives: 1, falsePositives: 0, falseNegatives: 1, trueNegatives: 2 },
          sensitivity: { value: 0.5, reason: null },
          specificity: { value: 1, reason: null },
          sensitivityAt: [0.9, 0.95].map((leastSpecificity) => ({
            leastSpecificity,
            sensitivity: { value: 0.5, reason: null, interval: null },
            threshold: 0.8,
          })),
          specificityAt: [0.9, 0.95].map((leastSensitivity) => ({
            leastSensitivity,
            specificity: { value: 0.5, reason: null },
            threshold: 0.35,
          })),
          roc: [
            { falsePositiveRate: 0, truePositiveRate: 0, threshold: null },
            { falsePositiveRate: 0, truePositiveRate: 0.5, threshold: 0.8 },
            { falsePositiveRate: 0.5, truePositiveRate: 0.5, threshold: 0.4 },
            { falsePositiveRate: 0.5, truePositiveRate: 1, threshold: 0.35 },
            { falsePositiveRate: 1, truePositiveRate: 1, threshold: 0.1 },
          ],
        },
      ],
    });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  // Ten negatives: one false positive is a specificity of 0.9 and counts.
  test.each([
    [0, 1, 0],
    [0.89, 0.5, 0.95],
    [0.9, 0.5, 0.95],
    [0.91, 0.5, 0.95],
    [1, 0.5, 0.95],
  ])('at a specificity of %d has a sensitivity of %d from %d on', (least, sensitivity, threshold) => {
    const scores = [0.95, 0.05, 0.9, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1, 0];
    const labels = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const [at] = binary(scores, labels, { specificities: [least] }).classes[0]?.sensitivityAt ?? [];
    // All is called positive from 0.05 on; at 0 more false ones buy no sensitivity.
    expect([at?.sensitivity.value, at?.threshold]).toEqual([sensitivity, least === 0 ? 0.05 : threshold]);
  });

  test('a specificity that is met exactly counts, whatever 1 - x rounds to', () => {
    const scores = [0.9, 0.8, ...Array.from({ length: 9 }, () => 0.1)];
    const labels = [0, 1, ...Array.from({ length: 9 }, () => 0)];
    const at = (least: number) =>
      binary(scores, labels, { specificities: [least], resamples: 0 }).classes[0]?.sensitivityAt[0]
        ?.sensitivity.value;
    expect([at(0.9), at(0.9 + 2 ** -53)]).toEqual([1, 0]);
  });
});

describe('the other tasks', () => {
  test('multi-class takes the first of equal scores, and the mean over classes', () => {
    const found = measured(
      'multi-class',
      [
        [0.4, 0.4, 0.2],
        [0.2, 0.6, 0.2],
        [0.1, 0.2, 0.7],
        [0.5, 0.3, 0.2],
      ],
      [0, 1, 2, 2],
    );
    // By hand: class 0 ranks 0.4 above 0.2, 0.1, below 0.5; class 1 is first; class 2 is 0.7 and a tie with two.
    expect(found.classes.map(({ auc }) => auc.value)).toEqual([2 / 3, 1, 0.75]);
    expect(found.auc.value).toBeCloseTo((2 / 3 + 1 + 0.75) / 3, 15);
    expect(found.acc.value).toBe(0.75);
    expect(found.confusion).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 1],
    ]);
    expect(found.balancedAccuracy.value).toBeCloseTo(2.5 / 3, 15);
    expect(found.classes[0]).toMatchObject({
      counts: { truePositives: 1, falsePositives: 1, falseNegatives: 0, trueNegatives: 2 },
      sensitivity: { value: 1 },
      specificity: { value: 2 / 3 },
    });
  });

  test('multi-label answers each label above 0.5', () => {
    const found = measured(
      LABELS,
      [
        [0.9, 0.5],
        [0.2, 0.7],
        [0.6, 0.1],
      ],
      [
        [1, 1],
        [0, 1],
        [0, 0],
      ],
    );
    expect(found.auc.value).toBe(1);
    expect(found.acc.value).toBe(4 / 6);
    expect(found.confusion).toBeNull();
    expect(found.balancedAccuracy.value).toBe((1 + 0.5 + 0.5 + 1) / 4);
  });

  test.each<[string, readonly number[], number]>([
    ['perfect', [0, 1, 2], 1],
    ['reversed', [2, 1, 0], -1],
    // Observed 1. By chance a third each of (0, 1) twice 1, (0, 2) 4, (1, 2) 1, (2, 1) twice 1: 3.
    ['one off by one', [1, 1, 2], 1 - 1 / 3],
  ])('ordinal: kappa of %s answers', (_, decided, kappa) => {
    const rows = decided.map((k) => [0, 1, 2].map((j) => Number(j === k)));
    const found = measured('ordinal-regression', rows, [0, 1, 2]);
    expect(found.quadraticKappa?.value).toBeCloseTo(kappa, 14);
  });
});

describe('what is undefined says why, and leaves the rest', () => {
  test.each<[string, () => Measured, string]>([
    ['a binary task without positives', () => binary([0.1, 0.7], [0, 0]), 'No sample is of class "b".'],
    ['a binary task without negatives', () => binary([0.1, 0.7], [1, 1]), 'Every sample is of class "b".'],
    [
      'a missing class',
      () =>
        measured(
          'multi-class',
          [
            [1, 0, 0, 0],
            [0, 1, 0, 0],
          ],
          [0, 1],
        ),
      'No sample is of class "c", "d".',
    ],
    [
      'a label on all',
      () =>
        measured(
          LABELS,
          [
            [0.1, 0.9],
            [0.9, 0.1],
          ],
          [
            [0, 1],
            [1, 1],
          ],
        ),
      'Every sample is of class "b".',
    ],
    [
      'an empty split',
      () => measure(BINARY, ['a', 'b'], new Float64Array(0), new Int32Array(0), { seed: 1, resamples: 10 }),
      'No sample is of class "b".',
    ],
  ])('%s', (_, of, reason) => {
    expect(of().auc).toEqual({ value: null, reason, interval: null });
  });

  test('of classes that are there, their own AUC is known', () => {
    const rows = [
      [0.8, 0.1, 0.1],
      [0.3, 0.6, 0.1],
      [0.2, 0.7, 0.1],
    ];
    const { acc, classes, balancedAccuracy } = measured('multi-class', rows, [0, 1, 1], { resamples: 50 });
    expect(acc.value).toBe(1);
    expect(balancedAccuracy).toEqual({ value: null, reason: 'No sample is of class "c".' });
    expect(classes.map(({ auc, roc }) => [auc.value, roc.length])).toEqual([
      [1, 3],
      [1, 3],
      [null, 0],
    ]);
    expect(classes[2]?.sensitivityAt[0]).toEqual({
      leastSpecificity: 0.9,
      sensitivity: { value: null, reason: 'No sample is of class "c".', interval: null },
      threshold: null,
    });
  });

  test('kappa, where one class is all there is', () => {
    const found = measured(
      'ordinal-regression',
      [
        [1, 0],
        [1, 0],
      ],
      [0, 0],
    );
    expect(found.quadraticKappa).toEqual({
      value: null,
      reason: 'Truth and decisions are one and the same class throughout.',
    });
  });
});

describe('input that cannot be is refused', () => {
  test.each<[string, () => unknown, string, RegExp]>([
    ['NaN', () => binary([0.1, NaN], [0, 1]), 'scores', /sample 1, column 0 is NaN.*learning rate/u],
    ['an infinite score', () => binary([Infinity, 0], [0, 1]), 'scores', /sample 0, column 0 is Infinity/u],
    ['too few scores', () => binary([0.1], [0, 1]), 'scores', /1 scores for 2 samples: wanted 2 or 1/u],
    ['a label beyond', () => binary([0.1, 0.2], [0, 2]), 'labels', /Label 1 is 2: wanted 0 to 1/u],
    ['a negative label', () => binary([0.1, 0.2], [-1, 1]), 'labels', /Label 0 is -1/u],
    ['half a row', () => measured(LABELS, [[0.1, 0.2]], [1, 0, 1]), 'labels', /3 labels: wanted 2 a sample/u],
    [
      'three classes of two',
      () => toAnswers(BINARY, names(3), new Float64Array(3), new Int32Array(1)),
      'classes',
      /3 classes/u,
    ],
    ['half a resample', () => binary([0, 1], [0, 1], { resamples: 0.5 }), 'resamples', /0\.5 resamples/u],
    [
      'a percentage',
      () => binary([0, 1], [0, 1], { specificities: [90] }),
      'specificities',
      /90.*from 0 to 1/u,
    ],
    ['no rate', () => binary([0, 1], [0, 1], { sensitivities: [NaN] }), 'sensitivities', /NaN/u],
  ])('%s', (_, of, field, message) => {
    expect(of).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        field,
        message: expect.stringMatching(message) as string,
      }),
    );
  });
});

describe('laws', () => {
  /** Scores with ties, both classes. */
  const scored = fc
    .array(fc.record({ score: fc.integer({ min: 0, max: 20 }), label: fc.integer({ min: 0, max: 1 }) }), {
      minLength: 2,
      maxLength: 60,
    })
    .filter((rows) => new Set(rows.map(({ label }) => label)).size === 2);
  type Rows = readonly { readonly score: number; readonly label: number }[];
  const area = (rows: Rows, of: (score: number) => number = (score) => score): number =>
    binary(
      rows.map(({ score }) => of(score)),
      rows.map(({ label }) => label),
    ).auc.value ?? NaN;

  test('AUC is the share of pairs in order, ties half', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const of = (wanted: number): Rows => rows.filter(({ label }) => label === wanted);
        const pairs = of(1).flatMap((p) => of(0).map((n) => (Math.sign(p.score - n.score) + 1) / 2));
        expect(area(rows)).toBeCloseTo(pairs.reduce((a, b) => a + b, 0) / pairs.length, 13);
      }),
    );
  });

  test('AUC depends on the order alone', () => {
    fc.assert(
      fc.property(scored, (rows) => expect(area(rows, (score) => Math.exp(score / 3) - 7)).toBe(area(rows))),
    );
  });

  test('labels swapped, or scores reversed, AUC is 1 - AUC', () => {
    fc.assert(
      fc.property(scored, (rows) => {
        const swapped = rows.map(({ score, label }) => ({ score, label: 1 - label }));
        expect(area(swapped)).toBeCloseTo(1 - area(rows), 14);
        expect(area(rows, (score) => -score)).toBeCloseTo(1 - area(rows), 14);
      }),
    );
  });

  test('the order of samples says nothing', () => {
    fc.assert(
      fc.property(
        scored.chain((rows) =>
          fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
        ),
        ([rows, shuffled]) => {
          const of = (some: Rows) =>
            binary(
              some.map(({ score }) => score),
              some.map(({ label }) => label),
            );
          expect(of(shuffled)).toEqual(of(rows));
        },
      ),
    );
  });

  test('ROC curves rise from corner to corner over the AUC, by few points', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 4, max: 40 }), (i, most) => {
        const { task, classes, scores, labels } = caseAt(i);
        for (const ranking of toAnswers(task, classes, scores, labels).rankings) {
          const curve = toCurve(ranking);
          if (curve === null) continue;
          const points = rocPoints(curve, Infinity);
          const under = points.slice(1).reduce((sum, { falsePositiveRate, truePositiveRate }, k) => {
            const before = points[k] as (typeof points)[number];
            const height = (truePositiveRate + before.truePositiveRate) / 2;
            return sum + (falsePositiveRate - before.falsePositiveRate) * height;
          }, 0);
          const two = {
            ...toAnswers(BINARY, ['no', 'yes'], new Float64Array(0), new Int32Array(0)),
            rankings: [ranking],
          };
          expect(under).toBeCloseTo(auc(two).value ?? NaN, 12);

          const few = rocPoints(curve, most);
          expect(few.length).toBeLessThanOrEqual(Math.max(most, 2));
          expect(few[0]).toMatchObject({ falsePositiveRate: 0, truePositiveRate: 0, threshold: null });
          expect(few.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 });
          const places = few.map(({ threshold }) =>
            points.findIndex((point) => point.threshold === threshold),
          );
          expect(places.map((place) => points[place])).toEqual(few);
          const rises = places.slice(1).flatMap((place, k) => {
            const [from, to] = [few[k], few[k + 1]] as [(typeof few)[number], (typeof few)[number]];
            const rise =
              to.falsePositiveRate + to.truePositiveRate - from.falsePositiveRate - from.truePositiveRate;
            return place - (places[k] as number) > 1 ? [rise] : [];
          });
          expect(Math.max(0, ...rises)).toBeLessThanOrEqual(most > 4 ? 4 / (most - 2) + 1e-12 : 2);
        }
      }),
      { numRuns: 50 },
    );
  });
});
