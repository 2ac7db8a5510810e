// What every backend that trains promises: gradients, statistics and updates as float64 tells them, curves computed
// by hand, and results that depend on nothing but state, batch and step.

import { drawBatch } from '../../../src/data/batch.ts';
import { openDatasets } from '../../../src/data/datasets.ts';
import { initialValues } from '../../../src/engine/training/state.ts';
import type {
  Step,
  Trainer,
  TrainerProblem,
  Training,
  TrainingBatch,
  TrainingState,
} from '../../../src/engine/training/trainer.ts';
import { type Network, startNetwork } from '../../../src/search/network.ts';
import { layoutOf, valuesOf } from '../../../src/search/parameters.ts';
import { streamKey, uniformAt } from '../../../src/search/random.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { differences, largest } from '../backend.contract.ts';
import {
  batchFor,
  classesOf,
  copyOf,
  inputOf,
  NETWORKS,
  type Problem,
  problemOf,
  resnet18,
  stateOf,
  trueLogits,
  trueLoss,
  trueSlope,
  trueStatistics,
} from './problems.ts';
import { curveOf } from './twoLayers.ts';

/** After it `first` is the gradient itself. */
const PLAIN: Step = { optimizer: 'sgd', learningRate: 0.25, momentum: 0, weightDecay: 0 };
const ADAM: Step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0 };

const BLOCK = [0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3];

async function saved(trainer: Trainer, network: Network): Promise<TrainingState> {
  const state = stateOf(network, 0);
  return { ...state, steps: await trainer.save(state) };
}

const dot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);

const noise = (count: number, seed: number, path: string): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => uniformAt(streamKey(seed, path), i) - 0.5);

/** What is made of a trainer, which is closed then. */
async function using<T>(
  training: Training,
  problem: TrainerProblem,
  from: TrainingState,
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  const trainer = await training.trainer(problem, from);
  try {
    return await use(trainer);
  } finally {
    trainer.close();
  }
}

/** Loss, and state after one plain step. */
const stepped = (training: Training, problem: Problem): Promise<readonly [number, TrainingState]> =>
  using(training, problem, problem.from, async (trainer) => [
    await trainer.step(problem.batch, PLAIN),
    await saved(trainer, problem.network),
  ]);

async function stepsOf(trainer: Trainer, batches: readonly TrainingBatch[], step: Step): Promise<number[]> {
  const losses: number[] = [];
  for (const batch of batches) losses.push(await trainer.step(batch, step));
  return losses;
}

interface Terms {
  /** Every how manieth of the small networks is tried: 1, unless the device is slow. */
  readonly every: number;
  /** Whether it is fast enough to train on 64 images until it has them by heart. */
  readonly overfits: boolean;
}

