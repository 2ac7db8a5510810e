// What happens to one who takes it in turn.

import { unlessAborted } from '../abort.ts';

/** Letters in the order in which they came, for a single reader. */
export interface Mailbox<T> {
  readonly post: (letter: T) => void;
  /** All that have come, as soon as there is one. @throws the signal's reason when it aborts before. */
  readonly collect: (signal: AbortSignal) => Promise<readonly T[]>;
}

export function openMailbox<T>(): Mailbox<T> {
  let letters: T[] = [];
  let wake: (() => void) | null = null;
  return {
    post(letter) {
      letters.push(letter);
      wake?.();
    },
    async collect(signal) {
      const first = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (letters.length === 0) await unlessAborted(first, signal);
      signal.throwIfAborted();
      const collected = letters;
      letters = [];
      return collected;
    },
  };
}
