// What is done to searches: started, paused, resumed, cancelled, deleted.

import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { DeleteSearchPayload, SearchPayload } from '../schema/payload.ts';
import { StartSearchInput } from '../schema/settings.ts';
import { MedNasError, shown } from '../search/errors.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import type { Context } from './context.ts';
import { attempt, withInput } from './failure.ts';
import { parseGlobalId } from './globalId.ts';
import { withoutNulls } from './nulls.ts';
import { toSearch } from './search.ts';

const ID_OF_SEARCH = { description: 'Global id of a search.' };

/** Well-formed text (no half of a surrogate pair) that fits an index. */
const IDEMPOTENCY_KEY = /^\P{Surrogate}{1,200}$/su;

/** @throws MedNasError INVALID_ARGUMENT */
export function requireKey(key: string | null | undefined): string | null {
  if (key === null || key === undefined || IDEMPOTENCY_KEY.test(key)) return key ?? null;
  throw new MedNasError('INVALID_ARGUMENT', `idempotencyKey has 1 to 200 characters; got ${shown(key)}.`, {
    field: 'idempotencyKey',
  });
}

/** A payload with the search after something was done to it. */
const change = (context: Context, id: string, act: (id: SearchId) => Promise<SearchRecord>) =>
  attempt(context, 'search', async () =>
    toSearch(await act(parseGlobalId(id, 'id', 'Search').key as SearchId)),
  );

@Resolver()
export class ControlResolver {
  @Mutation(() => SearchPayload, {
    description:
      'Starts a search, which runs in the background. The same idempotency key with the same input gives the search it started.',
  })
  startSearch(
    @Ctx() context: Context,
    @Arg('input', () => StartSearchInput, { description: 'What to search, and how.' })
    input: StartSearchInput,
    @Arg('idempotencyKey', () => String, {
      nullable: true,
      description: 'Any text that the client gives to this one request, so that repeating it is harmless.',
    })
    idempotencyKey: string | null,
  ) {
    const { service, viewer } = context;
    return attempt(context, 'search', () =>
      withInput(async () => {
        const key = requireKey(idempotencyKey);
        return toSearch(await service.searches.start(withoutNulls(input), key, viewer.client));
      }),
    );
  }

  @Mutation(() => SearchPayload, {
    description: 'Stops a search after the scores in flight, until it is resumed. Nothing scored is lost.',
  })
  pauseSearch(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_SEARCH) id: string) {
    return change(context, id, (search) => context.service.searches.pause(search));
  }

  @Mutation(() => SearchPayload, { description: 'Lets a paused search go on to the same result.' })
  resumeSearch(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_SEARCH) id: string) {
    return change(context, id, (search) => context.service.searches.resume(search));
  }

  @Mutation(() => SearchPayload, { description: 'Ends a search early. What it has found stays.' })
  cancelSearch(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_SEARCH) id: string) {
    return change(context, id, (search) => context.service.searches.cancel(search));
  }

  @Mutation(() => DeleteSearchPayload, {
    description: 'Forgets a search that is not running. The scores it computed stay for others to use.',
  })
  deleteSearch(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_SEARCH) id: string) {
    return attempt(context, 'deletedId', async () => {
      await context.service.searches.remove(parseGlobalId(id, 'id', 'Search').key as SearchId);
      return id;
    });
  }
}
