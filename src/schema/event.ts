// What happens in a search or a training, told in order.

import { Field, Int, InterfaceType, ObjectType } from 'type-graphql';
import { Architecture } from './architecture.ts';
import type { Typed } from './node.ts';
import { Population } from './population.ts';
import { DateTime } from './scalars.ts';
import { Failure, SearchStatus, type SearchStatusName } from './search.ts';
import { Epoch } from './training.ts';

@InterfaceType({
  description: 'Something that happened in a search.',
  resolveType: ({ __typename }: Typed<string>) => __typename,
})
export abstract class SearchEvent {
  @Field(() => Int, {
    description:
      'Its number: 1, 2, 3, ... in each search without a gap. Subscribe `after` it to go on from here.',
  })
  readonly sequence!: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly at!: string;
}

@ObjectType({ implements: SearchEvent, description: 'The search began, paused, went on or ended.' })
export class StatusChanged extends SearchEvent {
  @Field(() => SearchStatus, { description: 'What it is doing since.' })
  readonly status!: SearchStatusName;

  @Field(() => Failure, {
    nullable: true,
    description: 'Why it failed, or had to pause (the archive was full, say); null: neither.',
  })
  readonly failure!: Failure | null;
}

@ObjectType({ implements: SearchEvent, description: 'An architecture has been scored and archived.' })
export class ArchitectureEvaluated extends SearchEvent {
  @Field(() => Int, { description: 'The generation it was scored in.' })
  readonly generation!: number;

  @Field(() => Boolean, { description: 'Whether its score was in the archive before.' })
  readonly reused!: boolean;

  @Field(() => Architecture, { description: 'The architecture.' })
  readonly architecture!: Architecture;
}

@ObjectType({ implements: SearchEvent, description: 'A generation has been finished and archived.' })
export class GenerationFinished extends SearchEvent {
  @Field(() => Int, { description: 'Which generation.' })
  readonly generation!: number;

  @Field(() => Population, { description: 'What the search holds since, with its front and hypervolume.' })
  readonly population!: Population;
}

@InterfaceType({
  description: 'Something that happened in a training.',
  resolveType: ({ __typename }: Typed<string>) => __typename,
})
export abstract class TrainingEvent {
  @Field(() => Int, {
    description:
      'Its number: 1, 2, 3, ... in each training without a gap. Subscribe `after` it to go on from here.',
  })
  readonly sequence!: number;

  @Field(() => DateTime, { description: 'When it happened.' })
  readonly at!: string;
}

@ObjectType({ implements: TrainingEvent, description: 'The training began, paused, went on or ended.' })
export class TrainingStatusChanged extends TrainingEvent {
  @Field(() => SearchStatus, { description: 'What it is doing since.' })
  readonly status!: SearchStatusName;

  @Field(() => Failure, { nullable: true, description: 'Why it failed, or had to pause; null: neither.' })
  readonly failure!: Failure | null;
}

@ObjectType({
  implements: TrainingEvent,
  description: 'An epoch has been finished, and its checkpoint kept.',
})
export class EpochFinished extends TrainingEvent {
  @Field(() => Epoch, { description: 'What came of it.' })
  readonly epoch!: Epoch;
}
