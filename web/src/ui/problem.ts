// What went wrong on the way to the API, for people.

import type { CombinedError } from 'urql';

/** One sentence or two: what the service says, or that it does not answer. */
export function problemOf(error: CombinedError): string {
  const [first] = error.graphQLErrors;
  if (first !== undefined) return first.message;
  return 'The service does not answer. Is it running, and is this computer connected to it?';
}

/** There is nothing of that id, or it is none at all. */
export const isNotFound = (error: CombinedError): boolean =>
  error.graphQLErrors.some(
    ({ extensions: { code, field } }) =>
      code === 'NOT_FOUND' || (code === 'INVALID_ARGUMENT' && field === 'id'),
  );

/** The service does not know who asks. */
export const isUnknown = (error: CombinedError): boolean =>
  error.graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');
