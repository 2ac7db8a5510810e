// Events after a sequence number, as a subscription gives them to a client.

import { Repeater } from '@graphql-yoga/subscription';
import { MedNasError } from '../search/errors.ts';
import type { EventRecord } from '../storage/records.ts';

/** @throws MedNasError INVALID_ARGUMENT */
export function requireAfter(after: number | null): number {
  if (after === null || after >= 0) return after ?? 0;
  throw new MedNasError('INVALID_ARGUMENT', `after is the number of an event, or 0; got ${after}.`, {
    field: 'after',
  });
}

/**
 * A Repeater and not an `async function*`: a generator that waits for the next event cannot be returned
 * from, so a client that leaves would keep it for ever.
 */
export const followUntilGone = (
  read: (signal: AbortSignal) => AsyncIterable<EventRecord>,
  signal: AbortSignal,
): AsyncIterable<EventRecord> =>
  new Repeater<EventRecord>(async (push, stop) => {
    const gone = new AbortController();
    void stop.then(() => gone.abort());
    try {
      for await (const event of read(AbortSignal.any([gone.signal, signal]))) await push(event);
    } catch (error) {
      // Nobody is there to be told.
      if (!gone.signal.aborted) throw error;
    }
    stop();
  });
