// The runs of this process: each holds its search's lease, goes on in the background, and when it fails
// the search's record says why.

import { setTimeout } from 'node:timers/promises';
import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import type { Fleet } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { Failure, SearchId, SearchRecord } from '../storage/records.ts';
import { isFinal, type Journal } from './journal.ts';
import type { Leases } from './leases.ts';
import { atWork, type Lifecycle, UNDER_WAY } from './lifecycle.ts';
import type { Observer } from './observer.ts';
import { prepare, type Prepared, requireSameProtocol } from './protocol.ts';
import { type Place, unlessAborted } from './queue.ts';
import { NO_QUOTA, type Quota, watchTime } from './quota.ts';
import { runSearch } from './run.ts';
import { openScorer } from './scoring.ts';
import type { InTurn } from './turns.ts';

export interface SearchParts {
  readonly archive: Archive;
  readonly journal: Journal;
  readonly tell: Observer;
  readonly engine: Engine;
  /** Who scores; this process alone unless given. */
  readonly fleet?: Fleet;
  readonly datasets: Datasets;
  readonly now: () => Date;
  /** How many searches run at the same time; as many as there are unless given. */
  readonly maxSearches?: number;
  /** How much one search may take; as much as it likes unless given. */
  readonly quota?: Quota;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, search: SearchId) => void;
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

/** Failures no search is to blame for: when archive, engine or network are back, it can go on. */
const SURROUNDINGS: ReadonlySet<Failure['code']> = new Set([
  'STORAGE_UNREACHABLE',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
  'STORAGE_CORRUPT',
  'ENGINE_UNAVAILABLE',
  'WORKERS_UNAVAILABLE',
  'DOWNLOAD_FAILED',
]);

const toFailure = (error: unknown): Failure =>
  error instanceof MedNasError
    ? { code: error.code, message: error.message }
    : { code: 'INTERNAL', message: 'The search stopped for an unforeseen reason; the log has it.' };

