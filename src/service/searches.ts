// The life of searches: started, paused, resumed, cancelled, deleted; each runs in the background
// and the archive always knows how far it has come.

import { randomUUID } from 'node:crypto';
import { resolve as toAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DatasetInfo } from '../data/dataset.ts';
import { isDatasetPath } from '../data/datasets.ts';
import { MedNasError } from '../search/errors.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import { parseSettings, type SearchSettings, spaceOf } from '../search/settings.ts';
import {
  type LeaseRecord,
  SEARCH_STATUSES,
  type SearchId,
  type SearchRecord,
  type SearchStatus,
} from '../storage/records.ts';
import { LEASE_MS, openLeases } from './leases.ts';
import { atWork, openLifecycle, requireStatus, UNDER_WAY } from './lifecycle.ts';
import { prepare, type Prepared } from './protocol.ts';
import { openQueue } from './queue.ts';
import { NO_QUOTA, requireQuota } from './quota.ts';
import { openRunner, type SearchParts } from './runner.ts';
import { openTurns } from './turns.ts';

/** What a client may say of a search; checked by `parseSettings`. */
export type GivenSettings = { readonly [K in keyof SearchSettings]?: unknown };

/** How long after an archive failed it is looked at again for searches to recover, in ms. */
const RETRY_MS = 15_000;

const ownerOf = ({ owner }: LeaseRecord): string | null =>
  owner === null ? null : `process ${owner.pid} on ${owner.host}`;

const isRunBy = ({ status }: SearchRecord, lease: LeaseRecord): MedNasError =>
  new MedNasError(
    'INVALID_STATE',
    `This search is ${status}: ${ownerOf(lease)} is at it. Follow it, or pause it before resuming it here.`,
    { field: 'id' },
  );

/** How many searches this process has. */
export interface SearchesLoad {
  readonly running: number;
  readonly queued: number;
}

export type Searches = ReturnType<typeof openSearches>;

