// What strangers and those with too small a role try, over every way in: THREATS.md names these tests.

import { getIntrospectionQuery } from 'graphql';
import { buildApiSchema } from '../../src/resolvers/schema.ts';
import { NEEDED } from '../../src/server/permissions.ts';
import { type Role, ROLES } from '../../src/storage/keys.ts';
import { startTestServer, type TestServer } from '../support/service.ts';
import { codeOf, WAYS } from './ways.ts';

const READ = '{ searches { totalCount } }';
const FOLLOW = 'subscription { searchEvents(searchId: "x") { sequence } }';
const START = 'mutation { startSearch(input: { dataset: "nothing" }) { errors { code } } }';
const CANCEL = 'mutation { cancelSearch(id: "x") { errors { code } } }';
const SCORE = 'mutation { scoreArchitecture(input: { genotype: [] }) { errors { code } } }';
const DELETE = 'mutation { deleteSearch(id: "x") { errors { code } } }';
const HIDDEN = `mutation ($no: Boolean = false) { ...a @skip(if: $no) }
  fragment a on Mutation { harmless: deleteSearch(id: "x") { errors { code } } }`;
const SCHEMA = '{ __schema { types { name } } }';
const TYPE = '{ ... { a: __type(name: "Search") { name } } }';

let server: TestServer;
const keys: Partial<Record<Role | 'revoked' | 'expired', string>> = {};

beforeAll(async () => {
  server = await startTestServer({ server: { access: { anonymous: 'off' } } });
  const make = (role: Role, lifetime: number | null = null) =>
    server.service.keys.create({ name: `the ${role}`, role, lifetime });
  for (const role of ROLES) keys[role] = (await make(role)).key;
  const revoked = await make('admin');
  await server.service.keys.revoke(revoked.record.id);
  keys.revoked = revoked.key;
  keys.expired = (await make('admin', -1)).key;
});
afterAll(() => server.close());

const bearer = (key: keyof typeof keys): string => `Bearer ${keys[key]}`;

describe.each(WAYS)('over $name', ({ name, ask }) => {
  test.each([
    ['no key', () => undefined],
    ['an empty one', () => 'Bearer '],
    ['one that nobody made', () => `Bearer mednas_00000000_${'A'.repeat(43)}`],
    ['one of which the secret is another', () => `${bearer('reader').slice(0, -4)}AAAA`],
    ['one that was revoked', () => bearer('revoked')],
    ['one that has expired', () => bearer('expired')],
    ['one in another scheme', () => `Basic ${keys.admin}`],
    ['one without a scheme', () => `${keys.admin}`],
    ['two', () => `${bearer('admin')} ${keys.admin}`],
    ['a token, where none are taken', () => 'Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.'],
    ['a value that is no text', () => 'Bearer [object Object]'],
  ])('with %s nobody comes in', async (_, authorization) => {
    for (const query of [READ, START, '{ viewer { role } }', SCHEMA])
      expect(codeOf(await ask(server.url, query, authorization()))).toBe('UNAUTHENTICATED');
  });

  test.each<[string, string, Role]>([
    ['reading', READ, 'reader'],
    ['the schema', SCHEMA, 'reader'],
    ['the schema, hidden', TYPE, 'reader'],
    ['starting', START, 'operator'],
    ['cancelling', CANCEL, 'operator'],
    ['scoring', SCORE, 'operator'],
    ['deleting', DELETE, 'admin'],
    ['deleting under another name, in a fragment', HIDDEN, 'admin'],
  ])('%s takes its role', async (_, query, needed) => {
    for (const role of ROLES) {
      const mayAsk = ROLES.indexOf(role) >= ROLES.indexOf(needed);
      const code = codeOf(await ask(server.url, query, bearer(role)));
      expect([role, code]).toEqual([role, mayAsk ? 'answered' : 'FORBIDDEN']);
    }
  });

  test('whoever comes in is told who they are', async () => {
    for (const role of ROLES) {
      const { data } = await ask(server.url, '{ viewer { name role } }', bearer(role));
      expect(data).toEqual({ viewer: { name: `the ${role}`, role: role.toUpperCase() } });
    }
  });

  test('subscriptions are for those with a key', async () => {
    if (name === 'HTTP') return;
    expect(codeOf(await ask(server.url, FOLLOW))).toBe('UNAUTHENTICATED');
    expect(codeOf(await ask(server.url, FOLLOW, bearer('reader')))).toBe('INVALID_ARGUMENT');
  });

  test('a refusal repeats nothing of what was sent', async () => {
    const secret = 'hunter2hunter2hunter2';
    const query = `query ($n: Int) { searches(first: $n) { totalCount } }`;
    const said = [
      await ask(server.url, query, `Bearer ${secret}`, { n: secret }),
      await ask(server.url, `mutation { deleteSearch(id: "${secret}") { deletedId } }`, bearer('reader')),
    ];
    expect(said.map(codeOf)).toEqual(['UNAUTHENTICATED', 'FORBIDDEN']);
    expect(JSON.stringify(said)).not.toContain(secret);
    expect(server.log.join('\n')).not.toContain(secret);
  });
});

test('every mutation has the role it takes', () => {
  const mutations = Object.keys(buildApiSchema().getMutationType()?.getFields() ?? {});
  expect(Object.keys(NEEDED).toSorted()).toEqual(mutations.toSorted());
});

describe.each(WAYS)('anonymous, over $name', ({ ask }) => {
  test('on the loopback everything is allowed, as before', async () => {
    const open = await startTestServer();
    const { data } = await ask(open.url, '{ viewer { name role } }');
    expect(data).toEqual({ viewer: { name: null, role: 'ADMIN' } });
    expect(codeOf(await ask(open.url, getIntrospectionQuery()))).toBe('answered');
    expect(codeOf(await ask(open.url, DELETE))).toBe('answered');
    expect(codeOf(await ask(open.url, READ, 'Bearer wrong'))).toBe('UNAUTHENTICATED');
    await open.close();
  });

  test('behind a proxy a reader reads, and is not shown the schema', async () => {
    const access = { anonymous: 'reader', names: ['nas.example.org'] } as const;
    const open = await startTestServer({ server: { access } });
    expect(codeOf(await ask(open.url, READ))).toBe('answered');
    for (const query of [START, DELETE, SCHEMA, TYPE])
      expect(codeOf(await ask(open.url, query))).toBe('FORBIDDEN');
    expect(codeOf(await ask(open.url, '{ __typename }'))).toBe('answered');
    await open.close();
  });
});
