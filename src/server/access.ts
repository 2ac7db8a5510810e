// Who may come in: by an API key, by a token of the house's identity provider, or as anybody where that is
// allowed. The same for every way in.

import { MedNasError } from '../search/errors.ts';
import type { Keys } from '../service/keys.ts';
import type { Role, Viewer } from '../service/viewer.ts';
import { isLoopback } from './origin.ts';
import { openTokens, type TokenOptions } from './tokens.ts';

export interface AccessOptions {
  /** What those without key or token may do; null: everything on the loopback, else nothing. */
  readonly anonymous: Role | 'off' | null;
  /** Names under which the service is reached, besides the loopback's: those of a proxy before it. */
  readonly names: readonly string[];
  /** null: tokens let nobody in. */
  readonly tokens: TokenOptions | null;
}

export interface Credentials {
  /** An Authorization header, or what stands for it. */
  readonly authorization: string | undefined;
  readonly address: string;
}

export interface Access {
  /** null: nobody who may come in. A bad key is never taken for none. */
  identify(credentials: Credentials): Promise<Viewer | null>;
}

/** A proxy makes all the world look like this machine, so a service that was given names trusts nobody for that. */
const isPrivate = (host: string, { names }: AccessOptions): boolean => isLoopback(host) && names.length === 0;

function anonymousRole(host: string, options: AccessOptions): Role | null {
  if (options.anonymous === null) return isPrivate(host, options) ? 'admin' : null;
  return options.anonymous === 'off' ? null : options.anonymous;
}

const advice = (where: string): string =>
  `${where}, and there is no key that lets anybody in. Make one with ` +
  '`mednas keys create --role admin --name me`, or set MEDNAS_JWKS_URL to let tokens in, or ' +
  'MEDNAS_ANONYMOUS to what those without a key may do (off, reader, operator, admin).';

/** @throws MedNasError INVALID_ARGUMENT when others reach the service and nobody has said who may come in. */
export async function requireWayIn(keys: Keys, host: string, options: AccessOptions): Promise<void> {
  if (options.anonymous !== null || options.tokens !== null || isPrivate(host, options)) return;
  if (await keys.exist()) return;
  const where = isLoopback(host)
    ? `MEDNAS_HOSTS is ${options.names.join(',')}, so others reach this service through a proxy`
    : `HOST is ${host}, so others than this machine reach this service`;
  throw new MedNasError('INVALID_ARGUMENT', advice(where));
}

/** @throws MedNasError INVALID_ARGUMENT when the keys of tokens cannot be read. */
export async function openAccess(
  keys: Keys,
  host: string,
  options: AccessOptions,
  report: (error: unknown) => void,
): Promise<Access> {
  const anonymous = anonymousRole(host, options);
  const tokens = options.tokens === null ? null : await openTokens(options.tokens, report);

  async function byBearer(text: string): Promise<Viewer | null> {
    if (!text.startsWith('mednas_')) return (await tokens?.recognise(text)) ?? null;
    const record = await keys.recognise(text);
    if (record === null) return null;
    const { id, name, role } = record;
    return { name, role, client: `key ${id}`, mayIntrospect: true };
  }

  return {
    async identify({ authorization, address }) {
      if (authorization === undefined) {
        const mayIntrospect = isPrivate(host, options);
        return anonymous && { name: null, role: anonymous, client: `address ${address}`, mayIntrospect };
      }
      const bearer = /^bearer +(\S+)$/i.exec(authorization)?.[1];
      return bearer === undefined ? null : await byBearer(bearer);
    },
  };
}
