// The engine's own account of itself.

import { Ctx, FieldResolver, Query, Resolver } from 'type-graphql';
import { EngineCheck, EngineInfo } from '../schema/engine.ts';
import type { Typed } from '../schema/node.ts';
import type { Context } from './context.ts';
import { toGlobalId } from './globalId.ts';

type EngineSource = Omit<EngineInfo, 'selfTest'> & Typed<'EngineInfo'>;

/** A service has one. */
export const engineOf = ({ service }: Context): EngineSource => ({
  ...service.engine,
  __typename: 'EngineInfo',
  id: toGlobalId('EngineInfo', 'engine'),
});

@Resolver(() => EngineInfo)
export class EngineResolver {
  @Query(() => EngineInfo, { description: 'What scores architectures in this service.' })
  engine(@Ctx() context: Context): EngineSource {
    return engineOf(context);
  }

  @FieldResolver(() => [EngineCheck])
  selfTest(@Ctx() { service }: Context): Promise<readonly EngineCheck[]> {
    return service.testEngine();
  }
}
