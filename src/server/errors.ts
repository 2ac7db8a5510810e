// What clients are told of errors: expected ones with code and field, those of their own request as
// they are, and of anything else only that it happened. The same over HTTP, WebSocket and SSE.

import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { isOperational, toUserError } from '../resolvers/failure.ts';
import { MedNasError } from '../search/errors.ts';

/** Takes the whole of an error of which the client is told a part. */
export type Report = (error: unknown) => void;

/** What was thrown, without graphql's wrappings that say where. */
function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

/** Where in the request it happened. */
const placeOf = (error: unknown): Pick<GraphQLFormattedError, 'locations' | 'path'> =>
  error instanceof GraphQLError
    ? { ...(error.locations && { locations: error.locations }), ...(error.path && { path: error.path }) }
    : {};

/**
 * Whether a GraphQL error is about the request itself: found before execution (no path), or in the
 * coercion of an argument (which has nodes). A scalar that cannot write a result is our own fault.
 */
const isOfRequest = (error: GraphQLError, root: GraphQLError): boolean =>
  error.path === undefined || root.nodes !== undefined;

/** What came with an error and the wrappings that Apollo Server gives a code to. */
function extensionsOf(error: GraphQLError, root: GraphQLError): Readonly<Record<string, unknown>> {
  const { http: _, code = 'BAD_USER_INPUT', ...rest } = { ...root.extensions, ...error.extensions };
  return { ...rest, code };
}

/** What writing to a client fails with that has left without a goodbye. */
const GONE: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE']);

/** Whether the client has left: there is nobody to answer and nothing is wrong. Storage has errors of its own. */
function isOfLeaving(root: unknown): boolean {
  if (!(root instanceof Error)) return false;
  const { name, code, syscall } = root as NodeJS.ErrnoException;
  return name === 'AbortError' || (syscall === 'write' && GONE.has(code));
}

/** As much of a message as anybody reads: graphql's own repeat a whole input, which may be large or secret. */
const MAX_MESSAGE = 300;

export function toClientError(error: unknown, report: Report): GraphQLFormattedError {
  const root = rootOf(error);
  if (root instanceof MedNasError) {
    if (isOperational(root)) report(root);
    const { message, code, field } = toUserError(root);
    return { message, ...placeOf(error), extensions: { code, ...(field !== null && { field }) } };
  }
  if (error instanceof GraphQLError && root instanceof GraphQLError && isOfRequest(error, root)) {
    const message = error.message.slice(0, MAX_MESSAGE);
    return { message, ...placeOf(error), extensions: extensionsOf(error, root) };
  }
  if (!isOfLeaving(root)) report(error);
  return {
    message: 'Internal server error',
    ...placeOf(error),
    extensions: { code: 'INTERNAL_SERVER_ERROR' },
  };
}
