// Operations over WebSocket, by the graphql-transport-ws protocol.

import type { Server } from 'node:http';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { isRefusal, type Api, type OperationRequest, toClientResult, toExecution } from './operation.ts';
import { isOwnOrigin } from './origin.ts';

/** Of one message, in bytes: an operation with its variables. */
const MAX_MESSAGE = 256 * 1024;
/** Milliseconds that clients have to say goodbye when the service closes. */
const GRACE_MS = 2000;

export interface WebSocketApi {
  /** Closes all sockets with a code after which clients come back later. */
  close(): Promise<void>;
}

/** Listens on a server that listens already, so that the errors of listening are not ours. */
export function openWebSocket(api: Api, listener: Server, path: string): WebSocketApi {
  const sockets = new WebSocketServer({
    server: listener,
    path,
    maxPayload: MAX_MESSAGE,
    verifyClient: ({ req }: { readonly req: Parameters<typeof isOwnOrigin>[0] }) => isOwnOrigin(req),
  });
  const signals = new WeakMap<WebSocket, AbortSignal>();

  /** Arguments to execute, or errors in the form in which `onError` gets them. */
  function prepare(request: OperationRequest, socket: WebSocket): ExecutionArgs | readonly GraphQLError[] {
    try {
      const execution = toExecution(api, request, signals.get(socket) ?? AbortSignal.abort());
      return isRefusal(execution) ? execution : execution.args;
    } catch (error) {
      return [new GraphQLError('Internal server error', { originalError: error as Error })];
    }
  }

  const disposable = useServer(
    {
      schema: api.schema,
      onSubscribe: (context, _id, payload) => prepare(payload, context.extra.socket),
      onError: (_context, _id, _payload, errors) => errors.map(api.format),
      onNext: (_context, _id, _payload, _args, result) => toClientResult(api, result),
    },
    sockets,
  );
  // After the library, whose listener writes what clients do wrong to the console.
  sockets.on('connection', (socket) => {
    const gone = new AbortController();
    signals.set(socket, gone.signal);
    socket.once('close', () => gone.abort());
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
