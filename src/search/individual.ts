// Architectures as a search meets them.

import type { Evaluation } from './evaluation.ts';
import type { ArchitectureId } from './identity.ts';
import type { Genotype } from './space/space.ts';

/** How a genotype came to be. */
export type Origin = 'random' | 'mating' | 'exploitation';

/** A genotype put forward for evaluation. */
export interface Candidate {
  readonly id: ArchitectureId;
  /** Canonical. */
  readonly genotype: Genotype;
  readonly origin: Origin;
  /** The two members it was mated from; none for other origins. */
  readonly parents: readonly ArchitectureId[];
}

/** A candidate once it has been scored. */
export interface Individual extends Candidate {
  /** The generation it was scored in, 0 the initial population. */
  readonly born: number;
  readonly evaluation: Evaluation;
}
