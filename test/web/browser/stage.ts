// Where a scenario plays: a service, a network in front of it that can fail, and a page in a browser of its own
// that has asked for nothing yet. What the page complains of is a failure unless the scenario provokes it.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type RunningServer, startServer } from '../../../src/server/server.ts';
import type { Service } from '../../../src/service/service.ts';
import type { Answer } from '../../server/answers.ts';
import type { TestService } from '../../support/service.ts';
import { openProxy, type Proxy } from './proxy.ts';

const CHROMIUM = '/usr/bin/chromium';
/** A bound against hanging, not an expectation. */
const TIMEOUT_MS = Number(process.env['DASHBOARD_TIMEOUT'] ?? 30_000);
/** Where pictures of the views are put; none are taken unless it is set. */
const PICTURES = process.env['DASHBOARD_SCREENSHOTS'];

/** Why there is no browser to test in; null: there is. */
export const NO_BROWSER = existsSync(CHROMIUM) ? null : `there is no ${CHROMIUM}`;

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });

/** A service with what holds it, e.g. one of `openTestService`. */
export interface Served {
  readonly service: Service;
  readonly close: () => Promise<void>;
}

export interface Stage<S extends Served = Served> {
  readonly served: S;
  readonly page: Page;
  readonly network: Proxy;
  /** Asks the service itself, past the network. */
  readonly ask: (query: string, variables?: object) => Promise<Answer>;
  /** Goes to an address of the dashboard, as if it was typed. */
  readonly visit: (path: string) => Promise<void>;
  /** Ends the server; resolves to what starts it again. */
  readonly stop: () => Promise<() => Promise<void>>;
  readonly picture: (name: string) => Promise<void>;
  /** Ends all; gives what the page complained of, besides the browser's own word on a failing network. */
  readonly close: () => Promise<readonly string[]>;
}

/** Opens a stage that is closed when the test is over. */
export type Open = <S extends Served = TestService>(
  served: S | Promise<S>,
  options?: BrowserContextOptions,
) => Promise<Stage<S>>;

const logger = pino({ level: 'silent' });
const listen = (service: Service): Promise<RunningServer> =>
  startServer(service, { host: '127.0.0.1', port: 0, logger });
const portOf = ({ url }: RunningServer): number => Number(new URL(url).port);

/** Chromium says of each request that fails that it did. */
const OF_NETWORK =
  /net::ERR_|WebSocket connection to|Failed to load resource|Unable to preload CSS|dynamically imported module/;

export async function openStage<S extends Served>(
  browser: Browser,
  served: S,
  options: BrowserContextOptions = {},
): Promise<Stage<S>> {
  let server = await listen(served.service);
  const network = await openProxy(portOf(server));
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !OF_NETWORK.test(message.text())) complaints.push(message.text());
  });
  return {
    served,
    page,
    network,
    async ask(query, variables = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const answer = (await response.json()) as Answer;
      return { ...answer, errors: answer.errors ?? [], status: response.status };
    },
    visit: async (path) => void (await page.goto(network.url + path)),
    async stop() {
      await server.close();
      return async () => {
        server = await listen(served.service);
        network.lead(portOf(server));
      };
    },
    async picture(name) {
      if (PICTURES === undefined) return;
      mkdirSync(PICTURES, { recursive: true });
      await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
    },
    async close() {
      await context.close();
      await network.close();
      await server.close();
      await served.close();
      return complaints;
    },
  };
}
