// What one client tries in order to use up the service: too many requests, subscriptions and sockets, and
// connections that it holds without using them. THREATS.md names these tests.

import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { startSearch, startTestServer, type TestOptions, type TestServer } from '../support/service.ts';
import { EVENTS } from './transports.ts';
import { codeOf, WAYS } from './ways.ts';

const PROTOCOL = 'graphql-transport-ws';
const ASK = '{ searches { totalCount } }';
let server: TestServer;
afterEach(() => server.close());

const addressOf = ({ url }: TestServer): string => `${url.replace('http', 'ws')}/graphql`;
const closed = async (socket: WebSocket): Promise<readonly [number, string]> => {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, String(reason)];
};

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: readonly { readonly extensions: { readonly code: string } }[];
}

/** A socket that has said who it is, and the messages that come after. */
async function greeted(payload: object = {}, headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(addressOf(server), PROTOCOL, { headers });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  await once(socket, 'message');
  return socket;
}

const subscribe = (socket: WebSocket, id: string | number, query: string, variables: object = {}): void =>
  socket.send(JSON.stringify({ type: 'subscribe', id: String(id), payload: { query, variables } }));

describe.each(WAYS)('over $name', ({ name, ask }) => {
  test('more requests than a minute has are refused, for that client alone', async () => {
    server = await startTestServer({ server: { limits: { requests: 20 } } });
    const make = (key: string) => server.service.keys.create({ name: key, role: 'reader', lifetime: null });
    const [mine, other] = [(await make('mine')).key, (await make('other')).key];
    const codes: unknown[] = [];
    for (let i = 0; i < 25; i++) codes.push(codeOf(await ask(server.url, ASK, `Bearer ${mine}`)));
    expect(new Set(codes.slice(0, 10))).toEqual(new Set(['answered']));
    // A socket's own opening counts, too, and is refused with a code after which clients come back later.
    expect(codes.at(-1)).toBe(name === 'WebSocket' ? 1013 : 'RATE_LIMITED');
    expect(codeOf(await ask(server.url, ASK, `Bearer ${other}`))).toBe('answered');
  });

  test('guesses are counted, and do not shut out who has a key', async () => {
    server = await startTestServer({ server: { limits: { requests: 10 } } });
    const { key } = await server.service.keys.create({ name: 'lab', role: 'reader', lifetime: null });
    const codes: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      const guess = `Bearer mednas_${String(i).padStart(8, '0')}_${'A'.repeat(43)}`;
      codes.push(codeOf(await ask(server.url, ASK, guess)));
    }
    expect(codes[0]).toBe('UNAUTHENTICATED');
    expect(codes.at(-1)).toBe(name === 'WebSocket' ? 1013 : 'RATE_LIMITED');
    expect(codeOf(await ask(server.url, ASK, `Bearer ${key}`))).toBe('answered');
  });
});

test('answers say how much is left, and when to come back', async () => {
  server = await startTestServer({ server: { limits: { requests: 2 } } });
  const send = () =>
    fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: ASK }),
    });
  const rate = ({ status, headers }: Response) => [
    status,
    headers.get('ratelimit-limit'),
    headers.get('ratelimit-remaining'),
    headers.has('retry-after'),
  ];
  expect(rate(await send())).toEqual([200, '2', '1', false]);
  expect(rate(await send())).toEqual([200, '2', '0', false]);
  const refused = await send();
  expect(rate(refused)).toEqual([429, '2', '0', true]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  // Whoever watches over the service is not counted.
  for (let i = 0; i < 5; i++) expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

test('of 10,000 subscriptions on one socket, those beyond the limit are refused and keep no memory', async () => {
  const subscriptions = 10;
  server = await startTestServer({ permits: 0, server: { limits: { subscriptions, requests: 1e6 } } });
  const id = await startSearch(server);
  const socket = await greeted();
  const refused = new Map<string, string>();
  const all = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const { type, id = '', payload } = JSON.parse(String(data)) as Message;
      if (type === 'error') refused.set(id, payload?.[0]?.extensions.code ?? '');
      if (refused.size === 10_000 - subscriptions) resolve();
    });
  });
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 10_000; i++) subscribe(socket, i, EVENTS, { id });
  await all;
  expect(new Set(refused.values())).toEqual(new Set(['TOO_MANY_SUBSCRIPTIONS']));
  expect(server.following()).toBe(subscriptions);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300 * 2 ** 20);
  // What ends makes room for others.
  socket.send(JSON.stringify({ type: 'complete', id: '0' }));
  await server.unfollowed(subscriptions - 1);
  subscribe(socket, 'again', EVENTS, { id });
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(String(data))).toMatchObject({ type: 'next', id: 'again' });
  socket.close();
  await server.unfollowed();
});

