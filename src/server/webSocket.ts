// Operations over WebSocket, by the graphql-transport-ws protocol.

import type { IncomingMessage, Server } from 'node:http';
import { type ExecutionArgs, GraphQLError } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Access } from './access.ts';
import { TOO_MANY } from './eventStream.ts';
import { credentialsOf, UNAUTHENTICATED } from './gate.ts';
import { isRefusal, type Api, type OperationRequest, toClientResult, toExecution } from './operation.ts';
import { addressOf, isOwnOrigin } from './origin.ts';
import { type Patience, watchOver } from './patience.ts';
import type { Places, Rates } from './rates.ts';
import { type Client, openClient } from './socketClient.ts';

/** Of one message, in bytes: an operation with its variables. */
const MAX_MESSAGE = 256 * 1024;
/** Milliseconds that clients have to say goodbye when the service closes. */
const GRACE_MS = 2000;

export interface WebSocketApi {
  /** Closes all sockets with a code after which clients come back later. */
  close(): Promise<void>;
}

export interface WebSocketParts {
  readonly api: Api;
  readonly access: Access;
  readonly rates: Rates;
  /** For operations, by client. */
  readonly places: Places;
  /** For sockets, by address: whose they are is said only later. */
  readonly sockets: Places;
  readonly patience: Patience;
  /** Whether a request is for a name of this service. */
  readonly isOwnName: (request: IncomingMessage) => boolean;
}

const refusal = (code: string, message: string, more: object = {}): readonly GraphQLError[] => [
  new GraphQLError(message, { extensions: { code, ...more } }),
];

/** Listens on a server that listens already, so that the errors of listening are not ours. */
export function openWebSocket(parts: WebSocketParts, listener: Server, path: string): WebSocketApi {
  const { api, access, rates, places, patience } = parts;
  const clients = new WeakMap<WebSocket, Client>();

  const server = new WebSocketServer({
    server: listener,
    path,
    maxPayload: MAX_MESSAGE,
    verifyClient({ req }: { readonly req: IncomingMessage }, done: (ok: boolean, code?: number) => void) {
      if (!parts.isOwnName(req)) return done(false, 421);
      if (!isOwnOrigin(req)) return done(false, 401);
      const release = parts.sockets.take(addressOf(req));
      if (release === null) return done(false, 429);
      req.socket.once('close', release);
      done(true);
    },
  });

  /** Who the client says to be: in its first message, as browsers have to, or in the header of its request. */
  async function admit(
    params: Readonly<Record<string, unknown>> | undefined,
    { socket, request }: { readonly socket: WebSocket; readonly request: IncomingMessage },
  ): Promise<boolean> {
    const client = clients.get(socket);
    const said = params?.['authorization'];
    const credentials = credentialsOf(request);
    const authorization =
      said === undefined ? credentials.authorization : typeof said === 'string' ? said : '';
    const viewer = await access.identify({ ...credentials, authorization });
    const rate = await rates.count(viewer?.client ?? `stranger ${credentials.address}`);
    if (rate.isExceeded) {
      socket.close(1013, 'Too many requests: try again later');
      return false;
    }
    if (viewer === null || client === undefined) {
      socket.close(CloseCode.Unauthorized, 'UNAUTHENTICATED');
      return false;
    }
    client.viewer = viewer;
    watchOver(access, { ...credentials, authorization }, patience.recheck, client.signal, () =>
      socket.close(CloseCode.Unauthorized, 'UNAUTHENTICATED'),
    );
    return true;
  }

  /** Arguments to execute, or errors in the form in which `onError` gets them. */
  async function prepare(
    id: string,
    request: OperationRequest,
    client: Client | undefined,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    try {
      if (!client?.viewer) return refusal('UNAUTHENTICATED', UNAUTHENTICATED);
      const rate = await rates.count(client.viewer.client);
      if (rate.isExceeded) {
        const message = `There were more than ${rate.limit} requests within a minute.`;
        return refusal('RATE_LIMITED', message, { retryAfter: rate.reset });
      }
      // Before anything is read of it, so that what is refused costs next to nothing.
      if (!client.begin(id, places.take(client.viewer.client)))
        return refusal('TOO_MANY_SUBSCRIPTIONS', TOO_MANY);
      const execution = toExecution(api, request, client.signal, client.viewer);
      if (!isRefusal(execution)) return execution.args;
      client.end(id);
      return execution;
    } catch (error) {
      client?.end(id);
      return [new GraphQLError('Internal server error', { originalError: error as Error })];
    }
  }

  const disposable = useServer<Record<string, unknown>>(
    {
      schema: api.schema,
      connectionInitWaitTimeout: patience.init,
      onConnect: ({ connectionParams, extra }) => admit(connectionParams, extra),
      onSubscribe: ({ extra }, id, payload) => prepare(id, payload, clients.get(extra.socket)),
      onError: (_context, _id, _payload, errors) => errors.map(api.format),
      onNext: (_context, _id, _payload, _args, result) => toClientResult(api, result),
      onComplete: ({ extra }, id) => clients.get(extra.socket)?.end(id),
    },
    server,
  );
  // After the library, whose listener writes what clients do wrong to the console.
  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    clients.set(socket, openClient(socket, request.socket, patience));
    socket.removeAllListeners('error').on('error', () => socket.terminate());
  });

  return {
    async close() {
      const slow = setTimeout(() => server.clients.forEach((socket) => socket.terminate()), GRACE_MS);
      await disposable.dispose();
      clearTimeout(slow);
    },
  };
}
