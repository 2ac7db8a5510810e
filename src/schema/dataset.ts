// Datasets that can be asked for by name.

import { Field, Int, ObjectType } from 'type-graphql';
import { defineEnum } from './names.ts';
import { Node } from './node.ts';
import { SafeInt } from './scalars.ts';

const TASKS = {
  'binary-class': 'One of two classes.',
  'multi-class': 'One of several classes.',
  'multi-label, binary-class': 'Any number of the classes at once.',
  'ordinal-regression': 'One of several classes that have an order.',
};
export const Task = defineEnum<keyof typeof TASKS>('Task', 'What the labels of a dataset mean.', TASKS);

const LOCATIONS = {
  bundled: 'It comes with MedNAS.',
  disk: 'It is in a folder of this service.',
  web: 'It will be downloaded when it is first used, if downloads are switched on.',
};
export const DatasetLocation = defineEnum<keyof typeof LOCATIONS>(
  'DatasetLocation',
  'Where the images of a dataset are now.',
  LOCATIONS,
);

@ObjectType({ description: 'Number of images in each split.' })
export class Samples {
  @Field(() => Int, { description: 'Training images: the ones a search looks at.' })
  readonly train!: number;

  @Field(() => Int, { description: 'Validation images.' })
  readonly val!: number;

  @Field(() => Int, { description: 'Test images.' })
  readonly test!: number;
}

@ObjectType({ implements: Node, description: 'A labelled set of medical images.' })
export class Dataset extends Node {
  @Field(() => String, { description: 'What settings call it.' })
  readonly name!: string;

  @Field(() => String, { description: 'What people call it.' })
  readonly title!: string;

  @Field(() => Task, { description: 'What its labels mean.' })
  readonly task!: keyof typeof TASKS;

  @Field(() => [String], { description: 'Class names by label.' })
  readonly classes!: readonly string[];

  @Field(() => [Int], { description: 'Height, width and channels of an image.' })
  readonly shape!: readonly number[];

  @Field(() => Samples, { description: 'Number of images.' })
  readonly samples!: Samples;

  @Field(() => String, { description: 'Licence of the images.' })
  readonly licence!: string;

  @Field(() => String, { description: 'Official address of the file.' })
  readonly url!: string;

  @Field(() => DatasetLocation, { description: 'Where it is now.' })
  readonly location!: keyof typeof LOCATIONS;

  @Field(() => SafeInt, { nullable: true, description: 'Size of the file; null: it is not here.' })
  readonly bytes!: number | null;
}
