// What a worker does with a training job: the lessons of this process' engine, from the state that came with it.

import { emptyState, sharedState } from '../engine/training/state.ts';
import { type Course, courseOf } from '../learning/epoch.ts';
import type { School } from '../learning/school.ts';
import { MedNasError } from '../search/errors.ts';
import type { Learning } from '../training/checkpoint.ts';
import type { Images } from './images.ts';
import type { EstimateJob, ExamineJob, LearnJob, Lessons, Taught, TrainingJob } from './jobs.ts';
import { parcelOf, type States } from './states.ts';

export interface TutorParts {
  readonly school: School;
  readonly images: Images;
  readonly states: States;
}

/** What any worker would find: the network or its recipe is the trouble, not the machine. */
const REFUSALS: ReadonlySet<string> = new Set(['DIVERGED', 'BATCH_TOO_LARGE']);

const STATELESS = { outcome: 'stateless' } as const;

const foreign = (): MedNasError =>
  new MedNasError('STORAGE_CORRUPT', 'The state that came with the job is of another network.');

function valuesOf({ layout }: Course, { values }: Learning): Float32Array {
  const own = emptyState(layout).values;
  if (values.length !== own.length) throw foreign();
  own.set(values);
  return own;
}

export type Tutor = (job: TrainingJob, signal: AbortSignal) => Promise<Taught>;

/** @throws what is the machine's: others may try. */
export function openTutor({ school, images, states }: TutorParts): Tutor {
  async function learn(
    course: Course,
    { epoch, from }: LearnJob,
    signal: AbortSignal,
  ): Promise<Taught<Lessons['learn']>> {
    const start = from === null ? null : await states.get(from);
    if (from !== null && start === null) return STATELESS;
    const shared = start && sharedState(course.layout, start);
    if (start !== null && shared === null) throw foreign();
    const learned = await school.learn(course, epoch, shared, signal, () => Promise.resolve());
    const { loss, validation } = learned;
    const parcel = await parcelOf(learned.state);
    await states.put(parcel);
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

  return async (job, signal) => {
    try {
      const { model, recipe, protocol } = job.course;
      const course = courseOf(model, await images.of(protocol), recipe);
      const lesson = LESSONS[job.kind] as (
        course: Course,
        job: TrainingJob,
        signal: AbortSignal,
      ) => Promise<Taught>;
      return await lesson(course, job, signal);
    } catch (error) {
      if (signal.aborted) return { outcome: 'returned' };
      if (!(error instanceof MedNasError) || !REFUSALS.has(error.code)) throw error;
      return { outcome: 'refused', code: error.code, message: error.message };
    }
  };
}
