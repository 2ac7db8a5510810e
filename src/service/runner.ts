// The runs of this process, of one kind: each holds its lease, goes on in the background when its turn comes,
// and when it fails its record says why.

import { setTimeout } from 'node:timers/promises';
import { MedNasError } from '../search/errors.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { Failure, RunId } from '../storage/records.ts';
import { isFinal } from './journal.ts';
import type { Kind, RunRecord } from './kinds.ts';
import type { Leases } from './leases.ts';
import { atWork, type Lifecycle, UNDER_WAY } from './lifecycle.ts';
import type { Place } from './queue.ts';
import { NO_QUOTA, type Quota } from './quota.ts';
import type { InTurn } from './turns.ts';

/** What is done for one search or training when its turn has come. */
export type Work<R extends RunRecord, H> = (
  start: Stored<R>,
  /** What has been made ready for it already; null: nothing. */
  held: H | null,
  fence: number,
  signal: AbortSignal,
) => Promise<Stored<R>>;

export interface RunnerParts<R extends RunRecord, H> {
  readonly kind: Kind<R>;
  readonly lifecycle: Lifecycle<R>;
  readonly leases: Leases;
  readonly inTurn: InTurn<RunId>;
  /** To its last step; the record then stored. What it throws is why the run failed. */
  readonly work: Work<R, H>;
  /** How much one may take; as much as it likes unless given. */
  readonly quota?: Quota;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, run: RunId) => void;
}

interface Run {
  readonly controller: AbortController;
  /** Resolves when the run has stopped, whatever the reason. */
  readonly stopped: Promise<void>;
}

/** A failure that the archive has not taken yet. */
interface Untold {
  readonly failure: Failure;
  readonly controller: AbortController;
  /** Resolves when it is told, or need not be any more. */
  readonly over: Promise<void>;
}

/** Times after which the archive is tried again, in ms: the first, doubled up to the last. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/** Failures no run is to blame for: when archive, engine or network are back, it can go on. */
const SURROUNDINGS: ReadonlySet<Failure['code']> = new Set([
  'STORAGE_UNREACHABLE',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
  'STORAGE_CORRUPT',
  'ENGINE_UNAVAILABLE',
  'WORKERS_UNAVAILABLE',
  'DOWNLOAD_FAILED',
]);

/** Failures that come again however often it is tried. */
const HOPELESS: ReadonlySet<Failure['code']> = new Set(['INTERNAL', 'DIVERGED']);

