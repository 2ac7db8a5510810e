// Who asks, told to themselves: a page hides what they may not do.

import { Ctx, Query, Resolver } from 'type-graphql';
import { Viewer } from '../schema/viewer.ts';
import type { Context } from './context.ts';

@Resolver()
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Who asks this, and what they may do.' })
  viewer(@Ctx() { viewer: { name, role } }: Context): Viewer {
    return { name, role };
  }
}
