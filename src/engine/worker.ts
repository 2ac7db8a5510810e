// A worker thread of the pool: one backend, opened at the first task.

import { Piscina } from 'piscina';
import type { Evaluation } from '../search/evaluation.ts';
import { reluUnits } from '../search/network.ts';
import { kernelMatrix } from './indicators/jacobCov.ts';
import type { Inspection } from './engine.ts';
import { evaluate as evaluateWith, networkOf, type Task } from './evaluate.ts';
import { type KernelChoice, openSimd } from './simd/backend.ts';

const backend = openSimd(Piscina.workerData as KernelChoice);

export const evaluate = async (task: Task): Promise<Evaluation> => evaluateWith(task, await backend);

export async function inspect(task: Task): Promise<Inspection> {
  const { genotype, protocol, batch } = task;
  const network = networkOf(genotype, protocol);
  const opened = await backend;
  const { distances, logits } = opened.activity(network, batch, protocol.input, protocol.seed, true);
  const units = reluUnits(network);
  return {
    evaluation: evaluateWith(task, opened),
    reluUnits: units,
    kernelRow0: [...kernelMatrix(distances.subarray(0, protocol.batchSize), units)],
    logits0: [...logits.subarray(0, protocol.classes)],
  };
}
