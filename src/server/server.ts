// The service on a port: GraphQL over HTTP, WebSocket and server-sent events, and health.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Logger } from 'pino';
import { openContext } from '../resolvers/context.ts';
import { buildApiSchema } from '../resolvers/schema.ts';
import { MedNasError } from '../search/errors.ts';
import type { Service } from '../service/service.ts';
import { type AccessOptions, openAccess, requireWayIn } from './access.ts';
import { dashboard } from './dashboard.ts';
import { type Report, toClientError } from './errors.ts';
import { openEventStream } from './eventStream.ts';
import { openGate, ownName, refuse, secure } from './gate.ts';
import { health } from './health.ts';
import { openHttp } from './http.ts';
import type { Api } from './operation.ts';
import { isOwnName } from './origin.ts';
import { type Patience, PATIENCE } from './patience.ts';
import { openPlaces, openRates } from './rates.ts';
import { openWebSocket } from './webSocket.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** Whatever is left out is as on a machine that is nobody else's. */
  readonly access?: Partial<AccessOptions>;
  readonly limits?: Partial<Limits>;
  readonly patience?: Partial<Patience>;
}

/** Of one client. */
export interface Limits {
  /** Requests and operations a minute. */
  readonly requests: number;
  /** Operations under way over WebSocket and event streams, and open WebSockets of one address. */
  readonly subscriptions: number;
}

export const LIMITS: Limits = { requests: 6000, subscriptions: 100 };

/** Milliseconds for a request to come, so that none holds a connection by coming slowly. */
const REQUEST_MS = 30_000;

export interface RunningServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** Answers what it is at, tells followers to come back later, and listens no more. May be called again. */
  readonly close: () => Promise<void>;
}

const POINTER = `MedNAS: training-free neural architecture search for medical images.

GraphQL over HTTP:      POST /graphql
          WebSocket:           /graphql (graphql-transport-ws)
          server-sent events:  /graphql/stream
Health:                 GET  /livez, /readyz
Dashboard:              this address in a browser
`;

/** Of a request, in bytes: an operation with its variables. */
const MAX_BODY = 256 * 1024;

/** What is wrong with a request that body parsers refuse, by status. Their own messages repeat it. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The body is not JSON.',
  413: `The body has more than ${MAX_BODY} bytes.`,
  415: 'The encoding of the body is not known here.',
};

/** What body parsers and routes fail with, as GraphQL clients expect errors; express would send a page. */
const errorHandler =
  (report: Report): ErrorRequestHandler =>
  (thrown: { readonly status?: unknown }, _, response, next) => {
    const status = typeof thrown.status === 'number' ? thrown.status : 500;
    const isOfRequest = status >= 400 && status < 500;
    if (!isOfRequest) report(thrown);
    if (response.headersSent) next(thrown);
    else if (isOfRequest) refuse(response, status, REFUSALS[status] ?? 'The request cannot be read.');
    else refuse(response, status, 'Internal server error', { code: 'INTERNAL_SERVER_ERROR' });
  };

interface Handlers {
  readonly checks: express.Router;
  readonly ownName: express.RequestHandler;
  readonly gate: express.RequestHandler;
  readonly events: express.RequestHandler;
  readonly http: express.RequestHandler;
}

function buildApp({ checks, ownName, gate, events, http }: Handlers, report: Report): Express {
  return express()
    .disable('x-powered-by')
    .use(secure)
    .use(checks)
    .use(ownName)
    .use('/graphql', gate)
    .use('/graphql', express.json({ limit: MAX_BODY }))
    .use('/graphql/stream', events)
    .use('/graphql', http)
    .use(dashboard())
    .get('/', (_, response) => void response.type('text').send(POINTER))
    .use(
      (_, response) =>
        void response.status(404).type('text').send('There is nothing here. GET / says what is.\n'),
    )
    .use(errorHandler(report));
}

const LISTEN_ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already. Stop it, or choose another PORT (0 takes any free one)',
  EACCES: 'this user may not listen there. Choose a PORT above 1023',
  EADDRNOTAVAIL: 'this machine has no such address. Choose another HOST',
  ENOTFOUND: 'there is no such host. Choose another HOST',
};

/** Address it listens at. @throws MedNasError INVALID_ARGUMENT when it cannot. */
async function listen(listener: Server, host: string, port: number): Promise<string> {
  try {
    listener.listen(port, host);
    await once(listener, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const advice = LISTEN_ADVICE[code];
    if (advice === undefined) throw error;
    throw new MedNasError('INVALID_ARGUMENT', `Cannot listen on port ${port} of ${host}: ${advice}.`, {
      cause: error,
    });
  }
  const address = listener.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}

/** @throws MedNasError INVALID_ARGUMENT when host or port cannot be listened on, or nobody could come in. */
export async function startServer(service: Service, options: ServerOptions): Promise<RunningServer> {
  const { host, port, logger } = options;
  const report: Report = (error) => logger.error({ err: error }, 'a request failed');
  const who: AccessOptions = { anonymous: null, names: [], tokens: null, ...options.access };
  const limits = { ...LIMITS, ...options.limits };
  const patience = { ...PATIENCE, ...options.patience };
  await requireWayIn(service.keys, host, who);
  const access = await openAccess(service.keys, host, who, report);
  const rates = openRates(limits.requests);
  const places = openPlaces(limits.subscriptions);
  const gate = openGate(access, rates);
  const { viewerOf } = gate;
  const api: Api = {
    schema: buildApiSchema(),
    open: (signal, viewer) => openContext({ service, viewer, signal, report }),
    format: (error) => toClientError(error, report),
  };
  let closing: Promise<void> | null = null;
  const listener = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS });
  const http = await openHttp(api, listener, viewerOf, logger);
  const events = openEventStream({ api, access, places, patience, viewerOf });
  const checks = health({ service, report, isClosing: () => closing !== null });
  const handlers = { checks, gate: gate.handler, http: http.handler, events: events.handler };
  listener.on('request', buildApp({ ...handlers, ownName: ownName(host, who.names) }, report));
  let url: string;
  try {
    url = await listen(listener, host, port);
  } catch (error) {
    await http.close();
    throw error;
  }
  const sockets = openWebSocket(
    {
      api,
      access,
      rates,
      places,
      patience,
      sockets: openPlaces(limits.subscriptions),
      isOwnName: (request) => isOwnName(request, host, who.names),
    },
    listener,
    '/graphql',
  );
  async function shut(): Promise<void> {
    events.close();
    await Promise.all([sockets.close(), http.close()]);
  }
  return { url, close: () => (closing ??= shut()) };
}
