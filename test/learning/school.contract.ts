// What every school promises, whoever trains: an engine of this process or workers behind a queue. They train by a
// formula (test/support/learning.ts), an update a permit, so that a test can hold them between any two.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import { emptyState, initialState } from '../../src/engine/training/state.ts';
import type { TrainingState } from '../../src/engine/training/trainer.ts';
import { type Course, courseOf } from '../../src/learning/epoch.ts';
import type { Epoch, School } from '../../src/learning/school.ts';
import { readSplits } from '../../src/learning/splits.ts';
import { measure, type Measured } from '../../src/metrics/measured.ts';
import { batchesOf } from '../../src/training/order.ts';
import { type GivenRecipe, learningRateAt, parseRecipe } from '../../src/training/recipe.ts';
import { scoresOf } from '../../src/training/scores.ts';
import { writeDataset } from '../service/studio.ts';
import { EXPLOSIVE_RATE, openLearning } from '../support/learning.ts';
import { openPermits, type Permits } from '../support/service.ts';

const NEVER = new AbortController().signal;
const silent = (): Promise<void> => Promise.resolve();
/** Three updates an epoch; the rate falls in the third. */
const RECIPE = { epochs: 4, batchSize: 8, learningRate: 0.5, optimizer: 'sgd', momentum: 0.9, seed: 3 };
const EPOCHS = [0, 1, 2, 3];

export interface OpenSchool {
  readonly school: School;
  readonly close: () => Promise<unknown>;
}

const copyOf = ({ values, first, second, steps }: TrainingState): TrainingState => ({
  values: values.slice(),
  first: first.slice(),
  second: second.slice(),
  steps,
});

/** Update by update, as plainly as it can be said. */
async function learnPlainly(course: Course, epoch: number, start: TrainingState) {
  const { problem, layout, splits, recipe } = course;
  const { train } = openLearning(openPermits(Infinity));
  const { optimizer, momentum, weightDecay } = recipe;
  const step = { optimizer, momentum, weightDecay, learningRate: learningRateAt(recipe, epoch) };
  const images = splits.protocol.samples.train;
  let [state, sum] = [start, 0];
  for (const rows of batchesOf(recipe, epoch, images)) {
    const to = emptyState(layout);
    const lesson = { problem, data: splits.train, batches: [rows], step, from: state, to };
    const { losses, steps } = await train(lesson, NEVER);
    state = { ...to, steps };
    sum += (losses[0] as number) * rows.length;
  }
  return { state, loss: sum / images };
}

async function measurePlainly(
  { problem, splits, recipe }: Course,
  split: 'val' | 'test',
  values: Float32Array,
  resamples: number,
): Promise<Measured> {
  const { images, labels } = splits[split];
  const logits = await openLearning(openPermits(Infinity)).predict(problem, values, images, NEVER);
  const scores = scoresOf(logits, splits.protocol);
  return measure(splits.protocol.task, splits.classes, scores, labels, { seed: recipe.seed, resamples });
}

