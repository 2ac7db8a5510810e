// How a search's record goes from status to status: changed if it still is what was read, then told
// of. Whatever two callers, or two processes, do at once, one of them comes first.

import { MedNasError } from '../search/errors.ts';
import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import type { Failure, SearchId, SearchRecord, SearchStatus } from '../storage/records.ts';
import { type Journal, statusKey } from './journal.ts';

/** Statuses in which a run is, or should be, at work or waiting for its turn. */
export const UNDER_WAY: readonly SearchStatus[] = ['queued', 'preparing', 'running'];

/** Status of a search whose turn it is. */
export const atWork = ({ protocol }: Pick<SearchRecord, 'protocol'>): SearchStatus =>
  protocol === null ? 'preparing' : 'running';

type Change = Partial<SearchRecord>;

export interface Lifecycle {
  /** Tells of the status a record has; once, however often it is called for one record. */
  readonly announce: (record: Stored<SearchRecord>, fence?: number) => Promise<void>;
  /**
   * Stores a changed record and tells of its status; null when somebody else changed it first.
   * @throws SupersededError when a newer fence than this has been given out.
   */
  readonly store: (
    record: Stored<SearchRecord>,
    change: Change,
    fence?: number,
  ) => Promise<Stored<SearchRecord> | null>;
  /**
   * Moves a search that stands in one of the `from` statuses.
   * @throws MedNasError NOT_FOUND, INVALID_STATE
   */
  readonly transition: (
    id: SearchId,
    verb: string,
    from: readonly SearchStatus[],
    change: (record: SearchRecord) => Change,
  ) => Promise<Stored<SearchRecord>>;
  /** What ends a search, now. */
  readonly ending: (status: SearchStatus, failure?: Failure) => Change;
}

export function requireStatus(
  { status }: SearchRecord,
  verb: string,
  allowed: readonly SearchStatus[],
): void {
  if (allowed.includes(status)) return;
  throw new MedNasError(
    'INVALID_STATE',
    `This search is ${status}; only one that is ${allowed.join(' or ')} can be ${verb}.`,
    { field: 'id' },
  );
}

export function openLifecycle(archive: Archive, journal: Journal, now: () => Date): Lifecycle {
  async function announce({ version, body }: Stored<SearchRecord>, fence?: number): Promise<void> {
    const { id, status, failure } = body;
    await journal.append(id, statusKey(status, version), { type: 'status', status, failure }, fence);
  }

  async function store(
    { id, version, body }: Stored<SearchRecord>,
    change: Change,
    fence?: number,
  ): Promise<Stored<SearchRecord> | null> {
    // Whoever paused it may have failed between the record and its event.
    if (body.status === 'paused') await announce({ id, version, body }, fence);
    const changed = { id, version: version + 1, body: { ...body, ...change } };
    if (!(await archive.replaceSearch(version, changed.body, fence))) return null;
    await announce(changed, fence);
    return changed;
  }

  return {
    announce,
    store,
    async transition(id, verb, from, change) {
      for (;;) {
        const current = await archive.getSearch(id);
        requireStatus(current.body, verb, from);
        const changed = await store(current, change(current.body));
        if (changed !== null) return changed;
      }
    },
    ending: (status, failure) => ({ status, failure: failure ?? null, finishedAt: now().toISOString() }),
  };
}
