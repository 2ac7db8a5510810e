// A lesson, and a slice of predictions, as a worker does them on its backend.

import { networkOfModel } from '../../search/model.ts';
import type { Network } from '../../search/network.ts';
import type { Learned, LearningImages, LearningProblem, Lesson } from '../engine.ts';
import type { Trainer, Training, TrainingBatch } from './trainer.ts';

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

export async function learn(lesson: Lesson, training: Training): Promise<Learned> {
  const { problem, from, to } = lesson;
  const trainer = await training.trainer(
    { network: networkOf(problem), multiLabel: problem.multiLabel },
    from,
  );
  try {
    const losses = await update(trainer, lesson);
    return { losses, steps: await trainer.save({ ...to, steps: 0 }) };
  } finally {
    trainer.close();
  }
}

/** Images, all of them or some, to be asked of a network. */
export interface Question {
  readonly problem: LearningProblem;
  readonly values: Float32Array;
  readonly images: Uint8Array;
}

const NOTHING = new Float32Array();

export async function answer(
  { problem, values, images }: Question,
  training: Training,
): Promise<Float32Array> {
  const from = { values, first: NOTHING, second: NOTHING, steps: 0 };
  const trainer = await training.trainer(
    { network: networkOf(problem), multiLabel: problem.multiLabel },
    from,
  );
  try {
    return await trainer.predict(scaled(images));
  } finally {
    trainer.close();
  }
}
