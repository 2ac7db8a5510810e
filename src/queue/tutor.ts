// What a worker does with a training job: the lessons of this process' engine, from the state that came with it, for as
// long as somebody waits for them.

import { unlessAborted } from '../abort.ts';
import { emptyState, sharedState } from '../engine/training/state.ts';
import { type Course, courseOf } from '../learning/epoch.ts';
import type { School } from '../learning/school.ts';
import { MedNasError } from '../search/errors.ts';
import type { Learning } from '../training/checkpoint.ts';
import type { Images } from './images.ts';
import {
  type EstimateJob,
  type ExamineJob,
  jobIdOf,
  type LearnJob,
  type Lessons,
  type Taught,
  type TrainingJob,
} from './jobs.ts';
import { LOOK_MS } from './line.ts';
import { parcelOf, type States } from './states.ts';
import type { Wants } from './wants.ts';

export interface TutorParts {
  readonly school: School;
  readonly images: Images;
  readonly states: States;
  readonly wants: Wants;
}

export type Tutor = (job: TrainingJob, signal: AbortSignal) => Promise<Taught>;

/** What any worker would find: the network or its recipe is the trouble, not the machine. */
const REFUSALS: ReadonlySet<string> = new Set(['DIVERGED', 'BATCH_TOO_LARGE']);

const RETURNED = { outcome: 'returned' } as const;
const STATELESS = { outcome: 'stateless' } as const;

const foreign = (): MedNasError =>
  new MedNasError('STORAGE_CORRUPT', 'The state that came with the job is of another network.');

function valuesOf({ layout }: Course, { values }: Learning): Float32Array {
  const own = emptyState(layout).values;
  if (values.length !== own.length) throw foreign();
  own.set(values);
  return own;
}

/** Aborts when nobody waits for a job any more. */
function watch(isWanted: () => Promise<boolean>): {
  readonly signal: AbortSignal;
  readonly close: () => void;
} {
  const unwanted = new AbortController();
  const look = async (): Promise<void> => {
    if (!(await isWanted())) unwanted.abort(new Error('nobody waits for the job'));
  };
  const clock = setInterval(() => void look().catch(() => undefined), LOOK_MS);
  return { signal: unwanted.signal, close: () => clearInterval(clock) };
}

/** @throws what is the machine's: others may try. */
export function openTutor({ school, images, states, wants }: TutorParts): Tutor {
  async function learn(
    course: Course,
    { epoch, from }: LearnJob,
    signal: AbortSignal,
  ): Promise<Taught<Lessons['learn']>> {
    const start = from === null ? null : await states.get(from);
    if (from !== null && start === null) return STATELESS;
    const shared = start && sharedState(course.layout, start);
    if (start !== null && shared === null) throw foreign();
    const { state, loss, validation } = await school.learn(course, epoch, shared, signal, () =>
      Promise.resolve(),
    );
    const parcel = await parcelOf(state);
    try {
      await states.put(parcel);
    } catch (error) {
      // Another worker would come to the same, and find Redis as full.
      if (!(error instanceof MedNasError)) throw error;
      return { outcome: 'refused', code: error.code, message: error.message };
    }
    return { outcome: 'done', value: { loss, validation, state: parcel.id } };
  }

  const estimate = async (
    course: Course,
    _: EstimateJob,
    signal: AbortSignal,
  ): Promise<Taught<Lessons['estimate']>> => ({
    outcome: 'done',
    value: await school.estimate(course, signal),
  });

  async function examine(
    course: Course,
    { epoch, from, resamples }: ExamineJob,
    signal: AbortSignal,
  ): Promise<Taught<Lessons['examine']>> {
    const found = await states.get(from);
    if (found === null) return STATELESS;
    const value = await school.examine(course, epoch, valuesOf(course, found), resamples, signal);
    return { outcome: 'done', value };
  }

  const LESSONS: {
    readonly [K in TrainingJob['kind']]: (
      course: Course,
      job: Extract<TrainingJob, { readonly kind: K }>,
      signal: AbortSignal,
    ) => Promise<Taught>;
  } = { learn, estimate, examine };

  async function teach(job: TrainingJob, signal: AbortSignal): Promise<Taught> {
    const { model, recipe, protocol, classes } = job.course;
    const splits = await unlessAborted(images.of(protocol), signal);
    // By the names that they have where the training was started.
    const course = courseOf(model, { ...splits, protocol, classes }, recipe);
    const lesson = LESSONS[job.kind] as (
      course: Course,
      job: TrainingJob,
      signal: AbortSignal,
    ) => Promise<Taught>;
    return await lesson(course, job, signal);
  }

  return async (job, stop) => {
    const isWanted = (): Promise<boolean> => wants.isWanted(jobIdOf(job));
    if (!(await isWanted())) return RETURNED;
    const watching = watch(isWanted);
    const signal = AbortSignal.any([stop, watching.signal]);
    try {
      return await teach(job, signal);
    } catch (error) {
      if (signal.aborted) return RETURNED;
      if (!(error instanceof MedNasError) || !REFUSALS.has(error.code)) throw error;
      return { outcome: 'refused', code: error.code, message: error.message };
    } finally {
      watching.close();
    }
  };
}
