// A search as its events tell it: a fold, so that what is told live, again after a lost connection, or from
// the archive years later comes to the same. All of it is plain data; nothing is asked for beside the events.

import type { SearchEvent } from '../api/follow.ts';
import type { Origin, SearchStatus } from '../api/generated/graphql.ts';
import { type Measured, type Values, valuesOf } from '../measure/measured.ts';

/** An architecture as the search met it. */
export interface Scored extends Measured {
  readonly id: string;
  readonly genotype: readonly number[];
  readonly feasible: boolean;
  readonly reason: string | null;
  /** The values as they are, SynFlow's too. */
  readonly raw: Values;
  readonly generation: number;
  /** Its score was in the archive before. */
  readonly reused: boolean;
}

/** A member of a population; `id` is its architecture's. */
export interface Placed {
  readonly id: string;
  readonly individual: string;
  readonly rank: number;
  /** null: infinite. */
  readonly crowding: number | null;
  readonly born: number;
  readonly origin: Origin;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A finished generation. */
export interface Generation {
  readonly generation: number;
  readonly evaluations: number;
  readonly hypervolume: number;
  readonly infeasible: number;
  readonly scale: readonly [p1: Range, p2: Range, macs: Range] | null;
  /** Architecture of the paper's pick. */
  readonly best: string | null;
  readonly members: readonly Placed[];
}

export interface Story {
  /** Of the last event told; 0: none yet. */
  readonly sequence: number;
  readonly status: SearchStatus | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  /** In the order in which they were scored. */
  readonly scored: readonly Scored[];
  readonly byId: ReadonlyMap<string, Scored>;
  readonly generations: readonly Generation[];
  /** How many scores were in the archive before. */
  readonly reused: number;
  /** Milliseconds since the epoch of the last scores that were computed, at most PACE of them. */
  readonly pace: readonly number[];
}

/** Scores over which the rate is taken. */
const PACE = 60;

export const UNTOLD: Story = {
  sequence: 0,
  status: null,
  failure: null,
  scored: [],
  byId: new Map(),
  generations: [],
  reused: 0,
  pace: [],
};

type Told<N extends SearchEvent['__typename']> = Extract<SearchEvent, { readonly __typename: N }>;

function toScored({ architecture, generation, reused }: Told<'ArchitectureEvaluated'>): Scored {
  const { id, genotype, macs, params, feasible, infeasibleReason, indicators } = architecture;
  return {
    id,
    genotype,
    macs,
    params,
    feasible,
    reason: infeasibleReason ?? null,
    values: valuesOf(indicators),
    raw: Object.fromEntries(indicators.map(({ name, value }) => [name, value ?? null])),
    generation,
    reused,
  };
}

function toGeneration({ generation, population }: Told<'GenerationFinished'>): Generation {
  const { evaluations, hypervolume, infeasible, scale, best, members } = population;
  return {
    generation,
    evaluations,
    hypervolume,
    infeasible,
    scale: scale ? [scale.p1, scale.p2, scale.macs] : null,
    best: best?.individual.architecture.id ?? null,
    members: members.map(({ rank, crowding, individual }) => ({
      id: individual.architecture.id,
      individual: individual.id,
      rank,
      crowding: crowding ?? null,
      born: individual.born,
      origin: individual.origin,
    })),
  };
}

/** The story with so many more events told, in order; those told before change nothing. */
export function tell(story: Story, events: readonly SearchEvent[]): Story {
  let last = story.sequence;
  const news = events.filter(({ sequence }) => {
    const isNew = sequence > last;
    last = Math.max(last, sequence);
    return isNew;
  });
  if (news.length === 0) return story;
  const evaluated = news.filter((event) => event.__typename === 'ArchitectureEvaluated');
  const scored = evaluated.map(toScored);
  const finished = news.filter((event) => event.__typename === 'GenerationFinished').map(toGeneration);
  const status = news.findLast((event) => event.__typename === 'StatusChanged');
  const computed = evaluated.filter(({ reused }) => !reused).map(({ at }) => Date.parse(at));
  return {
    sequence: last,
    status: status?.status ?? story.status,
    failure: status === undefined ? story.failure : (status.failure ?? null),
    scored: scored.length === 0 ? story.scored : [...story.scored, ...scored],
    byId:
      scored.length === 0
        ? story.byId
        : new Map([...story.byId, ...scored.map((one) => [one.id, one] as const)]),
    generations: finished.length === 0 ? story.generations : [...story.generations, ...finished],
    reused: story.reused + scored.filter(({ reused }) => reused).length,
    pace: [...story.pace, ...computed].slice(-PACE),
  };
}

/** Scores a second, lately; null: too few to tell. */
export function rateOf({ pace }: Story): number | null {
  const [first, last] = [pace[0], pace.at(-1)];
  if (first === undefined || last === undefined || pace.length < 3 || last <= first) return null;
  return ((pace.length - 1) * 1000) / (last - first);
}
