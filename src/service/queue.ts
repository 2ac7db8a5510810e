// Searches and trainings that want to run, and the places there are for them, the same for both. Who waits is let in by turns of clients:
// first whose client has the fewest inside and before it, then who came first.

import { unlessAborted } from '../abort.ts';
import type { RunId } from '../storage/records.ts';
import type { KindName } from './kinds.ts';

export interface Place {
  /** Whether it is in. */
  readonly isIn: () => boolean;
  /** Resolves when it is. @throws the signal's reason when it aborts before. */
  readonly entered: (signal: AbortSignal) => Promise<void>;
  /** Gives the place up, or the waiting for it; may be called again. */
  readonly leave: () => void;
}

interface Waiting {
  readonly run: RunId;
  readonly kind: KindName;
  readonly client: string | null;
  admit(): void;
}

export interface RunQueue {
  /** Takes a place, or a place in the queue. `client`: whose run it is; null: nobody's in particular. */
  readonly join: (run: RunId, client: string | null, kind?: KindName) => Place;
  /** 1: the next to be let in; null: it does not wait. */
  readonly positionOf: (run: RunId) => number | null;
  /** How many have a place; of one kind, or of all. */
  readonly running: (kind?: KindName) => number;
  readonly queued: (kind?: KindName) => number;
}

/** In the order in which they will be let in, if nobody leaves before: clients take turns, one run each. */
export function inTurns<T extends { readonly client: string | null }>(
  waiting: readonly T[],
  inside: readonly (string | null)[],
): readonly T[] {
  const counts = new Map<string | null, number>();
  const turnOf = (client: string | null): number => {
    const turn = counts.get(client) ?? 0;
    counts.set(client, turn + 1);
    return turn;
  };
  for (const client of inside) turnOf(client);
  return waiting
    .map((one) => ({ one, turn: turnOf(one.client) }))
    .toSorted((a, b) => a.turn - b.turn)
    .map(({ one }) => one);
}

const countOf = (runs: Iterable<{ readonly kind: KindName }>, kind: KindName | undefined): number =>
  [...runs].filter((one) => kind === undefined || one.kind === kind).length;

export function openQueue(places: number): RunQueue {
  const inside = new Map<symbol, Pick<Waiting, 'client' | 'kind'>>();
  const waiting = new Set<Waiting>();
  const order = (): readonly Waiting[] =>
    inTurns(
      [...waiting],
      [...inside.values()].map(({ client }) => client),
    );

  function admitNext(): void {
    const [next] = order();
    if (next === undefined || inside.size >= places) return;
    waiting.delete(next);
    next.admit();
  }

  return {
    join(run, client, kind = 'search') {
      const key = Symbol(run);
      const { promise: admitted, resolve } = withResolver();
      const one: Waiting = {
        run,
        client,
        kind,
        admit() {
          inside.set(key, one);
          resolve();
        },
      };
      if (inside.size < places) one.admit();
      else waiting.add(one);
      return {
        isIn: () => inside.has(key),
        entered: (signal) => unlessAborted(admitted, signal),
        leave() {
          waiting.delete(one);
          if (inside.delete(key)) admitNext();
        },
      };
    },
    positionOf(run) {
      const index = order().findIndex((one) => one.run === run);
      return index < 0 ? null : index + 1;
    },
    running: (kind) => countOf(inside.values(), kind),
    queued: (kind) => countOf(waiting, kind),
  };
}

const NOTHING = (): void => undefined;

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = NOTHING;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
