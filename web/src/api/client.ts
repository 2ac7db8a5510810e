// The way to the API: queries and mutations over HTTP.

import { cacheExchange, Client, type Exchange, fetchExchange } from 'urql';
import { credentials } from './key.ts';

const openClient = (
  exchanges: readonly Exchange[],
  requestPolicy: 'cache-and-network' | 'network-only',
): Client =>
  new Client({
    url: '/graphql',
    exchanges: [...exchanges],
    requestPolicy,
    preferGetMethod: false,
    fetchOptions: () => ({ headers: { 'apollo-require-preflight': 'true', ...credentials() } }),
  });

/** Answers from what it knows, and asks again. */
export const client = openClient([cacheExchange, fetchExchange], 'cache-and-network');

/** Keeps nothing: for lists of which only what is seen is held. */
export const forgetful = openClient([fetchExchange], 'network-only');
