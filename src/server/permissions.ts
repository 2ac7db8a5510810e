// What each role may ask for, by the field. An operation is judged as a whole before any of it runs, by the
// same function whatever way it comes in; what it hides in fragments, aliases or behind @skip counts.

import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { isAtLeast, type Role, type Viewer } from '../service/viewer.ts';

/** Mutations by the least role that may. One that is missing here is an admin's. */
export const NEEDED: Readonly<Record<string, Role>> = {
  startSearch: 'operator',
  pauseSearch: 'operator',
  resumeSearch: 'operator',
  cancelSearch: 'operator',
  scoreArchitecture: 'operator',
  trainArchitecture: 'operator',
  pauseTraining: 'operator',
  resumeTraining: 'operator',
  cancelTraining: 'operator',
  deleteSearch: 'admin',
  deleteTraining: 'admin',
};

const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type']);

const forbidden = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'FORBIDDEN', http: { status: 403 } } });

/** Why a valid operation is not its viewer's to ask for; null: it is. */
export function permissionError(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  { role, mayIntrospect }: Viewer,
): GraphQLError | null {
  const name = getOperationAST(document, operationName)?.name?.value ?? '';
  const operation = separateOperations(document)[name];
  if (operation === undefined) return null;
  let error: GraphQLError | null = null;
  const types = new TypeInfo(schema);
  visit(
    operation,
    visitWithTypeInfo(types, {
      Field({ name: { value: field } }) {
        if (!mayIntrospect && INTROSPECTION.has(field))
          error ??= forbidden('The schema is shown to those with a key only. It is schema.graphql, too.');
        if (types.getParentType() !== schema.getMutationType()) return;
        const needed = field.startsWith('__') ? 'reader' : (NEEDED[field] ?? 'admin');
        if (!isAtLeast(role, needed))
          error ??= forbidden(`${field} takes the role ${needed}; yours is ${role}.`);
      },
    }),
  );
  return error;
}
