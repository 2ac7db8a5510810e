// Every figure equals scikit-learn's to 1e-12: on a few cases from a file, on 252 where Python has scikit-learn, which
// `.ci/run` provides.

import { readFileSync, writeFileSync } from 'node:fs';
import { toAnswers } from '../../src/metrics/answers.ts';
import { type ClassMeasured, measure } from '../../src/metrics/measured.ts';
import { rocPoints, toCurve } from '../../src/metrics/roc.ts';
import { type Case, caseAt } from './cases.ts';
import { type Figures, PYTHON, referenceFigures } from './reference.ts';

type Line = readonly (readonly [number, number])[];

const GOLDEN = new URL('../golden/metrics.json', import.meta.url);
const SMALL = Array.from({ length: 36 }, (_, i) => caseAt(i, 30));
const CASES = Array.from({ length: 252 }, (_, i) => caseAt(i));

const isClose = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) <= 1e-12;

/** The true positive rate where both rates together are `along`, which gives every point of a curve its own place. */
function heightAt(line: Line, along: number): number {
  const i = Math.max(
    1,
    line.findIndex(([x, y]) => x + y >= along - 1e-15),
  );
  const [[x0, y0], [x1, y1]] = [
    line[i - 1] as readonly [number, number],
    line[i] as readonly [number, number],
  ];
  const share = (along - x0 - y0) / (x1 + y1 - x0 - y0);
  return y0 + share * (y1 - y0);
}

/** How far two curves are apart at most: both are straight between their points. */
const distance = (a: Line, b: Line): number =>
  Math.max(...[...a, ...b].map(([x, y]) => Math.abs(heightAt(a, x + y) - heightAt(b, x + y))));

/** What differs, by name. */
function differences({ task, classes, scores, labels }: Case, wanted: Figures): readonly string[] {
  const measured = measure(task, classes, scores, labels, { seed: 0, resamples: 0 });
  const ofClass = (got: ClassMeasured, want: Figures['classes'][number]): readonly string[] =>
    (
      [
        ['auc', got.auc.value, want.auc],
        ['sensitivity', got.sensitivity.value, want.sensitivity],
        ['specificity', got.specificity.value, want.specificity],
        ...got.sensitivityAt.map((p, i) => ['sensitivityAt', p.sensitivity.value, want.sensitivityAt[i]]),
        ...got.specificityAt.map((p, i) => ['specificityAt', p.specificity.value, want.specificityAt[i]]),
      ] as [string, number | null, number | null][]
    ).flatMap(([name, a, b]) => (isClose(a, b) ? [] : [`${got.name}: ${name} ${a}, wanted ${b}`]));
  const curves = toAnswers(task, classes, scores, labels).rankings.flatMap((ranking, k) => {
    const curve = toCurve(ranking);
    const line = wanted.classes[k]?.roc ?? [];
    if (curve === null || line.length === 0)
      return curve === null && line.length === 0 ? [] : ['roc is not there'];
    const drawn = (most: number): Line =>
      rocPoints(curve, most).map((point) => [point.falsePositiveRate, point.truePositiveRate]);
    const [exact, coarse] = [drawn(Infinity), drawn(22)];
    return [
      ...(distance(exact, line) <= 1e-12 ? [] : [`roc ${k} is off by ${distance(exact, line)}`]),
      ...(distance(coarse, line) <= 4 / 20 && coarse.length <= 22 ? [] : [`coarse roc ${k}`]),
    ];
  });
  const whole = [
    ['auc', measured.auc.value, wanted.auc],
    ['acc', measured.acc.value, wanted.acc],
    ['balancedAccuracy', measured.balancedAccuracy.value, wanted.balancedAccuracy],
    ['quadraticKappa', measured.quadraticKappa?.value ?? null, wanted.quadraticKappa],
  ] as const;
  return [
    ...whole.flatMap(([name, a, b]) => (isClose(a, b) ? [] : [`${name} ${a}, wanted ${b}`])),
    ...(JSON.stringify(measured.confusion) === JSON.stringify(wanted.confusion) ? [] : ['confusion']),
    ...(measured.classes.length === wanted.classes.length ? [] : ['number of classes']),
    ...measured.classes.flatMap((got, k) => ofClass(got, wanted.classes[k] as Figures['classes'][number])),
    ...curves,
  ];
}

const allDifferences = (cases: readonly Case[], figures: readonly Figures[]): readonly string[] =>
  cases.flatMap((one, i) =>
    differences(one, figures[i] as Figures).map((text) => `case ${i} (${one.task}): ${text}`),
  );

const suite = PYTHON === null ? describe.skip : describe;

suite(`scikit-learn${PYTHON === null ? ', skipped: no python3 has it' : ''}`, () => {
  // UPDATE_METRICS=1 writes the file anew; prettier then sets its lines.
  test('gives the same on 36 small and 252 larger cases', () => {
    const figures = referenceFigures(PYTHON ?? '', [...SMALL, ...CASES]);
    expect(figures).toHaveLength(SMALL.length + CASES.length);
    if (process.env['UPDATE_METRICS'] !== undefined)
      writeFileSync(GOLDEN, `${JSON.stringify(figures.slice(0, SMALL.length))}\n`);
    expect(allDifferences([...SMALL, ...CASES], figures)).toEqual([]);
    const defined = figures.filter(({ auc }) => auc !== null).length;
    expect(defined).toBeGreaterThan(120);
    expect(figures.length - defined).toBeGreaterThan(20);
  });
});

test('the file’s 36 cases come out the same', () => {
  const figures = JSON.parse(readFileSync(GOLDEN, 'utf8')) as readonly Figures[];
  expect(figures).toHaveLength(SMALL.length);
  expect(allDifferences(SMALL, figures)).toEqual([]);
});