export function openSearches(parts: SearchParts) {
  const { archive, journal, engine, datasets, now, quota = NO_QUOTA } = parts;
  const lifecycle = openLifecycle(archive, journal, now);
  const { transition, ending } = lifecycle;
  const leases = openLeases(archive, now);
  const inTurn = openTurns<SearchId>();
  const queue = openQueue(parts.maxSearches ?? Infinity);
  const runner = openRunner(parts, lifecycle, leases, inTurn);
  let isClosed = false;
  let watch: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();

  /** Halts a search's run, so that nothing is told of it after its change. */
  const stop = (
    id: SearchId,
    verb: string,
    from: readonly SearchStatus[],
    change: () => Partial<SearchRecord>,
  ): Promise<SearchRecord> =>
    inTurn(id, async () => {
      requireStatus((await archive.getSearch(id)).body, verb, from);
      await runner.halt(id);
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
  async function startedBy(key: string | null, given: GivenSettings): Promise<SearchRecord | null> {
    const earlier = key === null ? null : await archive.searchByKey(key);
    if (earlier === null || isDeepStrictEqual(earlier.settings, await resolveLike(given, earlier)))
      return earlier;
    throw new MedNasError(
      'CONFLICT',
      `The idempotency key '${key}' has started another search, with other settings; use a new key for a new search.`,
      { field: 'idempotencyKey' },
    );
  }

  /** Takes up a search that nobody runs: the record it then has, or the lease of whoever runs it. */
  const takeUp = (id: SearchId): Promise<SearchRecord | LeaseRecord | null> =>
    inTurn(id, async () => {
      if (runner.has(id) || runner.hasFailed(id)) return null;
      const fence = await leases.take(id);
      if (typeof fence !== 'number') return fence;
      const found = await archive.findSearch(id);
      if (found !== null && UNDER_WAY.includes(found.body.status) && !isClosed) {
        runner.launch(found, queue.join(id, found.body.client ?? null), null, fence);
        return found.body;
      }
      await leases.release(id);
      return null;
    });

  async function recover(): Promise<number> {
    const { items } = await archive.listSearches(UNDER_WAY, 1000, undefined, 'asc');
    // Those whose turn had come, then those that waited for it, in the order in which they did.
    const inOrder = items
      .map(({ item }) => item)
      .toSorted((a, b) => Number(a.status === 'queued') - Number(b.status === 'queued'));
    const outcomes: Awaited<ReturnType<typeof takeUp>>[] = [];
    for (const { id } of inOrder) outcomes.push(await takeUp(id));
    const expiries = outcomes.flatMap((one) =>
      one && 'expiresAt' in one ? [Date.parse(one.expiresAt)] : [],
    );
    // Also what lapses that has not been begun yet: whoever runs it may die at any time.
    recoverIn(Math.min(LEASE_MS, ...expiries.map((expiry) => expiry - now().getTime())));
    return outcomes.filter((one) => one !== null).length - expiries.length;
  }

  /** A little later, for a timer may come early. */
  function recoverIn(ms: number): void {
    if (isClosed) return;
    clearTimeout(watch);
    watch = setTimeout(
      () => {
        // An archive that fails fails whoever works, who says so.
        looking = recover().then(
          () => undefined,
          () => recoverIn(RETRY_MS),
        );
      },
      Math.max(ms, 0) + 20,
    );
  }

  return {
    /**
     * Starts a search; the same idempotency key with the same settings gives the one it started. `client`:
     * whose it is, for whoever waits takes turns with other clients.
     * @throws MedNasError INVALID_ARGUMENT, CONFLICT, or of the dataset; nothing has been stored then.
     */
    async start(
      given: GivenSettings,
      idempotencyKey: string | null = null,
      client: string | null = null,
    ): Promise<SearchRecord> {
      const earlier = await startedBy(idempotencyKey, given);
      if (earlier !== null) return earlier;
      const [settings, prepared] = await resolve(given);
      requireQuota(quota, settings);
      const id = randomUUID() as SearchId;
      const place = queue.join(id, client);
      const protocol = prepared?.protocol ?? null;
      const record: SearchRecord = {
        id,
        settings,
        protocol,
        status: place.isIn() ? atWork({ protocol }) : 'queued',
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
      };
      const fence = await leases.take(id);
      if (typeof fence !== 'number') throw new Error(`search ${id} is new, and has an owner`);
      const giveUp = (): Promise<void> => {
        place.leave();
        return leases.forget(id);
      };
      const isAdded = await archive.addSearch(record).catch(async (error: unknown) => {
        await giveUp();
        throw error;
      });
      if (!isAdded) {
        await giveUp();
        const winner = await startedBy(idempotencyKey, given);
        if (winner === null) throw new Error(`search ${id} could not be added`);
        return winner;
      }
      // Its batch is drawn again when its turn comes: many that wait would hold many.
      const held = record.status === 'queued' ? null : prepared;
      runner.launch({ id, version: 1, body: record }, place, held, fence);
      return record;
    },

    /** Stops after the evaluations in flight; what is scored stays scored. */
    pause: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'paused', UNDER_WAY, () => ({ status: 'paused' })),

    /**
     * Goes on with a paused search, or with one whose process is gone.
     * @throws MedNasError NOT_FOUND; INVALID_STATE, also when another process is at it.
     */
    resume: (id: SearchId): Promise<SearchRecord> =>
      inTurn(id, async () => {
        const { body } = await archive.getSearch(id);
        const isPaused = body.status === 'paused';
        requireStatus(body, 'resumed', isPaused || runner.has(id) ? ['paused'] : ['paused', ...UNDER_WAY]);
        // One that has just stored its pause may still have to tell of it.
        await runner.halt(id);
        // A run elsewhere that has been paused stops at its next score, or when it misses its lease.
        const fence = await leases.take(id, isPaused);
        if (typeof fence !== 'number') throw isRunBy(body, fence);
        const place = queue.join(id, body.client ?? null);
        try {
          const resumed = await transition(id, 'resumed', [body.status], (record) => ({
            status: place.isIn() ? atWork(record) : 'queued',
            failure: null,
          }));
          runner.launch(resumed, place, null, fence);
          return resumed.body;
        } catch (error) {
          place.leave();
          await leases.release(id);
          runner.couldNot(id, error);
          throw error;
        }
      }),

    cancel: (id: SearchId): Promise<SearchRecord> =>
      stop(id, 'cancelled', [...UNDER_WAY, 'paused'], () => ending('cancelled')),

    /** Forgets a search that is not under way; the scores it computed stay in the archive. */
    remove: (id: SearchId): Promise<void> =>
      inTurn(id, async () => {
        const { status } = (await archive.getSearch(id)).body;
        if (UNDER_WAY.includes(status)) {
          throw new MedNasError('INVALID_STATE', `This search is ${status}: cancel it before deleting it.`, {
            field: 'id',
          });
        }
        // A run that has just stored its end may still have to tell of it.
        await runner.halt(id);
        await archive.removeSearch(id);
        journal.forget(id);
      }),

    load: (): SearchesLoad => ({ running: queue.running(), queued: queue.queued() }),

    /** 1: the next to run; null: it does not wait in this process. */
    queuePosition: (id: SearchId): number | null => queue.positionOf(id),

    countByStatus: (): Promise<readonly (readonly [SearchStatus, number])[]> =>
      Promise.all(SEARCH_STATUSES.map(async (status) => [status, await archive.countSearches([status])])),

    settled: (id: SearchId): Promise<void> => runner.settled(id),

    /** A record as it is or, when its run has failed and the archive would not take that, as it is going to be. */
    shown: (record: SearchRecord): SearchRecord => runner.shown(record),

    /** In words, the other process that runs a search; null: none is known to. */
    async runBy(id: SearchId): Promise<string | null> {
      const lease = await archive.findLease(id);
      return lease === null ? null : ownerOf(lease.body);
    },

    /**
     * Takes up the searches that were under way when their process ended; tells how many. From then on it
     * looks again at least once in the life of a lease, and when one expires that another process holds.
     */
    recover,

    /** Stops all runs where they are; `recover` takes them up again. */
    async close(): Promise<void> {
      isClosed = true;
      clearTimeout(watch);
      await looking;
      await runner.close();
    },
  };
}
