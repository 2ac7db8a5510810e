import { openDatasets } from '../../../src/data/datasets.ts';
import type { Engine, Learned, LearningImages, LearningProblem, Lesson } from '../../../src/engine/engine.ts';
import { loadKernels } from '../../../src/engine/kernels/load.ts';
import { openEngine } from '../../../src/engine/pool.ts';
import { programBytes } from '../../../src/engine/gradients/simd/program.ts';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { draftStep } from '../../../src/engine/training/simd/programs.ts';
import { emptyState, initialState } from '../../../src/engine/training/state.ts';
import type { Step, TrainingState } from '../../../src/engine/training/trainer.ts';
import { type Model, networkOfModel } from '../../../src/search/model.ts';
import { layoutOf } from '../../../src/search/parameters.ts';
import { GOLDENS } from '../../golden/goldens.ts';
import { differences, largest } from '../backend.contract.ts';

const never = new AbortController().signal;
const STEP: Step = { optimizer: 'adam', learningRate: 0.005, momentum: 0.9, weightDecay: 0 };

const searched = (initChannels: number): Model => ({
  kind: 'architecture',
  space: 'mstf',
  genotype: GOLDENS[0]?.genotype ?? [],
  initChannels,
});
const resnet18 = (initChannels: number): Model => ({ kind: 'baseline', name: 'resnet18', initChannels });
const problemOf = (model: Model): LearningProblem => ({
  model,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
});

/** The first images of BreastMNIST's training split, in shared memory. */
async function breast(count: number): Promise<LearningImages> {
  const datasets = openDatasets({ folders: [], dataFolder: 'absent', download: false });
  const dataset = await datasets.open('breastmnist');
  const rows = await dataset.read(
    'train',
    Array.from({ length: count }, (_, i) => i),
  );
  const images = new Uint8Array(new SharedArrayBuffer(rows.images.length));
  const labels = new Int32Array(new SharedArrayBuffer(4 * rows.labels.length));
  images.set(rows.images);
  labels.set(rows.labels);
  return { images, labels };
}

const emptyFor = (problem: LearningProblem): TrainingState =>
  emptyState(layoutOf(networkOfModel(problem.model, problem)));

/** All of the lesson's updates, lesson by lesson of at most so many. */
async function train(
  engine: Engine,
  lesson: Omit<Lesson, 'to'>,
  most = Infinity,
): Promise<{ readonly losses: readonly number[]; readonly state: TrainingState }> {
  const losses: number[] = [];
  let state = lesson.from;
  while (losses.length < lesson.batches.length) {
    const to = emptyFor(lesson.problem);
    const batches = lesson.batches.slice(losses.length, losses.length + most);
    const learned: Learned = await engine.train({ ...lesson, batches, from: state, to }, never);
    losses.push(...learned.losses);
    state = { ...to, steps: learned.steps };
  }
  return { losses, state };
}

const rowsFrom = (first: number, count: number): Uint32Array =>
  Uint32Array.from({ length: count }, (_, i) => first + i);

