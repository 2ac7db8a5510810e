// A training as the dashboard shows it: the fold over its events, what is read off it, and its form.

import fc from 'fast-check';
import type { TrainingEvent } from '../../web/src/api/follow.ts';
import { fieldOf, toInput, unreadable, usualValues } from '../../web/src/form/fields.ts';
import { type Course, secondsLeft, tellCourse, UNTAUGHT } from '../../web/src/live/course.ts';
import { exportCommand, runOf } from '../../web/src/training/exportCommand.ts';
import { classNames, rowShares, sensitivityColumns } from '../../web/src/training/measures.ts';
import { estimateText } from '../../web/src/trainings/estimate.ts';
import { FIELDS, foremost, further } from '../../web/src/trainings/form.ts';
import { DEFAULT_RECIPE, parseRecipe } from '../../src/training/recipe.ts';

const AT = '2026-01-01T00:00:00Z';

const finished = (sequence: number, epoch: number, auc = 0.5, seconds = 2): TrainingEvent => ({
  __typename: 'EpochFinished',
  sequence,
  at: AT,
  epoch: {
    epoch,
    trainingLoss: 1 / (epoch + 1),
    validationLoss: epoch === 1 ? null : 0.5,
    validationAuc: auc,
    validationAcc: 0.75,
    learningRate: 0.001,
    seconds,
  },
});

const became = (sequence: number, status: Course['status'] & string, message?: string): TrainingEvent => ({
  __typename: 'TrainingStatusChanged',
  sequence,
  at: AT,
  status,
  failure: message === undefined ? null : { code: 'DIVERGED', message },
});

/** Running, five epochs, paused and resumed between them, failed. */
const TALE: readonly TrainingEvent[] = [
  became(1, 'RUNNING'),
  finished(2, 0, 0.6),
  finished(3, 1, 0.8),
  became(4, 'PAUSED', 'no room'),
  became(5, 'RUNNING'),
  finished(6, 2, 0.8),
  finished(7, 3, 0.7),
  finished(8, 4, 0.75),
  became(9, 'FAILED', 'The loss of a batch in epoch 6 is not a finite number'),
];

const whole = tellCourse(UNTAUGHT, TALE);

test('what it comes to', () => {
  expect(whole).toMatchObject({
    sequence: 9,
    status: 'FAILED',
    failure: { code: 'DIVERGED', message: expect.stringContaining('epoch 6') },
  });
  expect(whole.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4]);
  expect(whole.epochs.map(({ validationLoss }) => validationLoss)).toEqual([0.5, null, 0.5, 0.5, 0.5]);
});

test('the best epoch is the first of the best: a later equal one is not strictly better', () => {
  expect(whole.best?.epoch).toBe(1);
  expect(tellCourse(UNTAUGHT, TALE.slice(0, 2)).best?.epoch).toBe(0);
  expect(UNTAUGHT.best).toBeNull();
});

test('a pause says why, and going on forgets it', () => {
  const paused = tellCourse(UNTAUGHT, TALE.slice(0, 4));
  expect([paused.status, paused.failure?.message]).toEqual(['PAUSED', 'no room']);
  expect(tellCourse(paused, TALE.slice(4, 5)).failure).toBeNull();
});

test('told in whatever portions, and again after a lost connection, it is the same', () => {
  const cut = fc.integer({ min: 0, max: TALE.length });
  fc.assert(
    fc.property(fc.array(fc.tuple(cut, cut), { maxLength: 8 }), (overlaps) => {
      let course = UNTAUGHT;
      let told = 0;
      for (const [back, on] of overlaps) {
        const from = Math.max(0, told - back);
        const to = Math.min(TALE.length, Math.max(told, from + on));
        course = tellCourse(course, TALE.slice(from, to));
        told = to;
      }
      expect(tellCourse(course, TALE.slice(told))).toEqual(whole);
    }),
  );
});

test('nothing new changes nothing, so nothing is drawn', () => {
  expect(tellCourse(whole, TALE)).toBe(whole);
});

