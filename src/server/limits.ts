// How much one operation may ask for. The same function judges what comes over HTTP, WebSocket and SSE.

import {
  type DocumentNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
// Its ES module would bring a second copy of graphql along, whose types know nothing of ours.
import { type ComplexityEstimatorArgs, getComplexity } from 'graphql-query-complexity/cjs';

/** Of a document, before anything else is looked at. */
export const MAX_TOKENS = 4000;
/** Fields inside fields. The deepest view of a client is about 12. Introspection has graphql's own rule. */
export const MAX_DEPTH = 16;
/** Fields in the answer, as estimated beforehand. */
export const MAX_COST = 50_000;

/** Length of a list that is not paged, as lists go here (members, nodes, indicators). */
const LIST_LENGTH = 10;
/** A longer page is refused by the resolver, with a better message. */
const LONGEST_PAGE = 200;
/** Of a page whose length is not given. */
const USUAL_PAGE = 50;
/** The whole schema is some thousands of fields, whatever the estimate says. */
const INTROSPECTION_COST = 5000;

/** Of mutations that start work on the service: an operation may start a handful. */
const WORK_COST = 9000;
const STARTS_WORK: ReadonlySet<string> = new Set([
  'startSearch',
  'resumeSearch',
  'scoreArchitecture',
  'trainArchitecture',
  'resumeTraining',
]);

const clamp = (length: number): number => Math.min(Math.max(length, 1), LONGEST_PAGE);

const isPage = ({ name }: { readonly name: string }): boolean => name.endsWith('Connection');

/** How many times a field's children are answered. */
function lengthOf({ args, field, type }: ComplexityEstimatorArgs): number {
  const { first, last, ids } = args as Readonly<Record<'first' | 'last' | 'ids', unknown>>;
  if (isPage(getNamedType(field.type))) {
    const asked = [first, last].filter((length) => typeof length === 'number');
    return asked.length === 0 ? USUAL_PAGE : Math.max(...asked.map(clamp));
  }
  if (Array.isArray(ids)) return clamp(ids.length);
  return isListType(getNullableType(field.type)) && !isPage(type) ? LIST_LENGTH : 1;
}

function costOf(args: ComplexityEstimatorArgs): number {
  const { field, type, childComplexity } = args;
  if (field.name === '__schema' || field.name === '__type') return INTROSPECTION_COST;
  const work = type.name === 'Mutation' && STARTS_WORK.has(field.name) ? WORK_COST : 0;
  return work + (isCompositeType(getNamedType(field.type)) ? 1 + lengthOf(args) * childComplexity : 1);
}

/** Levels of fields below a selection set. Fragments are measured once each: they may be spread 2^n times. */
function depthBelow(document: DocumentNode, root: SelectionSetNode): number {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node.selectionSet] as const] : [],
    ),
  );
  const measured = new Map<SelectionSetNode, number>();
  function measure(set: SelectionSetNode | undefined): number {
    if (set === undefined) return 0;
    const known = measured.get(set);
    if (known !== undefined) return known;
    const depths = set.selections.map((node): number => {
      if (node.kind === Kind.FRAGMENT_SPREAD) return measure(fragments.get(node.name.value));
      if (node.kind === Kind.INLINE_FRAGMENT) return measure(node.selectionSet);
      return node.name.value.startsWith('__') ? 1 : 1 + measure(node.selectionSet);
    });
    const depth = Math.max(0, ...depths);
    measured.set(set, depth);
    return depth;
  }
  return measure(root);
}

const refuse = (code: string, message: string): readonly GraphQLError[] => [
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } }),
];

/** Why a valid operation asks for too much; empty: it does not, or execution will say what is wrong with it. */
export function limitErrors(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables }: Asked,
): readonly GraphQLError[] {
  const operation = getOperationAST(document, operationName);
  if (!operation) return [];
  const depth = depthBelow(document, operation.selectionSet);
  if (depth > MAX_DEPTH) {
    return refuse('QUERY_TOO_DEEP', `Fields may be nested ${MAX_DEPTH} deep; these are ${depth} deep.`);
  }
  const given = variables ?? {};
  if (getVariableValues(schema, operation.variableDefinitions ?? [], given).errors !== undefined) return [];
  const cost = estimate(schema, document, operation.name?.value, given);
  if (cost <= MAX_COST) return [];
  return refuse(
    'QUERY_TOO_COMPLEX',
    `An operation may ask for about ${MAX_COST} fields; this one asks for ${Number.isFinite(cost) ? `about ${cost}` : 'far more'}. Ask for smaller pages or for less of each entry, and start no more than five searches, scores or trainings at once.`,
  );
}

/** What names an operation in its document, and fills in its variables. */
export interface Asked {
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

function estimate(
  schema: GraphQLSchema,
  query: DocumentNode,
  operationName: string | undefined,
  variables: Readonly<Record<string, unknown>>,
): number {
  try {
    return getComplexity({
      schema,
      query,
      variables,
      ...(operationName === undefined ? {} : { operationName }),
      estimators: [costOf],
    });
  } catch (error) {
    // Thrown when fragments in fragments blow up, before the sum is known.
    if (error instanceof GraphQLError) return Infinity;
    throw error;
  }
}
