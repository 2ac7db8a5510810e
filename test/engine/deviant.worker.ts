// A worker that goes wrong over some genotypes, by their first gene; the others it scores as the real one
// does. It counts what it begins in the labels, which are shared memory.

import type { Task } from '../../src/engine/evaluate.ts';
import { outcomeOf } from '../../src/engine/outcome.ts';
import { evaluate as real } from '../../src/engine/worker.ts';

export const IS_BUGGY = 3;
export const DIES_ONCE = 4;
export const DIES = 5;

export function evaluate(task: Task): ReturnType<typeof real> {
  const first = task.genotype[0] as number;
  const { labels } = task.batch;
  if (!(labels.buffer instanceof SharedArrayBuffer)) return real(task);
  const before = Atomics.add(labels, first, 1);
  // Inside a worker thread this ends the thread alone.
  if (first === DIES || (first === DIES_ONCE && before === 0)) process.exit(3);
  if (first !== IS_BUGGY) return real(task);
  return outcomeOf(() => {
    throw new TypeError('a bug');
  });
}
