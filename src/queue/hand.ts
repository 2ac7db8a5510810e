// A worker's end of a queue: takes jobs, does so many at a time, keeps their locks alive, and stops what is called
// off. All that is known of BullMQ on this side is here.

import { setTimeout as delay } from 'node:timers/promises';
import { type Job as Stored, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { MedNasError } from '../search/errors.ts';
import type { Job } from './jobs.ts';
import { endSoon, PREFIX, whileThere } from './redis.ts';

export interface HandParts<J extends Job, A> {
  readonly redis: Redis;
  /** The queue's name. */
  readonly queue: string;
  /** The worker's. */
  readonly name: string;
  readonly concurrency: number;
  /** Answers early when the signal aborts. `tell`: of a part of the answer, on the way. */
  readonly work: (job: J, signal: AbortSignal, tell: (part: A) => void) => Promise<A>;
  readonly onError: (error: unknown) => void;
}

export interface Hand {
  /** Stops these jobs, of which it may have none. */
  readonly cancel: (ids: readonly string[]) => void;
  /** Gives its jobs back. */
  readonly close: () => Promise<void>;
}

/**
 * A worker that dies is noticed when the lock of its job runs out: locks are short, since a job done twice
 * costs no more than its time. In the fourth death over one job the job is what kills.
 */
const LOCKS = { lockDuration: 10_000, stalledInterval: 3000, maxStalledCount: 3 };

/**
 * Milliseconds that a worker which cannot do a job keeps it from others, twice as many for each in a row: failing fast,
 * it would get all the jobs, and all the tries of each.
 */
const FIRST_PENANCE_MS = 250;
const LONGEST_PENANCE_MS = 8000;

/** What whoever started the run may know of it: of the unforeseen only that it happened. */
const publicReasonOf = (error: unknown): string =>
  error instanceof MedNasError && error.code !== 'ENGINE_UNAVAILABLE'
    ? error.message
    : 'something went wrong that its log tells of';

/** What BullMQ says when a job was lost with Redis, or taken by another after a pause: it is done again, or was. */
const LOST = /^(?:Missing key|Missing lock|Lock mismatch) for job|could not renew lock for job/u;

export function openHand<J extends Job, A>(parts: HandParts<J, A>): Hand {
  const { redis, queue, name, concurrency, work, onError } = parts;
  const closing = new AbortController();
  const cancelled = new Set<string>();
  let penance = FIRST_PENANCE_MS;

  async function perform(
    job: Stored<J, A>,
    _: string | undefined,
    cancel: AbortSignal | undefined,
  ): Promise<A> {
    const stop = AbortSignal.any([closing.signal, ...(cancel === undefined ? [] : [cancel])]);
    try {
      const tell = (part: A): void => void job.updateProgress(part as object).catch(() => undefined);
      const answer = await work(job.data, stop, tell);
      penance = FIRST_PENANCE_MS;
      return answer;
    } catch (error) {
      onError(error);
      const time = penance;
      penance = Math.min(2 * penance, LONGEST_PENANCE_MS);
      await delay(time, undefined, { signal: stop }).catch(() => undefined);
      const reason = `${publicReasonOf(error)} (worker ${name})`;
      // What was called off meanwhile is nothing for another try.
      throw cancel?.aborted ? new UnrecoverableError(reason) : new Error(reason, { cause: error });
    }
  }

  const worker = new Worker<J, A>(queue, perform, {
    connection: redis,
    prefix: PREFIX,
    name,
    concurrency,
    ...LOCKS,
  });
  const tellError = whileThere(redis, onError);
  worker.on('error', (error) => LOST.test(error.message) || tellError(error));
  worker.on('failed', (job) => job && cancelled.delete(job.id as string));
  // Nobody waits for what it has come to.
  worker.on(
    'completed',
    (job) => cancelled.delete(job.id as string) && void job.remove().catch(() => undefined),
  );
  return {
    cancel(ids) {
      for (const id of ids) if (worker.cancelJob(id)) cancelled.add(id);
    },
    async close() {
      closing.abort();
      await endSoon(worker.close(), () => void worker.disconnect().catch(() => undefined));
    },
  };
}
