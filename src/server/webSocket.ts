// Operations over WebSocket, by the graphql-transport-ws protocol.

import type { Server } from 'node:http';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { isRefusal, type Api, type OperationRequest, toClientResult, toExecution } from './operation.ts';
import { isOwnOrigin } from './origin.ts';
import { requestIdOf, type Visit, type Visits } from './visit.ts';

/** Of one message, in bytes: an operation with its variables. */
const MAX_MESSAGE = 256 * 1024;
/** Milliseconds that clients have to say goodbye when the service closes. */
const GRACE_MS = 2000;

export interface WebSocketApi {
  /** Closes all sockets with a code after which clients come back later. */
  close(): Promise<void>;
}

/** Who is at the other end of a socket, with the operations under way. */
interface Client {
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
  readonly visits: ReadonlyMap<string, Visit>;
  readonly begin: (id: string) => Visit;
  readonly end: (id: string) => void;
  readonly leave: () => void;
}

/** Operations are numbered after the request that opened the socket: clients choose names for them that repeat. */
function openClient(all: Visits, requestId: string): Client {
  const gone = new AbortController();
  const visits = new Map<string, Visit>();
  let begun = 0;
  const end = (id: string): void => {
    visits.get(id)?.end();
    visits.delete(id);
  };
  return {
    signal: gone.signal,
    visits,
    begin(id) {
      begun += 1;
      const visit = all.begin(`${requestId}.${begun}`);
      visits.set(id, visit);
      return visit;
    },
    end,
    leave() {
      gone.abort();
      for (const id of visits.keys()) end(id);
    },
  };
}

/** Listens on a server that listens already, so that the errors of listening are not ours. */
export function openWebSocket(api: Api, visits: Visits, listener: Server, path: string): WebSocketApi {
  const sockets = new WebSocketServer({
    server: listener,
    path,
    maxPayload: MAX_MESSAGE,
    verifyClient: ({ req }: { readonly req: Parameters<typeof isOwnOrigin>[0] }) => isOwnOrigin(req),
  });
  const clients = new WeakMap<WebSocket, Client>();

  /** Arguments to execute, or errors in the form in which `onError` gets them. */
  function prepare(
    request: OperationRequest,
    visit: Visit,
    signal: AbortSignal,
  ): ExecutionArgs | readonly GraphQLError[] {
    try {
      const execution = toExecution(api, request, visit, signal);
      return isRefusal(execution) ? execution : execution.args;
    } catch (error) {
      return [new GraphQLError('Internal server error', { originalError: error as Error })];
    }
  }

  function visitOf(socket: WebSocket, id: string): Visit {
    const visit = clients.get(socket)?.visits.get(id);
    if (visit === undefined) throw new Error('an operation that nobody began');
    return visit;
  }

  const disposable = useServer(
    {
      schema: api.schema,
      onSubscribe({ extra: { socket } }, id, payload) {
        const client = clients.get(socket);
        if (client === undefined) throw new Error('an operation over a socket that is not open');
        return prepare(payload, client.begin(id), client.signal);
      },
      onError: ({ extra: { socket } }, id, _payload, errors) => {
        const visit = visitOf(socket, id);
        const told = errors.map(visit.format);
        visit.end();
        return told;
      },
      onNext: ({ extra: { socket } }, id, _payload, _args, result) =>
        toClientResult(visitOf(socket, id), result),
      onComplete: ({ extra: { socket } }, id) => clients.get(socket)?.end(id),
    },
    sockets,
  );
  sockets.on('headers', (headers, request) => headers.push(`X-Request-Id: ${requestIdOf(request)}`));
  // After the library, whose listener writes what clients do wrong to the console.
  sockets.on('connection', (socket, request) => {
    const client = openClient(visits, requestIdOf(request));
    clients.set(socket, client);
    socket.once('close', client.leave);
    socket.removeAllListeners('error').on('error', () => socket.terminate());
  });

  return {
    async close() {
      const slow = setTimeout(() => sockets.clients.forEach((socket) => socket.terminate()), GRACE_MS);
      await disposable.dispose();
      clearTimeout(slow);
    },
  };
}
