// What a search holds after a generation.

import { Field, Float, Int, ObjectType } from 'type-graphql';
import { connectionOf } from './connection.ts';
import { Member } from './individual.ts';
import { Node } from './node.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'Smallest and largest value met.' })
export class Range {
  @Field(() => Float, { description: 'The smallest.' })
  readonly min!: number;

  @Field(() => Float, { description: 'The largest.' })
  readonly max!: number;
}

@ObjectType({ description: 'What objectives are scaled by: each range becomes 0 to 1.' })
export class Scale {
  @Field(() => Range, { description: "Of the settings' first indicator." })
  readonly p1!: Range;

  @Field(() => Range, { description: "Of the settings' second indicator." })
  readonly p2!: Range;

  @Field(() => Range, { description: 'Of the multiply-accumulates.' })
  readonly macs!: Range;
}

@ObjectType({ implements: Node, description: 'What a search held after a finished generation.' })
export class Population extends Node {
  @Field(() => Int, { description: 'The generation, 0 the initial population.' })
  readonly generation!: number;

  @Field(() => [Member], { description: 'All members, in the order in which the search met them.' })
  readonly members!: readonly Member[];

  @Field(() => [Member], { description: 'The feasible members that no other dominates.' })
  readonly paretoFront!: readonly Member[];

  @Field(() => Member, {
    nullable: true,
    description: "The paper's pick: the largest sum of both scaled indicators; null: nothing is feasible.",
  })
  readonly best!: Member | null;

  @Field(() => Float, {
    description:
      "Hypervolume of everything scored up to this generation, under the first generation's scale: it never falls.",
  })
  readonly hypervolume!: number;

  @Field(() => Scale, {
    nullable: true,
    description: 'Ranges over parents and offspring of this generation; null: nothing is feasible.',
  })
  readonly scale!: Scale | null;

  @Field(() => Int, { description: 'Individuals scored up to and including this generation.' })
  readonly evaluations!: number;

  @Field(() => Int, { description: 'How many of these are infeasible.' })
  readonly infeasible!: number;

  @Field(() => DateTime, { description: 'When the generation was finished.' })
  readonly finishedAt!: string;
}

export const PopulationConnection = connectionOf(Population, "a search's finished generations");
