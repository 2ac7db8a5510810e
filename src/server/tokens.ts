// Tokens (JWT) of the house's identity provider, checked by the keys it publishes. Only signatures by an
// asymmetric key count: `none` is no signature, and under HS256 the public key would be the secret.

import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { MedNasError } from '../search/errors.ts';
import { isAtLeast, type Role, roleNamed, type Viewer } from '../service/viewer.ts';

export interface TokenOptions {
  /** https, or file: the provider's JSON Web Key Set. */
  readonly keys: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim with a role, or a list with one among others. */
  readonly roleClaim: string;
}

export interface Tokens {
  /** Whom a token is of; null: it lets nobody in now. */
  recognise(token: string): Promise<Viewer | null>;
}

const ALGORITHMS = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

/** Seconds by which clocks may differ. */
const TOLERANCE = 30;
/** Milliseconds for the provider to answer. */
const TIMEOUT_MS = 5000;

/** The greatest role among the claim's; null: it has none that is known here. */
function roleIn(payload: JWTPayload, claim: string): Role | null {
  const claimed = [payload[claim]].flat().map(roleNamed);
  return claimed.reduce<Role | null>(
    (best, role) => (role !== undefined && (best === null || isAtLeast(role, best)) ? role : best),
    null,
  );
}

async function openKeySet(address: string): Promise<JWTVerifyGetKey> {
  const url = new URL(address);
  if (url.protocol === 'https:') return createRemoteJWKSet(url, { timeoutDuration: TIMEOUT_MS });
  try {
    return createLocalJWKSet(JSON.parse(await readFile(url, 'utf8')) as JSONWebKeySet);
  } catch (cause) {
    const message = `No JSON Web Key Set can be read at ${address}: set MEDNAS_JWKS_URL to where it is.`;
    throw new MedNasError('INVALID_ARGUMENT', message, { cause });
  }
}

/** Whether it is the token that is wrong, and not the provider that does not answer. */
const isOfToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout) &&
  error.code !== 'ERR_JOSE_GENERIC';

/** @throws MedNasError INVALID_ARGUMENT when the file of the keys cannot be read. */
export async function openTokens(options: TokenOptions, report: (error: unknown) => void): Promise<Tokens> {
  const { issuer, audience, roleClaim } = options;
  const keySet = await openKeySet(options.keys);
  return {
    async recognise(token) {
      try {
        const { payload } = await jwtVerify(token, keySet, {
          issuer,
          audience,
          algorithms: ALGORITHMS,
          clockTolerance: TOLERANCE,
          requiredClaims: ['exp', 'sub'],
        });
        const role = roleIn(payload, roleClaim);
        const { sub = '', name } = payload;
        if (role === null) return null;
        const shown = typeof name === 'string' ? name.slice(0, 100) : sub;
        return { name: shown, role, client: `token ${sub}`, mayIntrospect: true };
      } catch (error) {
        if (!isOfToken(error)) report(error);
        return null;
      }
    },
  };
}
