// What scores architectures in this service.

import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { IndicatorName } from '../search/evaluation.ts';
import { Indicator } from './indicator.ts';
import { Node } from './node.ts';
import { SafeInt } from './scalars.ts';

@ObjectType({ description: 'One indicator of a network whose exact values are known, as computed here.' })
export class EngineCheck {
  @Field(() => Indicator, { description: 'Which indicator; SynFlow by its logarithm.' })
  readonly indicator!: IndicatorName;

  @Field(() => Float, { nullable: true, description: 'What came of it here; null: not finite.' })
  readonly value!: number | null;

  @Field(() => Float, { description: 'Its exact value.' })
  readonly wanted!: number;

  @Field(() => Float, { description: 'How far from the exact value it may be.' })
  readonly tolerance!: number;

  @Field(() => Boolean, { description: 'Whether it is no farther.' })
  readonly passed!: boolean;
}

@ObjectType({ implements: Node, description: 'What scores architectures in this service.' })
export class EngineInfo extends Node {
  @Field(() => String, { description: 'Which arithmetic runs: wasm, webgpu, tensorflow.' })
  readonly backend!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The GPU, as its driver calls it; null: the CPU.',
  })
  readonly adapter!: string | null;

  @Field(() => String, { description: 'Backend and revision of its arithmetic: part of every protocol.' })
  readonly numerics!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Instructions of the SIMD kernels, and bits at a time; null: they do not run.',
  })
  readonly simd!: string | null;

  @Field(() => Int, { description: 'Threads that score at the same time. Scores do not depend on it.' })
  readonly workers!: number;

  @Field(() => Int, { description: 'Cores that the service may use.' })
  readonly cores!: number;

  @Field(() => SafeInt, { description: 'Bytes of memory that the machine, or container, has.' })
  readonly memory!: number;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Bytes of it that a worker may take for tensors; null: the GPU has its own.',
  })
  readonly workerMemory!: number | null;

  @Field(() => [EngineCheck], {
    description: 'Scores a small network whose exact values are known; takes part of a second.',
  })
  readonly selfTest!: readonly EngineCheck[];
}
