// The search as a state and a step: `propose` names the next generation's candidates, `advance`
// takes their evaluations. Both are deterministic and the state is JSON, so resume, replay and
// tests are one mechanism.

import type { Evaluation } from './evaluation.ts';
import { hypervolume } from './hypervolume.ts';
import type { ArchitectureId } from './identity.ts';
import type { Candidate, Individual } from './individual.ts';
import { standings, survivors } from './nsga2.ts';
import {
  hasExtent,
  measureOf,
  scaleOver,
  type Point,
  type Scale,
  toPoints,
  worstPoint,
} from './objectives.ts';
import { randomFor } from './random.ts';
import { type SearchSettings, spaceOf } from './settings.ts';
import { type Recombination, recombinationOf, STRATEGIES } from './strategy.ts';

/** Settings with the number of blocks decided. */
export type ResolvedSettings = SearchSettings & { readonly blocks: number };

export interface SearchState {
  /** The last finished generation; -1: none yet. */
  readonly generation: number;
  /** Everything the search has scored, in the order it was put forward. */
  readonly individuals: readonly Individual[];
  readonly population: readonly ArchitectureId[];
  /** Ranges over the last generation's parents and offspring, under which the population was selected. */
  readonly scale: Scale | null;
  /** The first ranges that are no single point: the hypervolume's, so that it compares across generations. */
  readonly frame: Scale | null;
}

export const INITIAL_STATE: SearchState = {
  generation: -1,
  individuals: [],
  population: [],
  scale: null,
  frame: null,
};

const measures = (individuals: readonly Individual[], settings: SearchSettings) =>
  individuals.map(({ evaluation }) => measureOf(evaluation, settings));

/** Individuals of a population, in its order. */
export function populationOf({ population, individuals }: SearchState): readonly Individual[] {
  const byId = new Map(individuals.map((individual) => [individual.id, individual]));
  return population.map((id) => {
    const individual = byId.get(id);
    if (individual === undefined) throw new Error(`population member ${id} is not among the individuals`);
    return individual;
  });
}

/** What exploitation draws from, of so many individuals. */
export function recombinationAmong(
  settings: SearchSettings,
  individuals: readonly Individual[],
): Recombination | null {
  const all = measures(individuals, settings);
  const points = toPoints(all, scaleOver(all), settings.objectives);
  return recombinationOf(spaceOf(settings), individuals, points);
}

/** The next generation's candidates, new to the search: the initial population, then offspring. */
export function propose(settings: ResolvedSettings, state: SearchState): readonly Candidate[] {
  const generation = state.generation + 1;
  const space = spaceOf(settings);
  const population = populationOf(state);
  const strategy = STRATEGIES[generation === 0 ? 'random' : settings.strategy];
  return strategy(
    {
      space,
      upperBounds: space.upperBounds(settings.blocks),
      known: new Set(state.individuals.map(({ id }) => id)),
      population,
      points: toPoints(measures(population, settings), state.scale, settings.objectives),
      recombination: () => recombinationAmong(settings, state.individuals),
      exploitation: settings.exploitation,
      random: {
        variation: randomFor(settings.seed, generation, 'variation'),
        immigrants: randomFor(settings.seed, generation, 'immigrants'),
      },
    },
    generation === 0 ? settings.population : settings.offspring,
  );
}

/** The state after a generation, given its candidates' evaluations in the same order. */
export function advance(
  settings: ResolvedSettings,
  state: SearchState,
  candidates: readonly Candidate[],
  evaluations: readonly Evaluation[],
): SearchState {
  if (candidates.length !== evaluations.length) {
    throw new Error(`${candidates.length} candidates came with ${evaluations.length} evaluations`);
  }
  const generation = state.generation + 1;
  const offspring = candidates.map((candidate, i): Individual => ({
    ...candidate,
    born: generation,
    evaluation: evaluations[i] as Evaluation,
  }));
  const pool = [...populationOf(state), ...offspring];
  const poolMeasures = measures(pool, settings);
  const scale = scaleOver(poolMeasures);
  const points = toPoints(poolMeasures, scale, settings.objectives);
  return {
    generation,
    individuals: [...state.individuals, ...offspring],
    population: survivors(points, settings.population).map((i) => (pool[i] as Individual).id),
    scale,
    frame: state.frame ?? (hasExtent(scale) ? scale : null),
  };
}

/** A member of the population with what is derived from its scores and its neighbours'. */
export interface Member extends Individual {
  /** Objectives under the generation's scale, minimised; null: infeasible. */
  readonly objectives: Point | null;
  readonly rank: number;
  readonly crowding: number;
}

/** The population with objectives, rank and crowding. */
export function membersOf(settings: SearchSettings, state: SearchState): readonly Member[] {
  const population = populationOf(state);
  const points = toPoints(measures(population, settings), state.scale, settings.objectives);
  const standing = standings(points);
  return population.map((individual, i) => ({
    ...individual,
    objectives: points[i] ?? null,
    ...(standing[i] as (typeof standing)[number]),
  }));
}

/** The feasible members no other dominates. */
export const frontOf = (members: readonly Member[]): readonly Member[] =>
  members.filter(({ rank, objectives }) => rank === 0 && objectives !== null);

/** Hypervolume of everything scored so far, in the search's frame: it never falls; 0 before there is one. */
export function hypervolumeOf(settings: SearchSettings, { individuals, frame }: SearchState): number {
  const points = toPoints(measures(individuals, settings), frame, settings.objectives);
  return hypervolume(points, worstPoint(settings.objectives));
}

/** Scores genotypes; the only way the search learns anything. */
export type Evaluate = (
  candidates: readonly Candidate[],
  signal: AbortSignal,
) => Promise<readonly Evaluation[]>;

/** Runs a search from a state to its last generation, giving each generation's state. */
export async function* search(
  settings: ResolvedSettings,
  evaluate: Evaluate,
  signal: AbortSignal,
  from: SearchState = INITIAL_STATE,
): AsyncGenerator<SearchState> {
  let state = from;
  while (state.generation < settings.generations) {
    signal.throwIfAborted();
    const candidates = propose(settings, state);
    state = advance(settings, state, candidates, await evaluate(candidates, signal));
    yield state;
  }
}
