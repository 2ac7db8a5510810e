// The service on a port: what surrounds GraphQL.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import { MedNasError } from '../../src/search/errors.ts';
import { startServer } from '../../src/server/server.ts';
import {
  openTestService,
  rawId,
  SMALL,
  startSearch,
  startTestServer,
  type TestServer,
} from '../support/service.ts';
import type { Answer } from './answers.ts';

const silent = pino({ level: 'silent' });

describe('a running service', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());
  const send = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}${path}`, init);
  const json = { 'content-type': 'application/json' };

  test('is alive and ready', async () => {
    const live = await send('/livez');
    expect([live.status, await live.json()]).toEqual([200, { status: 'alive' }]);
    const ready = await send('/readyz');
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', archive: 'ok', engine: 'ok' },
    ]);
  });

  test('says where to go, and loads nothing from elsewhere', async () => {
    const page = await send('/');
    const text = await page.text();
    expect(page.status).toBe(200);
    expect(text).toContain('/graphql/stream');
    expect(text).not.toMatch(/https?:/);
    expect((await send('/nowhere')).status).toBe(404);
    expect((await send('/graphql', { headers: { accept: 'text/html' } })).status).toBe(400);
  });

  test('does not say what it is made of', async () => {
    expect((await send('/')).headers.has('x-powered-by')).toBe(false);
  });

  test.each([
    ['a body that is no JSON', { method: 'POST', headers: json, body: '{"query"' }, 400],
    [
      'a body that is too large',
      { method: 'POST', headers: json, body: JSON.stringify({ query: ' '.repeat(300_000) }) },
      413,
    ],
    [
      'a form',
      {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body: '{"query":"{ engine { backend } }"}',
      },
      400,
    ],
    ['a batch', { method: 'POST', headers: json, body: '[{"query":"{ engine { backend } }"}]' }, 400],
    [
      'a subscription',
      {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ query: 'subscription { searchEvents(searchId: "x") { sequence } }' }),
      },
      400,
    ],
  ])('over HTTP, %s is refused', async (_, init, status) => {
    const response = await send('/graphql', init);
    expect(response.status).toBe(status);
    const { errors } = (await response.json()) as Answer;
    expect(errors[0]?.extensions['code']).toEqual(expect.any(String));
    expect(JSON.stringify(errors)).not.toMatch(/node_modules|\.ts:|position/);
  });

  test('a mutation by GET is refused everywhere', async () => {
    const query = encodeURIComponent('mutation { deleteSearch(id: "x") { deletedId } }');
    const http = await send(`/graphql?query=${query}`, { headers: { 'apollo-require-preflight': '1' } });
    expect(http.status).toBe(405);
    const stream = await send(`/graphql/stream?query=${query}`);
    expect(await stream.text()).toContain('Mutations are sent by POST');
  });

  test.each([
    ['PUT', { method: 'PUT' }, 405],
    ['another content type', { method: 'POST', body: '{"query":"{ engine { backend } }"}' }, 415],
    ['nothing', { method: 'POST' }, 415],
    ['no query', { method: 'POST', headers: json, body: '{}' }, 400],
    ['a query that is no text', { method: 'POST', headers: json, body: '{"query":1}' }, 400],
    [
      'variables that are a list',
      { method: 'POST', headers: json, body: '{"query":"{ engine { backend } }","variables":[]}' },
      400,
    ],
    [
      'a name that is no text',
      { method: 'POST', headers: json, body: '{"query":"{ engine { backend } }","operationName":[]}' },
      400,
    ],
    ['a list', { method: 'POST', headers: json, body: '[]' }, 400],
    [
      'a page of another address',
      {
        method: 'POST',
        headers: { ...json, origin: 'https://example.org' },
        body: '{"query":"{ engine { backend } }"}',
      },
      403,
    ],
  ])('an event stream for %s is refused', async (_, init, status) => {
    const response = await send('/graphql/stream', init);
    expect([response.status, await response.json()]).toMatchObject([
      status,
      { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    ]);
  });

  test('an event stream may be opened by GET, as browsers do', async () => {
    const query = encodeURIComponent('query ($n: Int!) { searchSpaces { size(blocks: $n) } }');
    const response = await send(`/graphql/stream?query=${query}&variables=${encodeURIComponent('{"n":1}')}`, {
      headers: { origin: server.url },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toBe(
      ':\n\nevent: next\ndata: {"data":{"searchSpaces":[{"size":"5096079360"}]}}\n\nevent: complete\ndata:\n\n',
    );
    expect((await send(`/graphql/stream?query=${query}&variables=%7B`)).status).toBe(400);
  });

  test.each([
    [undefined, 101],
    ['http://example.org', 401],
    ['null', 401],
  ])('a WebSocket from a page of %s gets %d', async (origin, status) => {
    const address = `${server.url.replace('http', 'ws')}/graphql`;
    const socket = new WebSocket(address, 'graphql-transport-ws', origin === undefined ? {} : { origin });
    const got = await new Promise((resolve) => {
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
    });
    expect(got).toBe(status);
    socket.on('error', () => undefined).terminate();
  });

  test('a WebSocket message that is too large ends the socket', async () => {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(' '.repeat(300 * 1024));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
    expect((await send('/livez')).status).toBe(200);
  });
});

test('what fails inside is masked and logged; what storage says is for the operator', async () => {
  const full = new MedNasError('STORAGE_FULL', '/srv/secret/archive.sqlite is on a full disk');
  const server = await startTestServer({
    alter: ({ archive }) => ({
      archive: { ...archive, listSearches: () => Promise.reject(full), check: () => Promise.reject(full) },
      listDatasets: () => Promise.reject(new Error('the password is hunter2')),
      searches: { start: () => Promise.reject(full) } as never,
    }),
  });
  const broken = await server.ask('{ datasets { name } }');
  expect(broken.errors).toEqual([
    {
      message: 'Internal server error',
      locations: [{ line: 1, column: 3 }],
      path: ['datasets'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    },
  ]);
  const query = await server.ask('{ searches { totalCount } }');
  expect(query.errors).toMatchObject([{ extensions: { code: 'STORAGE_FULL' } }]);
  const { data } = await server.ask(
    'mutation { startSearch(input: {}) { search { id } errors { code message field } } }',
  );
  expect(data.startSearch).toMatchObject({ search: null, errors: [{ code: 'STORAGE_FULL', field: null }] });
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toMatchObject([
    503,
    { status: 'unavailable', archive: 'STORAGE_FULL', engine: 'ok' },
  ]);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  expect(JSON.stringify([broken, query, data])).not.toMatch(/secret|hunter2/);
  expect(server.log.filter((line) => line.includes('hunter2'))).toHaveLength(1);
  expect(server.log.filter((line) => line.includes('/srv/secret'))).toHaveLength(3);
  await server.close();
});

test('a service whose engine cannot score is alive and not ready, until it can', async () => {
  let isDown = true;
  const down = new MedNasError('ENGINE_UNAVAILABLE', 'No worker thread can be started: /srv/secret.');
  const server = await startTestServer({
    alter: ({ checkEngine }) => ({ checkEngine: () => (isDown ? Promise.reject(down) : checkEngine()) }),
  });
  const ask = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    return [response.status, await response.json()];
  };
  expect(await ask('/readyz')).toEqual([
    503,
    { status: 'unavailable', archive: 'ok', engine: 'ENGINE_UNAVAILABLE' },
  ]);
  expect(await ask('/livez')).toMatchObject([200, {}]);
  expect(server.log.filter((line) => line.includes('/srv/secret'))).toHaveLength(1);
  isDown = false;
  expect(await ask('/readyz')).toMatchObject([200, { status: 'ready' }]);
  await server.close();
});

test('a port that is taken is said to be', async () => {
  const test = await openTestService();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const start = startServer(test.service, { host: '127.0.0.1', port, logger: silent });
  await expect(start).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringMatching(`${port}.*PORT`),
  });
  other.close();
  await test.close();
});

test('an address that is not here is said to be', async () => {
  const test = await openTestService();
  const start = startServer(test.service, { host: '192.0.2.1', port: 0, logger: silent });
  await expect(start).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('HOST'),
  });
  await test.close();
});

test('a service that closes ends what is under way, is unready, and listens no more', async () => {
  const server = await startTestServer({ permits: 0 });
  const id = await startSearch(server, SMALL);
  // Scores without a permit: would wait for ever.
  const scoring = server.ask(
    'mutation { scoreArchitecture(input: { genotype: [0,0,0,0,0,0,0,0,0,0,0,0,0,0], batchSize: 4 }) { errors { code } } }',
  );
  scoring.catch(() => undefined);
  const closing = server.close();
  server.permits.grant(100);
  await closing;
  await expect(fetch(`${server.url}/livez`)).rejects.toBeDefined();
  await server.close();
  await server.service.searches.settled(rawId(id));
});

test('a client that leaves while its architecture is scored stops the work', async () => {
  const server = await startTestServer({ permits: 0 });
  const leaving = new AbortController();
  const request = fetch(`${server.url}/graphql`, {
    method: 'POST',
    signal: leaving.signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query:
        'mutation { scoreArchitecture(input: { genotype: [0,0,0,0,0,0,0,0,0,0,0,0,0,0], batchSize: 4 }) { errors { code } } }',
    }),
  });
  await server.permits.wanted();
  leaving.abort();
  await expect(request).rejects.toThrow('aborted');
  await server.permits.unwanted();
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  await server.close();
});

test('a service that is going to close says so before it does, and answers until then', async () => {
  const server = await startTestServer();
  server.unready();
  const ready = await fetch(`${server.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { status: 'closing', archive: 'ok', engine: 'ok' },
  ]);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  expect((await server.ask('{ engine { backend } }')).errors).toEqual([]);
  await server.close();
});
