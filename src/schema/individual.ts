// Architectures as a search meets them: individuals, and members of one generation's population.

import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { Origin } from '../search/individual.ts';
import { Architecture } from './architecture.ts';
import { connectionOf } from './connection.ts';
import { defineEnum } from './names.ts';
import { Node } from './node.ts';

export const OriginName = defineEnum<Origin>('Origin', 'How a genotype came to be.', {
  random: 'Drawn at random.',
  mating: 'Crossed from two members of a population, then mutated.',
  exploitation: 'Put together from blocks of the best individuals so far.',
});

@ObjectType({
  implements: Node,
  description: 'An architecture as one search met it. What is said here never changes.',
})
export class Individual extends Node {
  @Field(() => OriginName, { description: 'How its genotype came to be.' })
  readonly origin!: Origin;

  @Field(() => [Individual], { description: 'The two it was mated from; none for other origins.' })
  readonly parents!: readonly Individual[];

  @Field(() => Int, { description: 'The generation it was scored in, 0 the initial population.' })
  readonly born!: number;

  @Field(() => Int, { description: 'Its place in the order in which the search put genotypes forward.' })
  readonly index!: number;

  @Field(() => [Float], {
    nullable: true,
    description:
      "Both objectives, minimised, under the first generation's scale: they compare across generations. null: infeasible.",
  })
  readonly objectives!: readonly number[] | null;

  @Field(() => Architecture, { description: 'Its genotype, network and score.' })
  readonly architecture!: Architecture;
}

@ObjectType({ description: "An individual as it stands among the others of one generation's population." })
export class Member {
  @Field(() => Individual, { description: 'Who it is.' })
  readonly individual!: Individual;

  @Field(() => [Float], {
    nullable: true,
    description: "Both objectives, minimised, under this generation's scale; null: infeasible.",
  })
  readonly objectives!: readonly number[] | null;

  @Field(() => Int, { description: 'Its front: 0 is dominated by no other member.' })
  readonly rank!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Crowding distance within its front; null: infinite, at an end of the front.',
  })
  readonly crowding!: number | null;
}

export const IndividualConnection = connectionOf(Individual, 'individuals of a search');
