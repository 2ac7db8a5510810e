// Who scores and trains, where a service leaves that to workers; else the service itself.

import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

@ObjectType({ description: 'A process that scores architectures and trains them.' })
export class Worker {
  @Field(() => ID, { description: 'Its own for as long as it runs.' })
  readonly id!: string;

  @Field(() => String, { description: 'The machine, or container, it runs on.' })
  readonly host!: string;

  @Field(() => String, { description: 'Of MedNAS.' })
  readonly version!: string;

  @Field(() => String, { description: 'Which arithmetic it runs: wasm, webgpu, tensorflow.' })
  readonly backend!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The GPU, as its driver calls it; null: the CPU.',
  })
  readonly adapter!: string | null;

  @Field(() => String, {
    description: 'Backend and revision of its arithmetic: a search or a training is done by workers of one.',
  })
  readonly numerics!: string;

  @Field(() => Int, { description: 'Its threads.' })
  readonly threads!: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'Multiply-accumulates a second, all threads, by a short benchmark when it started; null: not measured.',
  })
  readonly speed!: number | null;

  @Field(() => Int, { description: 'How many of its threads are at work now.' })
  readonly busy!: number;

  @Field(() => DateTime, { description: 'When it started.' })
  readonly since!: string;

  @Field(() => DateTime, { description: 'When it was last heard of.' })
  readonly lastSeen!: string;
}
