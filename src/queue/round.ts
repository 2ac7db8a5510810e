// One call of an evaluator over a queue, from its first job to its last score. It believes nothing for good: a
// job that is not heard of is looked at, one that Redis has lost is put in again, one whose workers keep dying
// is taken apart until the architecture that kills them is found. Jobs may be done twice; that changes nothing.

import { networkOf, unscored } from '../engine/evaluate.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { macs } from '../search/network.ts';
import type { Genotype } from '../search/space/space.ts';
import { type JobId, jobIdOf, portionOf, type Scored, type ScoreJob } from './jobs.ts';
import type { Line, News } from './line.ts';
import { openMailbox, unlessAborted } from './mailbox.ts';

export interface RoundParts {
  readonly line: Line;
  readonly protocol: Protocol;
  readonly genotypes: readonly Genotype[];
  /** Threads of the workers there are. */
  readonly lanes: () => number;
  /** That one of them takes for so many MACs. */
  readonly secondsOf: (cost: number) => number;
  /** Told what an architecture that has been scored cost. */
  readonly onCost: (cost: number, evaluation: Evaluation) => void;
  readonly onEnd: (outcome: JobOutcome) => void;
}

/** Milliseconds after which a job that nothing was heard of is looked at. */
export const LOOK_MS = 1000;

/**
 * Jobs in flight, by lane: one at work and one that waits, so that a worker finds the next at once; no more,
 * so that searches that share the queue, which is first come first served, take turns.
 */
const IN_FLIGHT_A_LANE = 2;

/** What BullMQ says of a job whose workers have died, or lost it, once too often. */
const STALLED_OUT = /stalled more than/;

interface Flight {
  readonly job: ScoreJob;
  /** Of its genotypes, among those asked for. */
  readonly places: readonly number[];
  readonly unlisten: () => void;
  heardAt: number;
}

export interface Round {
  /** Tops up what is in flight. */
  readonly put: () => Promise<void>;
  /** Places scored since, as soon as there is news. @throws MedNasError ENGINE_UNAVAILABLE when workers fail. */
  readonly hear: (signal: AbortSignal) => Promise<readonly number[]>;
  /** Time to look. */
  readonly tick: () => void;
  readonly left: () => number;
  readonly results: readonly Evaluation[];
  /** Nobody waits for its jobs any more. */
  readonly close: () => void;
}

/** One function for each type of news; each gives the places it tells the scores of. */
type Hearers = {
  readonly [T in News['type']]: (
    id: JobId,
    flight: Flight,
    news: Extract<News, { readonly type: T }>,
  ) => readonly number[];
};

export function openRound(parts: RoundParts): Round {
  const { line, protocol, genotypes, lanes, secondsOf, onCost, onEnd } = parts;
  /** null: time to look. */
  const mailbox = openMailbox<readonly [JobId, News] | null>();
  const costs = genotypes.map((genotype) => macs(networkOf(genotype, protocol)) * protocol.batchSize);
  /** Longest first, so that no slow one is left for the end. */
  let todo = costs.map((_, i) => i).toSorted((a, b) => (costs[b] as number) - (costs[a] as number) || a - b);
  /** Of which one may kill its worker: a job each. */
  const suspects: number[] = [];
  const flights = new Map<JobId, Flight>();
  const results: Evaluation[] = [];
  let left = genotypes.length;

  function take(): readonly number[] {
    const suspect = suspects.shift();
    if (suspect !== undefined) return [suspect];
    const seconds = todo.map((i) => secondsOf(costs[i] as number));
    const count = portionOf(seconds, Math.max(1, lanes()));
    const places = todo.slice(0, count);
    todo = todo.slice(count);
    return places;
  }

  /** Tops up what is in flight. */
  async function put(): Promise<void> {
    const most = IN_FLIGHT_A_LANE * (lanes() + 1);
    const fresh: JobId[] = [];
    while (flights.size < most && suspects.length + todo.length > 0) {
      const places = take();
      const job: ScoreJob = {
        kind: 'score',
        protocol,
        genotypes: places.map((i) => genotypes[i] as Genotype),
      };
      const id = jobIdOf(job);
      const unlisten = line.listen(id, (news) => mailbox.post([id, news]));
      flights.set(id, { job, places, unlisten, heardAt: performance.now() });
      fresh.push(id);
    }
    const told = await Promise.all(fresh.map((id) => line.put(id, (flights.get(id) as Flight).job)));
    told.forEach((news, i) => news !== null && mailbox.post([fresh[i] as JobId, news]));
  }

  /** Takes scores that are new; tells which. */
  function note({ places }: Flight, scored: Scored): readonly number[] {
    return scored.flatMap(([place, evaluation]) => {
      const i = places[place];
      if (i === undefined || results[i] !== undefined) return [];
      results[i] = evaluation;
      left -= 1;
      onCost(costs[i] as number, evaluation);
      return [i];
    });
  }

  function end(id: JobId, { places, unlisten }: Flight, outcome: JobOutcome): readonly number[] {
    unlisten();
    flights.delete(id);
    onEnd(outcome);
    return places.filter((i) => results[i] === undefined);
  }

  /** The architecture over which worker after worker died, when it is known which; else finds out. */
  function blame(flight: Flight, unfinished: readonly number[], reason: string): readonly number[] {
    const [only, ...others] = unfinished;
    if (only === undefined) return [];
    if (others.length > 0) {
      suspects.push(...unfinished);
      return [];
    }
    const task = { genotype: genotypes[only] as Genotype, protocol };
    return note(flight, [
      [flight.places.indexOf(only), unscored(task, `the workers that scored it died: ${reason}`)],
    ]);
  }

  /** Places that were scored by it. */
  const HEAR: Hearers = {
    scored: (_, flight, { scored }) => note(flight, scored),
    ended(id, flight, { scored }) {
      const fresh = note(flight, scored);
      line.forget(id);
      const unfinished = flight.places.filter((i) => results[i] === undefined);
      todo.unshift(...end(id, flight, unfinished.length === 0 ? 'completed' : 'returned'));
      return fresh;
    },
    failed(id, flight, { reason }) {
      if (STALLED_OUT.test(reason)) return blame(flight, end(id, flight, 'died'), reason);
      end(id, flight, 'failed');
      throw new MedNasError('ENGINE_UNAVAILABLE', `Workers could not score: ${reason}`);
    },
    gone(id, flight) {
      todo.unshift(...end(id, flight, 'lost'));
      return [];
    },
  };

  function hear([id, news]: readonly [JobId, News]): readonly number[] {
    const flight = flights.get(id);
    if (flight === undefined) return [];
    flight.heardAt = performance.now();
    return (HEAR[news.type] as (id: JobId, flight: Flight, news: News) => readonly number[])(
      id,
      flight,
      news,
    );
  }

  /** Looks at the jobs that nothing was heard of for a while. */
  async function look(): Promise<void> {
    const before = performance.now() - LOOK_MS;
    const silent = [...flights].filter(([, { heardAt }]) => heardAt < before).map(([id]) => id);
    const told = await Promise.all(silent.map(line.look));
    told.forEach((news, i) => news !== null && mailbox.post([silent[i] as JobId, news]));
  }

  return {
    put,
    async hear(signal) {
      const letters = await mailbox.collect(signal);
      if (letters.includes(null)) await unlessAborted(look(), signal);
      return letters.flatMap((letter) => (letter === null ? [] : hear(letter)));
    },
    tick: () => mailbox.post(null),
    left: () => left,
    results,
    close() {
      for (const { unlisten } of flights.values()) unlisten();
      line.withdraw([...flights.keys()]);
    },
  };
}
