// The connection to Redis. Commands wait while it is lost and are sent when it is back: what is in flight
// then goes on, or is found missing and put in again.

import { once } from 'node:events';
import { Redis } from 'ioredis';
import { MedNasError } from '../search/errors.ts';

/** Before all keys of ours. */
export const PREFIX = 'mednas';

const LONGEST_RETRY_MS = 1000;

const unreachable = (cause: unknown): MedNasError => {
  if (cause instanceof MedNasError) return cause;
  const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : cause;
  if (/WRONGPASS|NOAUTH|NOPERM/u.test(String(reason)))
    return new MedNasError(
      'ENGINE_UNAVAILABLE',
      `The Redis of MEDNAS_QUEUE refuses us (${String(reason)}). Its password belongs into the address: redis://:PASSWORD@HOST:6379.`,
      { cause },
    );
  return new MedNasError(
    'ENGINE_UNAVAILABLE',
    `The Redis of MEDNAS_QUEUE does not answer (${String(reason)}). Start it, or leave MEDNAS_QUEUE out to score in this process.`,
    { cause },
  );
};

/**
 * Told of the first of errors in a row, `onError`; while Redis is away there is one a second, and from every part.
 * @throws MedNasError ENGINE_UNAVAILABLE when it cannot be reached at first.
 */
export async function openRedis(url: string, onError: (error: unknown) => void): Promise<Redis> {
  const redis = new Redis(url, {
    // As BullMQ asks: a command waits for the connection for as long as it takes.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * times, LONGEST_RETRY_MS),
  });
  try {
    await soon(once(redis, 'ready'));
  } catch (error) {
    redis.disconnect();
    throw unreachable(error);
  }
  let isAway = false;
  redis.on('ready', () => (isAway = false));
  redis.on('error', (error: unknown) => {
    if (!isAway) onError(error);
    isAway = true;
  });
  return redis;
}

/** What Redis answers, which may be full, or read-only. @throws MedNasError ENGINE_UNAVAILABLE */
export const usable = <T>(answer: Promise<T>): Promise<T> =>
  answer.catch((cause: unknown) => {
    if (cause instanceof MedNasError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MedNasError('ENGINE_UNAVAILABLE', `The queue cannot be used: ${reason}.`, { cause });
  });

/** For parts that use the connection, and tell of every try to get it back. */
export const whileThere =
  (redis: Redis, onError: (error: unknown) => void) =>
  (error: unknown): void => {
    if (redis.status === 'ready') onError(error);
  };

/** Milliseconds in which Redis has to answer one who asks whether it is there. */
const ANSWER_MS = 2000;

/** What Redis answers soon. @throws MedNasError ENGINE_UNAVAILABLE */
export async function soon<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer for 2 s')), ANSWER_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw unreachable(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends what Redis has a part in, without it (`cut`) when it does not answer. Nobody waits longer. */
export async function endSoon(work: Promise<unknown>, cut: () => void): Promise<void> {
  await soon(work).catch(cut);
}
