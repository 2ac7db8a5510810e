// From a request to what graphql executes, for the ways in that do not pass through Apollo Server:
// parsed, validated and limited as there, with the same codes.

import {
  type DocumentNode,
  type ExecutionArgs,
  type FormattedExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationTypeNode,
  parse,
  validate,
} from 'graphql';
import type { Context } from '../resolvers/context.ts';
import type { Viewer } from '../service/viewer.ts';
import { type Asked, limitErrors, MAX_TOKENS } from './limits.ts';
import { permissionError } from './permissions.ts';

/** What every way in needs. */
export interface Api {
  readonly schema: GraphQLSchema;
  /** The context of an operation; the signal aborts when its client has left. */
  readonly open: (signal: AbortSignal, viewer: Viewer) => Context;
  readonly format: (error: unknown) => GraphQLFormattedError;
}

export interface OperationRequest extends Asked {
  readonly query: string;
}

/** Why a valid operation is not executed; empty: it is. */
export function refusals(
  schema: GraphQLSchema,
  document: DocumentNode,
  asked: Asked,
  viewer: Viewer,
): readonly GraphQLError[] {
  const forbidden = permissionError(schema, document, asked.operationName, viewer);
  return forbidden === null ? limitErrors(schema, document, asked) : [forbidden];
}

const coded = (error: GraphQLError, code: string): GraphQLError =>
  new GraphQLError(error.message, {
    ...(error.nodes && { nodes: error.nodes }),
    ...(error.source && { source: error.source }),
    ...(error.positions && { positions: error.positions }),
    extensions: { code },
  });

export interface Execution {
  readonly operation: OperationTypeNode;
  readonly args: ExecutionArgs;
}

/** What to execute, or why the request cannot be. */
export function toExecution(
  { schema, open }: Api,
  request: OperationRequest,
  signal: AbortSignal,
  viewer: Viewer,
): Execution | readonly GraphQLError[] {
  const { query, operationName, variables } = request;
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    if (error instanceof GraphQLError) return [coded(error, 'GRAPHQL_PARSE_FAILED')];
    throw error;
  }
  const invalid = validate(schema, document);
  if (invalid.length > 0) return invalid.map((error) => coded(error, 'GRAPHQL_VALIDATION_FAILED'));
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    const message = 'The document has no operation of that name, or several and none is named.';
    return [new GraphQLError(message, { extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })];
  }
  const refused = refusals(schema, document, request, viewer);
  if (refused.length > 0) return refused;
  const args = {
    schema,
    document,
    ...(typeof operationName === 'string' && { operationName }),
    ...(variables && { variableValues: variables }),
    contextValue: open(signal, viewer),
  };
  return { operation: operation.operation, args };
}

export const isRefusal = (
  execution: Execution | readonly GraphQLError[],
): execution is readonly GraphQLError[] => Array.isArray(execution);

interface Result {
  readonly errors?: readonly unknown[] | undefined;
  readonly data?: unknown;
  readonly extensions?: unknown;
}

/** A result as clients see it. */
export function toClientResult({ format }: Api, { errors, ...result }: Result): FormattedExecutionResult {
  const formatted = errors === undefined ? result : { ...result, errors: errors.map(format) };
  return formatted as FormattedExecutionResult;
}
