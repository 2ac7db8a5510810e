// The Evaluator over a queue: keeps a round of jobs going until every architecture is scored, and learns from
// the scores how long the next ones take.

import type { Evaluator } from '../engine/engine.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import type { Line } from './line.ts';
import { unlessAborted } from './mailbox.ts';
import { LOOK_MS, openRound } from './round.ts';

/** What the workers of one arithmetic can do together. */
export interface Pace {
  /** Threads; 0: there is nobody now. */
  readonly lanes: number;
  /** MACs a second of one of them. */
  readonly speed: number;
}

export interface QueueEvaluatorParts {
  readonly line: () => Promise<Line>;
  readonly protocol: Protocol;
  readonly pace: () => Pace;
  readonly onEnd: (outcome: JobOutcome) => void;
  /** Told how many more, or fewer, architectures wait for their scores. */
  readonly onWaiting: (change: number) => void;
  /** Milliseconds that a search waits while there is no worker at all. */
  readonly patienceMs: number;
}

/** Seconds of scoring after which what was measured is believed rather than what workers say of themselves. */
const ENOUGH_SECONDS = 0.25;

const secondsOf = ({ scores }: Evaluation): number =>
  Object.values(scores).reduce((sum, { seconds }) => sum + seconds, 0);

const nobody = (numerics: string, ms: number): MedNasError =>
  new MedNasError(
    'WORKERS_UNAVAILABLE',
    `For ${Math.round(ms / 60_000)} minutes there has been no worker whose arithmetic is '${numerics}'. ` +
      'Start `mednas worker` where the scores so far were computed, and resume the search.',
  );

/** How long the fleet has had no worker. @throws MedNasError WORKERS_UNAVAILABLE when that is too long. */
function openPatience({ pace, protocol, patienceMs }: QueueEvaluatorParts): () => void {
  let seenAt = performance.now();
  return () => {
    if (pace().lanes > 0) seenAt = performance.now();
    else if (performance.now() - seenAt > patienceMs) throw nobody(protocol.numerics, patienceMs);
  };
}

export function openQueueEvaluator(parts: QueueEvaluatorParts): Evaluator {
  const { protocol, pace, onEnd, onWaiting } = parts;
  const measured = { cost: 0, seconds: 0 };
  const speed = (): number =>
    measured.seconds > ENOUGH_SECONDS ? measured.cost / measured.seconds : pace().speed;

  return {
    async evaluate(genotypes, signal, onScored) {
      signal.throwIfAborted();
      if (genotypes.length === 0) return [];
      const round = openRound({
        line: await unlessAborted(parts.line(), signal),
        protocol,
        genotypes,
        lanes: () => pace().lanes,
        secondsOf: (cost) => cost / speed(),
        onScore(evaluation, cost) {
          measured.cost += cost;
          measured.seconds += secondsOf(evaluation);
          onWaiting(-1);
        },
        onEnd,
      });
      const requireWorkers = openPatience(parts);
      const clock = setInterval(round.tick, LOOK_MS);
      onWaiting(genotypes.length);
      try {
        let fresh: readonly number[] = [];
        for (;;) {
          // Before the scores are told, which takes the archive its time.
          await unlessAborted(round.put(), signal);
          const told = fresh.map(async (i) => await onScored?.(i, round.results[i] as Evaluation));
          const failed = (await Promise.allSettled(told)).find(({ status }) => status === 'rejected');
          if (failed !== undefined) throw (failed as PromiseRejectedResult).reason;
          if (round.left() === 0) break;
          requireWorkers();
          fresh = await round.hear(signal);
        }
        signal.throwIfAborted();
        return round.results;
      } finally {
        clearInterval(clock);
        onWaiting(-round.left());
        round.close();
      }
    },
  };
}
