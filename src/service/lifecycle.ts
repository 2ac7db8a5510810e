// How the record of a search or training goes from status to status: changed if it still is what was read,
// then told of. Whatever two callers, or two processes, do at once, one of them comes first.

import { MedNasError } from '../search/errors.ts';
import type { Stored } from '../storage/documents.ts';
import type { Failure, RunId, SearchStatus } from '../storage/records.ts';
import { type Journal, statusKey } from './journal.ts';
import type { Kind, RunRecord } from './kinds.ts';

/** Statuses in which a run is, or should be, at work or waiting for its turn. */
export const UNDER_WAY: readonly SearchStatus[] = ['queued', 'preparing', 'running'];

/** Status of a search or training whose turn it is. */
export const atWork = ({ protocol }: Pick<RunRecord, 'protocol'>): SearchStatus =>
  protocol === null ? 'preparing' : 'running';

/** What ends one. */
export type Ending = Pick<RunRecord, 'status' | 'failure' | 'finishedAt'>;

export interface Lifecycle<R extends RunRecord> {
  /** Tells of the status a record has; once, however often it is called for one record. */
  readonly announce: (record: Stored<R>, fence?: number) => Promise<void>;
  /**
   * Stores a changed record and tells of its status; null when somebody else changed it first.
   * @throws SupersededError when a newer fence than this has been given out.
   */
  readonly store: (
    record: Stored<R>,
    change: Partial<R> | Ending,
    fence?: number,
  ) => Promise<Stored<R> | null>;
  /**
   * Moves one that stands in one of the `from` statuses.
   * @throws MedNasError NOT_FOUND, INVALID_STATE
   */
  readonly transition: (
    id: RunId,
    verb: string,
    from: readonly SearchStatus[],
    change: (record: R) => Partial<RunRecord>,
  ) => Promise<Stored<R>>;
  /** @throws MedNasError INVALID_STATE unless it stands in one of the statuses. */
  readonly requireStatus: (record: R, verb: string, allowed: readonly SearchStatus[]) => void;
  /** What ends one, now. */
  readonly ending: (status: SearchStatus, failure?: Failure) => Ending;
}

export function openLifecycle<R extends RunRecord>(
  kind: Kind<R>,
  journal: Journal,
  now: () => Date,
): Lifecycle<R> {
  async function announce({ version, body }: Stored<R>, fence?: number): Promise<void> {
    const { id, status, failure } = body;
    await journal.append(id, statusKey(status, version), { type: 'status', status, failure }, fence);
  }

  const requireStatus: Lifecycle<R>['requireStatus'] = ({ status }, verb, allowed) => {
    if (allowed.includes(status)) return;
    throw new MedNasError(
      'INVALID_STATE',
      `This ${kind.name} is ${status}; only one that is ${allowed.join(' or ')} can be ${verb}.`,
      { field: 'id' },
    );
  };

  async function store(
    { id, version, body }: Stored<R>,
    change: Partial<RunRecord>,
    fence?: number,
  ): Promise<Stored<R> | null> {
    // Whoever paused it may have failed between the record and its event.
    if (body.status === 'paused') await announce({ id, version, body }, fence);
    const changed = { id, version: version + 1, body: { ...body, ...change } };
    if (!(await kind.replace(version, changed.body, fence ?? null))) return null;
    await announce(changed, fence);
    return changed;
  }

  return {
    announce,
    store,
    requireStatus,
    async transition(id, verb, from, change) {
      for (;;) {
        const current = await kind.get(id);
        requireStatus(current.body, verb, from);
        const changed = await store(current, change(current.body));
        if (changed !== null) return changed;
      }
    },
    ending: (status, failure) => ({ status, failure: failure ?? null, finishedAt: now().toISOString() }),
  };
}
