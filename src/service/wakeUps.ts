// Who waits for news of a search is woken: at once by this process, by others over a bus where there is one,
// and in any case after a while. A wake-up is only a hint to look into the archive: one too many costs a look,
// one that is lost a wait.

import { EventEmitter } from 'node:events';
import type { RunId } from '../storage/records.ts';

/** Milliseconds after which whoever waits looks again unprompted: another process may have written. */
const POLL_MS = 2000;

/** Carries wake-ups to other processes, and theirs to this one. It may lose any, and never throws. */
export interface Bus {
  /** Whoever follows the search in another process looks again. */
  readonly send: (search: RunId) => void;
  /** Tells of another process' wake-ups; null: some may have been lost. */
  readonly receive: (listener: (search: RunId | null) => void) => void;
  readonly isUp: () => boolean;
  readonly close: () => Promise<void>;
}

/** The time between two wake-ups, for all who listen in it: whatever one of them finds holds for the others. */
export interface Round {
  readonly timer: NodeJS.Timeout;
}

interface Bell {
  readonly round: Round;
  /** Resolves at the next wake-up, at the signal or after the polling interval. */
  readonly rung: Promise<void>;
  /** Ends the listening, which begins with the call. */
  readonly silence: () => void;
}

export interface WakeUps {
  /** Something may have happened in a search. */
  readonly ring: (search: RunId) => void;
  readonly listen: (search: RunId, signal: AbortSignal) => Bell;
  /** Whether other processes are heard at once; null: without a bus they never are. */
  readonly isHeard: () => boolean | null;
  readonly close: () => Promise<void>;
}

const NOTHING = (): void => undefined;

export function openWakeUps(bus: Bus | null = null, pollMs = POLL_MS): WakeUps {
  const waiting = new EventEmitter().setMaxListeners(0);
  const rounds = new Map<RunId, Round>();

  function end(search: RunId): void {
    clearTimeout(rounds.get(search)?.timer);
    rounds.delete(search);
  }

  function wake(search: RunId): void {
    // Before those who listen begin another.
    end(search);
    waiting.emit(search);
  }

  function roundOf(search: RunId): Round {
    const round = rounds.get(search) ?? { timer: setTimeout(() => wake(search), pollMs) };
    rounds.set(search, round);
    return round;
  }

  bus?.receive((search) => {
    for (const one of search === null ? [...rounds.keys()] : [search]) wake(one);
  });

  return {
    ring(search) {
      wake(search);
      bus?.send(search);
    },

    listen(search, signal) {
      let silence = NOTHING;
      const rung = new Promise<void>((resolve) => {
        silence = () => {
          waiting.off(search, silence);
          signal.removeEventListener('abort', silence);
          if (waiting.listenerCount(search) === 0) end(search);
          resolve();
        };
        waiting.on(search, silence);
        signal.addEventListener('abort', silence);
      });
      return { round: roundOf(search), rung, silence };
    },

    isHeard: () => bus?.isUp() ?? null,

    close: async () => await bus?.close(),
  };
}
