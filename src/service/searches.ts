// The life of searches: started, paused, resumed, cancelled, deleted; each runs in the background
// and the archive always knows how far it has come.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { DatasetInfo } from '../data/dataset.ts';
import type { Datasets } from '../data/datasets.ts';
import type { Engine } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import type { Protocol } from '../search/evaluation.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import { parseSettings, type SearchSettings, spaceOf } from '../search/settings.ts';
import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import type { Failure, SearchId, SearchRecord, SearchStatus } from '../storage/records.ts';
import { END, isFinal, type Journal } from './journal.ts';
import { prepare, type Prepared } from './protocol.ts';
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

export type Searches = ReturnType<typeof openSearches>;

export function openSearches(parts: SearchParts) {
  const { archive, journal, engine, datasets, now } = parts;
  const runs = new Map<SearchId, Run>();

  async function announce({ version, body }: Stored<SearchRecord>): Promise<void> {
    const { id, status, failure } = body;
    const key = isFinal(status) ? END : `status:${version}`;
    await journal.append(id, key, { type: 'status', status, failure });
  }

  /** Stores a changed record and tells of its new status; null when somebody else changed it first. */
  async function store(
    { id, version, body }: Stored<SearchRecord>,
    change: Partial<SearchRecord>,
  ): Promise<Stored<SearchRecord> | null> {
    const changed = { id, version: version + 1, body: { ...body, ...change } };
    if (!(await archive.replaceSearch(version, changed.body))) return null;
    await announce(changed);
    return changed;
  }

  const ending = (status: SearchStatus, failure: Failure | null = null): Partial<SearchRecord> => ({
    status,
    failure,
    finishedAt: now().toISOString(),
  });

  /** Moves a search that stands in one of the `from` statuses; says what it stands in otherwise. */
  async function transition(
    id: SearchId,
    verb: string,
    from: readonly SearchStatus[],
    change: Partial<SearchRecord>,
  ): Promise<Stored<SearchRecord>> {
    for (;;) {
      const current = await archive.getSearch(id);
      requireStatus(current.body, verb, from);
      const changed = await store(current, change);
      if (changed !== null) return changed;
    }
  }

  async function execute(
    start: Stored<SearchRecord>,
    given: Prepared | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { settings, protocol } = start.body;
    const prepared = given ?? (await prepare(datasets, engine, settings));
    if (protocol !== null) requireSameProtocol(protocol, prepared.protocol);
    const begun =
      protocol === null ? await store(start, { protocol: prepared.protocol, status: 'running' }) : start;
    if (begun === null) throw new SupersededError(start.id);
    const finished = await runSearch(parts, openScorer(archive, engine, prepared, now), begun, signal);
    if ((await store(finished, ending('completed'))) === null) throw new SupersededError(start.id);
  }

  async function fail(id: SearchId, error: unknown): Promise<void> {
    const failure: Failure =
      error instanceof MedNasError
        ? { code: error.code, message: error.message }
        : { code: 'INTERNAL', message: 'The search stopped for an unforeseen reason; the log has it.' };
    await transition(id, 'failed', ['preparing', 'running'], ending('failed', failure));
  }

  function launch(start: Stored<SearchRecord>, prepared: Prepared | null): void {
    const controller = new AbortController();
    const stopped = execute(start, prepared, controller.signal)
      .catch(async (error: unknown) => {
        if (controller.signal.aborted || error instanceof SupersededError) return;
        parts.onError(error, start.body.id);
        await fail(start.body.id, error);
      })
      // The archive itself fails: the record stays as it was and is taken up again by `recover`.
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
  async function stop(
    id: SearchId,
    verb: string,
    from: readonly SearchStatus[],
    change: () => Partial<SearchRecord>,
  ): Promise<SearchRecord> {
    requireStatus((await archive.getSearch(id)).body, verb, from);
    await halt(id);
    return (await transition(id, verb, from, change())).body;
  }

  /** Settings with their blocks, and the batch unless the dataset has to be downloaded first. */
  async function resolve(given: GivenSettings): Promise<readonly [ResolvedSettings, Prepared | null]> {
    const settings = parseSettings(given);
    const listed = (await datasets.list()).find(({ set }) => set.name === settings.dataset);
    const remote = listed?.location.at === 'web' ? listed.set : null;
    const prepared = remote === null ? await prepare(datasets, engine, settings) : null;
    const height = prepared?.protocol.input[0] ?? (remote as DatasetInfo).shape[0];
    return [{ ...settings, blocks: settings.blocks ?? spaceOf(settings).defaultBlocks(height) }, prepared];
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
      const stored = { id, version: 1, body: record };
      await announce(stored);
      launch(stored, prepared);
      return record;
    },

    /** Stops after the evaluations in flight; what is scored stays scored. */
    pause: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'paused', ['preparing', 'running'], () => ({ status: 'paused' })),

    /** Goes on with a paused search, or with one whose process is gone. */
    async resume(id: SearchId): Promise<SearchRecord> {
      const stopped: readonly SearchStatus[] = runs.has(id) ? ['paused'] : ['paused', 'running', 'preparing'];
      const resumed = await transition(id, 'resumed', stopped, { status: 'running' });
      launch(resumed, null);
      return resumed.body;
    },

    cancel: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'cancelled', ['preparing', 'running', 'paused'], () => ending('cancelled')),

    /** Forgets a search that has ended; the scores it computed stay in the archive. */
    async remove(id: SearchId): Promise<void> {
      const { status } = (await archive.getSearch(id)).body;
      if (status === 'running' || status === 'preparing') {
        throw new MedNasError('INVALID_STATE', `Search '${id}' is ${status}: cancel it before deleting it.`, {
          field: 'id',
        });
      }
      await archive.removeSearch(id);
      journal.wake(id);
    },

    /** Resolves when no run of the search is under way in this process any more. */
    async settled(id: SearchId): Promise<void> {
      await runs.get(id)?.stopped;
    },

    /** Takes up the searches that were under way when the process ended; tells how many. */
    async recover(): Promise<number> {
      const { items } = await archive.listSearches(['preparing', 'running'], 1000);
      for (const { item } of items) {
        if (!runs.has(item.id)) launch(await archive.getSearch(item.id), null);
      }
      return items.length;
    },

    /** Stops all runs where they are; `recover` takes them up again. */
    async close(): Promise<void> {
      await Promise.all([...runs.keys()].map(halt));
    },
  };
}

function requireStatus({ id, status }: SearchRecord, verb: string, allowed: readonly SearchStatus[]): void {
  if (allowed.includes(status)) return;
  throw new MedNasError(
    'INVALID_STATE',
    `Only a search that is ${allowed.join(' or ')} can be ${verb}; '${id}' is ${status}.`,
    { field: 'id' },
  );
}

/** @throws MedNasError INVALID_STATE when scores computed now would not be comparable with those before. */
function requireSameProtocol(before: Protocol, after: Protocol): void {
  const changed = (Object.keys(before) as (keyof Protocol)[]).filter(
    (key) => !isDeepStrictEqual(before[key], after[key]),
  );
  if (changed.length === 0) return;
  const differences = changed.map((key) => `${key} was ${String(before[key])}, now ${String(after[key])}`);
  throw new MedNasError(
    'INVALID_STATE',
    `The search cannot go on: its scores would not be comparable (${differences.join('; ')}). Start a new search.`,
  );
}
