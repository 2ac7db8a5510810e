// The runs of this process: each holds its search's lease, goes on in the background, and when it fails
// the search's record says why.

import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import type { Failure, SearchId, SearchRecord } from '../storage/records.ts';
import { isFinal, type Journal } from './journal.ts';
import type { Leases } from './leases.ts';
import { type Lifecycle, UNDER_WAY } from './lifecycle.ts';
import { prepare, type Prepared, requireSameProtocol } from './protocol.ts';
import { runSearch, SupersededError } from './run.ts';
import { openScorer } from './scoring.ts';

export interface SearchParts {
  readonly archive: Archive;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly datasets: Datasets;
  readonly now: () => Date;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, search: SearchId) => void;
}

interface Run {
  readonly controller: AbortController;
  /** Resolves when the run has stopped, whatever the reason. */
  readonly stopped: Promise<void>;
}

/** Failures no search is to blame for: when the archive or the engine is back, it can go on. */
const SURROUNDINGS: ReadonlySet<Failure['code']> = new Set([
  'STORAGE_UNREACHABLE',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
  'STORAGE_CORRUPT',
  'ENGINE_UNAVAILABLE',
]);

export type Runner = ReturnType<typeof openRunner>;

export function openRunner(parts: SearchParts, lifecycle: Lifecycle, leases: Leases) {
  const { archive, engine, datasets, now } = parts;
  const { announce, store, transition, ending } = lifecycle;
  const runs = new Map<SearchId, Run>();

  async function execute(
    start: Stored<SearchRecord>,
    given: Prepared | null,
    signal: AbortSignal,
  ): Promise<void> {
    // As it was added. `start` leaves its event to the run, and a crash may have come between.
    if (start.version === 1) await announce(start);
    const { settings, protocol } = start.body;
    const prepared = given ?? (await unlessAborted(prepare(datasets, engine, settings), signal));
    if (protocol !== null) requireSameProtocol(protocol, prepared.protocol);
    engine.requireFit(prepared.protocol, settings.blocks);
    const begun =
      protocol === null ? await store(start, { protocol: prepared.protocol, status: 'running' }) : start;
    if (begun === null) throw new SupersededError(start.id);
    const finished = await runSearch(parts, openScorer(archive, engine, prepared, now), begun, signal);
    if ((await store(finished, ending('completed'))) === null) throw new SupersededError(start.id);
  }

  /** Ends a search that failed; one that its surroundings failed is paused, to go on when they are mended. */
  async function fail(id: SearchId, error: unknown): Promise<void> {
    // Its end is stored and only the telling of it failed, for which the next reader makes up.
    if (isFinal((await archive.getSearch(id)).body.status)) return;
    const failure: Failure =
      error instanceof MedNasError
        ? { code: error.code, message: error.message }
        : { code: 'INTERNAL', message: 'The search stopped for an unforeseen reason; the log has it.' };
    await transition(id, 'failed', UNDER_WAY, () =>
      SURROUNDINGS.has(failure.code) ? { status: 'paused', failure } : ending('failed', failure),
    );
  }

  async function halt(id: SearchId): Promise<void> {
    const run = runs.get(id);
    run?.controller.abort();
    await run?.stopped;
  }

  return {
    has: (id: SearchId): boolean => runs.has(id),

    /** Runs a search whose lease is ours; released when the run has stopped. */
    launch(start: Stored<SearchRecord>, prepared: Prepared | null): void {
      const { id } = start.body;
      const controller = new AbortController();
      const release = leases.keep(id, () => controller.abort(new SupersededError(id)));
      const stopped = execute(start, prepared, controller.signal)
        .catch(async (error: unknown) => {
          if (controller.signal.aborted || error instanceof SupersededError) return;
          parts.onError(error, id);
          await fail(id, error);
        })
        // The archive itself fails: the record stays as it was, and the search can be resumed.
        .catch((error: unknown) => parts.onError(error, id))
        .then(release)
        .finally(() => runs.delete(id));
      runs.set(id, { controller, stopped });
    },

    /** Resolves when no run of the search is under way in this process any more. */
    async settled(id: SearchId): Promise<void> {
      await runs.get(id)?.stopped;
    },

    /** Stops a search's run where it is. */
    halt,

    async close(): Promise<void> {
      await Promise.all([...runs.keys()].map(halt));
    },
  };
}

/** Rejects as soon as the signal aborts: the work, which others may share, goes on without its caller. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    work.then(resolve, reject);
  });
}
