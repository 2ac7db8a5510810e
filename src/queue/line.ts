// A queue as a coordinator sees it: it puts jobs in, hears of them, and looks at those it has not heard of
// for a while, since events may be lost, and Redis with all that is in it. All that is known of BullMQ on
// this side is here.

import { Job as Stored, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { MedNasError } from '../search/errors.ts';
import type { Job, JobId, Scored } from './jobs.ts';
import { PREFIX } from './redis.ts';

export type News =
  /** On the way. */
  | { readonly type: 'scored'; readonly scored: Scored }
  /** All there will be: not of every genotype when its worker was told to stop. */
  | { readonly type: 'ended'; readonly scored: Scored }
  | { readonly type: 'failed'; readonly reason: string }
  /** Redis does not know it. */
  | { readonly type: 'gone' };

/** A queue. @throws MedNasError ENGINE_UNAVAILABLE when Redis refuses what it is asked. */
export interface Line {
  /** Puts a job in unless it is there; what there is to tell of it when an earlier one has ended. */
  readonly put: (id: JobId, job: Job) => Promise<News | null>;
  /** null: it waits, or is at work. */
  readonly look: (id: JobId) => Promise<News | null>;
  /** Tells of a job until what is returned is called. */
  readonly listen: (id: JobId, hear: (news: News) => void) => () => void;
  /** Forgets a job that has ended. */
  readonly forget: (id: JobId) => void;
  /** Takes out what waits, and tells workers to stop what they are at. */
  readonly withdraw: (ids: readonly JobId[]) => void;
  readonly counts: () => Promise<{ readonly waiting: number; readonly active: number }>;
  readonly close: () => Promise<void>;
}

/** Workers that are at a job of these ids, a JSON list, stop. */
export const CANCEL_CHANNEL = `${PREFIX}:cancel`;

/** What has ended is kept for a coordinator that takes over, and what has failed for a person. */
const HOUR = 3600;
const KEPT = { removeOnComplete: { age: HOUR, count: 1000 }, removeOnFail: { age: 24 * HOUR, count: 1000 } };

/**
 * An error of a worker's own, such as images that cannot be got: others try too. Workers that die count
 * separately (STALLED_OUT).
 */
const ATTEMPTS = { attempts: 4, backoff: { type: 'exponential', delay: 250 } };

/** Events kept in Redis, for readers that are slow. Each tells of a quarter of a second's scores at most. */
const EVENTS_KEPT = 5000;

type StoredJob = Stored<Job, Scored>;

const newsOf = (job: StoredJob | undefined): News | null => {
  if (job === undefined) return { type: 'gone' };
  if (job.finishedOn === undefined) return null;
  return job.failedReason
    ? { type: 'failed', reason: job.failedReason }
    : { type: 'ended', scored: job.returnvalue };
};

/** What Redis answers, which may be full, or read-only. */
const usable = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MedNasError('ENGINE_UNAVAILABLE', `The queue cannot be used: ${reason}.`, { cause });
  });

/** `onError`: told of what goes wrong in the background. */
export async function openLine(name: string, redis: Redis, onError: (error: unknown) => void): Promise<Line> {
  const options = { connection: redis, prefix: PREFIX };
  const queue = new Queue<Job, Scored>(name, { ...options, streams: { events: { maxLen: EVENTS_KEPT } } });
  const events = new QueueEvents(name, options);
  queue.on('error', onError);
  events.on('error', onError);
  const listeners = new Map<string, Set<(news: News) => void>>();
  const tell = (id: string, news: News): void => listeners.get(id)?.forEach((hear) => hear(news));
  events.on('progress', ({ jobId, data }) =>
    tell(jobId, { type: 'scored', scored: data as unknown as Scored }),
  );
  events.on('completed', ({ jobId, returnvalue }) =>
    tell(jobId, { type: 'ended', scored: returnvalue as Scored }),
  );
  events.on('failed', ({ jobId, failedReason }) => tell(jobId, { type: 'failed', reason: failedReason }));
  await events.waitUntilReady();

  const find = (id: JobId): Promise<StoredJob | undefined> => Stored.fromId<Job, Scored>(queue, id);

  async function put(id: JobId, job: Job): Promise<News | null> {
    const earlier = newsOf(await find(id));
    if (earlier?.type === 'ended') return earlier;
    // Tried again: by whoever asks, after the trouble may have been mended.
    if (earlier?.type === 'failed') await queue.remove(id);
    await queue.add(job.kind, job, { jobId: id, ...KEPT, ...ATTEMPTS });
    return null;
  }

  return {
    put: (id, job) => usable(put(id, job)),
    look: async (id) => newsOf(await usable(find(id))),
    listen(id, hear) {
      const those = listeners.get(id) ?? new Set();
      listeners.set(id, those.add(hear));
      return () => {
        those.delete(hear);
        if (those.size === 0 && listeners.get(id) === those) listeners.delete(id);
      };
    },
    forget: (id) => void queue.remove(id).catch(onError),
    withdraw(ids) {
      if (ids.length === 0) return;
      // What is at work is locked, and is not removed.
      for (const id of ids) void queue.remove(id).catch(() => undefined);
      void redis.publish(CANCEL_CHANNEL, JSON.stringify(ids)).catch(onError);
    },
    async counts() {
      const {
        waiting = 0,
        delayed = 0,
        active = 0,
      } = await queue.getJobCounts('waiting', 'delayed', 'active');
      return { waiting: waiting + delayed, active };
    },
    async close() {
      await Promise.all([events.close(), queue.close()]);
    },
  };
}
