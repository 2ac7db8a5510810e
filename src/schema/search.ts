// A search: what was asked for, how far it has come, what it has found.

import { Field, Float, Int, ObjectType } from 'type-graphql';
import { connectionOf } from './connection.ts';
import { Dataset } from './dataset.ts';
import { ErrorCodeName, type FailureCode } from './error.ts';
import { IndividualConnection, Member } from './individual.ts';
import { defineEnum } from './names.ts';
import { Node } from './node.ts';
import { Population, PopulationConnection } from './population.ts';
import { Protocol } from './protocol.ts';
import { DateTime } from './scalars.ts';
import { SearchSettings } from './settings.ts';
import { SearchSpace } from './space.ts';

const STATUSES = {
  queued: 'It waits for its turn: as many run as may; `queuePosition` says how many are before it.',
  preparing: 'The dataset is being downloaded.',
  running: 'Architectures are being scored, or one is being trained.',
  paused: 'It stands still until it is resumed.',
  completed: 'It has come to its end.',
  cancelled: 'Somebody has ended it early.',
  failed: 'It could not go on; `failure` says why.',
};
export type SearchStatusName = keyof typeof STATUSES;
export const SearchStatus = defineEnum<SearchStatusName>(
  'SearchStatus',
  'What a search or a training is doing.',
  STATUSES,
);

@ObjectType({ description: 'Why a search or a training failed.' })
export class Failure {
  @Field(() => ErrorCodeName, { description: 'For programs.' })
  readonly code!: FailureCode;

  @Field(() => String, { description: 'For people.' })
  readonly message!: string;
}

@ObjectType({ description: 'How far a search has come. Events tell of each architecture in between.' })
export class Progress {
  @Field(() => Int, { nullable: true, description: 'The last finished generation; null: none yet.' })
  readonly generation!: number | null;

  @Field(() => Int, { description: 'The last generation there will be.' })
  readonly generations!: number;

  @Field(() => Int, { description: 'Individuals scored in finished generations.' })
  readonly evaluations!: number;

  @Field(() => Int, { description: 'Individuals the whole search scores.' })
  readonly plannedEvaluations!: number;
}

@ObjectType({ implements: Node, description: 'A search for architectures on a dataset.' })
export class Search extends Node {
  @Field(() => SearchSettings, { description: 'Everything that decides its outcome.' })
  readonly settings!: SearchSettings;

  @Field(() => SearchStatus, { description: 'What it is doing.' })
  readonly status!: SearchStatusName;

  @Field(() => Int, {
    nullable: true,
    description: 'Its place in the queue, 1: the next; null: it does not wait, or waits in another process.',
  })
  readonly queuePosition!: number | null;

  @Field(() => Failure, {
    nullable: true,
    description: 'Why it failed, or had to pause (the archive was full, say); null: neither.',
  })
  readonly failure!: Failure | null;

  @Field(() => String, { nullable: true, description: 'The idempotency key it was started with.' })
  readonly idempotencyKey!: string | null;

  @Field(() => DateTime, { description: 'When it was started.' })
  readonly createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null: it has not.' })
  readonly finishedAt!: string | null;

  @Field(() => Progress, { description: 'How far it has come.' })
  readonly progress!: Progress;

  @Field(() => Float, {
    nullable: true,
    description: "Of everything scored in finished generations, under the first one's scale; null: none yet.",
  })
  readonly hypervolume!: number | null;

  @Field(() => SearchSpace, { description: 'The space it searches.' })
  readonly space!: SearchSpace;

  @Field(() => Dataset, { nullable: true, description: 'Its dataset; null: it has a path, not a name.' })
  readonly dataset!: Dataset | null;

  @Field(() => Protocol, {
    nullable: true,
    description: 'What its scores depend on besides genotypes; null: the dataset is not here yet.',
  })
  readonly protocol!: Protocol | null;

  @Field(() => Population, {
    nullable: true,
    description: 'Its population after a generation; null: that generation is not finished.',
  })
  readonly population!: Population | null;

  @Field(() => PopulationConnection, { description: 'Its populations after each finished generation.' })
  readonly generations!: object;

  @Field(() => [Member], { description: 'Of its last population: the feasible members no other dominates.' })
  readonly paretoFront!: readonly Member[];

  @Field(() => Member, {
    nullable: true,
    description: "Of its last population, the paper's pick: the largest sum of both scaled indicators.",
  })
  readonly best!: Member | null;

  @Field(() => Member, {
    nullable: true,
    description:
      'Of its last population, the pick of the paper among those that respect limits; null: none does.',
  })
  readonly pick!: Member | null;

  @Field(() => Member, {
    nullable: true,
    description: 'The knee of its front: the member farthest below the line through both ends.',
  })
  readonly knee!: Member | null;

  @Field(() => IndividualConnection, { description: 'Everything it has scored in finished generations.' })
  readonly individuals!: object;
}

export const SearchConnection = connectionOf(Search, 'searches, newest first');
