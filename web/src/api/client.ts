// The way to the API: queries and mutations over HTTP, cached by urql.

import { cacheExchange, Client, fetchExchange } from 'urql';

export const client = new Client({
  url: '/graphql',
  exchanges: [cacheExchange, fetchExchange],
  requestPolicy: 'cache-and-network',
  preferGetMethod: false,
  fetchOptions: { headers: { 'apollo-require-preflight': 'true' } },
});
