// Training on the SIMD kernels, in a memory that others use in between: what is learned lies in it while a trainer
// is open, and its backend does nothing else then.

import { MedNasError } from '../../../search/errors.ts';
import type { Network, Node, Shape } from '../../../search/network.ts';
import { layoutOf } from '../../../search/parameters.ts';
import type { AllKernels } from '../../gradients/kernels.ts';
import { type Targets, targetsOf } from '../../gradients/gradient.ts';
import { fixedAt, type Given, openDraft, type Program, programBytes } from '../../gradients/simd/program.ts';
import { ensure } from '../../simd/workspace.ts';
import {
  ADAM_BETA2,
  ADAM_EPSILON,
  STATISTICS_MOMENTUM,
  type Step,
  type Trainer,
  type TrainerProblem,
  type Training,
  type TrainingState,
} from '../trainer.ts';
import { type Held, hold } from './held.ts';
import { draftPrediction, draftStep, type PredictionProgram, type StepProgram } from './programs.ts';

/** Images predicted at once, at most. */
const PREDICTED = 64;
const NOWHERE: Given['directions'] = new Map();
const NO_TARGETS: Targets = { values: new Float32Array(), images: 0, classes: 0, multiLabel: false };

/** A network's programs by their images, for as long as the network is known. */
interface Programs {
  step(images: number): StepProgram;
  prediction(images: number): PredictionProgram;
}

function openPrograms(network: Network, kernels: AllKernels): Programs {
  const kept = <P>(draft: (network: Network, images: number, kernels: AllKernels) => P) => {
    const programs = new Map<number, P>();
    return (images: number): P => {
      const program = programs.get(images) ?? draft(network, images, kernels);
      programs.set(images, program);
      return program;
    };
  };
  return { step: kept(draftStep), prediction: kept(draftPrediction) };
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** @throws MedNasError BATCH_TOO_LARGE with the numbers, and the largest batch that fits. */
function requireRoom(
  network: Network,
  images: number,
  limit: number,
  kernels: AllKernels,
  bytes: number,
): void {
  if (bytes <= limit) return;
  let [fits, tooMany] = [1, images];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (programBytes(draftStep(network, middle, kernels).demand) <= limit) fits = middle;
    else tooMany = middle;
  }
  const advice =
    fits < 2
      ? 'Not even 2 images fit: take smaller images, fewer channels or fewer workers.'
      : `At most ${fits} images fit. Fewer channels or workers make room for more.`;
  throw new MedNasError(
    'BATCH_TOO_LARGE',
    `To train on ${images} images at a time needs ${mebibytes(bytes)}, and a worker may take ${mebibytes(limit)}. ${advice}`,
    { field: 'batchSize' },
  );
}

function updateWeights(
  { layout, values, gradient, first, second }: Held,
  steps: number,
  { optimizer, learningRate, momentum, weightDecay: decay }: Step,
  { gradient: kernels }: AllKernels,
): void {
  const vectors = {
    values: fixedAt(values),
    gradient: fixedAt(gradient),
    first: fixedAt(first),
    second: fixedAt(second),
  };
  if (optimizer === 'sgd') {
    kernels.descend(layout.learned, vectors, { rate: learningRate, momentum, decay });
    return;
  }
  kernels.adam(layout.learned, vectors, {
    rate: learningRate / (1 - momentum ** steps),
    beta1: momentum,
    beta2: ADAM_BETA2,
    decay,
    root: Math.sqrt(1 - ADAM_BETA2 ** steps),
    epsilon: ADAM_EPSILON,
  });
}

/** Moves the running statistics towards the batch's. */
function updateStatistics({ layout, values, batch }: Held, floats: Float32Array): void {
  const [to, from] = [fixedAt(values) / 4 + layout.learned, fixedAt(batch) / 4];
  for (let i = 0; i < layout.floats - layout.learned; i++) {
    const [own, news] = [floats[to + i] as number, floats[from + i] as number];
    floats[to + i] = (1 - STATISTICS_MOMENTUM) * own + STATISTICS_MOMENTUM * news;
  }
}

/** `limit`: bytes the memory may grow to. */
export function simdTraining(kernels: AllKernels, memory: WebAssembly.Memory, limit: number): Training {
  const known = new WeakMap<Network, Programs>();
  let isLent = false;

  function programsOf(network: Network): Programs {
    const programs = known.get(network) ?? openPrograms(network, kernels);
    known.set(network, programs);
    return programs;
  }

  function openTrainer({ network, multiLabel }: TrainerProblem, from: TrainingState): Trainer {
    const layout = layoutOf(network);
    const draft = openDraft(1);
    const held = hold(draft, layout);
    const input: Shape = (network.nodes[0] as Node).shape;
    const programs = programsOf(network);
    let { steps } = from;

    const vector = (at: number, count: number): Float32Array =>
      new Float32Array(memory.buffer, fixedAt(at), count);
    const run = (program: Program, given: Pick<Given, 'images' | 'targets'>): void => {
      ensure(memory, programBytes(program.demand), limit);
      program.run(memory, { ...given, directions: NOWHERE });
    };
    /** A ReLU makes 0 of NaN, so that the loss alone would hide it. */
    const isFinite = (): boolean =>
      kernels.gradient.allFinite(layout.learned, fixedAt(held.gradient)) &&
      kernels.gradient.allFinite(layout.floats - layout.learned, fixedAt(held.batch));

    ensure(memory, programBytes(draft.finish().demand), limit);
    vector(held.values, layout.floats).set(from.values);
    vector(held.first, layout.learned).fill(0).set(from.first);
    vector(held.second, layout.learned).fill(0).set(from.second);
    // What the loss does not depend on has no step that writes its gradient.
    vector(held.gradient, layout.learned).fill(0);
    vector(held.batch, layout.floats - layout.learned).set(from.values.subarray(layout.learned));

    return {
      async step(batch, step) {
        const targets = targetsOf({ network, batch, input, multiLabel });
        const program = programs.step(targets.images);
        requireRoom(network, targets.images, limit, kernels, programBytes(program.demand));
        run(program, { images: batch.images, targets });
        const loss = program.loss();
        if (!Number.isFinite(loss) || !isFinite()) return Number.NaN;
        steps += 1;
        updateWeights(held, steps, step, kernels);
        updateStatistics(held, new Float32Array(memory.buffer));
        return loss;
      },
      async predict(images) {
        const pixels = input[0] * input[1] * input[2];
        const count = images.length / pixels;
        const classes = (network.nodes.at(-1) as Node).shape[2];
        const logits = new Float32Array(count * classes);
        for (let first = 0; first < count; first += PREDICTED) {
          const some = images.subarray(first * pixels, (first + PREDICTED) * pixels);
          const program = programs.prediction(some.length / pixels);
          run(program, { images: some, targets: NO_TARGETS });
          logits.set(program.logits(), first * classes);
        }
        return logits;
      },
      async save(state) {
        state.values.set(vector(held.values, layout.floats));
        state.first.set(vector(held.first, layout.learned));
        state.second.set(vector(held.second, layout.learned));
        return steps;
      },
      close() {
        isLent = false;
      },
    };
  }

  return {
    async trainer(problem, from) {
      if (isLent) throw new Error('another trainer of this backend is still open');
      const trainer = openTrainer(problem, from);
      isLent = true;
      return trainer;
    },
  };
}
