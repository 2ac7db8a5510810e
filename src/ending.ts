// How the service ends when it is told to: step by step, each within its share of the grace, and the
// process within the whole of it. What the archive has taken is kept, so what hangs may be cut.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** A step by its name, for the log, and what of the grace it may take. */
export type Step = readonly [name: string, share: number, run: () => Promise<void>];

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface Ending {
  /** Takes the steps, once; resolves when they are over or late. @throws what a step failed with. */
  readonly close: () => Promise<void>;
}

/** Takes the steps at a signal, or when the caller closes. A second signal ends the process at once. */
export function endOnSignal(logger: Logger, graceMs: number, steps: readonly Step[]): Ending {
  let closing: Promise<void> | null = null;

  async function take(): Promise<void> {
    for (const [name, share, run] of steps) {
      const patience = new AbortController();
      const late = delay(graceMs * share, 'late', patience).catch(() => undefined);
      try {
        if ((await Promise.race([run(), late])) === 'late') logger.warn({ step: name }, 'goes on without it');
      } finally {
        patience.abort();
      }
    }
  }

  /** From now on a signal ends the process. */
  function letGo(): void {
    for (const name of SIGNALS) process.off(name, onSignal);
  }

  function close(): Promise<void> {
    letGo();
    return (closing ??= take());
  }

  function onSignal(signal: string): void {
    // Before anybody is told: a second signal that came in between would be lost.
    letGo();
    logger.info({ signal }, 'closing');
    const cut = (): never => {
      logger.warn('cuts what hangs');
      // Lines are written before the call that logs them returns.
      process.exit();
    };
    // Does not keep a process that has nothing left to do.
    setTimeout(cut, graceMs).unref();
    close().then(
      () => logger.info('closed'),
      (error: unknown) => {
        logger.error({ err: error }, 'could not close');
        process.exitCode = 1;
      },
    );
  }

  for (const name of SIGNALS) process.on(name, onSignal);
  return { close };
}
