// Numbers and times that GraphQL's own scalars cannot hold.

import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTime, GraphQLSafeInt } from 'graphql-scalars';

/** MACs, params and seeds pass the 31 bits of Int. */
export const SafeInt = GraphQLSafeInt;
/** ISO 8601. */
export const DateTime = GraphQLDateTime;

/**
 * Always text, whatever its size: a client that reads numbers with 53 bits would round the large ones
 * (graphql-scalars' own BigInt sends small ones as numbers and large ones as text).
 */
export const BigIntText = new GraphQLScalarType<never, string>({
  name: 'BigInt',
  description:
    'A whole number of any size, as text of decimal digits. It is only ever returned, never taken.',
  serialize: (value) => {
    if (typeof value !== 'bigint') throw new TypeError(`BigInt cannot represent ${typeof value}`);
    return value.toString();
  },
});
