// The life of runs of one kind: taken up, paused, resumed, cancelled, deleted; each goes on in the background
// and the archive always knows how far it has come.

import { MedNasError } from '../search/errors.ts';
import type { Stored } from '../storage/documents.ts';
import { type LeaseRecord, type RunId, SEARCH_STATUSES, type SearchStatus } from '../storage/records.ts';
import type { Archive } from '../storage/archive.ts';
import type { Journal } from './journal.ts';
import type { RunRecord } from './kinds.ts';
import { LEASE_MS, openLeases } from './leases.ts';
import { atWork, openLifecycle, UNDER_WAY } from './lifecycle.ts';
import type { Place, RunQueue } from './queue.ts';
import { openRunner, type RunnerParts } from './runner.ts';
import { openTurns } from './turns.ts';

/** How long after an archive failed it is looked at again for runs to recover, in ms. */
const RETRY_MS = 15_000;

/** Runs that are looked at when they are recovered: more wait for the next look. */
const MOST = 1000;

const ownerOf = ({ owner }: LeaseRecord): string | null =>
  owner === null ? null : `process ${owner.pid} on ${owner.host}`;

/** How many of a kind this process has. */
export interface Load {
  readonly running: number;
  readonly queued: number;
}

export interface RunsParts<R extends RunRecord, H> extends Pick<
  RunnerParts<R, H>,
  'kind' | 'quota' | 'onError'
> {
  readonly archive: Archive;
  readonly journal: Journal;
  readonly queue: RunQueue;
  readonly now: () => Date;
  /** What is done for one, given how its record is stored and told of. */
  readonly work: (lifecycle: ReturnType<typeof openLifecycle<R>>) => RunnerParts<R, H>['work'];
  /** Takes away what is kept of one that is forgotten beside the archive. */
  readonly discard?: (id: RunId) => Promise<void>;
}