export function openRunner<R extends RunRecord, H>(parts: RunnerParts<R, H>) {
  const { kind, lifecycle, leases, inTurn, work, quota = NO_QUOTA } = parts;
  const { announce, store, ending } = lifecycle;
  const runs = new Map<RunId, Run>();
  const untold = new Map<RunId, Untold>();
  let isClosed = false;

  const toFailure = (error: unknown): Failure =>
    error instanceof MedNasError
      ? { code: error.code, message: error.message }
      : { code: 'INTERNAL', message: `The ${kind.name} stopped for an unforeseen reason; the log has it.` };

  /** The record as it is when its turn has come. */
  async function waitForTurn(
    found: Stored<R>,
    place: Place,
    fence: number,
    signal: AbortSignal,
  ): Promise<Stored<R>> {
    const isQueued = found.body.status === 'queued';
    if (place.isIn() && !isQueued) return found;
    // One that was at work when its process ended may have to wait in this one.
    const waiting = isQueued ? found : await store(found, { status: 'queued' } as Partial<R>, fence);
    if (waiting === null) throw new SupersededError(found.id);
    await place.entered(signal);
    const entered = await store(waiting, { status: atWork(waiting.body) } as Partial<R>, fence);
    if (entered === null) throw new SupersededError(found.id);
    return entered;
  }

  async function execute(
    found: Stored<R>,
    place: Place,
    held: H | null,
    fence: number,
    signal: AbortSignal,
  ): Promise<void> {
    // As it was added. Whoever starts leaves its event to the run, and a crash may have come between.
    if (found.version === 1) await announce(found, fence);
    const start = await waitForTurn(found, place, fence, signal);
    const finished = await work(start, held, fence, signal);
    if ((await store(finished, ending('completed'), fence)) === null) throw new SupersededError(start.id);
  }

  /**
   * What becomes of a run that failed. One that its surroundings failed is paused, to go on when they
   * are mended; and so is one that has begun, whatever it now finds wrong: its images may come back.
   */
  function outcomeOf({ protocol, seconds = 0 }: R, failure: Failure): Partial<RunRecord> {
    // So that it is over at once when it is resumed under the same quota.
    if (failure.code === 'QUOTA_EXCEEDED')
      return { status: 'paused', failure, seconds: Math.max(seconds, quota.maxSeconds ?? 0) };
    return SURROUNDINGS.has(failure.code) || (protocol !== null && !HOPELESS.has(failure.code))
      ? { status: 'paused', failure }
      : ending('failed', failure);
  }

  /** Stores and tells that a run has failed, unless it has become somebody else's. */
  async function tell(id: RunId, failure: Failure): Promise<void> {
    const current = await kind.find(id);
    // Its end is stored and only the telling of it failed, for which the next reader makes up.
    if (current === null || isFinal(current.body.status)) return;
    if (!UNDER_WAY.includes(current.body.status)) return await announce(current);
    const fence = await leases.take(id);
    if (typeof fence === 'number')
      await store(current, outcomeOf(current.body, failure) as Partial<R>, fence);
  }

  async function tellLater(id: RunId, failure: Failure, signal: AbortSignal): Promise<void> {
    for (let ms = FIRST_RETRY_MS; ; ms = Math.min(2 * ms, LAST_RETRY_MS)) {
      await setTimeout(ms, undefined, { signal });
      const isTold = await inTurn(id, async () => {
        signal.throwIfAborted();
        try {
          await tell(id, failure);
        } catch (error) {
          if (!SURROUNDINGS.has(toFailure(error).code)) throw error;
          return false;
        } finally {
          await leases.release(id);
        }
        return true;
      });
      if (isTold) return;
    }
  }

  /** Goes on telling until the archive takes it, or it is run again. */
  function keepTelling(id: RunId, failure: Failure): void {
    const controller = new AbortController();
    const over = tellLater(id, failure, controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) parts.onError(error, id);
      })
      .finally(() => {
        if (untold.get(id)?.controller === controller) untold.delete(id);
      });
    untold.set(id, { failure, controller, over });
  }

  async function fail(id: RunId, error: unknown): Promise<void> {
    parts.onError(error, id);
    const failure = toFailure(error);
    await tell(id, failure).catch((again: unknown) => {
      parts.onError(again, id);
      if (!isClosed) keepTelling(id, failure);
    });
  }

  async function halt(id: RunId): Promise<void> {
    const run = runs.get(id);
    run?.controller.abort();
    await run?.stopped;
  }

  return {
    has: (id: RunId): boolean => runs.has(id),

    /** One could not be run, and its record may say that it is: tells why as soon as the archive takes it. */
    couldNot(id: RunId, error: unknown): void {
      const failure = toFailure(error);
      if (SURROUNDINGS.has(failure.code) && !untold.has(id) && !isClosed) keepTelling(id, failure);
    },

    /** Whether a run has failed and the archive has not taken that yet. */
    hasFailed: (id: RunId): boolean => untold.has(id),

    shown(record: R): R {
      const failure = UNDER_WAY.includes(record.status) ? untold.get(record.id)?.failure : undefined;
      return failure === undefined ? record : { ...record, ...outcomeOf(record, failure) };
    },

    /** Runs what we hold the lease of, by its fence, when its turn comes; lease and place are given up when the run has stopped. */
    launch(start: Stored<R>, place: Place, held: H | null, fence: number): void {
      const { id } = start.body;
      untold.get(id)?.controller.abort();
      untold.delete(id);
      const controller = new AbortController();
      const release = leases.keep(id, () => controller.abort(new SupersededError(id)));
      const stopped = execute(start, place, held, fence, controller.signal)
        .catch(async (error: unknown) => {
          if (controller.signal.aborted || error instanceof SupersededError) return;
          await fail(id, error);
        })
        .then(release)
        .finally(() => {
          runs.delete(id);
          place.leave();
        });
      runs.set(id, { controller, stopped });
    },

    /** Resolves when it is not run in this process any more. */
    async settled(id: RunId): Promise<void> {
      await runs.get(id)?.stopped;
    },

    /** Stops a run where it is. */
    halt,

    async close(): Promise<void> {
      isClosed = true;
      for (const { controller } of untold.values()) controller.abort();
      await Promise.all([...untold.values()].map(({ over }) => over));
      await Promise.all([...runs.keys()].map(halt));
    },
  };
}
