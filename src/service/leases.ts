// Leases: whoever runs a search holds one, and renews it while it runs, so that no other process takes
// the search for one that was left behind. A process that dies lets its leases lapse, and where one can
// see that it is dead nobody waits for that. One that only slept comes back with an old fence, and what it
// then writes is refused.

import type { Archive } from '../storage/archive.ts';
import type { LeaseRecord, SearchId } from '../storage/records.ts';
import { isGone, newOwner } from './owner.ts';

/** How long others leave a search alone that nobody renews the lease of, in ms. */
export const LEASE_MS = 15_000;
/** How often a lease is renewed in its life. */
const RENEWALS = 3;

export interface Leases {
  /**
   * The fence of the lease once it is ours; else the lease of whoever runs the search. `always`: whoever
   * holds it, since the search has been taken from them.
   */
  readonly take: (search: SearchId, always?: boolean) => Promise<number | LeaseRecord>;
  /** Renews a lease of ours until what is returned releases it; `onLost` when somebody else has taken it. */
  readonly keep: (search: SearchId, onLost: () => void) => () => Promise<void>;
  /** Lets others take the search at once. Never rejects: what cannot be released lapses. */
  readonly release: (search: SearchId) => Promise<void>;
  /** Of a search that came to nothing. Never rejects. */
  readonly forget: (search: SearchId) => Promise<void>;
}

export function openLeases(archive: Archive, now: () => Date): Leases {
  const owner = newOwner();
  const isOurs = (lease: LeaseRecord): boolean => lease.owner?.token === owner.token;
  const isFree = (lease: LeaseRecord): boolean =>
    lease.owner === null ||
    isOurs(lease) ||
    Date.parse(lease.expiresAt) <= now().getTime() ||
    isGone(lease.owner);

  /** What the lease becomes when we hold it: with another fence, unless it was ours already. */
  const heldByUs = (search: SearchId, before: LeaseRecord | null): LeaseRecord => ({
    search,
    owner,
    expiresAt: new Date(now().getTime() + LEASE_MS).toISOString(),
    fence: before === null ? 1 : isOurs(before) ? before.fence : before.fence + 1,
  });

  /** Changes a lease that is ours; false when it is not, or the search is deleted. */
  async function change(search: SearchId, changed: (lease: LeaseRecord) => LeaseRecord): Promise<boolean> {
    for (;;) {
      const found = await archive.findLease(search);
      if (found === null || !isOurs(found.body)) return false;
      if (await archive.storeLease(found.version, changed(found.body))) return true;
    }
  }

  /** The record stays, for its fence. */
  const release = (search: SearchId): Promise<void> =>
    change(search, (lease) => ({ ...lease, owner: null, expiresAt: now().toISOString() })).then(
      () => undefined,
      () => undefined,
    );

  return {
    async take(search, always = false) {
      for (;;) {
        const found = await archive.findLease(search);
        if (found !== null && !always && !isFree(found.body)) return found.body;
        const lease = heldByUs(search, found?.body ?? null);
        if (await archive.storeLease(found?.version ?? null, lease)) return lease.fence;
      }
    },

    keep(search, onLost) {
      let isOver = false;
      let renewing = Promise.resolve();
      const renewLater = () => setTimeout(() => void (renewing = renew()), LEASE_MS / RENEWALS);
      let timer = renewLater();
      async function renew(): Promise<void> {
        // An archive that does not answer now may do so before the lease lapses.
        const isKept = await change(search, (lease) => heldByUs(search, lease)).catch(() => true);
        if (!isKept) onLost();
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
    forget: (search) => archive.removeLease(search).catch(() => undefined),
  };
}
