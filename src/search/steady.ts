// Evolution without generations (asynchronous steady-state NSGA-II: Durillo et al. 2008): so many candidates are
// under way at any time, each that is scored competes for a place in the population at once, and another takes
// its place. Nobody waits for a generation's slowest. What is proposed depends on who has been scored until
// then, so the search is a function of its settings and of the order in which scores arrive: of the settings
// alone with one lane, and again when the arrivals are replayed.

import type { Evaluation } from './evaluation.ts';
import {
  type Evaluate,
  INITIAL_STATE,
  propose,
  recombinationAmong,
  type ResolvedSettings,
  type SearchState,
} from './evolution.ts';
import type { ArchitectureId } from './identity.ts';
import type { Candidate, Individual } from './individual.ts';
import { survivors } from './nsga2.ts';
import { hasExtent, measureOf, scaleOver, toPoints } from './objectives.ts';
import { randomFor } from './random.ts';
import { plannedEvaluations, spaceOf } from './settings.ts';
import { type Recombination, STRATEGIES } from './strategy.ts';

export interface SteadyState {
  /** A generation is as many arrivals as there are offspring, the first as many as there are in a population. */
  readonly search: SearchState;
  /** The individuals of its population. */
  readonly members: readonly Individual[];
  /** All individuals there were at the end of the last generation: who is exploited is looked at as often. */
  readonly elders: readonly Individual[];
  /** Proposed and not scored yet, in the order in which they were. */
  readonly pending: readonly Candidate[];
}

const measures = (individuals: readonly Individual[], settings: ResolvedSettings) =>
  individuals.map(({ evaluation }) => measureOf(evaluation, settings));

/** The generation that the next to arrive belongs to. */
const generationOf = ({ population, offspring }: ResolvedSettings, arrived: number): number =>
  arrived < population ? 0 : 1 + Math.floor((arrived - population) / offspring);

/** What exploitation draws from, which is asked for each proposal and takes long. */
const RECOMBINATIONS = new WeakMap<readonly Individual[], Recombination | null>();

function recombinationOfElders(
  settings: ResolvedSettings,
  elders: readonly Individual[],
): Recombination | null {
  const known = RECOMBINATIONS.get(elders);
  if (known !== undefined) return known;
  const recombination = recombinationAmong(settings, elders);
  RECOMBINATIONS.set(elders, recombination);
  return recombination;
}

/** Ids of all that has been proposed. What arrives was among them, so only a proposal adds one. */
const proposedIn = ({ search, pending }: SteadyState): Set<ArchitectureId> =>
  new Set([...search.individuals, ...pending].map(({ id }) => id));

/** The nth proposal of a search, after its initial population, from what is the same for all until a score arrives. */
function proposerOf(
  settings: ResolvedSettings,
  { search, members, elders }: SteadyState,
  proposed: ReadonlySet<ArchitectureId>,
): (nth: number) => Candidate {
  const space = spaceOf(settings);
  const situation = {
    space,
    upperBounds: space.upperBounds(settings.blocks),
    known: proposed,
    population: members,
    points: toPoints(measures(members, settings), search.scale, settings.objectives),
    recombination: () => recombinationOfElders(settings, elders),
  };
  const strategy = STRATEGIES[members.length === 0 ? 'random' : settings.strategy];
  return (nth) => {
    const variation = randomFor(settings.seed, nth, 'variation');
    // A share of one candidate is a chance.
    const exploitation = settings.exploitation > 0 && variation() < settings.exploitation ? 1 : 0;
    const random = { variation, immigrants: randomFor(settings.seed, nth, 'immigrants') };
    const [candidate] = strategy({ ...situation, exploitation, random }, 1);
    return candidate as Candidate;
  };
}

/** As `fill`; what it proposes is added to `proposed`, which is as `proposedIn` says of the state. */
function fillBeside(
  settings: ResolvedSettings,
  state: SteadyState,
  lanes: number,
  proposed: Set<ArchitectureId>,
): SteadyState {
  const missing = Math.min(lanes - state.pending.length, plannedEvaluations(settings) - proposed.size);
  if (missing <= 0) return state;
  const proposeNth = proposerOf(settings, state, proposed);
  const pending = [...state.pending];
  for (let i = 0; i < missing; i++) {
    const candidate = proposeNth(proposed.size);
    pending.push(candidate);
    proposed.add(candidate.id);
  }
  return { ...state, pending };
}

