// One training job seen through to its answer. Nothing is believed for good, as in a round of scores: a job that is not
// heard of is looked at, one that Redis has lost is put in again, with the state it begins with.

import type { JobOutcome } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import { jobIdOf, type Lessons, type Taught, type TrainingJob } from './jobs.ts';
import { type Line, type News, STALLED_OUT } from './line.ts';
import { openMailbox, unlessAborted } from './mailbox.ts';
import { LOOK_MS } from './round.ts';
import type { Parcel, States } from './states.ts';

export interface ErrandParts {
  readonly line: Line<TrainingJob, Taught>;
  readonly states: States;
  readonly onEnd: (outcome: JobOutcome) => void;
  /** Called about every second; what it throws ends the errand. */
  readonly onSecond: () => Promise<void>;
}

type TrainingNews = News<Taught>;

const OUTCOMES: Readonly<Record<Taught['outcome'], JobOutcome>> = {
  done: 'completed',
  returned: 'returned',
  stateless: 'lost',
  refused: 'failed',
};

/**
 * What the job comes to. `from`: the state it begins with.
 * @throws MedNasError of the training itself (DIVERGED, BATCH_TOO_LARGE); WORKERS_UNAVAILABLE when workers fail, or
 * die over it; ENGINE_UNAVAILABLE when Redis refuses; the signal's reason.
 */
export async function runErrand<J extends TrainingJob>(
  { line, states, onEnd, onSecond }: ErrandParts,
  job: J,
  from: Parcel | null,
  signal: AbortSignal,
): Promise<Lessons[J['kind']]> {
  const id = jobIdOf(job);
  const mailbox = openMailbox<TrainingNews | null>();
  const unlisten = line.listen(id, mailbox.post);
  const clock = setInterval(() => mailbox.post(null), LOOK_MS);
  let isOver = false;

  let putting = Promise.resolve();
  const put = (): Promise<void> =>
    (putting = (async () => {
      if (from !== null) await states.put(from);
      signal.throwIfAborted();
      const told = await line.put(id, job);
      if (told !== null) mailbox.post(told);
    })());

  /** An answer, or null: it has to be done again. */
  async function end(taught: Taught): Promise<Taught | null> {
    onEnd(OUTCOMES[taught.outcome]);
    await line.forget(id);
    if (taught.outcome === 'done' || taught.outcome === 'refused') return taught;
    await put();
    return null;
  }

  /** What the news makes of it; null: it goes on. */
  async function hear(news: TrainingNews): Promise<Taught | null> {
    if (news.type === 'told') return null;
    if (news.type === 'ended') return await end(news.answer);
    if (news.type === 'failed') {
      onEnd('failed');
      const why = STALLED_OUT.test(news.reason)
        ? `worker after worker died over it: ${news.reason}`
        : news.reason;
      throw new MedNasError('WORKERS_UNAVAILABLE', `Workers could not train the network: ${why}`);
    }
    onEnd('lost');
    await put();
    return null;
  }

  async function tick(): Promise<TrainingNews | null> {
    await onSecond();
    if (from !== null) await states.keep(from.id);
    return await line.look(id);
  }

  async function wait(): Promise<Taught> {
    await put();
    for (;;) {
      // Of several that came together the last is how it stands.
      const letters = await mailbox.collect(signal);
      const news = letters.findLast((letter) => letter !== null) ?? (await tick());
      const taught = news && (await hear(news));
      if (taught !== null) return taught;
    }
  }

  try {
    const taught = await unlessAborted(wait(), signal);
    isOver = true;
    if (taught.outcome === 'refused') throw new MedNasError(taught.code, taught.message);
    return (taught as Taught & { readonly outcome: 'done' }).value as Lessons[J['kind']];
  } finally {
    clearInterval(clock);
    unlisten();
    // A job that is put in meanwhile would be done for nobody, and an epoch can be long.
    if (!isOver) void putting.catch(() => undefined).then(() => line.withdraw([id]));
    if (from !== null) void states.drop(from.id).catch(() => undefined);
  }
}
