// The engine's own account of itself.

import { Ctx, Query, Resolver } from 'type-graphql';
import { EngineInfo } from '../schema/engine.ts';
import type { Context } from './context.ts';

@Resolver(() => EngineInfo)
export class EngineResolver {
  @Query(() => EngineInfo, { description: 'What scores architectures in this service.' })
  engine(@Ctx() { service }: Context): EngineInfo {
    return service.engine;
  }
}
