// Queries and mutations over HTTP, by Apollo Server.

import type { Server } from 'node:http';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import type { Handler, Request, Response } from 'express';
import { GraphQLError, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../resolvers/context.ts';
import type { Viewer } from '../service/viewer.ts';
import { MAX_TOKENS } from './limits.ts';
import { type Api, refusals } from './operation.ts';

/** Milliseconds that requests under way may take when the service closes. */
const GRACE_MS = 5000;

/** Aborts when the response has been sent, or cannot be any more. */
export function signalOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

const SUBSCRIPTION =
  'Subscriptions go over WebSocket (graphql-ws) at /graphql, or over server-sent events at /graphql/stream.';

/** Refuses what asks for too much or is not the viewer's to ask for, and subscriptions, which this way in cannot answer. */
const gate = (api: Api): ApolloServerPlugin<Context> => ({
  requestDidStart: () =>
    Promise.resolve({
      didResolveOperation({ contextValue, document, operation, operationName, request }) {
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
          throw new GraphQLError(SUBSCRIPTION, {
            extensions: { code: 'BAD_REQUEST', http: { status: 400 } },
          });
        }
        const asked = { operationName, variables: request.variables };
        const [refusal] = refusals(api.schema, document, asked, contextValue.viewer);
        if (refusal !== undefined) throw refusal;
        return Promise.resolve();
      },
    }),
});

export interface HttpApi {
  readonly handler: Handler;
  /** Refuses new requests, lets those under way end and closes the listener. */
  close(): Promise<void>;
}

export async function openHttp(
  api: Api,
  listener: Server,
  viewerOf: (request: Request) => Viewer,
  logger: Logger,
): Promise<HttpApi> {
  const apollo = new ApolloServer<Context>({
    schema: api.schema,
    // Who may is told by permissions.ts.
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    formatError: (_, error) => api.format(error),
    logger,
    plugins: [
      gate(api),
      ApolloServerPluginDrainHttpServer({ httpServer: listener, stopGracePeriodMillis: GRACE_MS }),
      // They come from a CDN, or tell others what happens here, when the environment has an APOLLO_KEY.
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return {
    handler: expressMiddleware(apollo, {
      context: ({ req, res }) => Promise.resolve(api.open(signalOf(res), viewerOf(req))),
    }),
    close: () => apollo.stop(),
  };
}