test('event streams and sockets share the limit of their client', async () => {
  server = await startTestServer({ permits: 0, server: { limits: { subscriptions: 2 } } });
  const id = await startSearch(server);
  const stream = async (signal: AbortSignal) =>
    await fetch(`${server.url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: EVENTS, variables: { id } }),
      signal,
    });
  const leaving = new AbortController();
  const open = [await stream(leaving.signal), await stream(leaving.signal)];
  expect(open.map(({ status }) => status)).toEqual([200, 200]);
  const third = await stream(leaving.signal);
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '60']);
  const socket = await greeted();
  subscribe(socket, 1, EVENTS, { id });
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(String(data)).toContain('TOO_MANY_SUBSCRIPTIONS');
  socket.close();
  leaving.abort();
  await server.unfollowed();
});

test('one address has so many sockets and no more', async () => {
  server = await startTestServer({ server: { limits: { subscriptions: 3 } } });
  const sockets = [await greeted(), await greeted(), await greeted()];
  const fourth = new WebSocket(addressOf(server), PROTOCOL);
  const [, response] = (await once(fourth, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(429);
  fourth.on('error', () => undefined).terminate();
  for (const socket of sockets) socket.close();
});

test('a socket that never says who it is, is closed', async () => {
  server = await startTestServer({ server: { patience: { init: 50 } } });
  const socket = new WebSocket(addressOf(server), PROTOCOL);
  expect(await closed(socket)).toEqual([4408, 'Connection initialisation timeout']);
});

test('a socket that asks before it has said who it is, is closed', async () => {
  server = await startTestServer();
  const socket = new WebSocket(addressOf(server), PROTOCOL);
  await once(socket, 'open');
  subscribe(socket, 1, ASK);
  expect(await closed(socket)).toEqual([4401, 'Unauthorized']);
});

test('an idle socket is closed with a code after which clients come back; one that follows is not', async () => {
  server = await startTestServer({ permits: 0, server: { patience: { idle: 100 } } });
  const id = await startSearch(server);
  const following = await greeted();
  subscribe(following, 1, EVENTS, { id });
  const idle = await greeted();
  expect(await closed(idle)).toEqual([1013, 'Idle']);
  expect(following.readyState).toBe(WebSocket.OPEN);
  following.close();
  await server.unfollowed();
});

/** A search of which there is always more to tell: 100 kB at a time, until nobody listens. */
const endless: TestOptions = {
  server: { patience: { slow: 100 } },
  alter: () => ({
    async *follow(search, _after, signal) {
      const failure = { code: 'INTERNAL' as const, message: 'x'.repeat(100_000) };
      for (let sequence = 1; !signal.aborted; sequence++) {
        const happening = { type: 'status' as const, status: 'running' as const, failure };
        yield { search, sequence, key: `k${sequence}`, at: '2030-01-01T00:00:00.000Z', happening };
      }
    },
  }),
};
const MORE = `subscription ($id: ID!) {
  searchEvents(searchId: $id) { ... on StatusChanged { failure { message } } }
}`;

test('a socket whose client takes nothing of what it is sent is cut', async () => {
  server = await startTestServer(endless);
  const id = await startSearch(server);
  const socket = await greeted();
  socket.pause();
  const before = process.memoryUsage().rss;
  subscribe(socket, 1, MORE, { id });
  while (server.following() === 0) await fetch(`${server.url}/livez`);
  await server.unfollowed();
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  const gone = closed(socket);
  socket.resume();
  expect([1006, 1013]).toContain((await gone)[0]);
});

test('an event stream whose client takes nothing of what it is sent is cut', async () => {
  server = await startTestServer(endless);
  const id = await startSearch(server);
  const { hostname, port, host } = new URL(server.url);
  const socket = connect(Number(port), hostname).pause();
  const body = JSON.stringify({ query: MORE, variables: { id } });
  socket.write(
    `POST /graphql/stream HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  while (server.following() === 0) await fetch(`${server.url}/livez`);
  await server.unfollowed();
  expect(server.following()).toBe(0);
  socket.on('error', () => undefined).destroy();
});

describe('a key that is revoked while somebody follows by it', () => {
  test('ends the socket', async () => {
    server = await startTestServer({ permits: 0, server: { patience: { recheck: 50 } } });
    const id = await startSearch(server);
    const { key, record } = await server.service.keys.create({ name: 'x', role: 'reader', lifetime: null });
    const socket = await greeted({}, { authorization: `Bearer ${key}` });
    subscribe(socket, 1, '{ viewer { name } }');
    const [data] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(String(data))).toMatchObject({ payload: { data: { viewer: { name: 'x' } } } });
    subscribe(socket, 2, EVENTS, { id });
    await server.service.keys.revoke(record.id);
    expect(await closed(socket)).toEqual([4401, 'UNAUTHENTICATED']);
    await server.unfollowed();
  });

  test('ends the event stream', async () => {
    server = await startTestServer({ permits: 0, server: { patience: { recheck: 50 } } });
    const id = await startSearch(server);
    const { key, record } = await server.service.keys.create({ name: 'x', role: 'reader', lifetime: null });
    const response = await fetch(`${server.url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: EVENTS, variables: { id } }),
    });
    expect(response.status).toBe(200);
    await server.service.keys.revoke(record.id);
    await expect(response.text()).rejects.toThrow('terminated');
    await server.unfollowed();
  });
});
