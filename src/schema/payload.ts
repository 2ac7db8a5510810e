// What mutations answer: what was asked for, or why not.

import { Field, ID, ObjectType } from 'type-graphql';
import { Architecture } from './architecture.ts';
import { UserError } from './error.ts';
import { Search } from './search.ts';
import { TrainingRun } from './training.ts';

@ObjectType({ description: 'What a mutation of a search answers.' })
export class SearchPayload {
  @Field(() => Search, { nullable: true, description: 'The search as it is now; null: see errors.' })
  readonly search!: Search | null;

  @Field(() => [UserError], { description: 'Why it was not done; empty: it was.' })
  readonly errors!: readonly UserError[];
}

@ObjectType({ description: 'What deleting a search answers.' })
export class DeleteSearchPayload {
  @Field(() => ID, { nullable: true, description: 'Global id of the search that was; null: see errors.' })
  readonly deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why it was not done; empty: it was.' })
  readonly errors!: readonly UserError[];
}

@ObjectType({ description: 'What scoring an architecture answers.' })
export class ArchitecturePayload {
  @Field(() => Architecture, { nullable: true, description: 'The architecture; null: see errors.' })
  readonly architecture!: Architecture | null;

  @Field(() => [UserError], { description: 'Why it was not done; empty: it was.' })
  readonly errors!: readonly UserError[];
}

@ObjectType({ description: 'What a mutation of a training answers.' })
export class TrainingPayload {
  @Field(() => TrainingRun, { nullable: true, description: 'The training as it is now; null: see errors.' })
  readonly run!: TrainingRun | null;

  @Field(() => [UserError], { description: 'Why it was not done; empty: it was.' })
  readonly errors!: readonly UserError[];
}

@ObjectType({ description: 'What deleting a training answers.' })
export class DeleteTrainingPayload {
  @Field(() => ID, { nullable: true, description: 'Global id of the training that was; null: see errors.' })
  readonly deletedId!: string | null;

  @Field(() => [UserError], { description: 'Why it was not done; empty: it was.' })
  readonly errors!: readonly UserError[];
}
