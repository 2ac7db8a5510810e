// How many requests a client has made in the last minute, and how much of it is at work at once.

import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 60;

export interface Rate {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until all requests are free again. */
  readonly reset: number;
  readonly isExceeded: boolean;
}

export interface Rates {
  /** Counts a request. Each process counts for itself. */
  count(client: string): Promise<Rate>;
}

export function openRates(perMinute: number): Rates {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS });
  const toRate = ({ remainingPoints, msBeforeNext }: RateLimiterRes, isExceeded: boolean): Rate => ({
    limit: perMinute,
    remaining: Math.max(0, remainingPoints),
    reset: Math.ceil(Math.max(0, msBeforeNext) / 1000),
    isExceeded,
  });
  return {
    async count(client) {
      try {
        return toRate(await limiter.consume(client), false);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        return toRate(refused, true);
      }
    },
  };
}

/** As in the IETF's draft 6, which clients know; the later ones are not out. */
export const rateHeaders = ({ limit, remaining, reset, isExceeded }: Rate): Record<string, string> => ({
  'RateLimit-Limit': String(limit),
  'RateLimit-Remaining': String(remaining),
  'RateLimit-Reset': String(reset),
  ...(isExceeded && { 'Retry-After': String(Math.max(1, reset)) }),
});

/** Gives a place back; again: changes nothing. */
export type Release = () => void;

export interface Places {
  /** A place for something of a client's that lasts; null: it has all that it may have. */
  take(client: string): Release | null;
}

export function openPlaces(perClient: number): Places {
  const taken = new Map<string, number>();
  return {
    take(client) {
      const count = taken.get(client) ?? 0;
      if (count >= perClient) return null;
      taken.set(client, count + 1);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        const left = (taken.get(client) ?? 1) - 1;
        if (left === 0) taken.delete(client);
        else taken.set(client, left);
      };
    },
  };
}
