// The dashboard's files: who gets the page, who gets a file, what is kept for how long, and that nothing
// outside the folder is ever sent. Requests are written by hand: `fetch` would tidy their paths.

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import express from 'express';
import { dashboard } from '../../src/server/dashboard.ts';
import { startTestServer } from '../support/service.ts';

const PAGE = `<!doctype html><title>Page</title>${' '.repeat(2000)}`;
const SCRIPT = `console.info('asset');${' '.repeat(2000)}`;
const SECRET = 'not for everybody';

/** As browsers ask for a page, for a script, and as curl asks. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const ANYTHING = { accept: '*/*' };

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface Site {
  readonly folder: string;
  readonly send: (path: string, headers?: object, method?: string) => Promise<Reply>;
}

const openSites: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(openSites.map((close) => close())));

/** The dashboard in front of a service that answers everything by a word; its files are in `name`. */
async function openSite(name: string, fill: (folder: string) => void): Promise<Site> {
  const parent = mkdtempSync(join(tmpdir(), 'mednas-'));
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, '..', 'package.json'), SECRET);
  fill(folder);
  const app = express()
    .use(dashboard(folder))
    .use((_, response) => void response.status(404).type('text').send('the service'));
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  openSites.push(async () => {
    await once(server.close(), 'close');
    rmSync(parent, { recursive: true });
  });
  return {
    folder,
    async send(path, headers = ANYTHING, method = 'GET') {
      const sent = request({ host: '127.0.0.1', port, path, method, headers: { ...headers } }).end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      const body = await buffer(response);
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    },
  };
}

function fill(folder: string): void {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), PAGE);
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'assets', 'index-abc.js'), SCRIPT);
  writeFileSync(join(folder, '.env'), SECRET);
}

let site: Site;
beforeAll(async () => {
  site = await openSite('web', fill);
});

const textOf = ({ body }: Reply): string => body.toString();

describe('a browser gets the page', () => {
  test.each([
    '/',
    '/start',
    '/searches/U2VhcmNoOng',
    '/compare?search=a&search=b',
    '/no/such/view',
    '/assets',
  ])('at %s', async (path) => {
    const reply = await site.send(path, BROWSER);
    expect([reply.status, textOf(reply)]).toEqual([200, PAGE]);
    expect(reply.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    });
  });

  test('which may load nothing from elsewhere, run nothing inline, and stand in no frame', async () => {
    const { headers } = await site.send('/', BROWSER);
    const policy = Object.fromEntries(
      String(headers['content-security-policy'])
        .split('; ')
        .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]),
    );
    expect(policy).toMatchObject({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
    });
    expect(JSON.stringify(policy)).not.toMatch(/unsafe|http|\*/);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  test('and asks for it again only when it has changed', async () => {
    const { headers } = await site.send('/', BROWSER);
    const again = await site.send('/', { ...BROWSER, 'if-none-match': headers.etag });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  test('also where a folder of its path begins with a dot', async () => {
    const hidden = await openSite('.local/web', fill);
    const reply = await hidden.send('/', BROWSER);
    expect([reply.status, textOf(reply)]).toEqual([200, PAGE]);
  });
});

describe('files', () => {
  test.each([
    ['/assets/index-abc.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
    ['/icon.svg', 'image/svg+xml', 'public, max-age=0'],
    ['/index.html', 'text/html; charset=utf-8', 'public, max-age=0'],
  ])('%s is %s and kept: %s', async (path, type, kept) => {
    const { status, headers } = await site.send(path);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, type, kept]);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('what has no hash in its name is not kept for ever, wherever the folder is', async () => {
    const other = await openSite('assets/web', fill);
    expect((await other.send('/icon.svg')).headers['cache-control']).toBe('public, max-age=0');
    expect((await other.send('/assets/index-abc.js')).headers['cache-control']).toContain('immutable');
  });

  test.each([
    ['/assets/index-abc.js', SCRIPT],
    ['/', PAGE],
  ])('%s is compressed for who can read that', async (path, text) => {
    const packed = await site.send(path, { ...BROWSER, 'accept-encoding': 'gzip' });
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: expect.stringMatching(/Accept-Encoding/i),
    });
    expect(packed.body.length).toBeLessThan(text.length / 4);
    expect(gunzipSync(packed.body).toString()).toBe(text);
    const plain = await site.send(path, BROWSER);
    expect([plain.headers['content-encoding'], textOf(plain)]).toEqual([undefined, text]);
  });

  test.each(['/', '/assets/index-abc.js'])('HEAD of %s tells of it without sending it', async (path) => {
    const { status, headers, body } = await site.send(path, BROWSER, 'HEAD');
    expect([status, body.length]).toEqual([200, 0]);
    expect(headers['cache-control']).toMatch(/no-cache|immutable/);
  });
});

