// The two ways to follow a search, as clients in the wild do it: by the protocols' own libraries.

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Data, SearchEvent, ShownError } from './answers.ts';

export interface Result {
  readonly data?: Data;
  readonly errors?: readonly ShownError[];
}

export interface Results {
  readonly next: () => Promise<IteratorResult<Result>>;
  /** Says goodbye. */
  readonly leave: () => Promise<void>;
}

export interface Connection {
  /** Results of an operation; refused operations end with one that has errors. */
  readonly run: (query: string, variables?: Record<string, unknown>) => Results;
  /** Breaks the connection without a word. */
  readonly cut: () => void;
}

export interface Transport {
  readonly name: string;
  readonly connect: (url: string) => Connection;
}

/**
 * Results, with what a client library throws when the server refuses an operation as one. Not a
 * generator: one that waits could not be returned from.
 */
function withErrors(results: AsyncIterableIterator<unknown>): Results {
  return {
    next: async () => {
      try {
        return (await results.next()) as IteratorResult<Result>;
      } catch (thrown) {
        if (!Array.isArray(thrown)) throw thrown;
        return { done: false, value: { errors: thrown as never } };
      }
    },
    leave: async () => void (await results.return?.()),
  };
}

const webSocket: Transport = {
  name: 'WebSocket',
  connect(url) {
    let socket: WebSocket | null = null;
    const client = createWsClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      on: { opened: (opened) => void (socket = opened as WebSocket) },
    });
    return {
      run: (query, variables = {}) => withErrors(client.iterate({ query, variables })),
      cut: () => socket?.terminate(),
    };
  },
};

const eventStream: Transport = {
  name: 'server-sent events',
  connect(url) {
    const client = createSseClient({ url: `${url}/graphql/stream`, retryAttempts: 0 });
    return {
      run: (query, variables = {}) => withErrors(client.iterate({ query, variables })),
      cut: () => client.dispose(),
    };
  },
};

export const TRANSPORTS: readonly Transport[] = [webSocket, eventStream];

export const EVENTS = `subscription ($id: ID!, $after: Int) {
  searchEvents(searchId: $id, after: $after) {
    __typename sequence at
    ... on StatusChanged { status failure { code } }
    ... on ArchitectureEvaluated { generation reused architecture { id macs feasible } }
    ... on GenerationFinished {
      generation population { id hypervolume paretoFront { rank individual { architecture { id } } } members { rank } }
    }
  }
}`;

/** The next results, up to `count`; fewer when there are no more. */
export async function takeResults(results: Results, count = Infinity): Promise<readonly Result[]> {
  const taken: Result[] = [];
  while (taken.length < count) {
    const { done, value } = await results.next();
    if (done) break;
    taken.push(value);
  }
  return taken;
}

/** The next events, up to `count`; fewer when the search ends before. */
export async function take(results: Results, count = Infinity): Promise<readonly SearchEvent[]> {
  return (await takeResults(results, count)).map(({ data, errors }) => {
    if (data === undefined || errors !== undefined) throw new Error(JSON.stringify(errors));
    return data.searchEvents;
  });
}
