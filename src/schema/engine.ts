// What scores architectures in this service.

import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'What scores architectures in this service.' })
export class EngineInfo {
  @Field(() => String, { description: 'Which arithmetic runs.' })
  readonly backend!: string;

  @Field(() => String, { description: 'Backend and revision of its arithmetic: part of every protocol.' })
  readonly numerics!: string;

  @Field(() => Int, { description: 'Threads that score at the same time. Scores do not depend on it.' })
  readonly workers!: number;
}
