// Individuals of a search, and members of its populations.

import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { Individual, type Member } from '../schema/individual.ts';
import type { Typed } from '../schema/node.ts';
import type { Member as Standing } from '../search/evolution.ts';
import { type ArchitectureId, protocolId } from '../search/identity.ts';
import { measureOf, toPoints } from '../search/objectives.ts';
import type { IndividualRecord, SearchId, SearchRecord } from '../storage/records.ts';
import { type ArchitectureSource, toArchitecture } from './architecture.ts';
import type { Context } from './context.ts';
import { toGlobalId } from './globalId.ts';

type Lazy = 'parents' | 'architecture';

export interface IndividualSource extends Typed<'Individual'>, Omit<Individual, Lazy> {
  readonly search: SearchRecord;
  readonly record: IndividualRecord;
}

export function toIndividual(search: SearchRecord, record: IndividualRecord): IndividualSource {
  const { settings, frame } = search;
  return {
    __typename: 'Individual',
    id: toGlobalId('Individual', `${search.id}:${record.id}`),
    origin: record.origin,
    born: record.born,
    index: record.index,
    objectives: toPoints([measureOf(record.evaluation, settings)], frame, settings.objectives)[0] ?? null,
    search,
    record,
  };
}

export interface MemberSource extends Omit<Member, 'individual'> {
  readonly individual: IndividualSource;
}

export const toMember = (
  search: SearchRecord,
  { objectives, rank, crowding }: Standing,
  record: IndividualRecord,
): MemberSource => ({
  individual: toIndividual(search, record),
  objectives,
  rank,
  crowding: Number.isFinite(crowding) ? crowding : null,
});

/** The individual of a key `search:architecture`; null: there is none. */
export async function individualOf({ loaders }: Context, key: string): Promise<IndividualSource | null> {
  const [id = '', architecture = ''] = key.split(':');
  const [search, record] = await Promise.all([
    loaders.search.load({ id: id as SearchId }),
    loaders.individual.load({ search: id as SearchId, id: architecture as ArchitectureId }),
  ]);
  return search === null || record === null ? null : toIndividual(search, record);
}

@Resolver(() => Individual)
export class IndividualResolver {
  @FieldResolver()
  async architecture(
    @Root() { search, record }: IndividualSource,
    @Ctx() { loaders }: Context,
  ): Promise<ArchitectureSource> {
    if (search.protocol === null) throw new Error(`search ${search.id} has individuals but no protocol`);
    const scored = await loaders.architecture.load({
      protocolId: protocolId(search.protocol),
      architecture: record.id,
    });
    if (scored === null) throw new Error(`the score of ${record.id} in search ${search.id} is not archived`);
    return toArchitecture(scored);
  }

  @FieldResolver()
  async parents(
    @Root() { search, record }: IndividualSource,
    @Ctx() { loaders }: Context,
  ): Promise<readonly IndividualSource[]> {
    const parents = await Promise.all(
      record.parents.map((id) => loaders.individual.load({ search: search.id, id })),
    );
    return parents.map((parent, i) => {
      if (parent === null)
        throw new Error(`parent ${String(record.parents[i])} is not in search ${search.id}`);
      return toIndividual(search, parent);
    });
  }
}