test.each([
  [[], 10, null],
  [[2], 10, 18],
  [[1, 3], 10, 16],
  // The last ten alone.
  [[100, ...Array.from({ length: 10 }, () => 2)], 20, 18],
  [[2, 2], 2, 0],
])('of epochs that took %j s, of %d: %j s are left', (seconds, planned, left) => {
  const events = seconds.map((taken, epoch) => finished(epoch + 1, epoch, 0.5, taken));
  expect(secondsLeft(tellCourse(UNTAUGHT, events), planned)).toBe(left);
});

describe('its form', () => {
  test("has every part of a recipe, and begins with MedMNIST's", () => {
    const names = FIELDS.map(({ name }) => name);
    expect(names.toSorted()).toEqual(['dataset', 'initChannels', ...Object.keys(DEFAULT_RECIPE)].toSorted());
    expect([...foremost, ...further].map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    const { optimizer, ...recipe } = toInput(FIELDS, usualValues(FIELDS)) as { readonly optimizer: string };
    expect(parseRecipe({ ...recipe, optimizer: optimizer.toLowerCase() })).toEqual(DEFAULT_RECIPE);
  });

  test.each([
    ['epochs', '2.5', "an integer; got '2.5'"],
    ['epochs', ' ', "an integer; got ' '"],
    ['learningRate', 'fast', "a number; got 'fast'"],
    ['milestones', '0.5, half', "numbers with commas between them; got '0.5, half'"],
  ])('%s of %j cannot be read', (name, text, told) => {
    expect(unreadable(FIELDS, { ...usualValues(FIELDS), [name]: text })).toEqual({ [name]: told });
  });

  test.each([
    ['milestones', '0.25 0.5;0.75', [0.25, 0.5, 0.75]],
    ['milestones', '', undefined],
    ['epochs', '7', 7],
    ['optimizer', 'SGD', 'SGD'],
  ])('%s of %j is sent as %j', (name, text, sent) => {
    const values = { ...usualValues(FIELDS), [name]: text };
    expect(unreadable(FIELDS, values)).toEqual({});
    expect(toInput(FIELDS, values)[name]).toEqual(sent);
  });

  test.each([
    ['input.epochs', 'epochs'],
    ['input.milestones.1', 'milestones'],
    ['input.architecture', null],
    [null, null],
  ])('an error at %j is shown at %j', (path, name) => {
    expect(fieldOf(FIELDS, path)).toBe(name);
  });
});

describe('its results', () => {
  test('rows of a confusion matrix as shares', () => {
    expect(
      rowShares([
        [3, 1],
        [0, 0],
      ]),
    ).toEqual([
      [0.75, 0.25],
      [0, 0],
    ]);
  });

  test.each([
    [2, ['malignant', 'normal, benign'], ['normal, benign'], ['malignant', 'normal, benign']],
    [2, null, ['yes'], ['class 0', 'class 1']],
    [2, null, ['no', 'yes'], ['no', 'yes']],
  ])('%d classes, known as %j, measured as %j: %j', (count, known, measured, names) => {
    expect(classNames(count, known, measured)).toEqual(names);
  });

  test('columns of sensitivities', () => {
    const at = (...least: readonly number[]) => ({
      sensitivityAt: least.map((leastSpecificity) => ({ leastSpecificity })),
    });
    expect(sensitivityColumns([at(0.95, 0.9), at(0.9)])).toEqual([0.9, 0.95]);
  });

  test.each([
    [{ value: 0.87123, low: 0.8, high: 0.9314 }, '0.871 (0.800 to 0.931)'],
    [{ value: 0.5, low: null, high: null }, '0.500'],
    [{ value: null, low: null, high: null, reason: 'no images' }, '–'],
  ])('%j: %s', (estimate, text) => {
    expect(estimateText(estimate as Parameters<typeof estimateText>[0])).toBe(text);
  });

  test('the command that exports it', () => {
    const run = runOf('/weights/3c1ecc83-4d2a.safetensors');
    expect(exportCommand(run, 'onnx')).toBe(
      'npx mednas export --run 3c1ecc83-4d2a --format onnx --out net.onnx',
    );
  });
});
