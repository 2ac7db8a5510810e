// Follows the events of a search or a training for as long as somebody listens. A lost connection is taken up again after the
// last event seen, so that each event is told once and in order, however often that happens.

import { createClient } from 'graphql-ws';
import { stringifyDocument } from 'urql';
import type { EventsSubscription, TrainingEventsSubscription } from './generated/graphql.ts';
import { EVENTS, TRAINING_EVENTS } from './documents.ts';
import { credentials } from './key.ts';

export type SearchEvent = EventsSubscription['searchEvents'];
export type TrainingEvent = TrainingEventsSubscription['trainingEvents'];

interface Numbered {
  readonly sequence: number;
}

/** Where events of a kind are told. */
export interface Journal<E extends Numbered> {
  readonly query: string;
  readonly variables: (id: string, after: number) => Readonly<Record<string, unknown>>;
  readonly eventOf: (data: Readonly<Record<string, unknown>>) => E;
}

export const OF_SEARCHES: Journal<SearchEvent> = {
  query: stringifyDocument(EVENTS),
  variables: (searchId, after) => ({ searchId, after }),
  eventOf: ({ searchEvents }) => searchEvents as SearchEvent,
};
export const OF_TRAININGS: Journal<TrainingEvent> = {
  query: stringifyDocument(TRAINING_EVENTS),
  variables: (id, after) => ({ id, after }),
  eventOf: ({ trainingEvents }) => trainingEvents as TrainingEvent,
};

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** It was lost, and will be tried again after some seconds. */
  | { readonly state: 'lost'; readonly retryIn: number }
  /** What is followed has ended and all was told. */
  | { readonly state: 'ended' }
  /** The service refuses. */
  | { readonly state: 'refused'; readonly message: string };

export interface Listener<E> {
  event(event: E): void;
  connection(connection: Connection): void;
}

/** Seconds. */
const [FIRST_RETRY, LAST_RETRY] = [0.5, 8];
/** Milliseconds between two questions whether the service is there, and that it may take to answer. */
const [SIGN_OF_LIFE, PATIENCE] = [10_000, 5000];

/** Resolves after some seconds, or as soon as the browser says it is online again. */
function rest(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      resolve();
    };
    const timer = setTimeout(done, seconds * 1000);
    addEventListener('online', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

const url = (): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;

/** `after`: the last event the listener has. Ends when `signal` aborts. */
export async function follow<E extends Numbered>(
  journal: Journal<E>,
  id: string,
  after: number,
  listener: Listener<E>,
  signal: AbortSignal,
): Promise<void> {
  let [last, delay] = [after, FIRST_RETRY];
  while (!signal.aborted) {
    listener.connection({ state: 'connecting' });
    // The client's own retries would ask for the same `after` again.
    let silence: ReturnType<typeof setTimeout> | undefined;
    const socket = createClient({
      url,
      retryAttempts: 0,
      connectionParams: credentials,
      keepAlive: SIGN_OF_LIFE,
      on: {
        ping: (received) => {
          if (!received) silence = setTimeout(() => socket.terminate(), PATIENCE);
        },
        pong: (received) => {
          if (received) clearTimeout(silence);
        },
        connected: () => {
          delay = FIRST_RETRY;
          listener.connection({ state: 'live' });
        },
      },
    });
    const close = (): void => void socket.dispose();
    signal.addEventListener('abort', close, { once: true });
    try {
      const asked = { query: journal.query, variables: journal.variables(id, last) };
      for await (const { data, errors } of socket.iterate(asked)) {
        const [error] = errors ?? [];
        if (error !== undefined) return listener.connection({ state: 'refused', message: error.message });
        if (data === null || data === undefined) continue;
        const event = journal.eventOf(data);
        last = event.sequence;
        listener.event(event);
      }
      if (!signal.aborted) listener.connection({ state: 'ended' });
      return;
    } catch (error) {
      if (signal.aborted) return;
      const [refusal] = Array.isArray(error) ? (error as { readonly message: string }[]) : [];
      if (refusal !== undefined) return listener.connection({ state: 'refused', message: refusal.message });
      listener.connection({ state: 'lost', retryIn: delay });
      await rest(delay, signal);
      delay = Math.min(2 * delay, LAST_RETRY);
    } finally {
      clearTimeout(silence);
      signal.removeEventListener('abort', close);
      void socket.dispose();
    }
  }
}
