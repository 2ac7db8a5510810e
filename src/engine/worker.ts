// A worker thread of the pool: one backend, opened at the first task.

import { Piscina } from 'piscina';
import { measure as measureWith, type Measured } from '../metrics/measured.ts';
import type { Evaluation } from '../search/evaluation.ts';
import { reluUnits } from '../search/network.ts';
import { type Activity, type Backend, OutOfMemoryError } from './backend.ts';
import { type Device, openBackend } from './device.ts';
import type { Examination, Inspection, Learned, Lesson } from './engine.ts';
import { evaluate as evaluateWith, networkOf, type Task } from './evaluate.ts';
import { kernelMatrix } from './indicators/jacobCov.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { standBack } from './priority.ts';
import { answer, learn, type Question } from './training/learn.ts';

standBack();

let opened: Promise<Backend> | null = null;

function backend(): Promise<Backend> {
  return (opened ??= openBackend(Piscina.workerData as Device));
}

const NOTHING: Activity = { distances: new Float64Array(), logits: new Float32Array() };

async function activityOf({ genotype, protocol, batch }: Task, using: Backend): Promise<Activity> {
  try {
    return await using.activity(networkOf(genotype, protocol), batch, protocol.input, protocol.seed, true);
  } catch (error) {
    if (error instanceof OutOfMemoryError) return NOTHING;
    throw error;
  }
}

export const evaluate = (task: Task): Promise<Outcome<Evaluation>> =>
  outcomeOf(async () => evaluateWith(task, await backend()));

export const train = (lesson: Lesson): Promise<Outcome<Learned>> =>
  outcomeOf(async () => learn(lesson, await backend()));

export const predict = (question: Question): Promise<Outcome<Float32Array>> =>
  outcomeOf(async () => answer(question, await backend()));

export const measure = (examination: Examination): Promise<Outcome<Measured>> =>
  outcomeOf(async () => measureWith(...examination));

export const inspect = (task: Task): Promise<Outcome<Inspection>> =>
  outcomeOf(async () => {
    const { batchSize, classes } = task.protocol;
    const { distances, logits } = await activityOf(task, await backend());
    const units = reluUnits(networkOf(task.genotype, task.protocol));
    return {
      evaluation: await evaluateWith(task, await backend()),
      reluUnits: units,
      kernelRow0: [...kernelMatrix(distances.subarray(0, batchSize), units)],
      logits0: [...logits.subarray(0, classes)],
    };
  });