describe('an engine that trains', () => {
  let engine: Engine;
  let data: LearningImages;
  beforeAll(async () => {
    engine = await openEngine({ workers: 2 });
    data = await breast(64);
  });
  afterAll(() => engine.close());

  test.each([
    { name: 'a searched architecture', model: searched(4), updates: 60 },
    { name: 'ResNet-18', model: resnet18(8), updates: 40 },
  ])('$name learns 64 images by heart', async ({ model, updates }) => {
    const problem = problemOf(model);
    const from = initialState(problem, 1);
    const batches = Array.from({ length: updates }, () => rowsFrom(0, 64));
    const { losses, state } = await train(engine, { problem, data, batches, step: STEP, from });
    expect(losses[0]).toBeGreaterThan(0.3);
    expect(losses.at(-1)).toBeLessThan(0.01);
    expect(state.steps).toBe(updates);
    // The running statistics lag behind; updates that move nothing else let them come near.
    const still = Array.from({ length: 40 }, () => rowsFrom(0, 64));
    const settled = await train(engine, {
      problem,
      data,
      batches: still,
      step: { ...STEP, learningRate: 0 },
      from: state,
    });
    const logits = await engine.predict(problem, settled.state.values, data.images, never);
    const right = [...data.labels].filter((label, row) => {
      const [none, some] = [logits[2 * row] as number, logits[2 * row + 1] as number];
      return Number(some > none) === label;
    });
    expect(right).toHaveLength(64);
  });

  test('lessons cut differently, on any worker, come to the same bits; what they begin with stays', async () => {
    const problem = problemOf(searched(4));
    const from = initialState(problem, 5);
    const before = from.values.slice();
    const batches = Array.from({ length: 7 }, (_, i) => rowsFrom(i, i === 6 ? 9 : 20));
    const lesson = { problem, data, batches, step: STEP, from };
    const [whole, ...others] = await Promise.all([Infinity, 1, 3].map((most) => train(engine, lesson, most)));
    for (const other of others) expect(other).toEqual(whole);
    expect(from.values).toEqual(before);
    expect(whole?.losses).toHaveLength(7);
  });

  test('predictions of slices are those of the trainer', async () => {
    // Two slices: more multiply-accumulates than one task may have.
    const problem: LearningProblem = { ...problemOf(resnet18(64)), input: [28, 28, 1] };
    const images = new Uint8Array(new SharedArrayBuffer(64 * 784));
    images.set(data.images);
    const state = initialState(problem, 2);
    const logits = await engine.predict(problem, state.values, images, never);
    const backend = await openSimd({});
    const trainer = await backend.trainer(
      { network: networkOfModel(problem.model, problem), multiLabel: false },
      state,
    );
    const scaled = Float32Array.from(images, (x) => (x / 255 - 0.5) / 0.5);
    const wanted = await trainer.predict(scaled);
    trainer.close();
    expect(logits).toHaveLength(128);
    expect(largest(differences(logits, wanted))).toBeLessThanOrEqual(1e-5 * Math.max(1, largest(wanted)));
  });

  test('a loss that is not finite is the last of its lesson, and changes nothing', async () => {
    const problem = problemOf(searched(4));
    const from = initialState(problem, 5);
    from.values[0] = Number.NaN;
    const to = emptyFor(problem);
    const batches = [rowsFrom(0, 8), rowsFrom(8, 8)];
    const learned = await engine.train({ problem, data, batches, step: STEP, from, to }, never);
    expect(learned).toEqual({ losses: [Number.NaN], steps: 0 });
    expect(to.values).toEqual(from.values);
  });

  test('a batch that needs more memory than a worker has is refused with the largest that fits', async () => {
    const problem: LearningProblem = problemOf(resnet18(64));
    const from = initialState(problem, 5);
    const batches = [new Uint32Array(4096)];
    const lesson = { problem, data, batches, step: STEP, from, to: emptyFor(problem) };
    const refusal = await engine.train(lesson, never).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'BATCH_TOO_LARGE', field: 'batchSize' });
    const [, fits] = /At most (\d+) images fit/.exec((refusal as Error).message) ?? [];
    const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }), { wide: false });
    const network = networkOfModel(problem.model, problem);
    const bytes = (images: number): number => programBytes(draftStep(network, images, kernels).demand);
    const limit = engine.info.workerMemory as number;
    expect(bytes(Number(fits))).toBeLessThanOrEqual(limit);
    expect(bytes(Number(fits) + 1)).toBeGreaterThan(limit);
  });

  test('a lesson that has been called off is not begun', async () => {
    const problem = problemOf(searched(4));
    const lesson = {
      problem,
      data,
      batches: [rowsFrom(0, 8)],
      step: STEP,
      from: initialState(problem, 5),
      to: emptyFor(problem),
    };
    await expect(engine.train(lesson, AbortSignal.abort(new Error('called off')))).rejects.toThrow(
      'called off',
    );
    await expect(
      engine.predict(problem, lesson.from.values, data.images, AbortSignal.abort(new Error('called off'))),
    ).rejects.toThrow('called off');
  });
});

test('a lesson whose worker dies is tried again, once', async () => {
  const engine = await openEngine({
    workers: 1,
    worker: new URL('./deviant.worker.ts', import.meta.url).href,
  });
  try {
    const data = await breast(16);
    const problem = problemOf(searched(4));
    const lesson = { problem, data, batches: [rowsFrom(1, 8)], step: STEP, from: initialState(problem, 5) };
    data.images[0] = 1;
    const { state } = await train(engine, lesson);
    data.images[0] = 0;
    expect(state).toEqual((await train(engine, lesson)).state);
    data.images[0] = 2;
    await expect(train(engine, lesson)).rejects.toMatchObject({ code: 'CRASHED' });
    expect(engine.load().crashes).toBe(3);
  } finally {
    await engine.close();
  }
});
