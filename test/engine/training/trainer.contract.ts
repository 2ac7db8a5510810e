// What every backend that trains promises: gradients of every parameter, updates as PyTorch makes them, running
// statistics and predictions by them, held against float64 and plain loops.

import type {
  Step,
  Trainer,
  TrainerProblem,
  Training,
  TrainingBatch,
  TrainingState,
} from '../../../src/engine/training/trainer.ts';
import { emptyState, initialValues } from '../../../src/engine/training/state.ts';
import { liveNodes } from '../../../src/engine/gradients/graph.ts';
import type { Network, Shape } from '../../../src/search/network.ts';
import { layoutOf, type ParameterLayout, type Role, valuesOf } from '../../../src/search/parameters.ts';
import { streamKey, uniformAt } from '../../../src/search/random.ts';
import { imagesFor, largest, differences } from '../backend.contract.ts';
import { networkOf, TINY, type Tiny } from '../gradients/networks.ts';
import { foresee, learnedSlope, see } from '../gradients/truth.ts';

/** With rate 0, all it does is to leave the gradient in the first moment. */
const LOOK: Step = { optimizer: 'sgd', learningRate: 0, momentum: 0, weightDecay: 0 };

const noise = (seed: number, path: string, count: number): Float32Array => {
  const key = streamKey(seed, path);
  return Float32Array.from({ length: count }, (_, i) => 2 * uniformAt(key, i) - 1);
};

/** What parameters are in the midst of training: scales of either sign. */
const SOMEWHERE: Readonly<Record<Exclude<Role, 'weight'>, (u: number, i: number) => number>> = {
  bias: (u) => u,
  gamma: (u) => 1.5 * u,
  beta: (u) => 0.5 * u,
  mean: (u) => 0.3 * u,
  variance: (u) => 0.2 + 0.5 * (u + 1),
};

/** `isClosed`: a channel of each batch norm is multiplied by 0. */
function stateOf(network: Network, seed: number, isClosed = false): TrainingState {
  const layout = layoutOf(network);
  const values = initialValues(network, seed);
  for (const parameter of layout.parameters) {
    const { role, name, size } = parameter;
    if (role !== 'weight') valuesOf(values, parameter).set(noise(seed, name, size).map(SOMEWHERE[role]));
    if (role === 'gamma' && isClosed) valuesOf(values, parameter)[size - 1] = 0;
  }
  return { ...emptyState(layout), values };
}

function batchOf({ input, classes }: Tiny, images: number, seed: number, multiLabel: boolean): TrainingBatch {
  const key = streamKey(seed, 'labels');
  const labels = Int32Array.from({ length: multiLabel ? images * classes : images }, (_, i) =>
    Math.floor(uniformAt(key, i) * (multiLabel ? 2 : classes)),
  );
  return { images: imagesFor(seed, images, input), labels };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (x, i) => x * (b[i] as number)).reduce((sum, x) => sum + x, 0);

