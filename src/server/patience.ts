// How long the service waits for clients, in milliseconds, and how it sees that one is no longer let in.

import type { Access, Credentials } from './access.ts';

export interface Patience {
  /** From a WebSocket's opening to its first message, which says who it is. */
  readonly init: number;
  /** A WebSocket without an operation. */
  readonly idle: number;
  /** A client that takes nothing of what it was sent. */
  readonly slow: number;
  /** Between two looks at whether who follows something may still: a key may be revoked, a token expire. */
  readonly recheck: number;
}

export const PATIENCE: Patience = { init: 5000, idle: 10 * 60_000, slow: 30_000, recheck: 30_000 };

/** That the archive does not answer says nothing of a key. */
const isOver = (access: Access, credentials: Credentials): Promise<boolean> =>
  access.identify(credentials).then(
    (viewer) => viewer === null,
    () => false,
  );

/** Calls `end` when the credentials let nobody in any more; stops looking when the signal aborts. */
export function watchOver(
  access: Access,
  credentials: Credentials,
  every: number,
  signal: AbortSignal,
  end: () => void,
): void {
  const look = setInterval(() => {
    void isOver(access, credentials).then((over) => over && !signal.aborted && stop());
  }, every);
  function stop(): void {
    clearInterval(look);
    end();
  }
  signal.addEventListener('abort', () => clearInterval(look));
}
