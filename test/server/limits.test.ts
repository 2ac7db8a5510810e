// How much one operation may ask for: judged by one function, whatever way it comes in.

import { getIntrospectionQuery, parse, validate } from 'graphql';
import { buildApiSchema } from '../../src/resolvers/schema.ts';
import { limitErrors, MAX_DEPTH } from '../../src/server/limits.ts';
import { startTestServer, type TestServer } from '../support/service.ts';
import { TRANSPORTS, takeResults } from './transports.ts';

const schema = buildApiSchema();

function judge(query: string, variables: Record<string, unknown> = {}): unknown {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  return limitErrors(schema, document, { variables })[0]?.extensions['code'] ?? 'fine';
}

/** `parents` in `parents`, fields of an individual inside. */
const ancestors = (levels: number): string =>
  levels === 0 ? 'born' : `parents { ${ancestors(levels - 1)} }`;
const individual = (selection: string): string =>
  `query ($id: ID!) { node(id: $id) { ... on Individual { ${selection} } } }`;

/** 2^n fields written in n lines. */
const bomb = (lines: number): string =>
  [
    `query { engine { ...f0 } }`,
    ...Array.from({ length: lines }, (_, i) => `fragment f${i} on EngineInfo { ...f${i + 1} ...f${i + 1} }`),
    `fragment f${lines} on EngineInfo { backend }`,
  ].join('\n');

const MEMBERS =
  'members { rank crowding objectives individual { id born architecture { id macs params indicators { name value log } } } }';

test.each([
  ['one field', '{ engine { backend } }', 'fine'],
  ['the whole schema', getIntrospectionQuery(), 'fine'],
  [
    'the schema twenty times',
    `{ ${Array.from({ length: 20 }, (_, i) => `a${i}: __schema { types { name } }`).join(' ')} }`,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'the largest page of architectures',
    '{ architectures(first: 200) { totalCount edges { cursor node { id macs params genotype feasible indicators { name value log seconds } } } } }',
    'fine',
  ],
  [
    'a search with its population',
    `query ($id: ID!) { search(id: $id) { settings { population } population { ${MEMBERS} } paretoFront { rank } } }`,
    'fine',
  ],
  [
    'all fronts of a search',
    'query ($id: ID!) { search(id: $id) { generations(first: 200) { edges { node { generation hypervolume paretoFront { individual { objectives } } } } } } }',
    'fine',
  ],
  [
    'one network',
    'query ($id: ID!) { architecture(id: $id) { blocks { path normal { operation input loose macs shape } reduction { operation macs } } nodes { op path shape attributes { name values } } edges { source target shape } } }',
    'fine',
  ],
  [
    'the networks of a largest page',
    '{ architectures(first: 200) { edges { node { nodes { index path op shape macs params attributes { name values } } blocks { normal { path operation macs } } edges { source target } } } } }',
    'QUERY_TOO_COMPLEX',
  ],
  [
    'pages in pages',
    'query { searches(first: 200) { edges { node { individuals(first: 200) { edges { node { id } } } } } } }',
    'QUERY_TOO_COMPLEX',
  ],
  [
    'one field under many names',
    `{ ${Array.from({ length: 300 }, (_, i) => `a${i}: architectures(first: 200) { edges { cursor } }`).join(' ')} }`,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'negative pages, which do not make it cheap',
    `{ a: architectures(first: -1000000) { edges { cursor } } b: searches(first: 200) { edges { node { individuals(first: 200) { edges { cursor } } } } } }`,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'the last pages in pages',
    '{ searches(last: 200) { edges { node { individuals(last: 200) { edges { cursor } } } } } }',
    'QUERY_TOO_COMPLEX',
  ],
  [
    'usual pages in pages in pages, asked for by null',
    '{ searches(first: null) { edges { node { individuals(first: null) { edges { node { search { generations(first: null) { edges { cursor } } } } } } } } } }',
    'QUERY_TOO_COMPLEX',
  ],
  [
    'a page refused for its length, not for its cost',
    '{ architectures(first: 2147483647) { edges { cursor } } }',
    'fine',
  ],
  ['fields as deep as allowed', individual(ancestors(MAX_DEPTH - 2)), 'QUERY_TOO_COMPLEX'],
  ['fields deeper than allowed', individual(ancestors(MAX_DEPTH - 1)), 'QUERY_TOO_DEEP'],
  ['fields five deep', individual(ancestors(3)), 'fine'],
  ['2^10 fields in ten lines', bomb(10), 'fine'],
  ['2^60 fields in sixty lines', bomb(60), 'QUERY_TOO_COMPLEX'],
])('%s', (_, query, verdict) => {
  expect(judge(query, { id: 'x' })).toBe(verdict);
});

const aliased = (count: number, field: string): string =>
  `mutation { ${Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ')} }`;
