// Anything by its global id.

import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { MAX_PAGE } from '../schema/connection.ts';
import { Node, type NodeType, type Typed } from '../schema/node.ts';
import { MedNasError } from '../search/errors.ts';
import { architectureOf } from './architecture.ts';
import type { Context } from './context.ts';
import { toDataset } from './dataset.ts';
import { engineOf } from './engine.ts';
import { parseGlobalId } from './globalId.ts';
import { individualOf } from './individual.ts';
import { populationOf } from './population.ts';
import { searchOf } from './search.ts';
import { spaceNamed } from './space.ts';
import { trainingOf } from './training.ts';

type Read = (context: Context, key: string) => Promise<Typed | null>;

const READERS: Readonly<Record<NodeType, Read>> = {
  Architecture: architectureOf,
  Dataset: async ({ loaders }, name) => {
    const dataset = await loaders.dataset.load({ name });
    return dataset === null ? null : toDataset(dataset);
  },
  EngineInfo: async (context, key) => (key === 'engine' ? engineOf(context) : null),
  Individual: individualOf,
  Population: populationOf,
  Search: searchOf,
  SearchSpace: (_, name) => Promise.resolve(spaceNamed(name)),
  TrainingRun: trainingOf,
};

async function read(context: Context, id: string, field: string): Promise<Typed | null> {
  const { type, key } = parseGlobalId(id, field);
  return await READERS[type](context, key);
}

@Resolver()
export class NodeResolver {
  @Query(() => Node, { nullable: true, description: 'Anything by its global id; null: there is nothing.' })
  node(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'A global id.' }) id: string,
  ): Promise<Typed | null> {
    return read(context, id, 'id');
  }

  @Query(() => [Node], {
    nullable: 'items',
    description: 'Several by their global ids, in the same order; null: there is nothing.',
  })
  nodes(
    @Ctx() context: Context,
    @Arg('ids', () => [ID], { description: `Global ids, at most ${MAX_PAGE}.` }) ids: readonly string[],
  ): Promise<readonly (Typed | null)[]> {
    if (ids.length > MAX_PAGE) {
      throw new MedNasError('INVALID_ARGUMENT', `ids are at most ${MAX_PAGE}; got ${ids.length}.`, {
        field: 'ids',
      });
    }
    return Promise.all(ids.map((id, i) => read(context, id, `ids.${i}`)));
  }
}
