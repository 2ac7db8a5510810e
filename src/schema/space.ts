// A search space: what genotypes may say.

import { Field, Int, ObjectType } from 'type-graphql';
import { Node } from './node.ts';
import { BigIntText } from './scalars.ts';

@ObjectType({ description: 'Operation names by the gene that chooses them.' })
export class Operations {
  @Field(() => [String], { description: 'Of a normal node, gene 0 first.' })
  readonly normal!: readonly string[];

  @Field(() => [String], { description: 'Of a reduction node, gene 0 first.' })
  readonly reduction!: readonly string[];
}

@ObjectType({ implements: Node, description: 'What architectures a search chooses among.' })
export class SearchSpace extends Node {
  @Field(() => String, { description: 'What settings call it.' })
  readonly name!: string;

  @Field(() => String, { description: 'What it is, for people.' })
  readonly description!: string;

  @Field(() => Operations, { description: 'What nodes may do.' })
  readonly operations!: Operations;

  @Field(() => Int, { description: 'Genes of one block; a genotype is a whole number of blocks.' })
  readonly blockLength!: number;

  @Field(() => Int, { description: 'The fewest blocks an architecture may have.' })
  readonly minBlocks!: number;

  @Field(() => Int, { description: 'The most blocks an architecture may have.' })
  readonly maxBlocks!: number;

  @Field(() => Int, { description: 'Blocks a search takes for images of this height unless told otherwise.' })
  readonly defaultBlocks!: number;

  @Field(() => [Int], { description: 'The largest value of each gene; the smallest is 0.' })
  readonly upperBounds!: readonly number[];

  @Field(() => BigIntText, { description: 'How many genotypes there are.' })
  readonly size!: bigint;
}
