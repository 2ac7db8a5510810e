// Jobs: what a worker is asked to do, what it answers, what both are called, and how a generation is cut
// into them.

import { createHash } from 'node:crypto';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { protocolId } from '../search/identity.ts';
import type { Genotype } from '../search/space/space.ts';

/** Genotypes to score under a protocol, whose images a worker gets by themselves. */
export interface ScoreJob {
  readonly kind: 'score';
  readonly protocol: Protocol;
  readonly genotypes: readonly Genotype[];
}
/** Told apart by their kind: each has queues of its own. */
export type Job = ScoreJob;

/** Places among a job's genotypes, with what was found there. */
export type Scored = readonly (readonly [place: number, evaluation: Evaluation])[];

export type JobId = string & { readonly brand: 'JobId' };

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24);

/** Jobs of one queue are for workers of one arithmetic, so a search is scored by one. No ':', which BullMQ refuses. */
export const queueOf = (kind: Job['kind'], numerics: string): string => `${kind}-${digest(numerics)}`;

/** Of what it computes: two jobs of one id come to the same, and one of them suffices. */
export const jobIdOf = ({ kind, protocol, genotypes }: Job): JobId =>
  `${kind}-${protocolId(protocol)}-${digest(JSON.stringify(genotypes))}` as JobId;

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
