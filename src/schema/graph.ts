// The network of an architecture, as a person sees it (blocks of cell nodes) and as it runs (a graph).

import { Field, Int, ObjectType } from 'type-graphql';
import type { Op } from '../search/network.ts';
import { defineEnum } from './names.ts';
import { SafeInt } from './scalars.ts';

export const GraphOp = defineEnum<Op>('GraphOp', 'What a node of the graph computes.', {
  input: 'The image.',
  conv: 'Convolution: SAME padding, no bias; of stride 2, every second pixel of the one of stride 1.',
  depthwise: 'Depthwise convolution: SAME padding, stride 1, no bias.',
  batchNorm: 'Batch normalisation.',
  relu: 'Rectified linear unit.',
  zero: 'Zeros of the shape of its input.',
  concat: 'Channels of its inputs, side by side.',
  add: 'Sum of its inputs.',
  maxPool: 'Maximum over a window: SAME padding, stride 2.',
  avgPool: 'Average over a window: SAME padding, stride 2, padding left out.',
  globalAvgPool: 'Average over the whole feature map.',
  dense: 'Matrix product with bias.',
});

@ObjectType({ description: 'A number, or a few, that an operation is made with.' })
export class GraphAttribute {
  @Field(() => String, { description: 'What it sets: kernel, stride, dilation, channels, size or units.' })
  readonly name!: string;

  @Field(() => [Int], { description: 'Height and width for a kernel, one number else.' })
  readonly values!: readonly number[];
}

@ObjectType({ description: 'One step of the network.' })
export class GraphNode {
  @Field(() => Int, { description: 'Place in the list of nodes, every input before what reads it.' })
  readonly index!: number;

  @Field(() => String, { description: 'Where in the architecture it stands, e.g. `b0.n2.dw`.' })
  readonly path!: string;

  @Field(() => GraphOp, { description: 'What it computes.' })
  readonly op!: Op;

  @Field(() => [GraphAttribute], { description: 'What it is made with.' })
  readonly attributes!: readonly GraphAttribute[];

  @Field(() => [Int], { description: 'Height, width and channels of its output for one image.' })
  readonly shape!: readonly number[];

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  readonly macs!: number;

  @Field(() => SafeInt, { description: 'Parameters.' })
  readonly params!: number;
}

@ObjectType({ description: 'One node reads what another computes.' })
export class GraphEdge {
  @Field(() => Int, { description: 'Index of the node that is read.' })
  readonly source!: number;

  @Field(() => Int, { description: 'Index of the node that reads.' })
  readonly target!: number;

  @Field(() => [Int], { description: 'Height, width and channels of what passes.' })
  readonly shape!: readonly number[];
}

@ObjectType({ description: 'A node of a cell: one operation on one input, made of a few graph nodes.' })
export class CellNode {
  @Field(() => String, {
    description: 'Where it stands, e.g. `b0.n2`; its graph nodes have paths below this.',
  })
  readonly path!: string;

  @Field(() => String, { description: 'Its operation, named as in the search space.' })
  readonly operation!: string;

  @Field(() => String, { description: 'Path of the cell node, or of the cell input, that it reads.' })
  readonly input!: string;

  @Field(() => Boolean, {
    description: "Whether it is a loose end: its output is part of the cell's output.",
  })
  readonly loose!: boolean;

  @Field(() => Int, { description: 'Index of the graph node that gives its output.' })
  readonly output!: number;

  @Field(() => [Int], { description: 'Height, width and channels of its output for one image.' })
  readonly shape!: readonly number[];

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  readonly macs!: number;

  @Field(() => SafeInt, { description: 'Parameters.' })
  readonly params!: number;
}

@ObjectType({ description: 'A block: a normal cell, then a reduction cell that halves the resolution.' })
export class Block {
  @Field(() => String, { description: 'Where it stands, `b0` being the first.' })
  readonly path!: string;

  @Field(() => Int, { description: "Channels of the normal cell's nodes." })
  readonly channels!: number;

  @Field(() => [CellNode], { description: 'Nodes of the normal cell.' })
  readonly normal!: readonly CellNode[];

  @Field(() => [CellNode], { description: 'Nodes of the reduction cell.' })
  readonly reduction!: readonly CellNode[];

  @Field(() => SafeInt, { description: 'Multiply-accumulates for one image.' })
  readonly macs!: number;

  @Field(() => SafeInt, { description: 'Parameters.' })
  readonly params!: number;
}
