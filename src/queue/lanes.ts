// Work that is done some at a time, in the order in which it comes.

export interface Lanes<T> {
  readonly add: (item: T) => void;
  /** Resolves when nothing is left to do. */
  readonly done: () => Promise<void>;
}

/** `most`: how many at a time, asked whenever one begins. */
export function openLanes<T>(
  most: () => number,
  work: (item: T) => Promise<void>,
  onError: (error: unknown) => void,
): Lanes<T> {
  const waiting: T[] = [];
  const atWork = new Set<Promise<void>>();

  function next(): void {
    while (waiting.length > 0 && atWork.size < most()) {
      const turn = work(waiting.shift() as T)
        .catch(onError)
        .finally(() => {
          atWork.delete(turn);
          next();
        });
      atWork.add(turn);
    }
  }

  return {
    add(item) {
      waiting.push(item);
      next();
    },
    async done() {
      while (atWork.size > 0) await Promise.all(atWork);
    },
  };
}
