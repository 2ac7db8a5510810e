// Many that follow one search, half of them over WebSocket and half over server-sent events, each noting
// the numbers of the events it gets.

import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

const QUERY = `subscription Follow($id: ID!) { searchEvents(searchId: $id) {
  __typename sequence at
  ... on StatusChanged { status }
  ... on ArchitectureEvaluated { generation reused architecture { id macs } }
  ... on GenerationFinished { generation population { id hypervolume } }
} }`;

export interface Follower {
  /** Numbers of the events it got, in order. */
  readonly sequences: readonly number[];
  /** Resolves with whether it was told that there is no more. */
  readonly over: Promise<boolean>;
}

const SEQUENCE = /"sequence":(\d+)/gu;

function note(sequences: number[], text: string): void {
  for (const [, sequence] of text.matchAll(SEQUENCE)) sequences.push(Number(sequence));
}

async function followByWebSocket(url: string, id: string): Promise<Follower> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const sequences: number[] = [];
  const over = new Promise<boolean>((resolve) => {
    socket.on('message', (data) => {
      const text = (data as Buffer).toString();
      note(sequences, text);
      if (!text.includes('"type":"complete"')) return;
      resolve(true);
      socket.close();
    });
    socket.once('close', () => resolve(false));
    socket.once('error', () => resolve(false));
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: QUERY, variables: { id } } }));
  return { sequences, over };
}

const agent = new Agent({ maxSockets: Infinity });

async function followByStream(url: string, id: string): Promise<Follower> {
  const sequences: number[] = [];
  const sent = request(`${url}/graphql/stream`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
  });
  sent.end(JSON.stringify({ query: QUERY, variables: { id } }));
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  let rest = '';
  let isComplete = false;
  const over = new Promise<boolean>((resolve) => {
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      // Events end with an empty line; a chunk may end anywhere.
      const parts = (rest + chunk).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        note(sequences, part);
        isComplete ||= part.startsWith('event: complete');
      }
    });
    response.once('close', () => resolve(isComplete));
    response.once('error', () => resolve(false));
  });
  return { sequences, over };
}

/** Resolves with the first generation that a search finishes. */
export async function finishGeneration(url: string, id: string): Promise<void> {
  const response = await fetch(`${url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: QUERY, variables: { id } }),
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    // Leaving the loop ends the stream.
    if (text.includes('"GenerationFinished"')) return;
  }
  throw new Error('the search ended before its first generation');
}

/** Opened a few at a time, as a service would not be stormed by people. */
export async function follow(url: string, id: string, count: number): Promise<readonly Follower[]> {
  const followers: Follower[] = [];
  for (let i = 0; i < count; i += 20) {
    const some = Array.from({ length: Math.min(20, count - i) }, (_, k) =>
      (i + k) % 2 === 0 ? followByWebSocket(url, id) : followByStream(url, id),
    );
    followers.push(...(await Promise.all(some)));
  }
  return followers;
}

/** Asks for a stream and never reads from it. Destroy it. */
export async function followWithoutReading(url: string, id: string): Promise<Socket> {
  const body = JSON.stringify({ query: QUERY, variables: { id } });
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\n` +
      `accept: text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}