export function trainerContract(name: string, open: () => Promise<Training>, terms: Terms): void {
  describe(name, () => {
    let training: Training;
    beforeAll(async () => {
      training = await open();
    });

    describe('one step, against float64', () => {
      const cases = NETWORKS.map(([title, network], i) => ({ title, network, multiLabel: i % 2 === 1 }));
      test.each(cases.filter((_, i) => i % terms.every === 0))(
        '$title, several labels: $multiLabel',
        async ({ network, multiLabel }) => {
          const problem = problemOf(network, 3, 12, multiLabel);
          const [loss, state] = await stepped(training, problem);
          const { from } = problem;
          const { parameters, learned } = layoutOf(network);
          expect(Math.abs(loss - trueLoss(problem))).toBeLessThanOrEqual(1e-5 * Math.abs(loss));
          expect(state.steps).toBe(1);

          const gradient = state.first;
          const scale = Math.hypot(...gradient);
          expect(scale).toBeGreaterThan(0);
          for (const parameter of parameters.filter(({ offset }) => offset < learned)) {
            // A parameter at a time: a wrong value anywhere shows in a sum with random factors.
            const direction = new Float32Array(learned);
            valuesOf(direction, parameter).set(noise(parameter.size, 5, parameter.name));
            const error = Math.abs(dot(direction, gradient) - trueSlope(problem, direction));
            expect([parameter.name, error / Math.hypot(...direction) <= 5e-5 * scale]).toEqual([
              parameter.name,
              true,
            ]);
          }
          const wanted = gradient.map((g, i) => (from.values[i] as number) - PLAIN.learningRate * g);
          expect(largest(differences(state.values.subarray(0, learned), wanted))).toBeLessThanOrEqual(1e-6);

          const statistics = trueStatistics(problem);
          for (const parameter of parameters.filter(({ offset }) => offset >= learned)) {
            const own = statistics.get(parameter.node)?.[parameter.role as 'mean' | 'variance'] as number[];
            const error = largest(differences(valuesOf(state.values, parameter), own));
            expect([parameter.name, error <= 1e-5 * Math.max(1, largest(own))]).toEqual([
              parameter.name,
              true,
            ]);
          }
        },
      );
    });

    test.each(NETWORKS.filter((_, i) => i % terms.every === 0))(
      'logits with running statistics: %s',
      async (_, network) => {
        const problem = problemOf(network, 3, 9, false);
        const logits = await using(training, problem, problem.from, (trainer) =>
          trainer.predict(problem.batch.images),
        );
        const wanted = trueLogits(problem);
        expect(logits).toHaveLength(wanted.length);
        expect(largest(differences(logits, wanted))).toBeLessThanOrEqual(1e-5 * Math.max(1, largest(wanted)));
      },
    );

    test.each([
      ['of small images', resnet18([8, 10, 1], 3)],
      ['of large ones', resnet18([66, 5, 1], 2)],
    ])('ResNet-18 %s', async (_, network) => {
      const problem = problemOf(network, 4, 3, false);
      const [loss, { first }] = await stepped(training, problem);
      expect(Math.abs(loss / trueLoss(problem) - 1)).toBeLessThanOrEqual(1e-4);
      for (const salt of [1, 2]) {
        const direction = noise(first.length, salt, 'direction');
        const error = Math.abs(dot(direction, first) - trueSlope(problem, direction));
        expect(error).toBeLessThanOrEqual(1e-3 * Math.hypot(...first) * Math.hypot(...direction));
      }
    });

    describe('a network of two layers learns as computed by hand', () => {
      const net = startNetwork([1, 1, 4]);
      const hidden = net.add(
        'relu',
        [net.add('conv', [0], { kernel: [1, 1], channels: 6 }, 'a')],
        {},
        'relu',
      );
      net.add('dense', [net.add('globalAvgPool', [hidden], {}, 'pool')], { units: 3 }, 'b');
      const network: Network = { nodes: net.nodes, blocks: [] };

      test.each<readonly [string, Step]>([
        ['Adam', { ...ADAM, learningRate: 0.02 }],
        ['Adam with weight decay and another beta', { ...ADAM, momentum: 0.5, weightDecay: 0.1 }],
        ['gradient descent', PLAIN],
        ['SGD with momentum', { ...PLAIN, momentum: 0.9 }],
        ['SGD with momentum and weight decay', { ...PLAIN, momentum: 0.5, weightDecay: 0.05 }],
      ])('%s', async (_, step) => {
        const problem = problemOf(network, 10, 4, false);
        const layout = layoutOf(network);
        const [w1, w2, b] = layout.parameters.map((parameter) => [
          ...valuesOf(problem.from.values, parameter),
        ]) as [number[], number[], number[]];
        const rows = (values: readonly number[], width: number): number[][] =>
          Array.from({ length: values.length / width }, (_row, i) =>
            values.slice(i * width, (i + 1) * width),
          );
        const wanted = curveOf(
          {
            x: rows([...problem.batch.images], 4),
            labels: [...problem.batch.labels],
            w1: rows(w1, 6),
            w2: rows(w2, 3),
            b,
          },
          step,
          40,
        );
        const curve = await using(training, problem, problem.from, (trainer) =>
          stepsOf(
            trainer,
            wanted.map(() => problem.batch),
            step,
          ),
        );
        expect(largest(differences(curve, wanted))).toBeLessThanOrEqual(2e-5);
        expect(curve.at(-1)).toBeLessThan(curve[0] as number);
      });
    });

    (terms.overfits ? test : test.skip)('64 images of BreastMNIST are learned by heart', async () => {
      const dataset = await openDatasets({ folders: [], dataFolder: '.', download: false }).open(
        'breastmnist',
      );
      const batch = await drawBatch(dataset, { size: 64, seed: 1 });
      const network = mstf.build(BLOCK, { input: batch.shape, classes: 2, initChannels: 4 });
      const from = { ...stateOf(network, 1), values: initialValues(network, 1) };
      const step: Step = { ...ADAM, learningRate: 0.02 };
      await using(training, { network, multiLabel: false }, from, async (trainer) => {
        let [loss, steps] = [Infinity, 0];
        for (; loss >= 0.01 && steps < 300; steps++) loss = await trainer.step(batch, step);
        expect(loss).toBeLessThan(0.01);
        // The running statistics follow within a few batches more.
        for (let i = 0; i < 40; i++) await trainer.step(batch, { ...step, learningRate: 0 });
        const logits = await trainer.predict(batch.images);
        const right = batch.labels.filter((label, i) => {
          const [no, yes] = [logits[2 * i], logits[2 * i + 1]] as [number, number];
          return Number(yes > no) === label;
        });
        expect(right.length).toBeGreaterThanOrEqual(60);
      });
    });

    describe('of a network of the search space', () => {
      const network = mstf.build(BLOCK, { input: [9, 11, 3], classes: 3, initChannels: 4 });
      const problem = problemOf(network, 5, 6, false);
      const batches = [5, 2, 4, 1, 3].map((images, i) => batchFor(network, images, i, false));

      test('a state that is saved and taken up again goes on as if nothing had been', async () => {
        const [losses, wanted] = await using(training, problem, problem.from, async (trainer) => [
          await stepsOf(trainer, batches, ADAM),
          await saved(trainer, network),
        ]);
        expect(wanted.steps).toBe(batches.length);
        let state = copyOf(problem.from);
        for (const [i, batch] of batches.entries()) {
          state = await using(training, problem, state, async (trainer) => {
            expect(await trainer.step(batch, ADAM)).toBe(losses[i]);
            return saved(trainer, network);
          });
        }
        expect(state).toEqual(wanted);
      });

      test('neither what it is given nor a trainer before it changes it', async () => {
        const run = (from: TrainingState): Promise<TrainingState> =>
          using(training, problem, from, async (trainer) => {
            expect(from).toEqual(problem.from);
            for (const part of [from.values, from.first, from.second]) part.fill(Number.NaN);
            await stepsOf(trainer, batches, ADAM);
            return saved(trainer, network);
          });
        const wanted = await run(copyOf(problem.from));
        await using(training, problem, stateOf(network, 77), async (trainer) => {
          await trainer.step(problem.batch, PLAIN);
          await trainer.predict(problem.batch.images);
        });
        expect(await run(copyOf(problem.from))).toEqual(wanted);
      });

      test('a loss that is not finite is told and changes nothing', () =>
        using(training, problem, problem.from, async (trainer) => {
          await trainer.step(problem.batch, ADAM);
          const before = await saved(trainer, network);
          const images = problem.batch.images.slice();
          images[17] = Number.NaN;
          const loss = await trainer.step({ ...problem.batch, images }, ADAM);
          expect(Number.isFinite(loss)).toBe(false);
          expect(await saved(trainer, network)).toEqual(before);
          expect(Number.isFinite(await trainer.step(problem.batch, ADAM))).toBe(true);
        }));

      test('labels that are wrong are refused and change nothing', () =>
        using(training, problem, problem.from, async (trainer) => {
          const step = (labels: readonly number[]): Promise<number> =>
            trainer.step({ images: problem.batch.images, labels: Int32Array.from(labels) }, ADAM);
          await expect(step([0, 1, 2, 3, 0])).rejects.toThrow('label 3 of the batch is 3, want 0 to 2');
          await expect(step([0, 1])).rejects.toThrow('a batch of 5 images has 2 labels, want 5');
          expect(await saved(trainer, network)).toEqual(problem.from);
        }));

      test('predictions are of each image by itself, however many', () =>
        using(training, problem, problem.from, async (trainer) => {
          const [size, classes] = [inputOf(network).reduce((a, b) => a * b, 1), classesOf(network)];
          const { images } = batchFor(network, 150, 8, false);
          const all = await trainer.predict(images);
          expect(all).toHaveLength(150 * classes);
          for (const [from, to] of [
            [0, 1],
            [100, 150],
          ] as const) {
            const part = await trainer.predict(images.subarray(from * size, to * size));
            const error = largest(differences(part, all.subarray(from * classes, to * classes)));
            expect(error).toBeLessThanOrEqual(1e-5 * largest(all));
          }
          expect(await trainer.predict(new Float32Array())).toHaveLength(0);
        }));

      test('a network that is only asked needs no moments, and begins with none', async () => {
        const none = { ...problem.from, first: new Float32Array(), second: new Float32Array() };
        const [logits, state] = await using(training, problem, none, async (trainer) => [
          await trainer.predict(problem.batch.images),
          await saved(trainer, network),
        ]);
        expect(logits).toHaveLength(5 * classesOf(network));
        expect(state).toEqual(problem.from);
      });
    });
  });
}
