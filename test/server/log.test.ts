// What the log says of requests, operations and searches, and what it never does.

import { on, once } from 'node:events';
import { WebSocket } from 'ws';
import { openLogger } from '../../src/server/log.ts';
import { rawId, SMALL, startSearch, startTestServer, type TestServer } from '../support/service.ts';
import { EVENTS, take, takeResults, TRANSPORTS } from './transports.ts';

let server: TestServer;
afterEach(() => server.close());

type Line = Readonly<Record<string, unknown>>;
const lines = (): readonly Line[] => server.log.map((line) => JSON.parse(line) as Line);

/** Lines of finished operations, once there are so many: the last may be written after its answer. */
async function operations(count: number): Promise<readonly Line[]> {
  for (;;) {
    const found = lines().filter(({ msg }) => msg === 'operation');
    if (found.length >= count) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const post = (
  query: string,
  headers: Record<string, string> = {},
  variables: object = {},
): Promise<Response> =>
  fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });

test.each(['abc-1', '3f2a:17', 'x'.repeat(100)])('the request id %s is kept, and given back', async (id) => {
  server = await startTestServer();
  const response = await post('query Mine { engine { backend } }', { 'x-request-id': id });
  expect(response.headers.get('x-request-id')).toBe(id);
  expect(await operations(1)).toMatchObject([
    { requestId: id, operation: 'Mine', field: 'engine', type: 'query', outcome: 'OK', status: 200 },
  ]);
});

test.each(['', 'two words', 'x'.repeat(101), '{"a":1}', 'é'])(
  'in place of the request id %j one is made',
  async (id) => {
    server = await startTestServer();
    const { headers } = await post('{ engine { backend } }', { 'x-request-id': id });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/u);
    expect(await operations(1)).toMatchObject([{ requestId: headers.get('x-request-id') }]);
  },
);

test('an operation is one line, with its outcome, and without its variables', async () => {
  server = await startTestServer();
  await startSearch(server, { ...SMALL, population: 0 }).catch(() => undefined);
  await post(`query ($id: ID!) { search(id: $id) { id } }`, { cookie: 'key=hunter2' }, { id: 'hunter2' });
  await post(`query ${'N'.repeat(500)} { nonsense }`);
  await fetch(`${server.url}/hunter2?key=hunter2`);
  expect(await operations(2)).toMatchObject([
    { field: 'startSearch', type: 'mutation', outcome: 'INVALID_ARGUMENT', ms: expect.any(Number) },
    { field: 'search', outcome: 'INVALID_ARGUMENT', status: 200 },
  ]);
  const requests = lines().filter(({ msg }) => msg === 'request');
  expect(requests).toMatchObject([
    { route: '/graphql', outcome: 'GRAPHQL_VALIDATION_FAILED', status: 400 },
    { route: 'dashboard', status: 404 },
  ]);
  expect(server.log.join('')).not.toMatch(/hunter2|NNN/u);
});

test('what fails inside is logged under the id of its request', async () => {
  server = await startTestServer({
    alter: () => ({ listDatasets: () => Promise.reject(new Error('broken')) }),
  });
  await post('{ datasets { name } }', { 'x-request-id': 'over-http' });
  const stream = await fetch(`${server.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'over-sse' },
    body: JSON.stringify({ query: '{ datasets { name } }' }),
  });
  await stream.text();
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers: { 'x-request-id': 'over-ws' },
  });
  const [[upgrade]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')]);
  expect((upgrade as { readonly headers: Line }).headers['x-request-id']).toBe('over-ws');
  const messages = on(socket, 'message');
  socket.send('{"type":"connection_init"}');
  await messages.next();
  for (const id of ['a', 'b']) {
    socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query: '{ datasets { name } }' } }));
    // The answer, and that it is the last.
    await messages.next();
    await messages.next();
  }
  socket.terminate();
  const done = await operations(4);
  const ids = ['over-http', 'over-sse', 'over-ws.1', 'over-ws.2'];
  expect(done.map(({ requestId, outcome }) => [requestId, outcome])).toEqual(
    ids.map((id) => [id, 'INTERNAL_SERVER_ERROR']),
  );
  expect(
    lines()
      .filter(({ level }) => level === 50)
      .map(({ requestId }) => requestId),
  ).toEqual(ids);
});

test.each(TRANSPORTS)('a subscription over $name is one line, at its end', async ({ name, connect }) => {
  server = await startTestServer({ permits: 3 });
  const id = await startSearch(server);
  const connection = connect(server.url);
  await take(connection.run(EVENTS, { id }), 3);
  expect(await operations(1)).toHaveLength(1);
  connection.cut();
  const transport = name === 'WebSocket' ? 'websocket' : 'sse';
  expect((await operations(2))[1]).toMatchObject({
    transport,
    field: 'searchEvents',
    type: 'subscription',
    outcome: 'OK',
  });
  const [refused] = await takeResults(connect(server.url).run('{ nonsense }'));
  expect(refused?.errors).toHaveLength(1);
});

test('lines about a search have its id', async () => {
  server = await startTestServer();
  const id = await startSearch(server);
  await take(TRANSPORTS[0]!.connect(server.url).run(EVENTS, { id }));
  const told = lines().filter(({ search }) => search === rawId(id));
  expect(told.map(({ msg }) => msg)).toEqual(['a search is running', 'a search is completed']);
});

test.each([
  ['connect ECONNREFUSED mongodb://user:hunter2@db:27017/x', 'mongodb://[redacted]@db:27017/x'],
  ['sent authorization: Bearer hunter2', 'Bearer [redacted]'],
])('no password is written: %s', async (message, shown) => {
  server = await startTestServer();
  const written: string[] = [];
  const logger = openLogger('info', { write: (line) => void written.push(line) });
  logger.error(
    { err: new Error(message), headers: { cookie: 'hunter2', authorization: 'hunter2 "' } },
    message,
  );
  expect(written.join('')).not.toContain('hunter2');
  expect(written.join('')).toContain(shown);
});
