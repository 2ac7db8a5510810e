// Under which conditions an architecture was scored.

import { Field, Int, ObjectType } from 'type-graphql';
import type { IndicatorName } from '../search/evaluation.ts';
import { Indicator } from './indicator.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({
  description: 'Everything a score depends on besides the genotype: equal protocols give equal scores.',
})
export class Protocol {
  @Field(() => String, { description: 'Name of the search space.' })
  readonly space!: string;

  @Field(() => String, { description: 'Name of the dataset, or the path of an npz.' })
  readonly dataset!: string;

  @Field(() => String, { description: "SHA-256 of the batch's pixels and labels." })
  readonly batch!: string;

  @Field(() => Int, { description: 'Images in the batch.' })
  readonly batchSize!: number;

  @Field(() => [Int], { description: 'Height, width and channels of an image.' })
  readonly input!: readonly number[];

  @Field(() => Int, { description: 'Outputs of the network.' })
  readonly classes!: number;

  @Field(() => Boolean, { description: 'Whether an image may have several classes.' })
  readonly multiLabel!: boolean;

  @Field(() => Int, { description: 'Channels of the stem.' })
  readonly initChannels!: number;

  @Field(() => SafeInt, { description: 'Seed of the weights.' })
  readonly seed!: number;

  @Field(() => [Indicator], { description: 'What was computed.' })
  readonly indicators!: readonly IndicatorName[];

  @Field(() => String, { description: 'Backend and revision of its arithmetic.' })
  readonly numerics!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Of VALID_AUC: SHA-256 of all splits and the recipe, as JSON; null: it is not computed.',
  })
  readonly training?: string;
}
