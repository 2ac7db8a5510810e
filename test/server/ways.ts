// The three ways in, as an attacker takes them: one operation, by raw requests and frames, and the code of
// what came back.

import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Data, ShownError } from './answers.ts';

interface Outcome {
  readonly data?: Data | null;
  readonly errors?: readonly ShownError[];
}

export interface Way {
  readonly name: string;
  /** `authorization` is what a client sends as such. */
  readonly ask: (url: string, query: string, authorization?: string, variables?: object) => Promise<Outcome>;
}

const post = (
  url: string,
  body: string,
  authorization: string | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers, ...(authorization && { authorization }) },
    body,
  });

const http: Way = {
  name: 'HTTP',
  async ask(url, query, authorization, variables = {}) {
    const response = await post(`${url}/graphql`, JSON.stringify({ query, variables }), authorization, {});
    return (await response.json()) as Outcome;
  },
};

const eventStream: Way = {
  name: 'server-sent events',
  async ask(url, query, authorization, variables = {}) {
    const body = JSON.stringify({ query, variables });
    const headers = { accept: 'text/event-stream' };
    const response = await post(`${url}/graphql/stream`, body, authorization, headers);
    const text = await response.text();
    if (!response.ok) return JSON.parse(text) as Outcome;
    const [, first = '{}'] = /^data: (.+)$/mu.exec(text) ?? [];
    return JSON.parse(first) as Outcome;
  },
};

interface Closed {
  readonly code: number;
  readonly reason: string;
}

const webSocket: Way = {
  name: 'WebSocket',
  async ask(url, query, authorization, variables = {}) {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      ...(authorization && { connectionParams: { authorization } }),
    });
    try {
      const { value } = await client.iterate({ query, variables: { ...variables } }).next();
      return value as Outcome;
    } catch (thrown) {
      if (Array.isArray(thrown)) return { errors: thrown as readonly ShownError[] };
      const { code, reason } = thrown as Closed;
      return { errors: [{ message: reason, extensions: { code: code === 4401 ? reason : code } }] };
    } finally {
      await client.dispose();
    }
  },
};

export const WAYS: readonly Way[] = [http, webSocket, eventStream];

/** What an operation came to: the code of its first error, or that it was answered. */
export const codeOf = ({ errors }: Outcome): unknown => errors?.[0]?.extensions['code'] ?? 'answered';
