// What a worker thread answers: a task's result, or what it threw, as data. So a task that rejects is
// one whose thread died, and a failure of ours is never taken for a crash. A MedNasError travels by its
// parts, since errors lose their class between threads.

import { type ErrorCode, MedNasError } from '../search/errors.ts';

export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly field: string | null;
    }
  | { readonly kind: 'failed'; readonly error: unknown };

export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'done', value: await run() };
  } catch (error) {
    if (!(error instanceof MedNasError)) return { kind: 'failed', error };
    const { code, message, field } = error;
    return { kind: 'refused', code, message, field };
  }
}

/** @throws what the task threw. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'done') return outcome.value;
  if (outcome.kind === 'failed') throw outcome.error;
  const { code, message, field } = outcome;
  throw new MedNasError(code, message, field === null ? {} : { field });
}
