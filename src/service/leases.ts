// Leases: whoever runs a search or training holds one, and renews it while it runs, so that no other process
// takes it for one that was left behind. A process that dies lets its leases lapse, and where one can
// see that it is dead nobody waits for that. One that only slept comes back with an old fence, and what it
// then writes is refused.

import type { Archive } from '../storage/archive.ts';
import type { LeaseRecord, RunId } from '../storage/records.ts';
import { isGone, newOwner } from './owner.ts';

/** How long others leave a run alone that nobody renews the lease of, in ms. */
export const LEASE_MS = 15_000;
/** How often a lease is renewed in its life. */
const RENEWALS = 3;

export interface Leases {
  /**
   * The fence of the lease once it is ours; else the lease of whoever is at it. `always`: whoever
   * holds it, since it has been taken from them.
   */
  readonly take: (run: RunId, always?: boolean) => Promise<number | LeaseRecord>;
  /** Renews a lease of ours until what is returned releases it; `onLost` when somebody else has taken it. */
  readonly keep: (run: RunId, onLost: () => void) => () => Promise<void>;
  /** Lets others take it at once. Never rejects: what cannot be released lapses. */
  readonly release: (run: RunId) => Promise<void>;
  /** Of one that came to nothing. Never rejects. */
  readonly forget: (run: RunId) => Promise<void>;
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
  const heldByUs = (run: RunId, before: LeaseRecord | null): LeaseRecord => ({
    search: run,
    owner,
    expiresAt: new Date(now().getTime() + LEASE_MS).toISOString(),
    fence: before === null ? 1 : isOurs(before) ? before.fence : before.fence + 1,
  });

  /** Changes a lease that is ours; false when it is not, or what it is of is deleted. */
  async function change(run: RunId, changed: (lease: LeaseRecord) => LeaseRecord): Promise<boolean> {
    for (;;) {
      const found = await archive.findLease(run);
      if (found === null || !isOurs(found.body)) return false;
      if (await archive.storeLease(found.version, changed(found.body))) return true;
    }
  }

  /** The record stays, for its fence. */
  const release = (run: RunId): Promise<void> =>
    change(run, (lease) => ({ ...lease, owner: null, expiresAt: now().toISOString() })).then(
      () => undefined,
      () => undefined,
    );

  return {
    async take(run, always = false) {
      for (;;) {
        const found = await archive.findLease(run);
        if (found !== null && !always && !isFree(found.body)) return found.body;
        const lease = heldByUs(run, found?.body ?? null);
        if (await archive.storeLease(found?.version ?? null, lease)) return lease.fence;
      }
    },

    keep(run, onLost) {
      let isOver = false;
      let renewing = Promise.resolve();
      const renewLater = () => setTimeout(() => void (renewing = renew()), LEASE_MS / RENEWALS);
      let timer = renewLater();
      async function renew(): Promise<void> {
        // An archive that does not answer now may do so before the lease lapses.
        const isKept = await change(run, (lease) => heldByUs(run, lease)).catch(() => true);
        if (!isKept) onLost();
        else if (!isOver) timer = renewLater();
      }
      return async () => {
        isOver = true;
        clearTimeout(timer);
        await renewing;
        await release(run);
      };
    },

    release,
    forget: (run) => archive.removeLease(run).catch(() => undefined),
  };
}
