// Made-up scores: evaluations to order, and a pure function of the genotype for whole searches.

import type { Evaluation } from '../../src/search/evaluation.ts';
import type { Evaluate } from '../../src/search/evolution.ts';
import type { Genotype } from '../../src/search/space/space.ts';

export interface Made {
  readonly p1: number;
  readonly p2: number;
  readonly macs?: number;
  readonly params?: number;
}

/** An evaluation with jacobCov p1 and synflow exp(p2), so that p2 is its logarithm. */
export const scored = ({ p1, p2, macs = 100, params = 10 }: Made): Evaluation => ({
  status: 'ok',
  scores: {
    jacobCov: { value: p1, seconds: 0 },
    synflow: { value: Math.exp(p2), log: p2, seconds: 0 },
  },
  macs,
  params,
});

export const infeasible = (reason = 'a dead path'): Evaluation => ({
  status: 'infeasible',
  reason,
  scores: { synflow: { value: 0, log: null, seconds: 0 } },
  macs: 1,
  params: 1,
});

/** Genes add up; the second indicator and the MACs pull some of them the other way. */
export function landscape(genotype: Genotype): Evaluation {
  const sum = (weight: (i: number) => number): number =>
    genotype.reduce((total, gene, i) => total + gene * weight(i), 0);
  return scored({
    p1: sum((i) => Math.sin(i + 1)),
    p2: sum((i) => Math.cos(2 * i)),
    macs: 1000 + Math.round(100 * sum((i) => 1 + Math.sin(3 * i))),
    params: 500,
  });
}

/** Evaluates each genotype by itself. */
export const evaluateBy =
  (of: (genotype: Genotype) => Evaluation): Evaluate =>
  (candidates) =>
    Promise.resolve(candidates.map(({ genotype }) => of(genotype)));