describe('the service answers what is not for people', () => {
  test.each<[what: string, path: string, headers: object, method: string]>([
    ['curl at /', '/', ANYTHING, 'GET'],
    ['who says nothing of what it takes, at /', '/', {}, 'GET'],
    ['who takes text before pages, at /', '/', { accept: 'text/plain, text/html;q=0.5' }, 'GET'],
    ['who takes JSON', '/searches/x', { accept: 'application/json' }, 'GET'],
    ['a file that is not there', '/assets/index-old.js', ANYTHING, 'GET'],
    ['a file that is not there, for a browser', '/missing.html', BROWSER, 'GET'],
    ['a form sent to a page', '/start', BROWSER, 'POST'],
    ['a form sent to a file', '/icon.svg', BROWSER, 'POST'],
    ['DELETE of the page', '/', BROWSER, 'DELETE'],
  ])('%s', async (_, path, headers, method) => {
    const reply = await site.send(path, headers, method);
    expect([reply.status, textOf(reply)]).toEqual([404, 'the service']);
  });

  test('what a page is told depends on what it takes, and caches are told so', async () => {
    for (const headers of [BROWSER, ANYTHING]) {
      expect((await site.send('/', headers)).headers.vary).toMatch(/\bAccept\b(?!-)/);
    }
  });

  test.each([
    ['that does not exist', () => undefined],
    ['without a page', (folder: string) => writeFileSync(join(folder, 'icon.svg'), '<svg/>')],
  ])('everything, in front of a folder %s', async (_, incomplete) => {
    const empty = await openSite('web', (folder) => {
      rmSync(folder, { recursive: true });
      if (incomplete.length > 0) mkdirSync(folder);
      incomplete(folder);
    });
    for (const path of ['/', '/start', '/icon.svg']) {
      const reply = await empty.send(path, BROWSER);
      expect([reply.status, textOf(reply)]).toEqual([404, 'the service']);
    }
  });
});

describe('nothing outside the folder is sent, nor what is hidden in it', () => {
  const UP = ['..', '%2e%2e', '.%2e', '%252e%252e', '..%00', '....'];
  const SLASHES = ['/', '%2f', '%5c', '\\', '%252f', '//'];
  const FOREIGN = UP.flatMap((up) =>
    SLASHES.flatMap((slash) => [
      `/${up}${slash}package.json`,
      `/assets${slash}${up}${slash}${up}${slash}package.json`,
    ]),
  );
  test.each([
    ...FOREIGN,
    '/.env',
    '/%2eenv',
    '/assets/../.env',
    '/.env%00.js',
    '/..',
    '/%00',
    '/%',
    '/%c0%ae%c0%ae/package.json',
    '//etc/passwd',
    '/index.html/../../package.json',
    `/${'../'.repeat(40)}etc/passwd`,
    `/${'%2e%2e%2f'.repeat(40)}etc/passwd`,
  ])('%j', async (path) => {
    for (const headers of [BROWSER, ANYTHING]) {
      const reply = await site.send(path, headers);
      expect(textOf(reply)).not.toMatch(new RegExp(`${SECRET}|root:`));
      // The page itself may answer an address that has no file.
      const isPage = reply.status === 200 && textOf(reply) === PAGE;
      expect(isPage || [400, 403, 404].includes(reply.status)).toBe(true);
      expect(textOf(reply)).not.toContain(site.folder);
    }
  });
});

test('in front of the real service, its own addresses are its own', async () => {
  const server = await startTestServer();
  const send = (
    path: string,
    init: {
      readonly method?: string;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    } = {},
  ) => fetch(`${server.url}${path}`, { ...init, headers: { ...BROWSER, ...init.headers } });
  expect(await (await send('/livez')).json()).toEqual({ status: 'alive' });
  expect((await send('/readyz')).status).toBe(200);
  expect((await send('/graphql')).status).toBe(400);
  const answer = await send('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ engine { backend } }"}',
  });
  expect(await answer.json()).toEqual({ data: { engine: { backend: 'formula' } } });
  const stream = await send(`/graphql/stream?query=${encodeURIComponent('{ engine { backend } }')}`);
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  const pointer = await send('/', { headers: ANYTHING });
  expect(pointer.headers.get('content-type')).toContain('text/plain');
  expect(await pointer.text()).toContain('POST /graphql');
  await server.close();
});
