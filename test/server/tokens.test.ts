// Tokens of an identity provider, true ones and forged ones, over every way in. THREATS.md names these tests.

import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { openTokens } from '../../src/server/tokens.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { startTestServer, type TestServer } from '../support/service.ts';
import { codeOf, WAYS } from './ways.ts';

const newFolder = scratchFolders();
const ISSUER = 'https://sso.example.org';
const AUDIENCE = 'mednas';
const KID = 'k1';

interface Forged {
  readonly kid?: string;
  readonly by?: CryptoKey;
  readonly issuer?: string;
  readonly audience?: string;
  readonly expires?: string | number | null;
  readonly notBefore?: string;
  readonly subject?: string | null;
  readonly claims?: Record<string, unknown>;
}

let mine: CryptoKey;
let others: CryptoKey;
let publicText: string;
let options: Parameters<typeof openTokens>[0];
let server: TestServer;

function sign(forged: Forged = {}): Promise<string> {
  const { kid = KID, by = mine, issuer = ISSUER, audience = AUDIENCE } = forged;
  const { expires = '5m', notBefore, subject = 'ada', claims = { roles: ['staff', 'operator'] } } = forged;
  const token = new SignJWT({ name: 'Ada', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(issuer)
    .setAudience(audience);
  if (expires !== null) token.setExpirationTime(expires);
  if (notBefore !== undefined) token.setNotBefore(notBefore);
  if (subject !== null) token.setSubject(subject);
  return token.sign(by);
}

const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: 'ada', exp: 4_000_000_000, roles: ['admin'] };

/** Signed by the text of the public key as if it were a shared secret. */
function confused(alg: string, hash: string): string {
  const signed = `${encode({ alg, kid: KID })}.${encode(CLAIMS)}`;
  return `${signed}.${createHmac(hash, publicText).update(signed).digest('base64url')}`;
}

beforeAll(async () => {
  const pair = await generateKeyPair('RS256', { extractable: true });
  mine = pair.privateKey;
  others = (await generateKeyPair('RS256')).privateKey;
  publicText = await exportSPKI(pair.publicKey);
  const file = join(newFolder(), 'keys.json');
  writeFileSync(file, JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: KID }] }));
  options = { keys: pathToFileURL(file).href, issuer: ISSUER, audience: AUDIENCE, roleClaim: 'roles' };
  server = await startTestServer({ server: { access: { anonymous: 'off', tokens: options } } });
});
afterAll(() => server.close());

const swapped = async (): Promise<string> => {
  const [head, , signature] = (await sign()).split('.');
  return `${head}.${encode(CLAIMS)}.${signature}`;
};

describe.each(WAYS)('over $name', ({ ask }) => {
  test('a true token lets in whom it names, as the greatest role it has', async () => {
    const { data } = await ask(server.url, '{ viewer { name role } }', `Bearer ${await sign()}`);
    expect(data).toEqual({ viewer: { name: 'Ada', role: 'OPERATOR' } });
    const remove = 'mutation { deleteSearch(id: "x") { errors { code } } }';
    expect(codeOf(await ask(server.url, remove, `Bearer ${await sign()}`))).toBe('FORBIDDEN');
    const admin = await sign({ claims: { roles: 'admin' } });
    expect(codeOf(await ask(server.url, remove, `Bearer ${admin}`))).toBe('answered');
  });

  test.each<[string, () => string | Promise<string>]>([
    ['no signature', () => `${encode({ alg: 'none' })}.${encode(CLAIMS)}.`],
    ['no signature, spelled otherwise', () => `${encode({ alg: 'NONE', kid: KID })}.${encode(CLAIMS)}.`],
    ['the public key as a secret', () => confused('HS256', 'sha256')],
    ['the public key as a longer secret', () => confused('HS512', 'sha512')],
    ['the key of somebody else', () => sign({ by: others })],
    ['a key that is not published', () => sign({ kid: 'k2', by: others })],
    [
      'a key of its own in its header',
      async () => {
        const own = await generateKeyPair('RS256', { extractable: true });
        const jwk = await exportJWK(own.publicKey);
        return new SignJWT(CLAIMS).setProtectedHeader({ alg: 'RS256', jwk }).sign(own.privateKey);
      },
    ],
    ['other claims under a true signature', swapped],
    ['an end that is past', () => sign({ expires: Math.floor(Date.now() / 1000) - 31 })],
    ['no end', () => sign({ expires: null })],
    ['a beginning to come', () => sign({ notBefore: '5m' })],
    ['another audience', () => sign({ audience: 'other' })],
    ['another issuer', () => sign({ issuer: `${ISSUER}.evil.example` })],
    ['no subject', () => sign({ subject: null })],
    ['no role', () => sign({ claims: {} })],
    ['a role that is none', () => sign({ claims: { roles: ['root', 'constructor', 7, null] } })],
    ['a role in another claim', () => sign({ claims: { role: 'admin' } })],
    ['half of it', async () => (await sign()).slice(0, 100)],
  ])('a token with %s lets nobody in', async (_, forge) => {
    const authorization = `Bearer ${await forge()}`;
    expect(codeOf(await ask(server.url, '{ viewer { role } }', authorization))).toBe('UNAUTHENTICATED');
  });
});

test('forged tokens fill no log; they are what happens', () => {
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

test('a provider that cannot be reached lets nobody in, and the log says so', async () => {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  const reported: unknown[] = [];
  const keys = `https://127.0.0.1:${port}/keys.json`;
  const tokens = await openTokens({ ...options, keys }, (error) => reported.push(error));
  expect(await tokens.recognise(await sign())).toBeNull();
  expect(reported).toHaveLength(1);
});

test('a file of keys that cannot be read is said to be when the service starts', async () => {
  const keys = pathToFileURL(join(newFolder(), 'none.json')).href;
  await expect(openTokens({ ...options, keys }, () => undefined)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('MEDNAS_JWKS_URL'),
  });
});
