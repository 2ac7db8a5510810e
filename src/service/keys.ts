// API keys: made, listed, revoked, and recognised. A key is `mednas_<id>_<secret>`: the id finds its record,
// the secret is 32 random bytes. Of the whole only a SHA-256 is kept. A slow, salted hash is for passwords,
// which can be guessed; 256 random bits cannot, and every request has to be checked.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { MedNasError, shown } from '../search/errors.ts';
import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import { type KeyRecord, type Role, ROLES } from '../storage/keys.ts';

/** What is asked of a new key. */
export interface NewKey {
  readonly name: string;
  readonly role: string;
  /** Milliseconds until it expires; null: never. */
  readonly lifetime: number | null;
}

export interface Keys {
  /** The only time that the key itself is there to be seen. @throws MedNasError INVALID_ARGUMENT */
  create(asked: NewKey): Promise<{ readonly key: string; readonly record: KeyRecord }>;
  /** The oldest first, with those that are revoked or expired. */
  list(): Promise<readonly KeyRecord[]>;
  /** From now on nobody is let in by it; again: changes nothing. @throws MedNasError NOT_FOUND */
  revoke(id: string): Promise<KeyRecord>;
  /** The record of a key that lets somebody in now; null: it does not. */
  recognise(key: string): Promise<KeyRecord | null>;
  /** Whether there is any such key. */
  exist(): Promise<boolean>;
}

const KEY = /^mednas_([0-9a-f]{8})_[\w-]{43}$/;
const NAME = /^[^\p{Cc}\p{Surrogate}]{1,100}$/u;
/** As many tries as to find an id that is free: 2^32 of them are. */
const TRIES = 5;
/** Milliseconds for which a key's last use stays as it was noted, by whichever service. */
const USE_MS = 60_000;

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What can be told of a key at a time. */
export type KeyState = 'valid' | 'expired' | 'revoked';

export function stateOf({ revokedAt, expiresAt }: KeyRecord, at: Date): KeyState {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && Date.parse(expiresAt) <= at.getTime() ? 'expired' : 'valid';
}

function requireNew({ name, role }: NewKey): Role {
  const known = ROLES.find((known) => known === role);
  if (known === undefined) {
    const message = `role is one of ${ROLES.join(', ')}; got ${shown(role)}.`;
    throw new MedNasError('INVALID_ARGUMENT', message, { field: 'role' });
  }
  if (NAME.test(name)) return known;
  const message = `name has 1 to 100 characters on one line; got ${shown(name)}.`;
  throw new MedNasError('INVALID_ARGUMENT', message, { field: 'name' });
}

/**
 * Notes that a key lets somebody in, once a minute and later than whoever waits. A note that cannot be stored
 * (the archive is full, or the record has just been changed) is left out: nothing rests on it.
 */
function openUses(archive: Archive): (key: Stored<KeyRecord>, at: Date) => void {
  const tried = new Map<string, number>();
  return ({ id, version, body }, at) => {
    const noted = body.usedAt === undefined ? -Infinity : Date.parse(body.usedAt);
    if (at.getTime() - Math.max(noted, tried.get(id) ?? -Infinity) < USE_MS) return;
    tried.set(id, at.getTime());
    setImmediate(() => {
      archive.replaceKey(version, { ...body, usedAt: at.toISOString() }).catch(() => undefined);
    });
  };
}

export function openKeys(archive: Archive, now: () => Date): Keys {
  const noteUse = openUses(archive);
  return {
    async create(asked) {
      const role = requireNew(asked);
      for (let i = 0; i < TRIES; i++) {
        const id = randomBytes(4).toString('hex');
        const key = `mednas_${id}_${randomBytes(32).toString('base64url')}`;
        const at = now();
        const record: KeyRecord = {
          id,
          name: asked.name,
          role,
          hash: hashOf(key).toString('hex'),
          createdAt: at.toISOString(),
          expiresAt: asked.lifetime === null ? null : new Date(at.getTime() + asked.lifetime).toISOString(),
          revokedAt: null,
        };
        if (await archive.addKey(record)) return { key, record };
      }
      throw new Error(`${TRIES} random ids were taken`);
    },

    list: () => archive.listKeys(),

    async revoke(id) {
      for (;;) {
        const found = await archive.findKey(id);
        if (found === null) {
          const message = `There is no key ${shown(id)}; 'mednas keys list' shows those there are.`;
          throw new MedNasError('NOT_FOUND', message, { field: 'id' });
        }
        if (found.body.revokedAt !== null) return found.body;
        const revoked = { ...found.body, revokedAt: now().toISOString() };
        if (await archive.replaceKey(found.version, revoked)) return revoked;
      }
    },

    async recognise(key) {
      const id = KEY.exec(key)?.[1];
      const found = id === undefined ? null : await archive.findKey(id);
      // Both are digests of one length, so the time it takes says nothing of where they differ.
      if (found === null || !timingSafeEqual(Buffer.from(found.body.hash, 'hex'), hashOf(key))) return null;
      const at = now();
      if (stateOf(found.body, at) !== 'valid') return null;
      noteUse(found, at);
      return found.body;
    },

    async exist() {
      const at = now();
      return (await archive.listKeys()).some((record) => stateOf(record, at) === 'valid');
    },
  };
}
