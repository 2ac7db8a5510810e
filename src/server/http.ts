// Queries and mutations over HTTP, by Apollo Server.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import type { Handler, Response } from 'express';
import { GraphQLError, OperationTypeNode } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../resolvers/context.ts';
import type { Gate } from './gate.ts';
import { MAX_TOKENS } from './limits.ts';
import { type Api, refusals } from './operation.ts';
import type { Visit, Visits } from './visit.ts';

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
        if (operation) current.getStore()?.name(operation);
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

/** Apollo Server formats errors without a word of whose they are. */
const current = new AsyncLocalStorage<Visit>();

export interface HttpParts {
  readonly api: Api;
  readonly viewerOf: Gate['viewerOf'];
  readonly visits: Visits;
  readonly logger: Logger;
  /** Milliseconds that requests under way may take when the service closes. */
  readonly graceMs: number;
}

export async function openHttp(parts: HttpParts, listener: Server): Promise<HttpApi> {
  const { api, viewerOf, visits, logger, graceMs } = parts;
  const apollo = new ApolloServer<Context>({
    schema: api.schema,
    // Who may is told by permissions.ts.
    introspection: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    formatError: (told, error) => current.getStore()?.format(error) ?? told,
    logger,
    plugins: [
      gate(api),
      ApolloServerPluginDrainHttpServer({ httpServer: listener, stopGracePeriodMillis: graceMs }),
      // They come from a CDN, or tell others what happens here, when the environment has an APOLLO_KEY.
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  const answer = expressMiddleware(apollo, {
    context: ({ req, res }) => {
      const visitor = { viewer: viewerOf(req), visit: visits.of(res) };
      return Promise.resolve(api.open(visitor, signalOf(res)));
    },
  });
  return {
    handler: (request, response, next) =>
      current.run(visits.of(response), () => answer(request, response, next)),
    close: () => apollo.stop(),
  };
}
