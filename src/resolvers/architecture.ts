// Scored architectures: lists of them, one by its id, and any genotype scored on demand.

import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import {
  Architecture,
  ArchitectureConnection,
  ArchitectureFilter,
  ArchitectureOrder,
  type ScoreFilter,
} from '../schema/architecture.ts';
import { type ConnectionSource, PageArgs } from '../schema/connection.ts';
import type { Block, GraphEdge, GraphNode } from '../schema/graph.ts';
import type { Typed } from '../schema/node.ts';
import { ArchitecturePayload } from '../schema/payload.ts';
import { ScoreArchitectureInput } from '../schema/settings.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation } from '../search/evaluation.ts';
import { type ArchitectureId, protocolId, type ProtocolId } from '../search/identity.ts';
import {
  architectureKey,
  type ArchitectureFilter as Filter,
  type ArchitectureOrder as Order,
} from '../storage/archive.ts';
import type { ArchitectureRecord, SearchId } from '../storage/records.ts';
import type { Context } from './context.ts';
import { attempt, found, withInput } from './failure.ts';
import { parseGlobalId, toGlobalId } from './globalId.ts';
import { readPage } from './page.ts';
import { withoutNulls } from './nulls.ts';
import { blocksOf, graphEdgesOf, graphNodesOf } from './network.ts';
import { type SearchSpaceSource, spaceNamed } from './space.ts';

type Lazy = 'space' | 'blocks' | 'nodes' | 'edges';

export interface ArchitectureSource extends Typed<'Architecture'>, Omit<Architecture, Lazy> {
  readonly record: ArchitectureRecord;
}

const toIndicators = ({ scores }: Evaluation, order: readonly (keyof Evaluation['scores'])[]) =>
  order.flatMap((name) => {
    const score = scores[name];
    return score === undefined ? [] : [{ name, ...score, log: score.log ?? null }];
  });

export function toArchitecture(record: ArchitectureRecord): ArchitectureSource {
  const { evaluation, protocol, genotype, scoredAt } = record;
  return {
    __typename: 'Architecture',
    id: toGlobalId('Architecture', architectureKey(record.protocolId, record.architecture)),
    genotype,
    macs: evaluation.macs,
    params: evaluation.params,
    indicators: toIndicators(evaluation, protocol.indicators),
    feasible: evaluation.status === 'ok',
    infeasibleReason: evaluation.status === 'infeasible' ? evaluation.reason : null,
    protocol,
    scoredAt,
    record,
  };
}

/** The architecture of a key made by `architectureKey`; null: it has not been scored. */
export async function architectureOf({ loaders }: Context, key: string): Promise<ArchitectureSource | null> {
  const [protocolId = '', architecture = ''] = key.split(':');
  const record = await loaders.architecture.load({
    protocolId: protocolId as ProtocolId,
    architecture: architecture as ArchitectureId,
  });
  return record === null ? null : toArchitecture(record);
}

/** The order that a client asks for, the best by the first indicator coming first unless it does. */
export const orderOf = (order: ArchitectureOrder | null): Order => ({
  by: order?.by ?? 'jacobCov',
  direction: order?.direction ?? 'desc',
});

export const filterOf = (filter: ScoreFilter | null): Filter => withoutNulls(filter ?? {});

/** The protocol of a search's scores. @throws MedNasError NOT_FOUND, INVALID_STATE */
async function protocolOf({ loaders }: Context, search: string): Promise<ProtocolId> {
  const field = 'filter.search';
  const { key } = parseGlobalId(search, field, 'Search');
  const { protocol } = found(await loaders.search.load({ id: key as SearchId }), 'search', field);
  if (protocol !== null) return protocolId(protocol);
  const message = 'The search has no protocol yet: its dataset is not here. Ask again when it runs.';
  throw new MedNasError('INVALID_STATE', message, { field });
}

/** As `filterOf`, with the protocol of the search it names. */
async function protocolFilterOf(context: Context, given: ArchitectureFilter | null): Promise<Filter> {
  const { search, ...filter } = withoutNulls(given ?? {});
  return search === undefined ? filter : { ...filter, protocolId: await protocolOf(context, search) };
}

@Resolver(() => Architecture)
export class ArchitectureResolver {
  @Query(() => Architecture, {
    nullable: true,
    description: 'An architecture by its global id; the error NOT_FOUND when it has not been scored.',
  })
  async architecture(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Global id of an architecture.' }) id: string,
  ): Promise<ArchitectureSource> {
    const { key } = parseGlobalId(id, 'id', 'Architecture');
    return found(await architectureOf(context, key), 'architecture', 'id');
  }

  @Query(() => ArchitectureConnection, {
    description: 'All architectures ever scored, under every protocol.',
  })
  async architectures(
    @Ctx() context: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => ArchitectureFilter, { nullable: true, description: 'Which to list.' })
    given: ArchitectureFilter | null,
    @Arg('orderBy', () => ArchitectureOrder, {
      nullable: true,
      description: 'Their order; left out: JACOB_COV, the largest first.',
    })
    ordered: ArchitectureOrder | null,
  ): Promise<ConnectionSource<ArchitectureSource>> {
    const { archive } = context.service;
    const filter = await protocolFilterOf(context, given);
    const order = orderOf(ordered);
    return readPage(page, {
      name: `architectures ${order.by} ${order.direction}`,
      direction: order.direction,
      read: (count, after, direction) =>
        archive.listArchitectures(filter, { ...order, direction }, count, after),
      count: () => archive.countArchitectures(filter),
      toSource: toArchitecture,
    });
  }

  @Mutation(() => ArchitecturePayload, {
    description: 'Scores any genotype, or gives its score from the archive; answers when it is done.',
  })
  scoreArchitecture(
    @Ctx() context: Context,
    @Arg('input', () => ScoreArchitectureInput, { description: 'What to score, and how.' })
    input: ScoreArchitectureInput,
  ) {
    const { genotype, ...settings } = input;
    return attempt(context, 'architecture', () =>
      withInput(async () =>
        toArchitecture(
          await context.service.scoreArchitecture(genotype, withoutNulls(settings), context.signal),
        ),
      ),
    );
  }

  @FieldResolver()
  space(@Root() { protocol }: ArchitectureSource): SearchSpaceSource {
    const space = spaceNamed(protocol.space);
    if (space === null) throw new Error(`the archive names a space that does not exist: ${protocol.space}`);
    return space;
  }

  @FieldResolver()
  blocks(@Root() { record }: ArchitectureSource): readonly Block[] {
    return blocksOf(record);
  }

  @FieldResolver()
  nodes(@Root() { record }: ArchitectureSource): readonly GraphNode[] {
    return graphNodesOf(record);
  }

  @FieldResolver()
  edges(@Root() { record }: ArchitectureSource): readonly GraphEdge[] {
    return graphEdgesOf(record);
  }
}
