// The API keys of an archive, so that all services on one database know the same ones. What is kept of a
// key cannot be turned back into it.

import type { Collection, Documents, Stored } from './documents.ts';

/** What somebody may do, each all that those before it may. */
export const ROLES = ['reader', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface KeyRecord {
  /** The part of the key that is no secret: what people recognise it by, and what it is looked up by. */
  readonly id: string;
  /** For people: whose it is, or what for. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the whole key, hex. */
  readonly hash: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** null: never. */
  readonly expiresAt: string | null;
  /** null: it has not been. A revoked key stays on the list. */
  readonly revokedAt: string | null;
  /** When it last let somebody in, give or take a minute; left out: not yet. */
  readonly usedAt?: string;
}

const KEYS: Collection<KeyRecord> = {
  name: 'keys',
  unique: [],
  indexes: [['createdAt']],
  revision: 1,
  upgrade: (body) => body as KeyRecord,
};

/** The archive's part about keys. */
export const keysIn = (documents: Documents) => ({
  /** False when the id is taken. */
  addKey: (record: KeyRecord): Promise<boolean> => documents.insert(KEYS, record.id, record),

  findKey: (id: string): Promise<Stored<KeyRecord> | null> => documents.get(KEYS, id),

  /** False, with nothing changed, when another process has changed the record since `version`. */
  replaceKey: (version: number, record: KeyRecord): Promise<boolean> =>
    documents.replace(KEYS, record.id, version, record),

  /** The oldest first. */
  async listKeys(): Promise<readonly KeyRecord[]> {
    const found = await documents.find(KEYS, { order: [['createdAt', 'asc']] });
    return found.map(({ body }) => body);
  },
});