const START = 'startSearch(input: {}) { search { id status } errors { code message field } }';
const SCORE = 'scoreArchitecture(input: { genotype: [] }) { architecture { id } errors { code } }';
const RESUME = 'resumeSearch(id: "x") { search { id } errors { code } }';
test.each([
  ['five searches', aliased(5, START), 'fine'],
  ['six searches', aliased(6, START), 'QUERY_TOO_COMPLEX'],
  ['two hundred searches', aliased(200, START), 'QUERY_TOO_COMPLEX'],
  ['five scores', aliased(5, SCORE), 'fine'],
  ['six scores', aliased(6, SCORE), 'QUERY_TOO_COMPLEX'],
  ['six searches that go on', aliased(6, RESUME), 'QUERY_TOO_COMPLEX'],
  [
    'two of each',
    `mutation { a: ${START} b: ${START} c: ${SCORE} d: ${SCORE} e: ${RESUME} f: ${RESUME} }`,
    'QUERY_TOO_COMPLEX',
  ],
  [
    'six in a fragment',
    `mutation { ...a } fragment a on Mutation { ${aliased(6, START).slice('mutation { '.length)}`,
    'QUERY_TOO_COMPLEX',
  ],
  ['fifty searches that pause', aliased(50, RESUME.replace('resume', 'pause')), 'fine'],
])('one request that starts work: %s', (_, query, verdict) => {
  expect(judge(query)).toBe(verdict);
});

test('fragments count as deep as they are spread', () => {
  const query = `query ($id: ID!) { node(id: $id) { ...a } }
    fragment a on Individual { ${ancestors(8).replace('born', '...b')} }
    fragment b on Individual { ${ancestors(8)} }`;
  expect(judge(query, { id: 'x' })).toBe('QUERY_TOO_DEEP');
});

test('variables decide how long a page is', () => {
  const query =
    'query ($n: Int) { searches(first: $n) { edges { node { individuals(first: $n) { edges { node { id } } } } } } }';
  expect(judge(query, { n: 20 })).toBe('fine');
  expect(judge(query, { n: 200 })).toBe('QUERY_TOO_COMPLEX');
  // Left to execution, which says what is wrong with it.
  expect(judge(query, { n: 'many' })).toBe('fine');
});

test('many ids cost what they name', () => {
  const query =
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Search { individuals(first: 200) { edges { node { id } } } } } }';
  expect(judge(query, { ids: ['x'] })).toBe('fine');
  expect(judge(query, { ids: Array.from({ length: 200 }, () => 'x') })).toBe('QUERY_TOO_COMPLEX');
});

test('of several operations, the one that runs is judged', () => {
  const document = parse(
    `query cheap { engine { backend } } query dear { searches(first: 200) { edges { node { individuals(first: 200) { edges { node { id } } } } } } }`,
  );
  expect(limitErrors(schema, document, { operationName: 'cheap' })).toEqual([]);
  expect(limitErrors(schema, document, { operationName: 'dear' })).toHaveLength(1);
});

describe('the same over every way in', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const HTTP = { name: 'HTTP', ask: async (query: string) => await server.ask(query) };
  const ways = [
    HTTP,
    ...TRANSPORTS.map(({ name, connect }) => ({
      name,
      ask: async (query: string) => (await takeResults(connect(server.url).run(query)))[0],
    })),
  ];
  test.each([
    ['half a query', '{ engine { backend }', 'GRAPHQL_PARSE_FAILED'],
    ['8000 tokens', `{ ${'engine { backend } '.repeat(2000)} }`, 'GRAPHQL_PARSE_FAILED'],
    ['a field that is not there', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['no operation', 'fragment a on EngineInfo { backend }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'fragments in a circle',
      '{ engine { ...a } } fragment a on EngineInfo { ...b } fragment b on EngineInfo { ...a }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'introspection in introspection',
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    [
      'two operations and no name',
      'query a { engine { backend } } query b { engine { backend } }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['no variables', 'query ($id: ID!) { search(id: $id) { id } }', 'BAD_USER_INPUT'],
    [
      'pages in pages',
      '{ searches(first: 200) { edges { node { individuals(first: 200) { edges { cursor } } } } } }',
      'QUERY_TOO_COMPLEX',
    ],
    [
      'depth',
      individual(ancestors(MAX_DEPTH)).replace('($id: ID!)', '').replace('$id', '"x"'),
      'QUERY_TOO_DEEP',
    ],
    ['an id that is none', '{ search(id: "x") { id } }', 'INVALID_ARGUMENT'],
  ])('%s: refused', async (_, query, code) => {
    for (const { name, ask } of ways) {
      const answer = await ask(query);
      expect([name, answer?.errors?.[0]?.extensions['code']]).toEqual([name, code]);
      expect(answer?.errors?.[0]?.extensions).not.toHaveProperty('stacktrace');
      expect(answer?.errors?.[0]?.extensions).not.toHaveProperty('http');
    }
  });

  test('an answer is the same answer', async () => {
    const answers = await Promise.all(
      ways.map(async ({ ask }) => (await ask('{ searchSpaces { name size(blocks: 6) } }'))?.data),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.searchSpaces[0]?.name).toBe('mstf');
  });
});
