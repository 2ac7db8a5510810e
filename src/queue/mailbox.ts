// What happens to one who takes it in turn.

/** Letters in the order in which they came, for a single reader. */
export interface Mailbox<T> {
  readonly post: (letter: T) => void;
  /** All that have come, as soon as there is one. @throws the signal's reason when it aborts before. */
  readonly collect: (signal: AbortSignal) => Promise<readonly T[]>;
}

export function openMailbox<T>(): Mailbox<T> {
  let letters: T[] = [];
  let wake: () => void = () => undefined;
  return {
    post(letter) {
      letters.push(letter);
      wake();
    },
    async collect(signal) {
      if (letters.length === 0) {
        await unlessAborted(
          new Promise<void>((resolve) => {
            wake = resolve;
          }),
          signal,
        );
      }
      signal.throwIfAborted();
      const collected = letters;
      letters = [];
      return collected;
    },
  };
}

/** What work comes to. @throws the signal's reason as soon as it aborts, whatever becomes of the work. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
    work.catch(() => undefined);
  }
}
