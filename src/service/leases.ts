// Leases: whoever runs a search holds one, and renews it while it runs, so that no other process takes
// the search for one that was left behind. A process that dies lets its leases lapse, and where one can
// see that it is dead nobody waits for that.

import type { Archive } from '../storage/archive.ts';
import type { LeaseRecord, SearchId } from '../storage/records.ts';
import { isGone, newOwner } from './owner.ts';

/** How long others leave a search alone that nobody renews the lease of, in ms, and how often it is renewed. */
const LEASE_MS = 15_000;
const RENEWAL_MS = 5000;

export interface Leases {
  /**
   * Null once the lease is ours; else that of whoever runs the search. `always`: whoever holds it, since
   * the search has been taken from them.
   */
  readonly take: (search: SearchId, always?: boolean) => Promise<LeaseRecord | null>;
  /** Renews a lease of ours until what is returned releases it; `onLost` when somebody else has taken it. */
  readonly keep: (search: SearchId, onLost: () => void) => () => Promise<void>;
  /** Lets others take the search at once. Never rejects: what cannot be released lapses. */
  readonly release: (search: SearchId) => Promise<void>;
}

export function openLeases(archive: Archive, now: () => Date): Leases {
  const owner = newOwner();
  const newLease = (search: SearchId): LeaseRecord => ({
    search,
    owner,
    expiresAt: new Date(now().getTime() + LEASE_MS).toISOString(),
  });
  const isOurs = (lease: LeaseRecord): boolean => lease.owner.token === owner.token;
  const isFree = (lease: LeaseRecord): boolean =>
    isOurs(lease) || Date.parse(lease.expiresAt) <= now().getTime() || isGone(lease.owner);

  /** Holds a lease that is missing or that `mayTake`; null, or the one that stands in the way. */
  async function hold(
    search: SearchId,
    mayTake: (lease: LeaseRecord) => boolean,
  ): Promise<LeaseRecord | null> {
    for (;;) {
      const found = await archive.findLease(search);
      if (found !== null && !mayTake(found.body)) return found.body;
      if (await archive.storeLease(found?.version ?? null, newLease(search))) return null;
    }
  }

  const release = (search: SearchId): Promise<void> =>
    archive.removeLease(search, owner.token).catch(() => undefined);

  return {
    take: (search, always = false) => hold(search, (lease) => always || isFree(lease)),

    keep(search, onLost) {
      let isOver = false;
      let renewing = Promise.resolve();
      const renewLater = () => setTimeout(() => void (renewing = renew()), RENEWAL_MS);
      let timer = renewLater();
      async function renew(): Promise<void> {
        // An archive that does not answer now may do so before the lease lapses.
        const taken = await hold(search, isOurs).catch(() => null);
        if (taken !== null) onLost();
        else if (!isOver) timer = renewLater();
      }
      return async () => {
        isOver = true;
        clearTimeout(timer);
        await renewing;
        await release(search);
      };
    },

    release,
  };
}