/** Proposes until `lanes` candidates are under way, or the search has proposed all it may. */
export const fill = (settings: ResolvedSettings, state: SteadyState, lanes: number): SteadyState =>
  fillBeside(settings, state, lanes, proposedIn(state));

/** A score has arrived, of one that was under way. */
export function admit(
  settings: ResolvedSettings,
  { search, members, elders, pending }: SteadyState,
  id: ArchitectureId,
  evaluation: Evaluation,
): SteadyState {
  const candidate = pending.find((one) => one.id === id);
  if (candidate === undefined) throw new Error(`${id} has been scored, and is not under way`);
  const born = generationOf(settings, search.individuals.length);
  const individual: Individual = { ...candidate, born, evaluation };
  const individuals = [...search.individuals, individual];
  const generation = generationOf(settings, individuals.length) - 1;
  const pool = [...members, individual];
  const poolMeasures = measures(pool, settings);
  const scale = scaleOver(poolMeasures);
  const points = toPoints(poolMeasures, scale, settings.objectives);
  const staying = survivors(points, settings.population).map((i) => pool[i] as Individual);
  return {
    search: {
      generation,
      individuals,
      population: staying.map((one) => one.id),
      scale,
      // Of the first few the ranges are anybody's.
      frame: search.frame ?? (generation >= 0 && hasExtent(scale) ? scale : null),
    },
    members: staying,
    elders: generation > search.generation ? individuals : elders,
    pending: pending.filter((one) => one.id !== id),
  };
}

/** At first the initial population is under way, the same as that of any other strategy. */
const begin = (settings: ResolvedSettings): SteadyState => ({
  search: INITIAL_STATE,
  members: [],
  elders: [],
  pending: propose(settings, INITIAL_STATE),
});

/** The state in which so many lanes have scored these individuals, in this order. */
export function replay(
  settings: ResolvedSettings,
  individuals: readonly Individual[],
  lanes: number,
): SteadyState {
  let state = begin(settings);
  const proposed = proposedIn(state);
  state = fillBeside(settings, state, lanes, proposed);
  for (const { id, evaluation } of individuals) {
    state = fillBeside(settings, admit(settings, state, id, evaluation), lanes, proposed);
  }
  return state;
}

/** Scores that have arrived, in that order, for a single reader. */
function openArrivals<T>() {
  const outcomes: { readonly take: () => T }[] = [];
  const underWay = new Set<Promise<void>>();
  let wake: (() => void) | null = null;

  async function hear(work: Promise<T>): Promise<void> {
    const take = await work.then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    outcomes.push({ take });
    wake?.();
  }

  return {
    expect(work: Promise<T>): void {
      const heard = hear(work);
      underWay.add(heard);
      void heard.finally(() => underWay.delete(heard));
    },
    async next(): Promise<T> {
      while (outcomes.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return (outcomes.shift() as { readonly take: () => T }).take();
    },
    /** Resolves when nothing is under way any more. */
    over: async (): Promise<void> => void (await Promise.all(underWay)),
  };
}

/**
 * Runs a search with so many candidates under way, giving its state at the end of each generation. `from`: a
 * state it gave before, under as many lanes.
 */
export async function* steadySearch(
  settings: ResolvedSettings,
  evaluate: Evaluate,
  signal: AbortSignal,
  from: SearchState,
  lanes: number,
): AsyncGenerator<SearchState> {
  let state = replay(settings, from.individuals, lanes);
  const proposed = proposedIn(state);
  const arrivals = openArrivals<readonly [ArchitectureId, Evaluation]>();
  const begun = new Set<ArchitectureId>();
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  try {
    while (state.search.individuals.length < plannedEvaluations(settings)) {
      signal.throwIfAborted();
      // The first of those under way; of the initial population some may have to wait.
      for (const candidate of state.pending.slice(0, lanes).filter(({ id }) => !begun.has(id))) {
        begun.add(candidate.id);
        arrivals.expect(
          evaluate([candidate], stop).then(([evaluation]) => [candidate.id, evaluation as Evaluation]),
        );
      }
      const { generation } = state.search;
      const [id, evaluation] = await arrivals.next();
      state = fillBeside(settings, admit(settings, state, id, evaluation), lanes, proposed);
      if (state.search.generation > generation) yield state.search;
    }
  } finally {
    // A caller that leaves, or a candidate that failed: the others are called off, and heard out.
    failed.abort(new Error('the search has stopped'));
    await arrivals.over();
  }
}
