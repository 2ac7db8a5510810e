// A real browser before a real service: Debian's chromium, headless, and between the two a proxy that can
// cut every connection and take none for a while.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { compose } from '../../../src/compose.ts';
import { readConfig } from '../../../src/config.ts';
import { type RunningServer, startServer } from '../../../src/server/server.ts';

const CHROMIUM = '/usr/bin/chromium';
export const hasBrowser = existsSync(CHROMIUM);
if (!hasBrowser) console.warn(`The dashboard's tests in a browser are skipped: there is no ${CHROMIUM}.`);

export interface Line {
  /** Where the browser finds the service. */
  readonly url: string;
  /** Ends every connection and takes no new one. */
  cut(): void;
  mend(): void;
}

/** Ends connections at will; what passes is not looked at. */
async function openLine(target: number): Promise<Line & { close(): void }> {
  const open = new Set<Socket>();
  let isCut = false;
  const server: Server = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const service = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      open.add(socket);
      socket
        .on('error', () => socket.destroy())
        .on('close', () => {
          open.delete(socket);
          other.destroy();
        });
    }
    client.pipe(service).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = (): void => open.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      end();
    },
    mend() {
      isCut = false;
    },
    close() {
      end();
      server.close();
    },
  };
}

export interface Site extends Line {
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** What the API answers, past the proxy. */
  ask<T>(query: string, variables?: object): Promise<T>;
  close(): Promise<void>;
}

/** A service with an archive of its own, and a browser. */
export async function openSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-browser-'));
  const logger = pino({ level: 'silent' });
  const service = await compose(
    readConfig({ MEDNAS_DATA_DIR: folder, MEDNAS_DOWNLOAD: 'off', MEDNAS_WORKERS: '2' }),
    {
      onDownload: () => undefined,
      onError: (error) => console.error(error),
    },
  );
  const server: RunningServer = await startServer(service, { host: '127.0.0.1', port: 0, logger });
  const line = await openLine(Number(new URL(server.url).port));
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  return {
    ...line,
    async open(path, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      const page = await context.newPage();
      await page.goto(`${line.url}${path}`);
      return page;
    },
    async ask<T>(query: string, variables: object = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      return ((await response.json()) as { readonly data: T }).data;
    },
    async close() {
      await browser.close();
      line.close();
      await server.close();
      await service.close();
      rmSync(folder, { recursive: true });
    },
  };
}
