// How a network is trained, as it is given and as it is shown. What each part may be is decided by `parseRecipe`
// and `parseModel`; here it is only said.

import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { BaselineName } from '../search/model.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import { DEFAULT_RECIPE, type OptimizerName, type Recipe as Values } from '../training/recipe.ts';
import { defineEnum } from './names.ts';
import { SafeInt } from './scalars.ts';

export const Baseline = defineEnum<BaselineName>('Baseline', 'A network to compare architectures with.', {
  resnet18: 'ResNet-18 as MedMNIST has it for images of 28 pixels: 3 x 3 stem, no max pooling.',
});

export const Optimizer = defineEnum<OptimizerName>('Optimizer', 'How gradients move weights.', {
  adam: 'Adam (Kingma and Ba 2015), as in PyTorch.',
  sgd: 'Stochastic gradient descent with momentum, as in PyTorch.',
});

const SAYS: { readonly [K in keyof Values]: string } = {
  epochs: 'Times that every training image is seen, 1 to 10000.',
  batchSize: 'Images of one update, 2 to 4096.',
  optimizer: 'How gradients move weights.',
  learningRate: 'Of the first epochs, above 0, up to 10.',
  milestones: 'Shares of the epochs after which the learning rate is multiplied by `decay`, rising.',
  decay: 'What the learning rate is multiplied by at a milestone, above 0, up to 1.',
  momentum: "Of SGD, or of Adam's first moment (beta 1), from 0 to below 1.",
  weightDecay: 'L2 penalty: times the weight, added to its gradient, 0 to 1.',
  seed: 'Seed of the weights and of the order of images, 0 to 4294967295: the same seed comes to the same weights.',
};

const given = (name: keyof Values) => ({
  nullable: true,
  description: SAYS[name],
  defaultValue: DEFAULT_RECIPE[name],
});

@InputType({
  description:
    "What to train, and how: one of `architecture`, `genotype` and `baseline`. What is left out of the recipe is MedMNIST's.",
})
export class TrainArchitectureInput {
  @Field(() => ID, {
    nullable: true,
    description: 'Global id of a scored architecture, whose channels and dataset are taken unless given.',
  })
  readonly architecture?: string | null;

  @Field(() => [Int], { nullable: true, description: 'Its genes, block after block.' })
  readonly genotype?: readonly number[] | null;

  @Field(() => String, {
    nullable: true,
    description: `Name of the search space of a genotype; left out: ${DEFAULT_SETTINGS.space}.`,
  })
  readonly space?: string | null;

  @Field(() => Baseline, { nullable: true, description: 'A network to compare with.' })
  readonly baseline?: BaselineName | null;

  @Field(() => Int, {
    nullable: true,
    description: `Channels of the first layer, a multiple of 4, 4 to 512; left out: ${DEFAULT_SETTINGS.initChannels}, of a baseline as published.`,
  })
  readonly initChannels?: number | null;

  @Field(() => String, {
    nullable: true,
    description: `Name of a dataset, or the path of an npz on the machine of the service; left out: ${DEFAULT_SETTINGS.dataset}.`,
  })
  readonly dataset?: string | null;

  @Field(() => Int, given('epochs'))
  readonly epochs?: number | null;

  @Field(() => Int, given('batchSize'))
  readonly batchSize?: number | null;

  @Field(() => Optimizer, given('optimizer'))
  readonly optimizer?: OptimizerName | null;

  @Field(() => Float, given('learningRate'))
  readonly learningRate?: number | null;

  @Field(() => [Float], given('milestones'))
  readonly milestones?: readonly number[] | null;

  @Field(() => Float, given('decay'))
  readonly decay?: number | null;

  @Field(() => Float, given('momentum'))
  readonly momentum?: number | null;

  @Field(() => Float, given('weightDecay'))
  readonly weightDecay?: number | null;

  @Field(() => SafeInt, given('seed'))
  readonly seed?: number | null;
}

@ObjectType({ description: 'How a network is trained.' })
export class Recipe {
  @Field(() => Int, { description: SAYS.epochs })
  readonly epochs!: number;

  @Field(() => Int, { description: SAYS.batchSize })
  readonly batchSize!: number;

  @Field(() => Optimizer, { description: SAYS.optimizer })
  readonly optimizer!: OptimizerName;

  @Field(() => Float, { description: SAYS.learningRate })
  readonly learningRate!: number;

  @Field(() => [Float], { description: SAYS.milestones })
  readonly milestones!: readonly number[];

  @Field(() => Float, { description: SAYS.decay })
  readonly decay!: number;

  @Field(() => Float, { description: SAYS.momentum })
  readonly momentum!: number;

  @Field(() => Float, { description: SAYS.weightDecay })
  readonly weightDecay!: number;

  @Field(() => SafeInt, { description: SAYS.seed })
  readonly seed!: number;
}