export function openRuns<R extends RunRecord, H>(parts: RunsParts<R, H>) {
  const { kind, archive, journal, queue, now, discard } = parts;
  const lifecycle = openLifecycle(kind, journal, now);
  const { transition, ending, requireStatus } = lifecycle;
  const leases = openLeases(archive, now);
  const inTurn = openTurns<RunId>();
  const runner = openRunner({ ...parts, lifecycle, leases, inTurn, work: parts.work(lifecycle) });
  let isClosed = false;
  let watch: NodeJS.Timeout | undefined;
  let looking = Promise.resolve();

  const join = ({ id, client }: Pick<R, 'id' | 'client'>): Place => queue.join(id, client ?? null, kind.name);

  const isRunBy = ({ status }: R, lease: LeaseRecord): MedNasError =>
    new MedNasError(
      'INVALID_STATE',
      `This ${kind.name} is ${status}: ${ownerOf(lease)} is at it. Follow it, or pause it before resuming it here.`,
      { field: 'id' },
    );

  /** Halts a run, so that nothing is told of it after its change. */
  const stop = (
    id: RunId,
    verb: string,
    from: readonly SearchStatus[],
    change: () => Partial<RunRecord>,
  ): Promise<R> =>
    inTurn(id, async () => {
      requireStatus((await kind.get(id)).body, verb, from);
      await runner.halt(id);
      return (await transition(id, verb, from, change)).body;
    });

  /** Takes up one that nobody runs: the record it then has, or the lease of whoever runs it. */
  const takeUp = (id: RunId): Promise<R | LeaseRecord | null> =>
    inTurn(id, async () => {
      if (runner.has(id) || runner.hasFailed(id)) return null;
      const fence = await leases.take(id);
      if (typeof fence !== 'number') return fence;
      const found = await kind.find(id);
      if (found !== null && UNDER_WAY.includes(found.body.status) && !isClosed) {
        runner.launch(found, join(found.body), null, fence);
        return found.body;
      }
      await leases.release(id);
      return null;
    });

  async function recover(): Promise<number> {
    const found = await kind.list(UNDER_WAY, MOST);
    // Those whose turn had come, then those that waited for it, in the order in which they did.
    const inOrder = found.toSorted((a, b) => Number(a.status === 'queued') - Number(b.status === 'queued'));
    const outcomes: (R | LeaseRecord | null)[] = [];
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
     * Adds a new run and launches it; null when its idempotency key is taken. `describe`: its record, given
     * whether it is in. `ready`: what it needs, if that has been made ready.
     */
    async begin(
      { id, client }: Pick<R, 'id' | 'client'>,
      describe: (isIn: boolean) => R,
      ready: H | null,
    ): Promise<R | null> {
      const place = queue.join(id, client ?? null, kind.name);
      const record = describe(place.isIn());
      const fence = await leases.take(id);
      if (typeof fence !== 'number') throw new Error(`${kind.name} ${id} is new, and has an owner`);
      const giveUp = (): Promise<void> => {
        place.leave();
        return leases.forget(id);
      };
      const isAdded = await kind.add(record).catch(async (error: unknown) => {
        await giveUp();
        throw error;
      });
      if (!isAdded) {
        await giveUp();
        return null;
      }
      // What it needs is made ready again when its turn comes: many that wait would hold much.
      const held = record.status === 'queued' ? null : ready;
      runner.launch({ id, version: 1, body: record } satisfies Stored<R>, place, held, fence);
      return record;
    },

    /** Stops one where it is, as soon as the work in flight is done. */
    pause: (id: R['id']): Promise<R> => stop(id, 'paused', UNDER_WAY, () => ({ status: 'paused' })),

    /**
     * Goes on with one that is paused, or whose process is gone.
     * @throws MedNasError NOT_FOUND; INVALID_STATE, also when another process is at it.
     */
    resume: (id: R['id']): Promise<R> =>
      inTurn(id, async () => {
        const { body } = await kind.get(id);
        const isPaused = body.status === 'paused';
        requireStatus(body, 'resumed', isPaused || runner.has(id) ? ['paused'] : ['paused', ...UNDER_WAY]);
        // One that has just stored its pause may still have to tell of it.
        await runner.halt(id);
        // A run elsewhere that has been paused stops when it next stores something, or misses its lease.
        const fence = await leases.take(id, isPaused);
        if (typeof fence !== 'number') throw isRunBy(body, fence);
        const place = join(body);
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

    cancel: (id: R['id']): Promise<R> =>
      stop(id, 'cancelled', [...UNDER_WAY, 'paused'], () => ending('cancelled')),

    /** Forgets one that is not under way, with all that belongs to it alone. */
    remove: (id: R['id']): Promise<void> =>
      inTurn(id, async () => {
        const { status } = (await kind.get(id)).body;
        if (UNDER_WAY.includes(status)) {
          throw new MedNasError(
            'INVALID_STATE',
            `This ${kind.name} is ${status}: cancel it before deleting it.`,
            { field: 'id' },
          );
        }
        // A run that has just stored its end may still have to tell of it.
        await runner.halt(id);
        await kind.remove(id);
        await discard?.(id);
        journal.forget(id);
      }),

    load: (): Load => ({ running: queue.running(kind.name), queued: queue.queued(kind.name) }),

    /** 1: the next to run; null: it does not wait in this process. */
    queuePosition: (id: R['id']): number | null => queue.positionOf(id),

    countByStatus: (): Promise<readonly (readonly [SearchStatus, number])[]> =>
      Promise.all(SEARCH_STATUSES.map(async (status) => [status, await kind.count([status])])),

    settled: (id: R['id']): Promise<void> => runner.settled(id),

    /** A record as it is or, when its run has failed and the archive would not take that, as it is going to be. */
    shown: (record: R): R => runner.shown(record),

    /** In words, the other process that is at it; null: none is known to. */
    async runBy(id: R['id']): Promise<string | null> {
      const lease = await archive.findLease(id);
      return lease === null ? null : ownerOf(lease.body);
    },

    /**
     * Takes up those that were under way when their process ended; tells how many. From then on it
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
