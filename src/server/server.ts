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
import type { Report } from './errors.ts';
import { openEventStream } from './eventStream.ts';
import { openGate, ownName, refuse, secure } from './gate.ts';
import { health } from './health.ts';
import { openHttp } from './http.ts';
import { logRuns } from './log.ts';
import { openMetrics } from './metrics.ts';
import type { Api } from './operation.ts';
import { isOwnName } from './origin.ts';
import { type Patience, PATIENCE } from './patience.ts';
import { openPlaces, openRates } from './rates.ts';
import type { Traces } from './traces.ts';
import { openVisits, type Visits } from './visit.ts';
import { openWebSocket } from './webSocket.ts';
import { type Supplies, supplies } from './supplies.ts';
import { weights } from './weights.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** Of an OTLP collector that traces are sent to; null: none. */
  readonly tracesTo?: string | null;
  /** Milliseconds that requests under way may take when the server closes. */
  readonly graceMs?: number;
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

/**
 * Milliseconds that a connection may lie idle. Longer than the 60 s after which proxies and clients let go of
 * one: who closes first must not be the service, or a request that is on its way is lost.
 */
const IDLE_MS = 65_000;

export interface RunningServer {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  /** From now on it says that it is about to end, and goes on answering. */
  readonly unready: () => void;
  /** Answers what it is at, tells followers to come back later, and listens no more. May be called again. */
  readonly close: () => Promise<void>;
}

const POINTER = `MedNAS: training-free neural architecture search for medical images.

GraphQL over HTTP:      POST /graphql
          WebSocket:           /graphql (graphql-transport-ws)
          server-sent events:  /graphql/stream
Health:                 GET  /livez, /readyz
Metrics:                GET  /metrics (Prometheus)
Trained weights:        GET  /weights/RUN.safetensors
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
  (visits: Visits): ErrorRequestHandler =>
  (thrown: { readonly status?: unknown }, _, response, next) => {
    const status = typeof thrown.status === 'number' ? thrown.status : 500;
    const isOfRequest = status >= 400 && status < 500;
    if (!isOfRequest) visits.of(response).report(thrown);
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
  readonly metrics: express.RequestHandler;
  readonly weights: express.RequestHandler;
  readonly supplies: Supplies;
}

function buildApp(handlers: Handlers, visits: Visits): Express {
  const { checks, ownName, gate, events, http, metrics, weights, supplies } = handlers;
  return express()
    .disable('x-powered-by')
    .use(secure)
    .use(visits.handler)
    .use(checks)
    .use(ownName)
    .use(['/graphql', '/metrics', '/weights', '/batches', '/datasets'], gate)
    .get('/metrics', metrics)
    .get('/weights/{*file}', weights)
    .get('/batches/:hash', supplies.batches)
    .get('/datasets/:name', supplies.datasets)
    .use('/graphql', express.json({ limit: MAX_BODY }))
    .use('/graphql/stream', events)
    .use('/graphql', http)
    .use(dashboard())
    .get('/', (_, response) => void response.type('text').send(POINTER))
    .use(
      (_, response) =>
        void response.status(404).type('text').send('There is nothing here. GET / says what is.\n'),
    )
    .use(errorHandler(visits));
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

/** Imported when it is used: the libraries take longer to load than the rest of the server. */
async function loadTraces(endpoint: string | null): Promise<Traces | null> {
  if (endpoint === null) return null;
  const { openTraces } = await import('./traces.ts');
  return openTraces(endpoint);
}

/** @throws MedNasError INVALID_ARGUMENT when host or port cannot be listened on, or nobody could come in. */
export async function startServer(service: Service, options: ServerOptions): Promise<RunningServer> {
  const { host, port, logger, graceMs = 5000 } = options;
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
  const metrics = openMetrics(service);
  service.observe(metrics.observe);
  service.observe(logRuns(logger));
  const traces = await loadTraces(options.tracesTo ?? null);
  if (traces !== null) service.observe(traces.observe);
  const visits = openVisits({
    logger,
    metrics,
    operated(operated) {
      metrics.operated(operated);
      traces?.operated(operated);
    },
  });
  const api: Api = {
    schema: buildApiSchema(),
    open: ({ viewer, visit: { report, fail } }, signal) =>
      openContext({ service, viewer, signal, report, refuse: fail }),
  };
  let isUnready = false;
  let closing: Promise<void> | null = null;
  const listener = createServer({
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: IDLE_MS,
  });
  const http = await openHttp({ api, viewerOf, visits, logger, graceMs }, listener);
  const events = openEventStream({ api, access, places, patience, viewerOf, visits });
  const checks = health({
    service,
    reportOf: (response) => visits.of(response).report,
    isClosing: () => isUnready,
  });
  const handlers = {
    checks,
    gate: gate.handler,
    http: http.handler,
    events: events.handler,
    metrics: metrics.handler,
    weights: weights(service),
    supplies: supplies({ service, viewerOf, reportOf: (response) => visits.of(response).report }),
    ownName: ownName(host, who.names),
  };
  listener.on('request', buildApp(handlers, visits));
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
      visits,
      sockets: openPlaces(limits.subscriptions),
      isOwnName: (request) => isOwnName(request, host, who.names),
    },
    listener,
    '/graphql',
  );
  async function shut(): Promise<void> {
    isUnready = true;
    events.close();
    await Promise.all([sockets.close(), http.close()]);
    await traces?.close();
  }
  return {
    url,
    unready() {
      isUnready = true;
    },
    close: () => (closing ??= shut()),
  };
}
