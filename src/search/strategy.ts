// Where a generation's candidates come from: a table of strategies. Each puts forward as many new
// genotypes as it is asked for, none of them known to the search.

import { type ArchitectureId, architectureId } from './identity.ts';
import type { Candidate, Individual, Origin } from './individual.ts';
import { bestFirst, standings, tournament } from './nsga2.ts';
import type { Point } from './objectives.ts';
import type { Random } from './random.ts';
import type { Genotype, SearchSpace } from './space/space.ts';
import { blockChain, crossover, mutate, randomGenotype } from './variation.ts';

/** Rounds of mating, or draws of an elite recombination, before another source steps in (spec section 5). */
const MAX_ROUNDS = 100;

/** What a strategy may look at. */
export interface Situation {
  readonly space: SearchSpace;
  readonly upperBounds: readonly number[];
  readonly known: Pick<ReadonlySet<ArchitectureId>, 'has'>;
  readonly population: readonly Individual[];
  /** The population's objectives. */
  readonly points: readonly (Point | null)[];
  /** What exploitation draws from; null: there is no elite yet. */
  readonly recombination: () => Recombination | null;
  /** Share of candidates drawn by exploitation. */
  readonly exploitation: number;
  /** Streams for mating and exploitation, and for random genotypes. */
  readonly random: { readonly variation: Random; readonly immigrants: Random };
}

type Strategy = (situation: Situation, count: number) => readonly Candidate[];

/** New candidates by id. Rejects what the search, or the batch in the making, knows already. */
function collect({ space, known }: Situation): {
  readonly found: Map<ArchitectureId, Candidate>;
  readonly add: (genotype: Genotype, origin: Origin, parents: readonly ArchitectureId[]) => void;
} {
  const found = new Map<ArchitectureId, Candidate>();
  return {
    found,
    add(genotype, origin, parents) {
      const canonical = space.canonical(genotype);
      const id = architectureId(space.id, canonical);
      if (known.has(id) || found.has(id)) return;
      found.set(id, { id, genotype: canonical, origin, parents });
    },
  };
}

type Collection = ReturnType<typeof collect>;

/** Random genotypes until there are `count` candidates. A space holds billions: a new one is soon found. */
function addRandom({ upperBounds, random }: Situation, { found, add }: Collection, count: number): void {
  while (found.size < count) add(randomGenotype(random.immigrants, upperBounds), 'random', []);
}

/** Draws genotypes put together from blocks of elites. */
export type Recombination = (random: Random) => Genotype;

/** Of the better half of all feasible individuals; `points`: their objectives scaled over all of them. */
export function recombinationOf(
  space: SearchSpace,
  archive: readonly Individual[],
  points: readonly (Point | null)[],
): Recombination | null {
  const feasible = bestFirst(points).filter((i) => points[i] !== null);
  const elites = feasible
    .slice(0, Math.ceil(feasible.length / 2))
    .map((i) => (archive[i] as Individual).genotype);
  return elites.length === 0 ? null : blockChain(elites, space.blockLength);
}

function addExploited({ recombination, random }: Situation, { found, add }: Collection, count: number): void {
  const draw = count > 0 ? recombination() : null;
  if (draw === null) return;
  for (let round = 0; round < MAX_ROUNDS && found.size < count; round++) {
    for (let missing = count - found.size; missing > 0; missing--) {
      add(draw(random.variation), 'exploitation', []);
    }
  }
}

function addMated(situation: Situation, { found, add }: Collection, count: number): void {
  const { population, points, random, upperBounds } = situation;
  const standing = standings(points);
  const select = (): Individual => population[tournament(random.variation, points, standing)] as Individual;
  for (let round = 0; round < MAX_ROUNDS && found.size < count; round++) {
    for (let pairs = Math.ceil((count - found.size) / 2); pairs > 0; pairs--) {
      const [a, b] = [select(), select()];
      for (const child of crossover(random.variation, a.genotype, b.genotype)) {
        if (found.size < count) add(mutate(random.variation, child, upperBounds), 'mating', [a.id, b.id]);
      }
    }
  }
}

/** Evolution: exploitation first, mating for the rest, random immigrants for what both failed to find. */
const evolve: Strategy = (situation, count) => {
  const collection = collect(situation);
  addExploited(situation, collection, Math.round(situation.exploitation * count));
  addMated(situation, collection, count);
  addRandom(situation, collection, count);
  return [...collection.found.values()];
};

export const STRATEGIES = {
  /** In generations: the paper's method. */
  nsga2: evolve,
  /** Without generations (steady.ts): one candidate at a time. */
  steady: evolve,
  /** The paper's baseline: no evolution. */
  random(situation, count) {
    const collection = collect(situation);
    addRandom(situation, collection, count);
    return [...collection.found.values()];
  },
} as const satisfies Record<string, Strategy>;

export type StrategyName = keyof typeof STRATEGIES;
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[];
