// One training job seen through to its answer. Nothing is believed for good, as in a round of scores: a job that is not
// heard of is looked at, one that Redis has lost is put in again, with the state it begins with.

import { randomUUID } from 'node:crypto';
import { unlessAborted } from '../abort.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import { MedNasError } from '../search/errors.ts';
import { jobIdOf, type Lessons, type Taught, type TrainingJob } from './jobs.ts';
import { type Line, LOOK_MS, type News, STALLED_OUT } from './line.ts';
import { openMailbox } from './mailbox.ts';
import type { Parcel, States } from './states.ts';
import type { Waiter, Wants } from './wants.ts';

export interface ErrandParts {
  readonly line: Line<TrainingJob, Taught>;
  readonly states: States;
  readonly wants: Wants;
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

/** Times that a state may be missing where it was put a moment before. */
const MOST_LOSSES = 5;

/** Why workers failed. */
const failureOf = (reason: string): MedNasError =>
  STALLED_OUT.test(reason)
    ? new MedNasError('CRASHED', `Worker after worker died over the network that it trained: ${reason}.`)
    : new MedNasError('WORKERS_UNAVAILABLE', `Workers could not train the network: ${reason}`);

/**
 * What the job comes to. `from`: the state it begins with.
 * @throws MedNasError of the training itself (DIVERGED, BATCH_TOO_LARGE); CRASHED when workers die over it;
 * WORKERS_UNAVAILABLE when they fail; ENGINE_UNAVAILABLE when Redis refuses, or loses states; the signal's reason.
 */
export async function runErrand<J extends TrainingJob>(
  { line, states, wants, onEnd, onSecond }: ErrandParts,
  job: J,
  from: Parcel | null,
  signal: AbortSignal,
): Promise<Lessons[J['kind']]> {
  const id = jobIdOf(job);
  const waiter = randomUUID() as string as Waiter;
  const mailbox = openMailbox<TrainingNews | null>();
  const unlisten = line.listen(id, mailbox.post);
  const clock = setInterval(() => mailbox.post(null), LOOK_MS);
  let losses = 0;
  let isOver = false;

  let putting = Promise.resolve();
  const put = (): Promise<void> =>
    (putting = (async () => {
      if (from !== null) await states.put(from);
      await wants.want(id, waiter);
      signal.throwIfAborted();
      const told = await line.put(id, job);
      if (told !== null) mailbox.post(told);
    })());

  /** An answer, or null: it has to be done again. */
  async function end(taught: Taught): Promise<Taught | null> {
    onEnd(OUTCOMES[taught.outcome]);
    await line.forget(id);
    if (taught.outcome === 'done' || taught.outcome === 'refused') return taught;
    if (taught.outcome === 'stateless' && ++losses > MOST_LOSSES)
      throw new MedNasError(
        'ENGINE_UNAVAILABLE',
        "The queue's Redis loses states of trainings: it needs the maxmemory-policy noeviction, and room for them.",
      );
    await put();
    return null;
  }

  /** What the news makes of it; null: it goes on. */
  async function hear(news: TrainingNews): Promise<Taught | null> {
    if (news.type === 'told') return null;
    if (news.type === 'ended') return await end(news.answer);
    if (news.type === 'failed') {
      onEnd(STALLED_OUT.test(news.reason) ? 'died' : 'failed');
      throw failureOf(news.reason);
    }
    onEnd('lost');
    await put();
    return null;
  }

  async function tick(): Promise<TrainingNews | null> {
    await onSecond();
    if (from !== null) await states.keep(from.id);
    await wants.want(id, waiter);
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

  /** Leaves nothing behind that no other waits for: what is on its way as well, for an epoch can be long. */
  async function leave(): Promise<void> {
    await putting.catch(() => undefined);
    if ((await wants.leave(id, waiter)) > 0) return;
    if (!isOver) line.withdraw([id]);
    if (from !== null) await states.drop(from.id);
  }

  try {
    const taught = await unlessAborted(wait(), signal);
    isOver = true;
    if (taught.outcome === 'refused') throw new MedNasError(taught.code, taught.message);
    return (taught as Taught & { readonly outcome: 'done' }).value as Lessons[J['kind']];
  } finally {
    clearInterval(clock);
    unlisten();
    // What is left behind all the same runs out.
    void leave().catch(() => undefined);
  }
}