/** `open`: a school that takes a permit an update, and none for what it is asked. */
export function schoolContract(name: string, open: (permits: Permits) => Promise<OpenSchool>): void {
  describe(`a school: ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'mednas-school-'));
    const dataset = writeDataset(folder);
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    let closing: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      for (const close of closing) await close();
      closing = [];
    });

    async function begin(updates = Infinity, given: GivenRecipe = {}) {
      const permits = openPermits(updates);
      const { school, close } = await open(permits);
      closing.push(close);
      const datasets = openDatasets({ folders: [], dataFolder: folder, download: false });
      const course = courseOf(
        {
          kind: 'architecture',
          space: 'mstf',
          genotype: [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3],
          initChannels: 4,
        },
        await readSplits(datasets, school.trainerFor(null), dataset),
        parseRecipe({ ...RECIPE, ...given }),
      );
      const learn = (epoch: number, from: TrainingState | null): Promise<Epoch> =>
        school.learn(course, epoch, from, NEVER, silent);
      return { school, course, permits, learn };
    }

    test('epochs from the network as it is drawn, and from each state, are those of all updates in a row', async () => {
      const { course, learn } = await begin();
      let expected = initialState(course.problem, course.recipe.seed);
      let state: TrainingState | null = null;
      for (const epoch of EPOCHS) {
        const learned = await learn(epoch, state);
        const plain = await learnPlainly(course, epoch, expected);
        expect(learned.state).toEqual(plain.state);
        expect(learned.loss).toBe(plain.loss);
        const { auc, acc } = await measurePlainly(course, 'val', plain.state.values, 0);
        expect(learned.validation).toMatchObject({ auc: auc.value, acc: acc.value });
        expect(learned.state.values.buffer).toBeInstanceOf(SharedArrayBuffer);
        [state, expected] = [learned.state, plain.state];
      }
      expect(state?.steps).toBe(12);
    });

    test('the state that an epoch begins with stays as it is', async () => {
      const { course, learn } = await begin();
      const { state } = await learn(0, null);
      const before = copyOf(state);
      const [once, again] = [await learn(1, state), await learn(1, state)];
      expect(state).toEqual(before);
      expect(again).toEqual(once);
      expect(once.state.values).not.toEqual(state.values);
      expect(state.steps).toBe(batchesOf(course.recipe, 0, course.splits.protocol.samples.train).length);
    });

    test('whoever trains beside it, of the same or another seed, it comes to the same', async () => {
      const { school, course, learn } = await begin();
      const alone = await learn(0, null);
      const other = { ...course, recipe: { ...course.recipe, seed: 4 } };
      const [one, two, third] = await Promise.all([
        learn(0, null),
        learn(0, null),
        school.learn(other, 0, null, NEVER, silent),
      ]);
      expect([one, two]).toEqual([alone, alone]);
      expect(third.state).not.toEqual(alone.state);
    });

    test('an estimate is what the last epoch’s validation says', async () => {
      const { school, course, learn } = await begin();
      let last = await learn(0, null);
      for (const epoch of EPOCHS.slice(1)) last = await learn(epoch, last.state);
      expect(await school.estimate(course, NEVER)).toEqual(last.validation);
    });

    test('an examination measures both splits, with as many samples as are asked for', async () => {
      const { school, course, learn } = await begin();
      const { state } = await learn(0, null);
      for (const resamples of [0, 40]) {
        expect(await school.examine(course, 0, state.values, resamples, NEVER)).toEqual({
          validation: await measurePlainly(course, 'val', state.values, resamples),
          test: await measurePlainly(course, 'test', state.values, resamples),
        });
      }
    });

    test('what diverges is told of with its epoch', async () => {
      // In the fourth update.
      const { school, course, learn } = await begin(Infinity, { learningRate: EXPLOSIVE_RATE });
      const { state } = await learn(0, null);
      const failure = {
        code: 'DIVERGED',
        message: expect.stringMatching(/The loss of a batch in epoch 2 is not .* below 5 may help/u),
      };
      await expect(learn(1, state)).rejects.toMatchObject(failure);
      await expect(school.estimate(course, NEVER)).rejects.toMatchObject(failure);
      const broken = state.values.map(() => Number.NaN);
      await expect(school.examine(course, 6, broken, 0, NEVER)).rejects.toMatchObject({
        code: 'DIVERGED',
        message: expect.stringMatching(/An answer for the images of val in epoch 7 is not/u),
      });
    });

    const CALLS: readonly {
      readonly call: keyof School;
      readonly made: (school: School, course: Course, signal: AbortSignal) => Promise<unknown>;
    }[] = [
      { call: 'learn', made: (school, course, signal) => school.learn(course, 0, null, signal, silent) },
      { call: 'estimate', made: (school, course, signal) => school.estimate(course, signal) },
      {
        call: 'examine',
        made: (school, course, signal) =>
          school.examine(course, 0, initialState(course.problem, 3).values, 0, signal),
      },
    ];

    test.each(CALLS)('$call rejects with the reason of a signal that has aborted', async ({ made }) => {
      const { school, course } = await begin();
      const enough = new Error('enough');
      await expect(made(school, course, AbortSignal.abort(enough))).rejects.toBe(enough);
    });

    test.each(CALLS.filter(({ call }) => call !== 'examine'))(
      '$call that a signal stops rejects with its reason, and nobody goes on with it',
      async ({ made }) => {
        const { school, course, permits } = await begin(1);
        const stop = new AbortController();
        const enough = new Error('enough');
        const learning = made(school, course, stop.signal);
        await permits.wanted();
        stop.abort(enough);
        await expect(learning).rejects.toBe(enough);
        await permits.unwanted();
      },
    );

    test('while it learns it calls every second', async () => {
      const { school, course, permits } = await begin(1);
      let seconds = 0;
      // It is held until it has called.
      const learned = await school.learn(course, 0, null, NEVER, async () => {
        seconds += 1;
        permits.grant(2);
      });
      expect(seconds).toBeGreaterThan(0);
      expect(learned.state.steps).toBe(3);
    });

    test('what that call throws ends it, and nobody goes on with it', async () => {
      const { school, course, permits } = await begin(1);
      const superseded = new Error('another has taken over');
      const learning = school.learn(course, 0, null, NEVER, () => Promise.reject(superseded));
      await expect(learning).rejects.toBe(superseded);
      await permits.unwanted();
    });
  });
}
