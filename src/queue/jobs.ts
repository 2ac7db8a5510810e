// Jobs: what a worker is asked to do, what it answers, what both are called, and how a generation is cut
// into them.

import { createHash } from 'node:crypto';
import type { Epoch, Examined } from '../learning/school.ts';
import type { ErrorCode } from '../search/errors.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { protocolId } from '../search/identity.ts';
import type { Model } from '../search/model.ts';
import type { Genotype } from '../search/space/space.ts';
import type { TrainingProtocol, Validation } from '../training/protocol.ts';
import type { Recipe } from '../training/recipe.ts';
import type { StateId } from './states.ts';

/** Genotypes to score under a protocol, whose images a worker gets by themselves. */
export interface ScoreJob {
  readonly kind: 'score';
  readonly protocol: Protocol;
  readonly genotypes: readonly Genotype[];
}
/** What is trained, and how, on images that a worker gets by themselves. */
export interface CourseOrder {
  readonly model: Model;
  readonly recipe: Recipe;
  readonly protocol: TrainingProtocol;
  /** Names by label index. */
  readonly classes: readonly string[];
}

/** An epoch, from 0, of a course; `from` null: the network as it is drawn. */
export interface LearnJob {
  readonly kind: 'learn';
  readonly course: CourseOrder;
  readonly epoch: number;
  readonly from: StateId | null;
}

/** All epochs of a course, of which only the last validation is told. */
export interface EstimateJob {
  readonly kind: 'estimate';
  readonly course: CourseOrder;
}

/** What the network of a state measures. */
export interface ExamineJob {
  readonly kind: 'examine';
  readonly course: CourseOrder;
  /** Of the state, from 0. */
  readonly epoch: number;
  readonly from: StateId;
  readonly resamples: number;
}

export type TrainingJob = LearnJob | EstimateJob | ExamineJob;
export type Job = ScoreJob | TrainingJob;

/** Places among a job's genotypes, with what was found there. */
export type Scored = readonly (readonly [place: number, evaluation: Evaluation])[];

/** What each training job comes to. */
export interface Lessons {
  readonly learn: Pick<Epoch, 'loss' | 'validation'> & { readonly state: StateId };
  readonly estimate: Validation;
  readonly examine: Examined;
}

/** How a training job ends. */
export type Taught<T = Lessons[keyof Lessons]> =
  | { readonly outcome: 'done'; readonly value: T }
  /** The worker was told to stop. */
  | { readonly outcome: 'returned' }
  /** The state it begins with is not in Redis. */
  | { readonly outcome: 'stateless' }
  /** It would fail likewise anywhere. */
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly message: string };

export type JobId = string & { readonly brand: 'JobId' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

/**
 * Jobs of one queue are for workers of one arithmetic, so that what a search or a training comes to is of one. No ':',
 * which BullMQ refuses.
 */
export const queueOf = (work: 'score' | 'train', numerics: string): string => `${work}-${digest(numerics)}`;

/** Of what it computes: two jobs of one id come to the same, and one of them suffices. */
export const jobIdOf = (job: Job): JobId =>
  (job.kind === 'score'
    ? `score-${protocolId(job.protocol)}-${digest(JSON.stringify(job.genotypes))}`
    : `${job.kind}-${digest(JSON.stringify(job))}`) as JobId;

/** Seconds that a job takes a thread, at most unless one architecture takes longer. */
const LONGEST_SECONDS = 1.5;

/**
 * How many of the next architectures make up a job: half of what is left, shared evenly among the lanes, so
 * that jobs shrink towards a generation's end and the lanes end together (guided self-scheduling:
 * Polychronopoulos and Kuck 1987). `seconds`: of what is left, in the order in which it is taken.
 */
export function portionOf(seconds: readonly number[], lanes: number): number {
  const left = seconds.reduce((sum, each) => sum + each, 0);
  const most = Math.min(LONGEST_SECONDS, left / (2 * lanes));
  let sum = 0;
  let count = 0;
  while (count < seconds.length && (count === 0 || sum + (seconds[count] as number) <= most)) {
    sum += seconds[count] as number;
    count += 1;
  }
  return count;
}
