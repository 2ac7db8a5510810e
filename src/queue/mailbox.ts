// What happens to one who takes it in turn.

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

/** What work comes to. @throws the signal's reason as soon as it aborts, whatever becomes of the work. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { signal: over.signal });
  });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    over.abort();
    work.catch(() => undefined);
  }
}
