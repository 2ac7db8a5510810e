// Lets so many in at a time, first come, first served.

export interface Gate {
  /** Resolves when the caller is in, who then has to leave. @throws the signal's reason when it aborts before, or the reason the gate was closed for. */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
  /** How many stand before it. */
  waiting(): number;
  /** Lets nobody in any more; who waits is turned away. */
  close(reason: unknown): void;
}

interface Visitor {
  admit(): void;
  turnAway(reason: unknown): void;
}

export function openGate(places: number): Gate {
  const waiting = new Set<Visitor>();
  let free = places;
  let closed: { readonly reason: unknown } | null = null;
  return {
    async enter(signal) {
      signal.throwIfAborted();
      if (closed !== null) throw closed.reason;
      if (free > 0) {
        free -= 1;
        return;
      }
      await new Promise<void>((resolve, reject) => {
        const settled = (): void => signal.removeEventListener('abort', giveUp);
        const visitor: Visitor = {
          admit() {
            settled();
            resolve();
          },
          turnAway(reason) {
            settled();
            reject(reason);
          },
        };
        const giveUp = (): void => {
          waiting.delete(visitor);
          visitor.turnAway(signal.reason);
        };
        waiting.add(visitor);
        signal.addEventListener('abort', giveUp);
      });
    },
    leave() {
      const [first] = waiting;
      if (first === undefined) free += 1;
      else {
        waiting.delete(first);
        first.admit();
      }
    },
    waiting: () => waiting.size,
    close(reason) {
      closed = { reason };
      for (const visitor of waiting) visitor.turnAway(reason);
      waiting.clear();
    },
  };
}
