// The life of searches: started, paused, resumed, cancelled, deleted; each runs in the background
// and the archive always knows how far it has come.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DatasetInfo } from '../data/dataset.ts';
import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import { parseSettings, type SearchSettings, spaceOf } from '../search/settings.ts';
import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import type { Failure, SearchId, SearchRecord, SearchStatus } from '../storage/records.ts';
import { isFinal, type Journal } from './journal.ts';
import { openLifecycle, requireStatus, UNDER_WAY } from './lifecycle.ts';
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

/** What a client may say of a search; checked by `parseSettings`. */
export type GivenSettings = { readonly [K in keyof SearchSettings]?: unknown };

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

export type Searches = ReturnType<typeof openSearches>;

export function openSearches(parts: SearchParts) {
  const { archive, journal, engine, datasets, now } = parts;
  const { announce, store, transition, ending } = openLifecycle(archive, journal, now);
  const runs = new Map<SearchId, Run>();
  const turns = new Map<SearchId, Promise<unknown>>();

  /** What is done to one search is done one thing after another. */
  function inTurn<T>(id: SearchId, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(id) ?? Promise.resolve()).then(work);
    const over = turn
      .catch(() => undefined)
      .finally(() => {
        if (turns.get(id) === over) turns.delete(id);
      });
    turns.set(id, over);
    return turn;
  }

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

  function launch(start: Stored<SearchRecord>, prepared: Prepared | null): void {
    const controller = new AbortController();
    const stopped = execute(start, prepared, controller.signal)
      .catch(async (error: unknown) => {
        if (controller.signal.aborted || error instanceof SupersededError) return;
        parts.onError(error, start.body.id);
        await fail(start.body.id, error);
      })
      // The archive itself fails: the record stays as it was, and the search can be resumed.
      .catch((error: unknown) => parts.onError(error, start.body.id))
      .finally(() => runs.delete(start.body.id));
    runs.set(start.body.id, { controller, stopped });
  }

  async function halt(id: SearchId): Promise<void> {
    const run = runs.get(id);
    run?.controller.abort();
    await run?.stopped;
  }

  /** Halts a search's run, so that nothing is told of it after its change. */
  const stop = (
    id: SearchId,
    verb: string,
    from: readonly SearchStatus[],
    change: () => Partial<SearchRecord>,
  ): Promise<SearchRecord> =>
    inTurn(id, async () => {
      requireStatus((await archive.getSearch(id)).body, verb, from);
      await halt(id);
      return (await transition(id, verb, from, change)).body;
    });

  /** Settings with their blocks, and the batch unless the dataset has to be downloaded first. */
  async function resolve(given: GivenSettings): Promise<readonly [ResolvedSettings, Prepared | null]> {
    const settings = parseSettings(given);
    const listed = (await datasets.list()).find(({ set }) => set.name === settings.dataset);
    const remote = listed?.location.at === 'web' ? listed.set : null;
    const prepared = remote === null ? await prepare(datasets, engine, settings) : null;
    const height = prepared?.protocol.input[0] ?? (remote as DatasetInfo).shape[0];
    const blocks = settings.blocks ?? spaceOf(settings).defaultBlocks(height);
    // Here too, so that the client is told at once, and nothing is stored.
    if (prepared !== null) engine.requireFit(prepared.protocol, blocks);
    return [
      {
        ...settings,
        // A path becomes absolute: the search may go on in another process, from another folder.
        dataset: prepared?.protocol.dataset ?? settings.dataset,
        blocks,
      },
      prepared,
    ];
  }

  /** The search an idempotency key has started, when its settings are these. */
  async function startedBy(key: string, settings: ResolvedSettings): Promise<SearchRecord | null> {
    const earlier = await archive.searchByKey(key);
    if (earlier === null || isDeepStrictEqual(earlier.settings, settings)) return earlier;
    throw new MedNasError(
      'CONFLICT',
      `The idempotency key '${key}' has started search '${earlier.id}' with other settings; use a new key for a new search.`,
      { field: 'idempotencyKey' },
    );
  }

  return {
    /**
     * Starts a search; the same idempotency key with the same settings gives the one it started.
     * @throws MedNasError INVALID_ARGUMENT, CONFLICT, or of the dataset; nothing has been stored then.
     */
    async start(given: GivenSettings, idempotencyKey: string | null = null): Promise<SearchRecord> {
      const [settings, prepared] = await resolve(given);
      const earlier = idempotencyKey === null ? null : await startedBy(idempotencyKey, settings);
      if (earlier !== null) return earlier;
      const id = randomUUID() as SearchId;
      const record: SearchRecord = {
        id,
        settings,
        protocol: prepared?.protocol ?? null,
        status: prepared === null ? 'preparing' : 'running',
        failure: null,
        idempotencyKey,
        createdAt: now().toISOString(),
        finishedAt: null,
        generation: -1,
        evaluations: 0,
        hypervolume: null,
        best: null,
        frame: null,
      };
      if (!(await archive.addSearch(record))) {
        const winner = await startedBy(idempotencyKey ?? '', settings);
        if (winner === null) throw new Error(`search ${id} could not be added`);
        return winner;
      }
      launch({ id, version: 1, body: record }, prepared);
      return record;
    },

    /** Stops after the evaluations in flight; what is scored stays scored. */
    pause: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'paused', UNDER_WAY, () => ({ status: 'paused' })),

    /** Goes on with a paused search, or with one whose process is gone. */
    resume: (id: SearchId): Promise<SearchRecord> =>
      inTurn(id, async () => {
        const stopped: readonly SearchStatus[] = runs.has(id) ? ['paused'] : ['paused', ...UNDER_WAY];
        const resumed = await transition(id, 'resumed', stopped, ({ protocol }) => ({
          status: protocol === null ? 'preparing' : 'running',
          failure: null,
        }));
        launch(resumed, null);
        return resumed.body;
      }),

    cancel: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'cancelled', [...UNDER_WAY, 'paused'], () => ending('cancelled')),

    /** Forgets a search that is not under way; the scores it computed stay in the archive. */
    remove: (id: SearchId): Promise<void> =>
      inTurn(id, async () => {
        const { status } = (await archive.getSearch(id)).body;
        if (UNDER_WAY.includes(status)) {
          throw new MedNasError(
            'INVALID_STATE',
            `Search '${id}' is ${status}: cancel it before deleting it.`,
            { field: 'id' },
          );
        }
        // A run that has just stored its end may still have to tell of it.
        await halt(id);
        await archive.removeSearch(id);
        journal.forget(id);
      }),

    /** Resolves when no run of the search is under way in this process any more. */
    async settled(id: SearchId): Promise<void> {
      await runs.get(id)?.stopped;
    },

    /** Takes up the searches that were under way when the process ended; tells how many. */
    async recover(): Promise<number> {
      const { items } = await archive.listSearches(UNDER_WAY, 1000);
      const recovered = items.map(({ item: { id } }) =>
        inTurn(id, async () => {
          const found = await archive.findSearch(id);
          if (found === null || !UNDER_WAY.includes(found.body.status) || runs.has(id)) return 0;
          launch(found, null);
          return 1;
        }),
      );
      return (await Promise.all(recovered)).reduce<number>((sum, one) => sum + one, 0);
    },

    /** Stops all runs where they are; `recover` takes them up again. */
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