/** A trainer for as long as `use` takes. */
export async function using<T>(
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

export async function saved(trainer: Trainer, layout: ParameterLayout): Promise<TrainingState> {
  const state = emptyState(layout);
  return { ...state, steps: await trainer.save(state) };
}

/** Updates in float64 by the formulas of PyTorch's documentation, from slopes along every axis. */
function bookUpdate(
  problem: TrainerProblem,
  batch: TrainingBatch,
  step: Step,
  state: { values: Float64Array; first: Float64Array; second: Float64Array; steps: number },
): number {
  const { learned } = layoutOf(problem.network);
  const { loss, statistics } = see(problem, batch, state.values);
  const axis = new Float64Array(learned);
  const gradient = axis.map((_, i) => {
    axis.fill(0);
    axis[i] = 1;
    return learnedSlope(problem, batch, state.values, axis);
  });
  state.steps += 1;
  const { learningRate: rate, momentum, weightDecay, optimizer } = step;
  gradient.forEach((slope, i) => {
    const [w, m, v] = [state.values[i], state.first[i], state.second[i]] as [number, number, number];
    const g = slope + weightDecay * w;
    if (optimizer === 'sgd') {
      state.first[i] = momentum * m + g;
      state.values[i] = w - rate * state.first[i];
      return;
    }
    state.first[i] = momentum * m + (1 - momentum) * g;
    state.second[i] = 0.999 * v + 0.001 * g * g;
    const [mean, square] = [
      state.first[i] / (1 - momentum ** state.steps),
      state.second[i] / (1 - 0.999 ** state.steps),
    ];
    state.values[i] = w - (rate * mean) / (Math.sqrt(square) + 1e-8);
  });
  statistics.forEach((news, i) => {
    state.values[learned + i] = 0.9 * (state.values[learned + i] as number) + 0.1 * news;
  });
  return loss;
}

const input: Shape = [4, 5, 2];
/** Two layers with batch norm, ReLU and a max pool between them. */
const SMALL: Tiny = {
  name: 'two layers',
  input,
  classes: 3,
  body(net) {
    const x = net.add('conv', [0], { kernel: [3, 3], channels: 4 }, 'conv');
    const active = net.add('relu', [net.add('batchNorm', [x], {}, 'bn')], {}, 'relu');
    return net.add('maxPool', [active], { size: 2 }, 'pool');
  },
};

const MULTIPLE = [false, true];

export function trainerContract(name: string, open: () => Promise<Training>): void {
  describe(name, () => {
    let training: Training;
    beforeAll(async () => {
      training = await open();
    });

    const cases = TINY.map((tiny, i) => ({ ...tiny, multiLabel: i % 2 === 1 }));
    describe.each(cases)('$name, several labels: $multiLabel', ({ multiLabel, ...tiny }) => {
      const network = networkOf(tiny);
      const layout = layoutOf(network);
      const problem = { network, multiLabel };
      const batch = batchOf(tiny, 3, 12, multiLabel);
      // Where a scale is 0 a maximum has no derivative.
      const state = stateOf(network, 7, !network.nodes.some(({ op }) => op === 'maxPool'));
      const values = Float64Array.from(state.values);

      test('loss, gradients of all parameters, running statistics', async () => {
        const { loss, after } = await using(training, problem, state, async (trainer) => ({
          loss: await trainer.step(batch, LOOK),
          after: await saved(trainer, layout),
        }));
        const truth = see(problem, batch, values);
        expect(Math.abs(loss - truth.loss)).toBeLessThanOrEqual(1e-5 * Math.max(1, truth.loss));
        const { first: gradient } = after;
        const scale = Math.sqrt(dot(gradient, gradient));
        for (const { name: parameter, offset, size } of layout.parameters) {
          if (offset >= layout.learned) continue;
          // A parameter at a time: a wrong value anywhere shows in a sum with random factors.
          const direction = new Float64Array(layout.learned);
          direction.set(noise(3, parameter, size), offset);
          const wanted = learnedSlope(problem, batch, values, direction);
          const error = Math.abs(dot(gradient, direction) - wanted);
          expect(error).toBeLessThanOrEqual(2e-5 * scale * Math.sqrt(dot(direction, direction)) + 1e-7);
        }
        const running = after.values.subarray(layout.learned);
        const expected = values.slice(layout.learned);
        const live = liveNodes(network);
        for (const { node, offset, size } of layout.parameters.filter(
          ({ offset: at }) => at >= layout.learned,
        )) {
          // Of a norm that nothing depends on nothing is computed.
          if (live[node] !== true) continue;
          for (let i = offset - layout.learned; i < offset - layout.learned + size; i++)
            expected[i] = 0.9 * (expected[i] as number) + 0.1 * (truth.statistics[i] as number);
        }
        expect(largest(differences(running, expected))).toBeLessThanOrEqual(1e-5);
        expect(after.values.subarray(0, layout.learned)).toEqual(state.values.subarray(0, layout.learned));
      });

      test('predictions by the running statistics', async () => {
        const images = imagesFor(5, 4, tiny.input);
        const closed = stateOf(network, 8, true);
        const logits = await using(training, problem, closed, (trainer) => trainer.predict(images));
        const wanted = foresee(network, images, Float64Array.from(closed.values));
        expect(logits).toHaveLength(wanted.length);
        expect(largest(differences(logits, wanted))).toBeLessThanOrEqual(2e-5 * Math.max(1, largest(wanted)));
      });
    });

    test.each([
      { optimizer: 'adam', learningRate: 0.01, momentum: 0.9, weightDecay: 0 },
      { optimizer: 'adam', learningRate: 0.003, momentum: 0.8, weightDecay: 0.1 },
      { optimizer: 'sgd', learningRate: 0.1, momentum: 0, weightDecay: 0 },
      { optimizer: 'sgd', learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 },
    ] as const)('a training curve by $optimizer, momentum $momentum, decay $weightDecay', async (step) => {
      const network = networkOf(SMALL);
      const layout = layoutOf(network);
      const problem = { network, multiLabel: false };
      const from = { ...emptyState(layout), values: initialValues(network, 2) };
      const truth = {
        values: Float64Array.from(from.values),
        first: new Float64Array(layout.learned),
        second: new Float64Array(layout.learned),
        steps: 0,
      };
      // The last batch is smaller.
      const batches = [6, 6, 6, 3].map((images, i) => batchOf(SMALL, images, i, false));
      const { losses, after } = await using(training, problem, from, async (trainer) => {
        const all: number[] = [];
        for (const batch of batches) all.push(await trainer.step(batch, step));
        return { losses: all, after: await saved(trainer, layout) };
      });
      const wanted = batches.map((batch) => bookUpdate(problem, batch, step, truth));
      expect(largest(differences(losses, wanted))).toBeLessThanOrEqual(1e-4);
      expect(after.steps).toBe(batches.length);
      expect(largest(differences(after.values, truth.values))).toBeLessThanOrEqual(2e-4);
      expect(largest(differences(after.first, truth.first))).toBeLessThanOrEqual(1e-4);
    });

    test.each(MULTIPLE)(
      'however updates are cut, they come to the same bits; several labels: %s',
      async (multiLabel) => {
        const tiny = TINY.at(-1) as Tiny;
        const network = networkOf(tiny);
        const layout = layoutOf(network);
        const problem = { network, multiLabel };
        const step: Step = { optimizer: 'adam', learningRate: 0.01, momentum: 0.9, weightDecay: 0.01 };
        const batches = [5, 5, 5, 2].map((images, i) => batchOf(tiny, images, i, multiLabel));
        const train = (from: TrainingState, some: readonly TrainingBatch[]): Promise<TrainingState> =>
          using(training, problem, from, async (trainer) => {
            for (const batch of some) {
              await trainer.step(batch, step);
              // Nothing of it stays.
              await trainer.predict(batch.images);
            }
            return saved(trainer, layout);
          });
        const start = stateOf(network, 3);
        const before = structuredClone(start.values);
        const whole = await train(start, batches);
        let cut = start;
        for (const batch of batches) cut = await train(cut, [batch]);
        expect(cut).toEqual(whole);
        expect(start.values).toEqual(before);
        expect(whole.values).not.toEqual(before);
      },
    );

    test('a loss that is not finite changes nothing', async () => {
      const network = networkOf(SMALL);
      const layout = layoutOf(network);
      const state = stateOf(network, 3);
      const step: Step = { optimizer: 'adam', learningRate: 0.01, momentum: 0.9, weightDecay: 0 };
      const batch = batchOf(SMALL, 4, 1, false);
      const spoilt = { ...batch, images: batch.images.map((x, i) => (i === 9 ? Number.NaN : x)) };
      await using(training, { network, multiLabel: false }, state, async (trainer) => {
        expect(Number.isFinite(await trainer.step(spoilt, step))).toBe(false);
        expect(await saved(trainer, layout)).toEqual(state);
        expect(Number.isFinite(await trainer.step(batch, step))).toBe(true);
      });
      // Nor one that comes of weights which are not: a ReLU would hide them.
      const lost = { ...state, values: state.values.map((x, i) => (i === 0 ? Number.NaN : x)) };
      await using(training, { network, multiLabel: false }, lost, async (trainer) => {
        expect(Number.isFinite(await trainer.step(batch, step))).toBe(false);
      });
    });

    test('a batch of one image of one pixel', async () => {
      const tiny: Tiny = { ...SMALL, input: [1, 1, 2] };
      const network = networkOf(tiny);
      const batch = batchOf(tiny, 1, 1, false);
      const state = stateOf(network, 3);
      const after = await using(training, { network, multiLabel: false }, state, async (trainer) => {
        expect(Number.isFinite(await trainer.step(batch, LOOK))).toBe(true);
        return saved(trainer, layoutOf(network));
      });
      expect(after.values.every(Number.isFinite)).toBe(true);
    });

    test('labels that do not fit are refused', async () => {
      const network = networkOf(SMALL);
      const batch = batchOf(SMALL, 4, 1, false);
      await using(training, { network, multiLabel: false }, stateOf(network, 3), async (trainer) => {
        await expect(trainer.step({ ...batch, labels: Int32Array.of(0, 1, 2, 3) }, LOOK)).rejects.toThrow(
          'label 3 of the batch is 3, want 0 to 2',
        );
        await expect(trainer.step({ ...batch, labels: Int32Array.of(0) }, LOOK)).rejects.toThrow(
          'a batch of 4 images has 1 labels, want 4',
        );
      });
    });
  });
}
