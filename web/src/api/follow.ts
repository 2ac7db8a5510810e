// Follows the events of a search or a training for as long as somebody listens. A lost connection is taken up again after the
// last event seen, so that each event is told once and in order, however often that happens.

import { stringifyDocument } from 'urql';
import type { EventsSubscription, TrainingEventsSubscription } from './generated/graphql.ts';
import { EVENTS, TRAINING_EVENTS } from './documents.ts';
import { type Connection, listen, type Subscription } from './listen.ts';

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

export interface Listener<E> {
  event(event: E): void;
  connection(connection: Connection): void;
}

/** `after`: the last event the listener has. Ends when `signal` aborts. */
export function follow<E extends Numbered>(
  journal: Journal<E>,
  id: string,
  after: number,
  listener: Listener<E>,
  signal: AbortSignal,
): Promise<void> {
  let last = after;
  const subscription: Subscription = {
    asked: () => ({ query: journal.query, variables: journal.variables(id, last) }),
    told(data) {
      const event = journal.eventOf(data);
      last = event.sequence;
      listener.event(event);
    },
    connection: (connection) => listener.connection(connection),
  };
  return listen(subscription, signal);
}
