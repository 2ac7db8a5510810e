// One call of an evaluator over a queue, from its first job to its last score. It believes nothing for good: a
// job that is not heard of is looked at, one that Redis has lost is put in again, one whose workers keep dying
// is taken apart until the architecture that kills them is found. Jobs may be done twice; that changes nothing.

import { unlessAborted } from '../abort.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation } from '../search/evaluation.ts';
import type { Genotype } from '../search/space/space.ts';
import { type JobId, jobIdOf, type ScoreJob, type Scored } from './jobs.ts';
import { type LedgerParts, openLedger } from './ledger.ts';
import { type Line, LOOK_MS, type News, STALLED_OUT } from './line.ts';
import { openMailbox } from './mailbox.ts';

export interface RoundParts extends LedgerParts {
  readonly line: Line<ScoreJob, Scored>;
  readonly onEnd: (outcome: JobOutcome) => void;
}

/**
 * Jobs in flight, by lane: one at work and one that waits, so that a worker finds the next at once; no more,
 * so that searches that share the queue, which is first come first served, take turns.
 */
export const IN_FLIGHT_A_LANE = 2;

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
  /** Places scored since, as soon as there is news. @throws MedNasError WORKERS_UNAVAILABLE when they fail. */
  readonly hear: (signal: AbortSignal) => Promise<readonly number[]>;
  /** Time to look. */
  readonly tick: () => void;
  readonly left: () => number;
  readonly results: readonly Evaluation[];
  /** Nobody waits for its jobs any more. */
  readonly close: () => void;
}

type ScoreNews = News<Scored>;

/** One function for each type of news; each gives the places it tells the scores of. */
type Hearers = {
  readonly [T in ScoreNews['type']]: (
    id: JobId,
    flight: Flight,
    news: Extract<ScoreNews, { readonly type: T }>,
  ) => readonly number[];
};

export function openRound(parts: RoundParts): Round {
  const { line, protocol, genotypes, lanes, onEnd } = parts;
  const ledger = openLedger(parts);
  /** null: time to look. */
  const mailbox = openMailbox<readonly [JobId, ScoreNews] | null>();
  const flights = new Map<JobId, Flight>();
  let putting: Promise<void> = Promise.resolve();

  /** Asks of several jobs; what there is to tell is news. */
  async function ask(
    ids: readonly JobId[],
    question: (id: JobId) => Promise<ScoreNews | null>,
  ): Promise<void> {
    const told = await Promise.allSettled(ids.map(question));
    for (const [i, answer] of told.entries()) {
      if (answer.status === 'rejected') throw answer.reason;
      if (answer.value !== null) mailbox.post([ids[i] as JobId, answer.value]);
    }
  }

  function launch(places: readonly number[]): JobId {
    const job: ScoreJob = { kind: 'score', protocol, genotypes: places.map((i) => genotypes[i] as Genotype) };
    const id = jobIdOf(job);
    const unlisten = line.listen(id, (news) => mailbox.post([id, news]));
    flights.set(id, { job, places, unlisten, heardAt: performance.now() });
    return id;
  }

  /** A job is over; places it has left unscored. */
  function end(id: JobId, { places, unlisten }: Flight, outcome: JobOutcome): readonly number[] {
    unlisten();
    flights.delete(id);
    onEnd(outcome);
    return ledger.unscored(places);
  }

  /** Worker after worker died: of one architecture it is known which of them it was. */
  function blame(unscored: readonly number[], reason: string): readonly number[] {
    const [only, ...others] = unscored;
    if (only !== undefined && others.length === 0)
      return ledger.giveUp(only, `the workers that scored it died: ${reason}`);
    ledger.suspect(unscored);
    return [];
  }

  const HEAR: Hearers = {
    told: (_, { places }, { answer }) => ledger.note(places, answer),
    ended(id, flight, { answer }) {
      const fresh = ledger.note(flight.places, answer);
      void line.forget(id);
      const isWhole = ledger.unscored(flight.places).length === 0;
      ledger.giveBack(end(id, flight, isWhole ? 'completed' : 'returned'));
      return fresh;
    },
    failed(id, flight, { reason }) {
      if (STALLED_OUT.test(reason)) return blame(end(id, flight, 'died'), reason);
      end(id, flight, 'failed');
      throw new MedNasError('WORKERS_UNAVAILABLE', `Workers could not score the search: ${reason}`);
    },
    gone(id, flight) {
      ledger.giveBack(end(id, flight, 'lost'));
      return [];
    },
  };

  function hear([id, news]: readonly [JobId, ScoreNews]): readonly number[] {
    const flight = flights.get(id);
    if (flight === undefined) return [];
    flight.heardAt = performance.now();
    const hearer = HEAR[news.type] as (id: JobId, flight: Flight, news: ScoreNews) => readonly number[];
    return hearer(id, flight, news);
  }

  function silent(): readonly JobId[] {
    const before = performance.now() - LOOK_MS;
    return [...flights].filter(([, { heardAt }]) => heardAt < before).map(([id]) => id);
  }

  return {
    put() {
      const most = IN_FLIGHT_A_LANE * Math.max(1, lanes());
      const fresh: JobId[] = [];
      while (flights.size < most && ledger.isOpen()) fresh.push(launch(ledger.take()));
      return (putting = ask(fresh, (id) => line.put(id, (flights.get(id) as Flight).job)));
    },
    async hear(signal) {
      const letters = await mailbox.collect(signal);
      if (letters.includes(null)) await unlessAborted(ask(silent(), line.look), signal);
      return letters.flatMap((letter) => (letter === null ? [] : hear(letter)));
    },
    tick: () => mailbox.post(null),
    left: ledger.left,
    results: ledger.results,
    close() {
      for (const { unlisten } of flights.values()) unlisten();
      // What is still on its way would be done for nobody.
      void putting.catch(() => undefined).then(() => line.withdraw([...flights.keys()]));
    },
  };
}
