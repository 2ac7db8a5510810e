// Operations and names that are made to harm, over every way in. THREATS.md names these tests; how much an
// operation may ask for has more of them in limits.test.ts.

import { startTestServer, type TestServer } from '../support/service.ts';
import { codeOf, WAYS } from './ways.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const parents = (levels: number): string => (levels === 0 ? 'id' : `parents { ${parents(levels - 1)} }`);
const many = (count: number, field: string): string =>
  Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
const doubling = Array.from(
  { length: 40 },
  (_, i) => `fragment f${i} on Query { ...f${i + 1} ...f${i + 1} }`,
);
const INTROSPECTION = '__schema { types { name } }';

describe.each(WAYS)('over $name', ({ name, ask }) => {
  test.each([
    ['fields 30 deep', `{ node(id: "x") { ... on Individual { ${parents(28)} } } }`, 'QUERY_TOO_DEEP'],
    [
      '150 aliases of a page',
      `{ ${many(150, 'architectures(first: 200) { totalCount edges { cursor } }')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    [
      'six searches at once',
      `mutation { ${many(6, 'startSearch(input: {}) { errors { code } }')} }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['the schema twenty times', `{ ${many(20, INTROSPECTION)} }`, 'QUERY_TOO_COMPLEX'],
    [
      'fragments in a circle',
      '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['a fragment in itself', '{ ...a } fragment a on Query { ...a }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      '2^40 fields in fragments',
      `{ ...f0 } ${doubling.join('\n')} fragment f40 on Query { viewer { role } }`,
      'QUERY_TOO_COMPLEX',
    ],
    ['10,000 fields', `{ ${many(10_000, '__typename')} }`, 'GRAPHQL_PARSE_FAILED'],
    ['100,000 brackets', '{'.repeat(100_000), 'GRAPHQL_PARSE_FAILED'],
    [
      'two subscriptions in one',
      'subscription { a: searchEvents(searchId: "x") { sequence } b: searchEvents(searchId: "y") { sequence } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s: refused', async (_, query, code) => {
    expect(codeOf(await ask(server.url, query))).toBe(code);
  });

  test('a body of half a megabyte is not read', async () => {
    const code = codeOf(await ask(server.url, `{ viewer { role } } #${' '.repeat(512 * 1024)}`));
    expect(code).toBe(name === 'WebSocket' ? 1009 : 'BAD_REQUEST');
    expect(codeOf(await ask(server.url, '{ viewer { role } }'))).toBe('answered');
  });

  test.each([
    '../../etc/passwd',
    '/etc/passwd',
    '/dev/zero',
    '/proc/self/environ',
    './mednas.sqlite',
    '../x.npz',
    '..\\x.npz',
    'file:///etc/passwd.npz',
    'http://169.254.169.254/x.npz',
    '/etc/passwd\0.npz',
  ])('the dataset %j is one that is not there', async (dataset) => {
    const query = `mutation ($dataset: String!) {
      scoreArchitecture(input: { dataset: $dataset, genotype: [0,0,0,0,0,0,0,0,0,0,0,0,0,0] }) { errors { code message } }
    }`;
    const { data } = await ask(server.url, query, undefined, { dataset });
    expect(data?.scoreArchitecture.errors).toMatchObject([
      { code: 'UNKNOWN_DATASET', message: expect.stringContaining('have no .npz file at that path') },
    ]);
  });

  test('an input that is wrong is not sent back whole', async () => {
    const n = `${'x'.repeat(100_000)}hunter2`;
    const outcome = await ask(
      server.url,
      'query ($n: Int) { searches(first: $n) { totalCount } }',
      undefined,
      { n },
    );
    expect(codeOf(outcome)).toBe('BAD_USER_INPUT');
    expect(JSON.stringify(outcome).length).toBeLessThan(1000);
    const literal = await ask(server.url, `{ search(id: "x", y: "${'x'.repeat(100_000)}") { id } }`);
    expect(JSON.stringify(literal).length).toBeLessThan(2000);
  });

  test('half a surrogate pair and other odd texts are no way to break in', async () => {
    for (const text of ['\ud800', '\0', "' OR 1=1 --", '{"$gt":""}', '__proto__', 'a'.repeat(100_000)]) {
      const { data } = await ask(
        server.url,
        'mutation ($key: String!) { startSearch(input: { dataset: "none" }, idempotencyKey: $key) { errors { code } } }',
        undefined,
        { key: text },
      );
      expect(data?.startSearch.errors.length).toBeGreaterThan(0);
      const read = await ask(server.url, 'query ($id: ID!) { search(id: $id) { id } }', undefined, {
        id: text,
      });
      expect(codeOf(read)).toBe('INVALID_ARGUMENT');
    }
  });
});
