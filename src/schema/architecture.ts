// An architecture as scored under a protocol, and how lists of them are filtered and ordered.

import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { INDICATOR_DESCRIPTIONS, type IndicatorName } from '../search/evaluation.ts';
import { connectionOf } from './connection.ts';
import { Block, GraphEdge, GraphNode } from './graph.ts';
import { IndicatorScore } from './indicator.ts';
import { defineEnum } from './names.ts';
import { Node } from './node.ts';
import { Protocol } from './protocol.ts';
import { DateTime, SafeInt } from './scalars.ts';
import { SearchSpace } from './space.ts';

@ObjectType({
  implements: Node,
  description:
    'An architecture as scored under a protocol: computed once, shared by all searches that meet it.',
})
export class Architecture extends Node {
  @Field(() => SearchSpace, { description: 'The space its genotype belongs to.' })
  readonly space!: SearchSpace;

  @Field(() => [Int], { description: 'Its genes, block after block.' })
  readonly genotype!: readonly number[];

  @Field(() => [Block], { description: 'The network as people see it.' })
  readonly blocks!: readonly Block[];

  @Field(() => [GraphNode], {
    description: 'The network as it runs: nodes in topological order, the input first and the output last.',
  })
  readonly nodes!: readonly GraphNode[];

  @Field(() => [GraphEdge], { description: 'Which node reads which.' })
  readonly edges!: readonly GraphEdge[];

  @Field(() => SafeInt, {
    description:
      'Multiply-accumulates of convolutions and the dense layer for one image (the paper\'s "FLOPs").',
  })
  readonly macs!: number;

  @Field(() => SafeInt, { description: 'Trainable parameters.' })
  readonly params!: number;

  @Field(() => [IndicatorScore], {
    description: 'What was measured; an indicator that failed may be missing.',
  })
  readonly indicators!: readonly IndicatorScore[];

  @Field(() => Boolean, { description: 'Whether it could be scored.' })
  readonly feasible!: boolean;

  @Field(() => String, { nullable: true, description: 'Why it could not be scored; null: it could.' })
  readonly infeasibleReason!: string | null;

  @Field(() => Protocol, { description: 'What the score depends on besides the genotype.' })
  readonly protocol!: Protocol;

  @Field(() => DateTime, { description: 'When it was scored.' })
  readonly scoredAt!: string;
}

export const ArchitectureConnection = connectionOf(Architecture, 'scored architectures');

@InputType({ description: 'Which scores to list; what is left out does not bind.' })
export class ScoreFilter {
  @Field(() => Boolean, { nullable: true, description: 'Only those that could be scored, or could not.' })
  readonly feasible?: boolean | null;

  @Field(() => SafeInt, { nullable: true, description: 'At most so many parameters.' })
  readonly maxParams?: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'At most so many multiply-accumulates.' })
  readonly maxMacs?: number | null;
}

@InputType({ description: 'Which architectures to list; what is left out does not bind.' })
export class ArchitectureFilter extends ScoreFilter {
  @Field(() => ID, {
    nullable: true,
    description:
      'Global id of a search: only those scored under its protocol, whose scores compare with its own.',
  })
  readonly search?: string | null;

  @Field(() => String, { nullable: true, description: 'Only those scored on this dataset.' })
  readonly dataset?: string | null;

  @Field(() => Int, { nullable: true, description: 'Only those scored on batches of so many images.' })
  readonly batchSize?: number | null;

  @Field(() => Int, { nullable: true, description: 'Only those scored with so many channels of the stem.' })
  readonly initChannels?: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'Only those scored with this seed.' })
  readonly seed?: number | null;
}

type OrderField = 'macs' | 'params' | IndicatorName;
export const ArchitectureOrderField = defineEnum<OrderField>(
  'ArchitectureOrderField',
  'What lists of scores are ordered by.',
  {
    macs: 'Multiply-accumulates for one image.',
    params: 'Trainable parameters.',
    ...INDICATOR_DESCRIPTIONS,
  },
);

type Direction = 'asc' | 'desc';
export const OrderDirection = defineEnum<Direction>('OrderDirection', 'Which end comes first.', {
  asc: 'The smallest first; scores that are not finite before all others.',
  desc: 'The largest first; scores that are not finite after all others.',
});

@InputType({ description: 'The order of a list of scores.' })
export class ArchitectureOrder {
  @Field(() => ArchitectureOrderField, { description: 'What to order by.' })
  readonly by!: OrderField;

  @Field(() => OrderDirection, {
    nullable: true,
    defaultValue: 'desc',
    description: 'Which end comes first.',
  })
  readonly direction!: Direction | null;
}
