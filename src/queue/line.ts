// A queue as a coordinator sees it: it puts jobs in, hears of them, and looks at those it has not heard of
// for a while, since events may be lost, and Redis with all that is in it. All that is known of BullMQ on
// this side is here.

import { Job as Stored, Queue, QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Job, JobId } from './jobs.ts';
import { endSoon, PREFIX, usable } from './redis.ts';

/** `A`: what a job answers, all at once or in parts. */
export type News<A> =
  /** On the way. */
  | { readonly type: 'told'; readonly answer: A }
  /** All there will be, which is not all there was to do when its worker was told to stop. */
  | { readonly type: 'ended'; readonly answer: A }
  | { readonly type: 'failed'; readonly reason: string }
  /** Redis does not know it. */
  | { readonly type: 'gone' };

/** A queue. @throws MedNasError ENGINE_UNAVAILABLE when Redis refuses what it is asked. */
export interface Line<J extends Job, A> {
  /** Puts a job in unless it is there; what there is to tell of it when an earlier one has ended. */
  readonly put: (id: JobId, job: J) => Promise<News<A> | null>;
  /** null: it waits, or is at work. */
  readonly look: (id: JobId) => Promise<News<A> | null>;
  /** Tells of a job until what is returned is called. */
  readonly listen: (id: JobId, hear: (news: News<A>) => void) => () => void;
  /** Forgets a job that has ended. */
  readonly forget: (id: JobId) => Promise<void>;
  /** Takes out what waits, and tells workers to stop what they are at. */
  readonly withdraw: (ids: readonly JobId[]) => void;
  readonly counts: () => Promise<{ readonly waiting: number; readonly active: number }>;
  readonly close: () => Promise<void>;
}

/** Milliseconds after which a job that nothing was heard of is looked at. */
export const LOOK_MS = 1000;

/** Workers that are at a job of these ids, a JSON list, stop. */
export const CANCEL_CHANNEL = `${PREFIX}:cancel`;

/** What BullMQ says of a job whose workers have died, or lost it, once too often. */
export const STALLED_OUT = /stalled more than/;

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

function newsOf<J extends Job, A>(job: Stored<J, A> | undefined): News<A> | null {
  if (job === undefined) return { type: 'gone' };
  if (job.finishedOn === undefined) return null;
  // The reason of an attempt that failed stays with a job of which a later one has not.
  const answer = job.returnvalue as A | null | undefined;
  return answer === null || answer === undefined
    ? { type: 'failed', reason: job.failedReason }
    : { type: 'ended', answer };
}

/** `onError`: told of what goes wrong in the background. */
export async function openLine<J extends Job, A>(
  name: string,
  redis: Redis,
  onError: (error: unknown) => void,
): Promise<Line<J, A>> {
  const options = { connection: redis, prefix: PREFIX };
  const queue = new Queue<J, A, string, J, A, string>(name, {
    ...options,
    streams: { events: { maxLen: EVENTS_KEPT } },
  });
  const events = new QueueEvents(name, options);
  queue.on('error', onError);
  events.on('error', onError);
  const listeners = new Map<string, Set<(news: News<A>) => void>>();
  const tell = (id: string, news: News<A>): void => listeners.get(id)?.forEach((hear) => hear(news));
  events.on('progress', ({ jobId, data }) => tell(jobId, { type: 'told', answer: data as unknown as A }));
  events.on('completed', ({ jobId, returnvalue }) =>
    tell(jobId, { type: 'ended', answer: returnvalue as A }),
  );
  events.on('failed', ({ jobId, failedReason }) => tell(jobId, { type: 'failed', reason: failedReason }));
  await events.waitUntilReady();

  const find = (id: JobId): Promise<Stored<J, A> | undefined> => Stored.fromId<J, A>(queue, id);

  async function put(id: JobId, job: J): Promise<News<A> | null> {
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
    forget: async (id) => void (await queue.remove(id).catch(onError)),
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
    close: () =>
      endSoon(Promise.all([events.close(), queue.close()]), () => {
        for (const part of [events, queue]) void part.disconnect().catch(() => undefined);
      }),
  };
}
