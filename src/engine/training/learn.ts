// A lesson, and a slice of predictions, as a worker does them on its backend.

import { MedNasError } from '../../search/errors.ts';
import { networkOfModel } from '../../search/model.ts';
import type { Network } from '../../search/network.ts';
import { OutOfMemoryError } from '../backend.ts';
import type { Learned, LearningImages, LearningProblem, Lesson } from '../engine.ts';
import type { Trainer, Training, TrainingBatch, TrainingState } from './trainer.ts';

/** Then others have their turn. */
const LESSON_MS = 1000;

/** (x / 255 - 0.5) / 0.5 (spec section 3). */
const SCALED = Float32Array.from({ length: 256 }, (_, x) => (x / 255 - 0.5) / 0.5);

const scaled = (pixels: Uint8Array): Float32Array => Float32Array.from(pixels, (x) => SCALED[x] as number);

function batchOf(
  { images, labels }: LearningImages,
  rows: Uint32Array,
  problem: LearningProblem,
): TrainingBatch {
  const pixels = problem.input.reduce((a, b) => a * b, 1);
  const width = problem.multiLabel ? problem.classes : 1;
  const batch = {
    images: new Float32Array(rows.length * pixels),
    labels: new Int32Array(rows.length * width),
  };
  rows.forEach((row, i) => {
    batch.images.set(scaled(images.subarray(row * pixels, (row + 1) * pixels)), i * pixels);
    batch.labels.set(labels.subarray(row * width, (row + 1) * width), i * width);
  });
  return batch;
}

let last: { readonly key: string; readonly network: Network } | null = null;

/** The same object for the same problem in a row: a backend may keep what it knows of it. */
function networkOf({ model, input, classes }: LearningProblem): Network {
  const key = JSON.stringify([model, input, classes]);
  if (last?.key !== key) last = { key, network: networkOfModel(model, { input, classes }) };
  return last.network;
}

async function update(
  trainer: Trainer,
  { batches, data, problem, step }: Lesson,
): Promise<readonly number[]> {
  const losses: number[] = [];
  const end = performance.now() + LESSON_MS;
  for (const rows of batches) {
    const loss = await trainer.step(batchOf(data, rows, problem), step);
    losses.push(loss);
    if (!Number.isFinite(loss) || performance.now() >= end) break;
  }
  return losses;
}

/** @throws MedNasError BATCH_TOO_LARGE for want of memory. */
async function withTrainer<T>(
  training: Training,
  problem: LearningProblem,
  from: TrainingState,
  use: (trainer: Trainer) => Promise<T>,
): Promise<T> {
  let trainer: Trainer | null = null;
  try {
    trainer = await training.trainer({ network: networkOf(problem), multiLabel: problem.multiLabel }, from);
    return await use(trainer);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
    throw new MedNasError(
      'BATCH_TOO_LARGE',
      `There is not the memory to train this network: ${error.message}. Take smaller batches or images, fewer channels or fewer workers.`,
      { field: 'batchSize', cause: error },
    );
  } finally {
    trainer?.close();
  }
}

export const learn = (lesson: Lesson, training: Training): Promise<Learned> =>
  withTrainer(training, lesson.problem, lesson.from, async (trainer) => {
    const losses = await update(trainer, lesson);
    return { losses, steps: await trainer.save({ ...lesson.to, steps: 0 }) };
  });

/** Images, all of them or some, to be asked of a network. */
export interface Question {
  readonly problem: LearningProblem;
  readonly values: Float32Array;
  readonly images: Uint8Array;
}

const NOTHING = new Float32Array();

export const answer = ({ problem, values, images }: Question, training: Training): Promise<Float32Array> =>
  withTrainer(training, problem, { values, first: NOTHING, second: NOTHING, steps: 0 }, (trainer) =>
    trainer.predict(scaled(images)),
  );
