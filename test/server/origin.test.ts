// Pages of other addresses, names that are not the service's, and what every answer says to browsers.
// THREATS.md names these tests.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { WebSocket } from 'ws';
import { pino } from 'pino';
import { addressOf, isLoopback, isOwnName } from '../../src/server/origin.ts';
import { startServer } from '../../src/server/server.ts';
import { openTestService, startTestServer, type TestServer } from '../support/service.ts';

const BODY = JSON.stringify({ query: '{ viewer { role } }' });

/** fetch has no way to lie about Host. */
async function send(url: string, path: string, headers: Readonly<Record<string, string>>, method = 'POST') {
  const sent = request(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
  });
  sent.end(method === 'POST' ? BODY : undefined);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, headers: response.headers, text };
}

async function openSocket(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  const status = await new Promise<number>((resolve) => {
    socket.once('open', () => resolve(101));
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
  });
  socket.on('error', () => undefined).terminate();
  return status;
}

describe('on the loopback', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  test.each(['attacker.example.org', 'localhost.example.org', '127.0.0.1.example.org', '192.168.0.7'])(
    'a name that leads here and is not the loopback is refused: %j',
    async (host) => {
      for (const path of ['/graphql', '/graphql/stream', '/'])
        expect([path, (await send(server.url, path, { host })).status]).toEqual([path, 421]);
      expect(await openSocket(server.url, { host })).toBe(421);
    },
  );

  test.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:1', '127.1.2.3', '[::1]:4000'])(
    'the loopback by the name %s is answered',
    async (host) => {
      expect((await send(server.url, '/graphql', { host })).status).toBe(200);
      expect(await openSocket(server.url, { host })).toBe(101);
    },
  );

  test.each(['https://example.org', 'null', 'http://localhost:1', 'nonsense'])(
    'a page of %s is refused, and no answer lets one read',
    async (origin) => {
      for (const path of ['/graphql', '/graphql/stream']) {
        const { status, headers } = await send(server.url, path, { origin });
        expect([path, status]).toEqual([path, 403]);
        expect(headers).not.toHaveProperty('access-control-allow-origin');
      }
      expect(await openSocket(server.url, { origin })).toBe(401);
      const asked = { origin, 'access-control-request-method': 'POST' };
      const preflight = await send(server.url, '/graphql', asked, 'OPTIONS');
      expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
    },
  );

  test('a form of another page, whose browser sends no Origin, is no operation', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])
      expect((await send(server.url, '/graphql', { 'content-type': type })).status).toBe(400);
  });

  test('every answer has the headers that keep browsers from using it otherwise', async () => {
    for (const path of ['/', '/livez', '/readyz', '/nowhere', '/graphql', '/graphql/stream', '/a/b.js']) {
      const { headers } = await send(server.url, path, {}, 'GET');
      expect([path, headers]).toEqual([
        path,
        expect.objectContaining({
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'no-referrer',
          'x-frame-options': 'DENY',
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
        }),
      ]);
    }
    expect((await send(server.url, '/graphql', {})).headers['cache-control']).toBe('no-store');
  });
});

test('health is told without a key, whatever the name', async () => {
  const server = await startTestServer({ server: { access: { anonymous: 'off' } } });
  for (const path of ['/livez', '/readyz'])
    expect((await send(server.url, path, { host: 'pod.cluster' }, 'GET')).status).toBe(200);
  // The page holds no data; it has to come before anybody can give it a key.
  expect((await send(server.url, '/', {}, 'GET')).status).toBe(200);
  await server.close();
});

test('a service that is given names answers under them, and trusts nobody for being near', async () => {
  const server = await startTestServer({
    server: { access: { names: ['nas.example.org'], anonymous: 'off' } },
  });
  const { key } = await server.service.keys.create({ name: 'lab', role: 'reader', lifetime: null });
  const host = 'NAS.example.org';
  expect((await send(server.url, '/graphql', { host })).status).toBe(401);
  const headers = { host, authorization: `Bearer ${key}` };
  expect((await send(server.url, '/graphql', headers)).status).toBe(200);
  expect((await send(server.url, '/graphql', { ...headers, host: 'other.example.org' })).status).toBe(421);
  await server.close();
});

describe('a service that others reach and nobody may use', () => {
  const silent = pino({ level: 'silent' });
  test.each([
    ['0.0.0.0', [], /HOST is 0\.0\.0\.0, so others .*mednas keys create --role admin.*MEDNAS_ANONYMOUS/u],
    ['127.0.0.1', ['nas.example.org'], /MEDNAS_HOSTS is nas\.example\.org, so others/u],
  ])('on %s with the names %j is not started', async (host, names, message) => {
    const test = await openTestService();
    const start = startServer(test.service, { host, port: 0, logger: silent, access: { names } });
    await expect(start).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(message),
    });
    await test.close();
  });

  test.each(['a key', 'a word of who runs it'])('is started by %s', async (by) => {
    const test = await openTestService();
    if (by === 'a key') await test.service.keys.create({ name: 'me', role: 'admin', lifetime: null });
    const access = by === 'a key' ? {} : { anonymous: 'off' as const };
    const server = await startServer(test.service, { host: '0.0.0.0', port: 0, logger: silent, access });
    const url = server.url.replace('0.0.0.0', '127.0.0.1');
    const { status, headers } = await send(url, '/graphql', { host: 'anything.example.org' });
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    await server.close();
    await test.close();
  });
});

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.0.0.1.example.org', false],
  ['1127.0.0.1', false],
])('%s is the loopback: %j', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::1', '::1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
])('a client at %s is counted as %s', (remoteAddress, known) => {
  expect(addressOf({ socket: { remoteAddress } } as never)).toBe(known);
});

test('beyond the loopback any name is taken, unless names are given', () => {
  const asked = { headers: { host: 'anything' } } as IncomingMessage;
  expect(isOwnName(asked, '0.0.0.0', [])).toBe(true);
  expect(isOwnName(asked, '0.0.0.0', ['other'])).toBe(false);
  expect(isOwnName({ headers: {} } as IncomingMessage, '127.0.0.1', [])).toBe(false);
});
