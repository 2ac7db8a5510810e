// Worker threads are always ready to compute, and there is one for each core: whoever answers requests
// would wait behind them. On Linux each thread has a priority of its own, and these take a lower one; they
// lose nothing while nobody asks for anything. Elsewhere they stay as they are.

import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { basename } from 'node:path';

/** Lets others go before the thread that calls this. */
export function standBack(): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Not on Linux, or in a sandbox: slower answers are no reason not to compute.
  }
}
