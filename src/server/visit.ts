// One request, or one operation over a WebSocket, from its coming to its end: the id it has in every line
// about it, and the one line and the counts that tell what became of it. Never its variables or headers,
// and never a path that a client made up.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { type GraphQLFormattedError, Kind, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import { type Report, toClientError } from './errors.ts';
import type { Metrics, Operated, Transport } from './metrics.ts';

/** Of ids that clients give: they are written into logs as they are. */
const SANE_ID = /^[\w.:-]{1,100}$/u;

const ids = new WeakMap<IncomingMessage, string>();

/** The id a client, or a proxy before it, gave its request, else one of our own; the same each time. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  const id = ids.get(request) ?? (typeof given === 'string' && SANE_ID.test(given) ? given : randomUUID());
  ids.set(request, id);
  return id;
}

/** Of a request; everything else is the dashboard's. */
const ROUTES: ReadonlySet<string> = new Set(['/graphql', '/graphql/stream', '/livez', '/readyz', '/metrics']);
/** Those with a file in their path. */
const FILES = ['/weights', '/batches', '/datasets'] as const;

/** Asked for every few seconds by machines. */
const QUIET: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE']);

/** What requests are counted by. */
const routeOf = (path: string): string =>
  ROUTES.has(path) ? path : (FILES.find((route) => path.startsWith(`${route}/`)) ?? 'dashboard');

/** Of names that clients make up, in a line. */
const NAME_LENGTH = 80;

export interface Visit {
  readonly id: string;
  /** Takes the whole of an error of which the client is told a part. */
  readonly report: Report;
  /** What the client is told of an error, whose code is what became of the visit. */
  readonly format: (error: unknown) => GraphQLFormattedError;
  /** It was refused, or failed: the first code counts. */
  readonly fail: (code: string) => void;
  /** It is this operation, which is going to be executed. */
  readonly name: (operation: OperationDefinitionNode) => void;
  /** It is over; may be called again. */
  readonly end: (more?: Readonly<Record<string, unknown>>) => void;
}

/** Which field it asks for: names of operations are their clients', those of fields are the schema's. */
function fieldOf({ selectionSet: { selections } }: OperationDefinitionNode): string {
  const [only, ...others] = selections;
  return only?.kind === Kind.FIELD && others.length === 0 ? only.name.value : 'other';
}

interface Parts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Told of operations that are over. */
  readonly operated: (operated: Operated) => void;
}

function openVisit(
  { logger, metrics, operated }: Parts,
  transport: Transport,
  id: string,
  isQuiet = false,
): Visit {
  const start = performance.now();
  const log = logger.child({ requestId: id });
  let operation: OperationDefinitionNode | null = null;
  let outcome = 'OK';
  let isOver = false;
  const report: Report = (error) => log.error({ err: error }, 'a request failed');
  const fail = (code: string): void => {
    if (outcome === 'OK') outcome = code;
  };
  return {
    id,
    report,
    fail,
    format(error) {
      const formatted = toClientError(error, report);
      fail(String(formatted.extensions?.['code']));
      return formatted;
    },
    name(named) {
      if (isOver) return;
      operation = named;
      if (named.operation === OperationTypeNode.SUBSCRIPTION) metrics.subscribed(transport, 1);
    },
    end(more = {}) {
      if (isOver) return;
      isOver = true;
      const milliseconds = performance.now() - start;
      const type = operation?.operation ?? null;
      if (type === OperationTypeNode.SUBSCRIPTION) metrics.subscribed(transport, -1);
      if (operation !== null || outcome !== 'OK')
        operated({
          field: operation === null ? 'other' : fieldOf(operation),
          type: type ?? 'none',
          transport,
          outcome,
          seconds: milliseconds / 1000,
          requestId: id,
        });
      const named = operation && {
        operation: operation.name?.value.slice(0, NAME_LENGTH) ?? null,
        field: fieldOf(operation),
        type,
      };
      const line = { transport, ...more, ...named, outcome, ms: Math.round(milliseconds * 10) / 10 };
      log[isQuiet ? 'debug' : 'info'](line, operation === null ? 'request' : 'operation');
    },
  };
}

const visits = new WeakMap<Response, Visit>();

/** The request is not answered, for the reason of that code. */
export const noteRefusal = (response: Response, code: string): void => visits.get(response)?.fail(code);

export interface Visits {
  /** Gives each request its id, and notes its end. */
  readonly handler: RequestHandler;
  /** That of a request, while its response is under way. */
  readonly of: (response: Response) => Visit;
  /** An operation over a socket. */
  readonly begin: (id: string) => Visit;
}

export function openVisits(parts: Parts): Visits {
  return {
    handler(request, response, next) {
      const id = requestIdOf(request);
      const route = routeOf(request.path);
      const visit = openVisit(parts, route === '/graphql/stream' ? 'sse' : 'http', id, QUIET.has(route));
      visits.set(response, visit);
      response.setHeader('X-Request-Id', id);
      const start = performance.now();
      response.once('close', () => {
        const method = METHODS.has(request.method) ? request.method : 'other';
        // 499, as proxies have it: the client left before it was answered.
        const status = response.headersSent ? response.statusCode : 499;
        const seconds = (performance.now() - start) / 1000;
        parts.metrics.requested({ method, route, status, seconds });
        visit.end({ method, route, status });
      });
      next();
    },
    of(response) {
      const visit = visits.get(response);
      if (visit === undefined) throw new Error('a response without a visit');
      return visit;
    },
    begin: (id) => openVisit(parts, 'websocket', id),
  };
}

/** The operations of one socket, numbered after the request that opened it: clients give them names that repeat. */
export interface Operations {
  readonly begin: (name: string) => Visit;
  /** The one under way that the client gave that name. */
  readonly of: (name: string) => Visit;
  readonly end: (name: string) => void;
  readonly endAll: () => void;
}

export function openOperations(all: Visits, requestId: string): Operations {
  const underWay = new Map<string, Visit>();
  let begun = 0;
  function end(name: string): void {
    underWay.get(name)?.end();
    underWay.delete(name);
  }
  return {
    begin(name) {
      begun += 1;
      const visit = all.begin(`${requestId}.${begun}`);
      underWay.set(name, visit);
      return visit;
    },
    of(name) {
      const visit = underWay.get(name);
      if (visit === undefined) throw new Error('an operation that nobody began');
      return visit;
    },
    end,
    endAll() {
      for (const name of underWay.keys()) end(name);
    },
  };
}
