// States of trainings between who coordinates them and who trains them, in Redis for as long as that takes: a
// coordinator keeps those that it waits with alive, and whatever else comes to nothing runs out. One is called by the
// hash of its bytes, so that it is what was asked for or is not there.

import { createHash, randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { decodeLearning, encodeLearning, type Learning } from '../training/checkpoint.ts';
import { PREFIX, usable } from './redis.ts';

/** SHA-256, in hexadecimal, of its bytes. */
export type StateId = string & { readonly brand: 'StateId' };

/** A state on its way. */
export interface Parcel {
  readonly id: StateId;
  readonly bytes: Uint8Array;
}

export interface States {
  /** Puts it there unless it is, and keeps it alive. */
  readonly put: (parcel: Parcel) => Promise<void>;
  /** null: it is not there, or was damaged and is there no more. */
  readonly get: (id: StateId) => Promise<Learning | null>;
  /** Keeps it alive. */
  readonly keep: (id: StateId) => Promise<void>;
  readonly drop: (id: StateId) => Promise<void>;
}

/** Milliseconds after which one that nobody keeps alive is gone. */
const LIFE_MS = 120_000;

/** Bytes of an entry: Redis takes 512 MB at most, and a connection sends nothing else meanwhile. */
const PART = 2 ** 23;

const keyOf = (id: StateId): string => `${PREFIX}:state:${id}`;

const partsOf = (bytes: Uint8Array): readonly Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / PART) }, (_, i) =>
    Buffer.from(bytes.buffer, bytes.byteOffset + i * PART, Math.min(PART, bytes.length - i * PART)),
  );

/** Part by part: a state may be large, and others have their turn in between. */
async function hashOf(parts: readonly Uint8Array[]): Promise<StateId> {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(part);
    await setImmediate();
  }
  return hash.digest('hex') as StateId;
}

export async function parcelOf(state: Learning): Promise<Parcel> {
  const bytes = encodeLearning(state);
  return { id: await hashOf(partsOf(bytes)), bytes };
}

/** All throw MedNasError ENGINE_UNAVAILABLE when Redis is full, or refuses otherwise. */
export function openStates(redis: Redis): States {
  const keep = async (id: StateId): Promise<boolean> => (await redis.pexpire(keyOf(id), LIFE_MS)) === 1;
  const drop = async (id: StateId): Promise<void> => void (await redis.del(keyOf(id)));

  async function put({ id, bytes }: Parcel): Promise<void> {
    if (await keep(id)) return;
    // Under another name until it is whole.
    const partial = `${keyOf(id)}:${randomUUID()}`;
    for (const part of partsOf(bytes)) {
      await redis.rpush(partial, part);
      await redis.pexpire(partial, LIFE_MS);
    }
    await redis.rename(partial, keyOf(id)).catch((error: unknown) => {
      // Lost with Redis meanwhile: it is found missing.
      if (!/no such key/iu.test(String(error))) throw error;
    });
  }

  async function get(id: StateId): Promise<Learning | null> {
    const count = await redis.llen(keyOf(id));
    const parts: Buffer[] = [];
    for (let i = 0; i < count; i++) parts.push((await redis.lindexBuffer(keyOf(id), i)) ?? Buffer.alloc(0));
    if ((await hashOf(parts)) === id) return decodeLearning(Buffer.concat(parts), `State ${id}`);
    // Parts were lost with Redis, or sent again over a new connection: `put` would take what is left for whole.
    await drop(id);
    return null;
  }

  return {
    put: (parcel) => usable(put(parcel)),
    get: (id) => usable(get(id)),
    keep: async (id) => void (await usable(keep(id))),
    drop: (id) => usable(drop(id)),
  };
}
