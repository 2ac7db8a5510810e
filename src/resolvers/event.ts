// The events of a search, as a subscription.

import { Arg, Ctx, FieldResolver, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { ArchitectureEvaluated, GenerationFinished, SearchEvent, StatusChanged } from '../schema/event.ts';
import type { Typed } from '../schema/node.ts';
import { protocolId } from '../search/identity.ts';
import type { EventRecord, Happening, SearchId, SearchRecord } from '../storage/records.ts';
import { type ArchitectureSource, toArchitecture } from './architecture.ts';
import type { Context } from './context.ts';
import { found, toFailure } from './failure.ts';
import { followUntilGone, requireAfter } from './follow.ts';
import { parseGlobalId } from './globalId.ts';
import { type PopulationSource, readPopulation } from './population.ts';

/** What happens in a search. */
type InSearch = Exclude<Happening, { readonly type: 'epoch' }>;

const TYPES: Readonly<Record<InSearch['type'], { readonly name: string }>> = {
  status: StatusChanged,
  evaluated: ArchitectureEvaluated,
  generation: GenerationFinished,
};

type EventSource = Typed<string> & InSearch & { readonly sequence: number; readonly at: string };
/** An event of one type. Of the architecture it tells only the id; what clients see is read by it. */
type SourceOf<T extends InSearch['type']> = Extract<InSearch, { readonly type: T }> & {
  readonly search: SearchId;
};

function toSource({ happening, ...event }: EventRecord): EventSource {
  if (happening.type === 'epoch') throw new Error(`search ${event.search} has the epoch of a training`);
  return {
    __typename: TYPES[happening.type].name,
    ...event,
    ...happening,
    ...(happening.type === 'status' && { failure: toFailure(happening.failure) }),
  };
}

interface FollowArguments {
  readonly searchId: string;
  readonly after: number | null;
}

async function follow(
  { service, loaders, signal }: Context,
  { searchId, after }: FollowArguments,
): Promise<AsyncIterable<EventRecord>> {
  const id = parseGlobalId(searchId, 'searchId', 'Search').key as SearchId;
  const last = requireAfter(after);
  found(await loaders.search.load({ id }), 'search', 'searchId');
  return followUntilGone((until) => service.follow(id, last, until), signal);
}

async function searchOf({ loaders }: Context, id: SearchId): Promise<SearchRecord> {
  return found(await loaders.search.load({ id }), 'search', 'searchId');
}

@Resolver()
export class SearchEventsResolver {
  @Subscription(() => SearchEvent, {
    description:
      'What happens in a search: first what has happened `after` an event, then what is happening, each once and in order; it ends when the search does.',
    subscribe: ({ args, context }) => follow(context as Context, args as FollowArguments),
  })
  searchEvents(
    @Root() event: EventRecord,
    @Arg('searchId', () => ID, { description: 'Global id of the search.' }) _searchId: string,
    @Arg('after', () => Int, {
      nullable: true,
      defaultValue: 0,
      description: 'Sequence number of the last event the client has; 0: none.',
    })
    _after: number | null,
  ): EventSource {
    return toSource(event);
  }
}

@Resolver(() => ArchitectureEvaluated)
export class ArchitectureEvaluatedResolver {
  @FieldResolver()
  async architecture(
    @Root() { search, architecture }: SourceOf<'evaluated'>,
    @Ctx() context: Context,
  ): Promise<ArchitectureSource> {
    const { protocol } = await searchOf(context, search);
    if (protocol === null) throw new Error(`search ${search} has scores but no protocol`);
    const key = { protocolId: protocolId(protocol), architecture };
    return toArchitecture(found(await context.loaders.architecture.load(key), 'architecture', 'searchId'));
  }
}

@Resolver(() => GenerationFinished)
export class GenerationFinishedResolver {
  @FieldResolver()
  async population(
    @Root() { search, generation }: SourceOf<'generation'>,
    @Ctx() context: Context,
  ): Promise<PopulationSource> {
    const record = await searchOf(context, search);
    return found(await readPopulation(context, record, generation), 'population', 'searchId');
  }
}
