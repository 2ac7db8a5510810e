// Searches: what a client may ask for, and what is done for one. How they live is as with all runs (runs.ts).

import { randomUUID } from 'node:crypto';
import { resolve as toAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { unlessAborted } from '../abort.ts';
import type { DatasetInfo } from '../data/dataset.ts';
import { isDatasetPath } from '../data/datasets.ts';
import { MedNasError } from '../search/errors.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import { parseSettings, type SearchSettings, spaceOf } from '../search/settings.ts';
import { SupersededError } from '../storage/documents.ts';
import type { RunId, SearchId, SearchRecord } from '../storage/records.ts';
import { searchesIn } from './kinds.ts';
import { atWork } from './lifecycle.ts';
import { type PreparationParts, prepare, type Prepared, requireSameProtocol } from './protocol.ts';
import type { RunQueue } from './queue.ts';
import { NO_QUOTA, type Quota, requireQuota, watchTime } from './quota.ts';
import { type RunParts, runSearch } from './run.ts';
import { openRuns } from './runs.ts';
import { openScorer } from './scoring.ts';
import { parseTrainBest, trainBestOf } from './trainBest.ts';
import type { Trainings } from './trainings.ts';

/** What a client may say of a search; checked by `parseSettings`. */
export type GivenSettings = { readonly [K in keyof SearchSettings]?: unknown };

/** With what is to be done when it has come to its end. */
export interface GivenSearch extends GivenSettings {
  readonly trainBest?: unknown;
  readonly trainEpochs?: unknown;
}

export interface SearchParts extends RunParts, PreparationParts {
  readonly trainings: Pick<Trainings, 'start' | 'requireFit'>;
  readonly queue: RunQueue;
  /** How much one search may take; as much as it likes unless given. */
  readonly quota?: Quota;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, run: RunId) => void;
}

export type Searches = ReturnType<typeof openSearches>;

export function openSearches(parts: SearchParts) {
  const { archive, engine, datasets, trainings, now, quota = NO_QUOTA } = parts;

  const runs = openRuns<SearchRecord, Prepared>({
    ...parts,
    kind: searchesIn(archive),
    work: ({ store }) =>
      async function search(start, given, fence, signal) {
        const { settings, protocol } = start.body;
        const prepared = given ?? (await unlessAborted(prepare(parts, settings, protocol), signal));
        if (protocol !== null) requireSameProtocol('search', protocol, prepared.protocol);
        engine.requireFit(prepared.protocol, settings.blocks);
        const begun =
          protocol === null
            ? await store(start, { protocol: prepared.protocol, status: 'running' }, fence)
            : start;
        if (begun === null) throw new SupersededError(start.id);
        const spent = new AbortController();
        const callOff = watchTime(quota, begun.body.seconds ?? 0, (error) => spent.abort(error));
        const scorer = openScorer(parts, prepared);
        const until = AbortSignal.any([signal, spent.signal]);
        const finished = await runSearch(parts, scorer, begun, fence, until).finally(callOff);
        await trainBestOf(archive, trainings, finished.body);
        return finished;
      },
  });

  /** Settings with their blocks, and the batch unless the dataset has to be downloaded first. */
  async function resolve(given: GivenSettings): Promise<readonly [ResolvedSettings, Prepared | null]> {
    const settings = parseSettings(given);
    const listed = (await datasets.list()).find(({ set }) => set.name === settings.dataset);
    const remote = listed?.location.at === 'web' ? listed.set : null;
    const prepared = remote === null ? await prepare(parts, settings) : null;
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

  /** Settings as `resolve` would make them, where a search has been started with ones that may be the same. */
  async function resolveLike(given: GivenSettings, earlier: SearchRecord): Promise<ResolvedSettings> {
    // Its dataset may be gone since, and has not been opened yet where there is no protocol.
    if (earlier.protocol === null) return (await resolve(given))[0];
    const settings = parseSettings(given);
    const { input } = earlier.protocol;
    return {
      ...settings,
      dataset: isDatasetPath(settings.dataset) ? toAbsolute(settings.dataset) : settings.dataset,
      blocks: settings.blocks ?? spaceOf(settings).defaultBlocks(input[0]),
    };
  }

  /** The search an idempotency key has started, when these settings are its own. */
  async function startedBy(key: string | null, given: GivenSearch): Promise<SearchRecord | null> {
    const earlier = key === null ? null : await archive.searchByKey(key);
    if (earlier === null) return null;
    const settings = await resolveLike(given, earlier);
    const trainBest = parseTrainBest(given, settings.seed);
    if (
      isDeepStrictEqual(earlier.settings, settings) &&
      isDeepStrictEqual(
        earlier.trainBest ?? null,
        trainBest && { ...trainBest, recipe: { ...trainBest.recipe } },
      )
    )
      return earlier;
    throw new MedNasError(
      'CONFLICT',
      `The idempotency key '${key}' has started another search, with other settings; use a new key for a new search.`,
      { field: 'idempotencyKey' },
    );
  }

  return {
    ...runs,

    /**
     * Starts a search; the same idempotency key with the same settings gives the one it started. `client`:
     * whose it is, for whoever waits takes turns with other clients.
     * @throws MedNasError INVALID_ARGUMENT, CONFLICT, or of the dataset; nothing has been stored then.
     */
    async start(
      given: GivenSearch,
      idempotencyKey: string | null = null,
      client: string | null = null,
    ): Promise<SearchRecord> {
      const earlier = await startedBy(idempotencyKey, given);
      if (earlier !== null) return earlier;
      const [settings, prepared] = await resolve(given);
      requireQuota(quota, settings);
      const trainBest = parseTrainBest(given, settings.seed);
      if (trainBest !== null) await trainings.requireFit(settings.dataset);
      const id = randomUUID() as SearchId;
      const protocol = prepared?.protocol ?? null;
      const describe = (isIn: boolean): SearchRecord => ({
        id,
        settings,
        protocol,
        status: isIn ? atWork({ protocol }) : 'queued',
        failure: null,
        idempotencyKey,
        client,
        createdAt: now().toISOString(),
        finishedAt: null,
        generation: -1,
        evaluations: 0,
        hypervolume: null,
        best: null,
        frame: null,
        ...(trainBest !== null && { trainBest }),
      });
      const record = await runs.begin({ id, client }, describe, prepared);
      if (record !== null) return record;
      const winner = await startedBy(idempotencyKey, given);
      if (winner === null) throw new Error(`search ${id} could not be added`);
      return winner;
    },
  };
}
