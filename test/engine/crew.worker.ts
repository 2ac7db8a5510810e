// Tasks that go wrong in every way there is. Each counts itself in shared memory as it begins. And a
// worker that does not even start, when it is told not to.

import { Piscina } from 'piscina';
import { type Outcome, outcomeOf } from '../../src/engine/outcome.ts';
import { MedNasError } from '../../src/search/errors.ts';

export interface Task {
  /** Shared: how many tasks have begun, and whether those that linger may end. */
  readonly counts: Int32Array;
  readonly value?: unknown;
}

export const BEGUN = 0;
export const RELEASED = 1;

const told = Piscina.workerData as { readonly start?: 'fails' | 'quits' } | undefined;
if (told?.start === 'fails') throw new Error('this module is broken');
if (told?.start === 'quits') process.exit(0);

const begin = ({ counts }: Task): number => {
  const before = Atomics.add(counts, BEGUN, 1);
  Atomics.notify(counts, BEGUN);
  return before;
};

export const echo = (task: Task): Promise<Outcome<unknown>> =>
  outcomeOf(() => {
    begin(task);
    return task.value;
  });

/** Ends when it is released. */
export const linger = (task: Task): Promise<Outcome<unknown>> =>
  outcomeOf(() => {
    begin(task);
    Atomics.wait(task.counts, RELEASED, 0);
    return task.value;
  });

export const throwBug = (task: Task): Promise<Outcome<unknown>> =>
  outcomeOf(() => {
    begin(task);
    throw new TypeError('a bug');
  });

export const refuse = (task: Task): Promise<Outcome<unknown>> =>
  outcomeOf(() => {
    begin(task);
    throw new MedNasError('CORRUPT_DATASET', 'a bad label', { field: 'labels' });
  });

export function exit(task: Task): Promise<Outcome<unknown>> {
  begin(task);
  process.exit(3);
}

export function exitOnce(task: Task): Promise<Outcome<unknown>> {
  if (begin(task) === 0) process.exit(3);
  return outcomeOf(() => task.value);
}

/** An error that nobody catches. */
export function explode(task: Task): Promise<Outcome<unknown>> {
  begin(task);
  setImmediate(() => {
    throw new Error('boom');
  });
  return new Promise(() => undefined);
}
