// The Evaluator over a queue: keeps a round of jobs going until every architecture is scored, and learns from
// the scores how long the next ones take.

import { unlessAborted } from '../abort.ts';
import type { Evaluator } from '../engine/engine.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Scored, ScoreJob } from './jobs.ts';
import { type Line, LOOK_MS } from './line.ts';
import { openLanes } from './lanes.ts';
import { openPatience } from './patience.ts';
import { IN_FLIGHT_A_LANE, openRound } from './round.ts';

/** What the workers of one arithmetic can do together. */
export interface Pace {
  /** Threads; 0: there is nobody now. */
  readonly lanes: number;
  /** MACs a second of one of them. */
  readonly speed: number;
}

export interface QueueEvaluatorParts {
  readonly line: () => Promise<Line<ScoreJob, Scored>>;
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

/** Each genotype once, and where among those asked for it is wanted. */
function distinct(genotypes: readonly Genotype[]) {
  const places = new Map<string, number[]>();
  genotypes.forEach((genotype, i) => {
    const key = genotype.join();
    const known = places.get(key);
    if (known === undefined) places.set(key, [i]);
    else known.push(i);
  });
  const wanted = [...places.values()];
  return { wanted, first: wanted.map(([i]) => genotypes[i as number] as Genotype) };
}

export function openQueueEvaluator(parts: QueueEvaluatorParts): Evaluator {
  const { protocol, pace, onEnd, onWaiting, patienceMs } = parts;
  const measured = { cost: 0, seconds: 0 };
  const lanes = (): number => pace().lanes;
  const speed = (): number =>
    measured.seconds > ENOUGH_SECONDS ? measured.cost / measured.seconds : pace().speed;

  return {
    async evaluate(genotypes, signal, onScored) {
      signal.throwIfAborted();
      if (genotypes.length === 0) return [];
      const { numerics } = protocol;
      const requireWorkers = openPatience({ numerics, lanes, patienceMs, who: 'search' });
      const { wanted, first } = distinct(genotypes);
      const results: Evaluation[] = [];
      const failure = new AbortController();
      const stop = AbortSignal.any([signal, failure.signal]);
      const round = openRound({
        line: await unlessAborted(parts.line(), signal),
        protocol,
        genotypes: first,
        lanes,
        secondsOf: (cost) => cost / speed(),
        onScore(evaluation, cost) {
          measured.cost += cost;
          measured.seconds += secondsOf(evaluation);
          onWaiting(-1);
        },
        onEnd,
      });
      const telling = openLanes(
        () => IN_FLIGHT_A_LANE * Math.max(1, lanes()),
        async (i: number) => {
          if (!stop.aborted) await onScored?.(i, results[i] as Evaluation);
        },
        (error) => failure.abort(error),
      );
      const clock = setInterval(round.tick, LOOK_MS);
      onWaiting(first.length);
      try {
        let fresh: readonly number[] = [];
        for (;;) {
          // Before the scores are told, which takes the archive its time, or a training.
          await unlessAborted(round.put(), stop);
          for (const scored of fresh)
            for (const i of wanted[scored] as readonly number[]) {
              results[i] = round.results[scored] as Evaluation;
              telling.add(i);
            }
          if (round.left() === 0) break;
          requireWorkers();
          fresh = await round.hear(stop);
        }
      } finally {
        clearInterval(clock);
        onWaiting(-round.left());
        round.close();
        await telling.done();
      }
      stop.throwIfAborted();
      return results;
    },
  };
}