export function openRunner(
  parts: SearchParts,
  lifecycle: Lifecycle,
  leases: Leases,
  inTurn: InTurn<SearchId>,
) {
  const { archive, engine, datasets, now, quota = NO_QUOTA } = parts;
  const { announce, store, ending } = lifecycle;
  const runs = new Map<SearchId, Run>();
  const untold = new Map<SearchId, Untold>();
  let isClosed = false;

  /** The search as it is when its turn has come. */
  async function waitForTurn(
    found: Stored<SearchRecord>,
    place: Place,
    fence: number,
    signal: AbortSignal,
  ): Promise<Stored<SearchRecord>> {
    const isQueued = found.body.status === 'queued';
    if (place.isIn() && !isQueued) return found;
    // One that was at work when its process ended may have to wait in this one.
    const waiting = isQueued ? found : await store(found, { status: 'queued' }, fence);
    if (waiting === null) throw new SupersededError(found.id);
    await place.entered(signal);
    const entered = await store(waiting, { status: atWork(waiting.body) }, fence);
    if (entered === null) throw new SupersededError(found.id);
    return entered;
  }

  async function execute(
    found: Stored<SearchRecord>,
    place: Place,
    given: Prepared | null,
    fence: number,
    signal: AbortSignal,
  ): Promise<void> {
    // As it was added. `start` leaves its event to the run, and a crash may have come between.
    if (found.version === 1) await announce(found, fence);
    const start = await waitForTurn(found, place, fence, signal);
    const { settings, protocol } = start.body;
    const prepared = given ?? (await unlessAborted(prepare(datasets, engine, settings, protocol), signal));
    if (protocol !== null) requireSameProtocol(protocol, prepared.protocol);
    engine.requireFit(prepared.protocol, settings.blocks);
    const begun =
      protocol === null
        ? await store(start, { protocol: prepared.protocol, status: 'running' }, fence)
        : start;
    if (begun === null) throw new SupersededError(start.id);
    const spent = new AbortController();
    const callOff = watchTime(quota, begun.body.seconds ?? 0, (error) => spent.abort(error));
    const scorer = openScorer(archive, engine, prepared, now);
    const until = AbortSignal.any([signal, spent.signal]);
    const finished = await runSearch(parts, scorer, begun, fence, until).finally(callOff);
    if ((await store(finished, ending('completed'), fence)) === null) throw new SupersededError(start.id);
  }

  /**
   * What becomes of a search that failed. One that its surroundings failed is paused, to go on when they
   * are mended; and so is one that has begun, whatever it now finds wrong: its images may come back.
   */
  function outcomeOf({ protocol, seconds = 0 }: SearchRecord, failure: Failure): Partial<SearchRecord> {
    // So that it is over at once when it is resumed under the same quota.
    if (failure.code === 'QUOTA_EXCEEDED')
      return { status: 'paused', failure, seconds: Math.max(seconds, quota.maxSeconds ?? 0) };
    return SURROUNDINGS.has(failure.code) || (protocol !== null && failure.code !== 'INTERNAL')
      ? { status: 'paused', failure }
      : ending('failed', failure);
  }

  /** Stores and tells that a search has failed, unless it has become somebody else's. */
  async function tell(id: SearchId, failure: Failure): Promise<void> {
    const current = await archive.findSearch(id);
    // Its end is stored and only the telling of it failed, for which the next reader makes up.
    if (current === null || isFinal(current.body.status)) return;
    if (!UNDER_WAY.includes(current.body.status)) return await announce(current);
    const fence = await leases.take(id);
    if (typeof fence === 'number') await store(current, outcomeOf(current.body, failure), fence);
  }

  async function tellLater(id: SearchId, failure: Failure, signal: AbortSignal): Promise<void> {
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

  /** Goes on telling until the archive takes it, or the search is run again. */
  function keepTelling(id: SearchId, failure: Failure): void {
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

  async function fail(id: SearchId, error: unknown): Promise<void> {
    parts.onError(error, id);
    const failure = toFailure(error);
    await tell(id, failure).catch((again: unknown) => {
      parts.onError(again, id);
      if (!isClosed) keepTelling(id, failure);
    });
  }

  async function halt(id: SearchId): Promise<void> {
    const run = runs.get(id);
    run?.controller.abort();
    await run?.stopped;
  }

  return {
    has: (id: SearchId): boolean => runs.has(id),

    /** A search could not be run, and its record may say that it is: tells why as soon as the archive takes it. */
    couldNot(id: SearchId, error: unknown): void {
      const failure = toFailure(error);
      if (SURROUNDINGS.has(failure.code) && !untold.has(id) && !isClosed) keepTelling(id, failure);
    },

    /** Whether a run has failed and the archive has not taken that yet. */
    hasFailed: (id: SearchId): boolean => untold.has(id),

    shown(record: SearchRecord): SearchRecord {
      const failure = UNDER_WAY.includes(record.status) ? untold.get(record.id)?.failure : undefined;
      return failure === undefined ? record : { ...record, ...outcomeOf(record, failure) };
    },

    /** Runs a search whose lease is ours, by its fence, when its turn comes; lease and place are given up when the run has stopped. */
    launch(start: Stored<SearchRecord>, place: Place, prepared: Prepared | null, fence: number): void {
      const { id } = start.body;
      untold.get(id)?.controller.abort();
      untold.delete(id);
      const controller = new AbortController();
      const release = leases.keep(id, () => controller.abort(new SupersededError(id)));
      const stopped = execute(start, place, prepared, fence, controller.signal)
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

    /** Resolves when no run of the search is under way in this process any more. */
    async settled(id: SearchId): Promise<void> {
      await runs.get(id)?.stopped;
    },

    /** Stops a search's run where it is. */
    halt,

    async close(): Promise<void> {
      isClosed = true;
      for (const { controller } of untold.values()) controller.abort();
      await Promise.all([...untold.values()].map(({ over }) => over));
      await Promise.all([...runs.keys()].map(halt));
    },
  };
}
