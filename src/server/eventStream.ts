// Operations over server-sent events: the distinct connections mode of the graphql-sse protocol
// (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md), one stream for one operation. The
// library's own handler reads a subscription as fast as it can, whether or not the client takes it.

import { once } from 'node:events';
import type { Handler, Request, Response } from 'express';
import { execute, type ExecutionResult, GraphQLError, OperationTypeNode, subscribe } from 'graphql';
import type { Viewer } from '../service/viewer.ts';
import type { Access } from './access.ts';
import { credentialsOf, type Gate, refuse } from './gate.ts';
import { signalOf } from './http.ts';
import { type Api, isRefusal, type OperationRequest, toClientResult, toExecution } from './operation.ts';
import { type Patience, watchOver } from './patience.ts';
import type { Places } from './rates.ts';

/** Milliseconds between signs of life, so that nothing between client and service ends a quiet stream. */
const PING_MS = 12_000;

/** The operation that a request asks for; null: it asks for none. */
function toOperation({ method, body, query }: Request): OperationRequest | null {
  const given = (method === 'POST' ? body : query) as Readonly<Record<string, unknown>> | undefined;
  const text = given?.['query'];
  const name = given?.['operationName'] ?? null;
  if (typeof text !== 'string' || (name !== null && typeof name !== 'string')) return null;
  try {
    const values = given?.['variables'] ?? null;
    const variables: unknown = method === 'GET' && typeof values === 'string' ? JSON.parse(values) : values;
    if (typeof variables !== 'object' || Array.isArray(variables)) return null;
    return { query: text, operationName: name, variables: variables as OperationRequest['variables'] };
  } catch {
    return null;
  }
}

type Results = AsyncIterable<ExecutionResult> | readonly ExecutionResult[];

const READ_ONLY = new GraphQLError('Mutations are sent by POST.', { extensions: { code: 'BAD_REQUEST' } });

/** What an operation answers: of a subscription a stream, of everything else one result. */
async function perform(
  api: Api,
  request: OperationRequest,
  { viewer, mayWrite }: { readonly viewer: Viewer; readonly mayWrite: boolean },
  signal: AbortSignal,
): Promise<Results> {
  const execution = toExecution(api, request, signal, viewer);
  if (isRefusal(execution)) return [{ errors: execution }];
  if (execution.operation === OperationTypeNode.MUTATION && !mayWrite) return [{ errors: [READ_ONLY] }];
  const isSubscription = execution.operation === OperationTypeNode.SUBSCRIPTION;
  const result = await (isSubscription ? subscribe(execution.args) : execute(execution.args));
  return Symbol.asyncIterator in result ? result : [result];
}

const PING = ':\n\n';

interface Stream {
  /** Resolves when the client has taken the text, so that nothing piles up for slow ones; one that takes nothing is left. */
  readonly send: (text: string) => Promise<void>;
  readonly end: () => void;
}

/** A stream, from its headers on. */
function startStream(response: Response, slow: number): Stream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
  });
  // Some browsers take the headers only with the first bytes.
  response.write(PING);
  // Ended by the service, it may be told of a last event before it hears of its end.
  const isOver = (): boolean => response.writableEnded || response.destroyed;
  const signs = setInterval(() => isOver() || response.write(PING), PING_MS);
  const signal = signalOf(response);
  signal.addEventListener('abort', () => clearInterval(signs));
  return {
    async send(text) {
      if (isOver() || response.write(text)) return;
      const tooSlow = setTimeout(() => response.destroy(), slow);
      await once(response, 'drain', { signal }).catch(() => undefined);
      clearTimeout(tooSlow);
    },
    end() {
      if (!isOver()) response.end('event: complete\ndata:\n\n');
    },
  };
}

/** Said over WebSocket, too. */
export const TOO_MANY = 'This client follows as much as one may at a time: end something first.';

export interface EventStreamApi {
  readonly handler: Handler;
  /** Ends all streams; clients come back later. */
  readonly close: () => void;
}

export interface EventStreamParts {
  readonly api: Api;
  readonly access: Access;
  readonly places: Places;
  readonly patience: Patience;
  readonly viewerOf: Gate['viewerOf'];
}

export function openEventStream({
  api,
  access,
  places,
  patience,
  viewerOf,
}: EventStreamParts): EventStreamApi {
  const open = new Set<Response>();

  async function answer(operation: OperationRequest, request: Request, response: Response): Promise<void> {
    const signal = signalOf(response);
    const viewer = viewerOf(request);
    const { send, end } = startStream(response, patience.slow);
    watchOver(access, credentialsOf(request), patience.recheck, signal, () => response.destroy());
    const sendResult = (result: Parameters<typeof toClientResult>[1]): Promise<void> =>
      send(`event: next\ndata: ${JSON.stringify(toClientResult(api, result))}\n\n`);
    const mayWrite = request.method === 'POST';
    open.add(response);
    signal.addEventListener('abort', () => open.delete(response));
    try {
      for await (const result of await perform(api, operation, { viewer, mayWrite }, signal))
        await sendResult(result);
    } catch (error) {
      if (!signal.aborted) await sendResult({ errors: [error] });
    }
    end();
  }

  return {
    handler: async (request, response) => {
      if (request.method !== 'GET' && request.method !== 'POST') {
        return refuse(response.set('allow', 'GET, POST'), 405, 'Only GET and POST are answered.');
      }
      if (request.method === 'POST' && request.is('application/json') === false) {
        return refuse(response, 415, 'The body must be application/json.');
      }
      const operation = toOperation(request);
      if (operation === null) {
        return refuse(response, 400, 'query must be text, operationName text and variables an object.');
      }
      const release = places.take(viewerOf(request).client);
      if (release === null) {
        return refuse(response.set('retry-after', '60'), 429, TOO_MANY, {
          code: 'TOO_MANY_SUBSCRIPTIONS',
        });
      }
      response.once('close', release);
      await answer(operation, request, response);
    },
    close: () => open.forEach((response) => response.end()),
  };
}
