// Searches: listed, read, and what they have found.

import { Arg, Args, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { ArchitectureOrder, ScoreFilter } from '../schema/architecture.ts';
import { type ConnectionSource, PageArgs } from '../schema/connection.ts';
import { Individual } from '../schema/individual.ts';
import type { Typed } from '../schema/node.ts';
import { Population } from '../schema/population.ts';
import { SafeInt } from '../schema/scalars.ts';
import { Search, SearchConnection, SearchStatus, type SearchStatusName } from '../schema/search.ts';
import { MedNasError } from '../search/errors.ts';
import { frontOf } from '../search/evolution.ts';
import { kneeOf, pickBest } from '../search/selection.ts';
import { plannedEvaluations } from '../search/settings.ts';
import type { Page, Position } from '../storage/archive.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import { filterOf, orderOf } from './architecture.ts';
import type { Context } from './context.ts';
import { type DatasetSource, toDataset } from './dataset.ts';
import { found, toFailure } from './failure.ts';
import { parseGlobalId, toGlobalId } from './globalId.ts';
import { type IndividualSource, type MemberSource, toIndividual } from './individual.ts';
import { withoutNulls } from './nulls.ts';
import { readPage } from './page.ts';
import { choose, type PopulationSource, readFront, readPopulation } from './population.ts';
import { type SearchSpaceSource, spaceNamed } from './space.ts';

type Lazy =
  | 'queuePosition'
  | 'space'
  | 'dataset'
  | 'population'
  | 'generations'
  | 'paretoFront'
  | 'best'
  | 'pick'
  | 'knee'
  | 'individuals';

export interface SearchSource extends Typed<'Search'>, Omit<Search, Lazy> {
  readonly record: SearchRecord;
}

export const toSearch = (record: SearchRecord): SearchSource => ({
  __typename: 'Search',
  id: toGlobalId('Search', record.id),
  settings: record.settings,
  status: record.status,
  failure: toFailure(record.failure),
  idempotencyKey: record.idempotencyKey,
  createdAt: record.createdAt,
  finishedAt: record.finishedAt,
  progress: {
    generation: record.generation < 0 ? null : record.generation,
    generations: record.settings.generations,
    evaluations: record.evaluations,
    plannedEvaluations: plannedEvaluations(record.settings),
  },
  hypervolume: record.hypervolume,
  protocol: record.protocol,
  record,
});

/** The search of that key; null: there is none. */
export async function searchOf({ loaders }: Context, key: string): Promise<SearchSource | null> {
  const record = await loaders.search.load({ id: key as SearchId });
  return record === null ? null : toSearch(record);
}

const lastPopulation = (context: Context, record: SearchRecord): Promise<PopulationSource | null> =>
  readPopulation(context, record, record.generation);

interface Slice {
  readonly count: number;
  readonly after: Position | undefined;
  readonly direction: 'asc' | 'desc';
}

/** Populations of consecutive generations. Their position is their number, be it one that does not exist. */
async function pageOfGenerations(
  context: Context,
  record: SearchRecord,
  { count, after, direction }: Slice,
): Promise<Pick<Page<PopulationSource>, 'items'>> {
  const step = direction === 'asc' ? 1 : -1;
  const ends = direction === 'asc' ? -1 : record.generation + 1;
  const from = (after === undefined ? ends : Number(after.values[0])) + step;
  const numbers = Array.from({ length: count }, (_, i) => from + step * i);
  const populations = await Promise.all(numbers.map((number) => readPopulation(context, record, number)));
  return {
    items: populations.flatMap((item) =>
      item === null ? [] : [{ item, position: { values: [item.generation], id: item.id } }],
    ),
  };
}

@Resolver(() => Search)
export class SearchResolver {
  @Query(() => Search, {
    nullable: true,
    description: 'A search by its global id; the error NOT_FOUND when there is none.',
  })
  async search(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Global id of a search.' }) id: string,
  ): Promise<SearchSource> {
    const { key } = parseGlobalId(id, 'id', 'Search');
    return found(await searchOf(context, key), 'search', 'id');
  }

  @Query(() => SearchConnection, { description: 'All searches, the newest first.' })
  searches(
    @Ctx() { service: { archive, searches } }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('statuses', () => [SearchStatus], {
      nullable: true,
      description: 'Only those doing one of these; left out or empty: all.',
    })
    statuses: readonly SearchStatusName[] | null,
  ): Promise<ConnectionSource<SearchSource>> {
    return readPage(page, {
      name: 'searches',
      direction: 'desc',
      read: (count, after, direction) => archive.listSearches(statuses ?? [], count, after, direction),
      count: () => archive.countSearches(statuses ?? []),
      toSource: (record) => toSearch(searches.shown(record)),
    });
  }

  @FieldResolver()
  queuePosition(@Root() { record }: SearchSource, @Ctx() { service }: Context): number | null {
    return service.searches.queuePosition(record.id);
  }

  @FieldResolver()
  space(@Root() { record }: SearchSource): SearchSpaceSource {
    return found(spaceNamed(record.settings.space), 'search space', 'space');
  }

  @FieldResolver()
  async dataset(
    @Root() { record }: SearchSource,
    @Ctx() { loaders }: Context,
  ): Promise<DatasetSource | null> {
    const dataset = await loaders.dataset.load({ name: record.settings.dataset });
    return dataset === null ? null : toDataset(dataset);
  }

  @FieldResolver()
  population(
    @Root() { record }: SearchSource,
    @Ctx() context: Context,
    @Arg('generation', () => Int, { nullable: true, description: 'Which; left out: the last finished one.' })
    generation: number | null,
  ): Promise<PopulationSource | null> {
    const { generations } = record.settings;
    if (typeof generation === 'number' && (generation < 0 || generation > generations)) {
      throw new MedNasError(
        'INVALID_ARGUMENT',
        `generation is from 0 to ${generations} in this search; got ${generation}.`,
        { field: 'generation' },
      );
    }
    return readPopulation(context, record, generation ?? record.generation);
  }

  @FieldResolver()
  generations(
    @Root() { record }: SearchSource,
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<ConnectionSource<PopulationSource>> {
    return readPage(page, {
      name: `generations ${record.id}`,
      direction: 'asc',
      read: (count, after, direction) => pageOfGenerations(context, record, { count, after, direction }),
      count: () => Promise.resolve(record.generation + 1),
      toSource: (population) => population,
    });
  }

  @FieldResolver()
  async paretoFront(
    @Root() { record }: SearchSource,
    @Ctx() context: Context,
  ): Promise<readonly MemberSource[]> {
    return readFront(await lastPopulation(context, record));
  }

  @FieldResolver()
  async best(@Root() { record }: SearchSource, @Ctx() context: Context): Promise<MemberSource | null> {
    return choose(await lastPopulation(context, record), (members) => pickBest(members, record.settings));
  }

  @FieldResolver()
  async pick(
    @Root() { record }: SearchSource,
    @Ctx() context: Context,
    @Arg('maxParams', () => SafeInt, { nullable: true, description: 'At most so many parameters.' })
    maxParams: number | null,
    @Arg('maxMacs', () => SafeInt, { nullable: true, description: 'At most so many multiply-accumulates.' })
    maxMacs: number | null,
  ): Promise<MemberSource | null> {
    const limits = withoutNulls({ maxParams, maxMacs });
    return choose(await lastPopulation(context, record), (members) =>
      pickBest(members, record.settings, limits),
    );
  }

  @FieldResolver()
  async knee(@Root() { record }: SearchSource, @Ctx() context: Context): Promise<MemberSource | null> {
    return choose(await lastPopulation(context, record), (members) => kneeOf(frontOf(members)));
  }

  @FieldResolver()
  individuals(
    @Root() { record }: SearchSource,
    @Ctx() { service: { archive } }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => ScoreFilter, { nullable: true, description: 'Which to list.' })
    given: ScoreFilter | null,
    @Arg('orderBy', () => ArchitectureOrder, {
      nullable: true,
      description: 'Their order; left out: JACOB_COV, the largest first.',
    })
    ordered: ArchitectureOrder | null,
  ): Promise<ConnectionSource<IndividualSource>> {
    const filter = filterOf(given);
    const order = orderOf(ordered);
    return readPage(page, {
      name: `individuals ${record.id} ${order.by} ${order.direction}`,
      direction: order.direction,
      read: (count, after, direction) =>
        archive.listIndividuals(record.id, filter, { ...order, direction }, count, after),
      count: () => archive.countIndividuals(record.id, filter),
      toSource: (individual) => toIndividual(record, individual),
    });
  }
}

// Individuals and populations point back to their search here: their own types cannot, as a search is
// made of them and modules do not import each other in a circle.

@Resolver(() => Population)
export class PopulationSearchResolver {
  @FieldResolver(() => Search, { description: 'The search whose population it is.' })
  search(@Root() { search }: PopulationSource): SearchSource {
    return toSearch(search);
  }
}

@Resolver(() => Individual)
export class IndividualSearchResolver {
  @FieldResolver(() => Search, { description: 'The search that met it.' })
  search(@Root() { search }: IndividualSource): SearchSource {
    return toSearch(search);
  }
}
