// Who waits for a training job, in Redis: its worker goes on only while somebody does. Orders to stop are heard by who
// is there; this also reaches a worker that has just taken the job, and one that takes it from another that died. Of
// several who wait for the same job, the last one's leaving ends it.

import type { Redis } from 'ioredis';
import type { JobId } from './jobs.ts';
import { PREFIX, usable } from './redis.ts';

/** Somebody who waits, by a name of their own. */
export type Waiter = string & { readonly brand: 'Waiter' };

export interface Wants {
  /** From now on, and for a while after the last time this was said. */
  readonly want: (id: JobId, waiter: Waiter) => Promise<void>;
  /** Not any more; how many others want it still. */
  readonly leave: (id: JobId, waiter: Waiter) => Promise<number>;
  readonly isWanted: (id: JobId) => Promise<boolean>;
}

/** Milliseconds: of a coordinator that is late, or a Redis that stood still, the job is not to be given up. */
const WANT_MS = 30_000;

const keyOf = (id: JobId): string => `${PREFIX}:wanted:${id}`;

/** All throw MedNasError ENGINE_UNAVAILABLE when Redis refuses. */
export function openWants(redis: Redis): Wants {
  return {
    async want(id, waiter) {
      await usable(redis.sadd(keyOf(id), waiter));
      await usable(redis.pexpire(keyOf(id), WANT_MS));
    },
    async leave(id, waiter) {
      await usable(redis.srem(keyOf(id), waiter));
      return await usable(redis.scard(keyOf(id)));
    },
    isWanted: async (id) => (await usable(redis.exists(keyOf(id)))) === 1,
  };
}
