// Populations: what a search held after each finished generation.

import { FieldResolver, Resolver, Root } from 'type-graphql';
import type { Typed } from '../schema/node.ts';
import { Population } from '../schema/population.ts';
import { frontOf, type Member, membersOf } from '../search/evolution.ts';
import { pickBest } from '../search/selection.ts';
import type { GenerationRecord, IndividualRecord, SearchId, SearchRecord } from '../storage/records.ts';
import type { Context } from './context.ts';
import { toGlobalId } from './globalId.ts';
import type { Loaders } from './loaders.ts';
import { type MemberSource, toMember } from './individual.ts';

/** Members with what is derived from their neighbours, and how each is shown. */
interface Members {
  readonly all: readonly Member[];
  readonly toSource: (member: Member) => MemberSource;
}

type Lazy = 'members' | 'paretoFront' | 'best';

export interface PopulationSource extends Typed<'Population'>, Omit<Population, Lazy> {
  readonly search: SearchRecord;
  /** Read once, when first asked for. */
  readonly members: () => Promise<Members>;
}

async function readMembers(
  loaders: Loaders,
  search: SearchRecord,
  { generation, population, scale }: GenerationRecord,
): Promise<Members> {
  const keys = population.map((id) => ({ search: search.id, id }));
  const individuals = (await Promise.all(keys.map((key) => loaders.individual.load(key)))).flatMap(
    (individual) => (individual === null ? [] : [individual]),
  );
  const records = new Map(individuals.map((record) => [record.id, record]));
  const state = { generation, individuals, population, scale, frame: search.frame };
  return {
    all: membersOf(search.settings, state),
    toSource: (member) => toMember(search, member, records.get(member.id) as IndividualRecord),
  };
}

function toPopulation(loaders: Loaders, search: SearchRecord, record: GenerationRecord): PopulationSource {
  let members: Promise<Members> | null = null;
  const { scale } = record;
  return {
    __typename: 'Population',
    id: toGlobalId('Population', `${search.id}:${record.generation}`),
    generation: record.generation,
    hypervolume: record.hypervolume,
    scale: scale === null ? null : { p1: scale[0], p2: scale[1], macs: scale[2] },
    evaluations: record.evaluations,
    infeasible: record.infeasible,
    finishedAt: record.finishedAt,
    search,
    members: () => (members ??= readMembers(loaders, search, record)),
  };
}

/** A search's population after a generation; null: it is not finished. */
export async function readPopulation(
  { loaders }: Context,
  search: SearchRecord,
  generation: number,
): Promise<PopulationSource | null> {
  // A generation is archived before the search tells of it, its frame with it.
  if (generation < 0 || generation > search.generation) return null;
  const record = await loaders.generation.load({ search: search.id, generation });
  return record === null ? null : toPopulation(loaders, search, record);
}

/** The population of a key `search:generation`; null: there is none. */
export async function populationOf(context: Context, key: string): Promise<PopulationSource | null> {
  const [id = '', generation = ''] = key.split(':');
  if (!/^(0|[1-9]\d{0,8})$/.test(generation)) return null;
  const search = await context.loaders.search.load({ id: id as SearchId });
  return search === null ? null : await readPopulation(context, search, Number(generation));
}

/** One member by a rule; null: there is no population yet, or no member qualifies. */
export async function choose(
  population: PopulationSource | null,
  rule: (members: readonly Member[]) => Member | null,
): Promise<MemberSource | null> {
  if (population === null) return null;
  const { all, toSource } = await population.members();
  const chosen = rule(all);
  return chosen === null ? null : toSource(chosen);
}

export async function readFront(population: PopulationSource | null): Promise<readonly MemberSource[]> {
  if (population === null) return [];
  const { all, toSource } = await population.members();
  return frontOf(all).map(toSource);
}

@Resolver(() => Population)
export class PopulationResolver {
  @FieldResolver()
  async members(@Root() population: PopulationSource): Promise<readonly MemberSource[]> {
    const { all, toSource } = await population.members();
    return all.map(toSource);
  }

  @FieldResolver()
  paretoFront(@Root() population: PopulationSource): Promise<readonly MemberSource[]> {
    return readFront(population);
  }

  @FieldResolver()
  best(@Root() population: PopulationSource): Promise<MemberSource | null> {
    return choose(population, (members) => pickBest(members, population.search.settings));
  }
}
