// A training as its events tell it: a fold, as a search's story is (story.ts).

import type { TrainingEvent } from '../api/follow.ts';
import type { SearchStatus } from '../api/generated/graphql.ts';

/** A finished epoch. */
export interface Epoch {
  /** From 0. */
  readonly epoch: number;
  readonly trainingLoss: number;
  /** null: not finite. */
  readonly validationLoss: number | null;
  readonly validationAuc: number;
  readonly validationAcc: number;
  readonly learningRate: number;
  readonly seconds: number;
}

/** What is known of the epoch whose weights are kept, of events or of the training itself. */
export type Best = Pick<Epoch, 'epoch' | 'validationAuc'>;

export interface Course {
  /** Of the last event told; 0: none yet. */
  readonly sequence: number;
  readonly status: SearchStatus | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly epochs: readonly Epoch[];
  /** The first of those with the largest validation AUC: the one that is tested. null: none is finished. */
  readonly best: Epoch | null;
}

export const UNTAUGHT: Course = { sequence: 0, status: null, failure: null, epochs: [], best: null };

const toEpoch = ({ epoch }: Extract<TrainingEvent, { readonly __typename: 'EpochFinished' }>): Epoch => ({
  epoch: epoch.epoch,
  trainingLoss: epoch.trainingLoss,
  validationLoss: epoch.validationLoss ?? null,
  validationAuc: epoch.validationAuc,
  validationAcc: epoch.validationAcc,
  learningRate: epoch.learningRate,
  seconds: epoch.seconds,
});

const better = (best: Epoch | null, epoch: Epoch): Epoch =>
  best === null || epoch.validationAuc > best.validationAuc ? epoch : best;

/** The course with so many more events told, in order; those told before change nothing. */
export function tellCourse(course: Course, events: readonly TrainingEvent[]): Course {
  let last = course.sequence;
  const news = events.filter(({ sequence }) => {
    const isNew = sequence > last;
    last = Math.max(last, sequence);
    return isNew;
  });
  if (news.length === 0) return course;
  const finished = news.filter((event) => event.__typename === 'EpochFinished').map(toEpoch);
  const status = news.findLast((event) => event.__typename === 'TrainingStatusChanged');
  return {
    sequence: last,
    status: status?.status ?? course.status,
    failure: status === undefined ? course.failure : (status.failure ?? null),
    epochs: finished.length === 0 ? course.epochs : [...course.epochs, ...finished],
    best: finished.reduce(better, course.best),
  };
}

/** Epochs over which the pace is taken. */
const PACE = 10;

/** Seconds that the epochs to come take at the pace of the last ones; null: none is finished yet. */
export function secondsLeft({ epochs }: Course, planned: number): number | null {
  const lately = epochs.slice(-PACE);
  if (lately.length === 0) return null;
  const mean = lately.reduce((sum, { seconds }) => sum + seconds, 0) / lately.length;
  return mean * Math.max(0, planned - epochs.length);
}
