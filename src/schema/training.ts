// Trainings: what is trained, how far it has come, and what it measures.

import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { BaselineName } from '../search/model.ts';
import { Architecture } from './architecture.ts';
import { connectionOf } from './connection.ts';
import { Dataset } from './dataset.ts';
import { Measured } from './measured.ts';
import { Node } from './node.ts';
import { Baseline, Recipe } from './recipe.ts';
import { DateTime, SafeInt } from './scalars.ts';
import { Failure, SearchStatus, type SearchStatusName } from './search.ts';
import { SearchSpace } from './space.ts';

@ObjectType({ description: 'What is trained: an architecture of a search space, or a baseline.' })
export class TrainedModel {
  @Field(() => SearchSpace, { nullable: true, description: 'The space of its genotype; null: a baseline.' })
  readonly space!: SearchSpace | null;

  @Field(() => [Int], { nullable: true, description: 'Its canonical genes; null: a baseline.' })
  readonly genotype!: readonly number[] | null;

  @Field(() => Baseline, { nullable: true, description: 'Which baseline it is; null: an architecture.' })
  readonly baseline!: BaselineName | null;

  @Field(() => Int, { description: 'Channels of its first layer.' })
  readonly initChannels!: number;

  @Field(() => String, {
    nullable: true,
    description: 'Hash of space and canonical genes: what tells architectures apart; null: a baseline.',
  })
  readonly hash!: string | null;

  @Field(() => Architecture, {
    nullable: true,
    description:
      'Its genotype as scored, under one of the protocols it was scored under; null: it has not been, or a baseline.',
  })
  readonly architecture!: Architecture | null;
}

@ObjectType({ description: 'What the outcome of a training depends on beside model and recipe.' })
export class TrainingProtocol {
  @Field(() => String, { description: 'Name of the dataset, or the path of an npz.' })
  readonly dataset!: string;

  @Field(() => String, { description: 'SHA-256 of shapes, pixels and labels of all splits.' })
  readonly data!: string;

  @Field(() => Int, { description: 'Images learned from.' })
  readonly trainingImages!: number;

  @Field(() => Int, { description: 'Images the best epoch is chosen by.' })
  readonly validationImages!: number;

  @Field(() => Int, { description: 'Images the best epoch is tested on.' })
  readonly testImages!: number;

  @Field(() => [Int], { description: 'Height, width and channels of an image.' })
  readonly input!: readonly number[];

  @Field(() => Int, { description: 'Outputs of the network.' })
  readonly classes!: number;

  @Field(() => Boolean, { description: 'Whether an image may have several classes.' })
  readonly multiLabel!: boolean;

  @Field(() => String, { description: 'Backend and revision of its arithmetic.' })
  readonly numerics!: string;
}

@ObjectType({ description: 'How far a training has come.' })
export class TrainingProgress {
  @Field(() => Int, { description: 'Epochs that are finished.' })
  readonly epochs!: number;

  @Field(() => Int, { description: 'Epochs there will be.' })
  readonly plannedEpochs!: number;

  @Field(() => Float, { description: 'Seconds it has run up to the last finished epoch.' })
  readonly seconds!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds that the epochs to come take, at the pace so far; null: none is finished yet.',
  })
  readonly secondsLeft!: number | null;
}

@ObjectType({ description: 'A finished epoch: one point of the curves.' })
export class Epoch {
  @Field(() => Int, { description: 'Which, from 0.' })
  readonly epoch!: number;

  @Field(() => Float, { description: 'Mean loss of its images, each before the update it was part of.' })
  readonly trainingLoss!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Mean loss of the validation images after it; null: not finite.',
  })
  readonly validationLoss!: number | null;

  @Field(() => Float, { description: 'Validation AUC after it.' })
  readonly validationAuc!: number;

  @Field(() => Float, { description: 'Validation accuracy after it.' })
  readonly validationAcc!: number;

  @Field(() => Float, { description: 'Its learning rate.' })
  readonly learningRate!: number;

  @Field(() => Float, { description: 'Seconds it took, validation included.' })
  readonly seconds!: number;

  @Field(() => DateTime, { description: 'When it was finished.' })
  readonly finishedAt!: string;
}

@ObjectType({ description: 'The weights that are kept: of the epoch with the best validation AUC so far.' })
export class TrainedWeights {
  @Field(() => Int, { description: 'The epoch, from 0.' })
  readonly epoch!: number;

  @Field(() => Float, { description: 'Its validation AUC.' })
  readonly validationAuc!: number;

  @Field(() => String, { description: 'SHA-256 of the file.' })
  readonly sha256!: string;

  @Field(() => SafeInt, { description: 'Bytes of the file.' })
  readonly bytes!: number;

  @Field(() => String, {
    description:
      'Path of the file on this service (safetensors, names and layouts of the network), asked for with the key of the API.',
  })
  readonly path!: string;
}

@ObjectType({ implements: Node, description: 'A network that is trained, and measured when that is over.' })
export class TrainingRun extends Node {
  @Field(() => TrainedModel, { description: 'What is trained.' })
  readonly model!: TrainedModel;

  @Field(() => Recipe, { description: 'How it is trained.' })
  readonly recipe!: Recipe;

  @Field(() => String, { description: 'Name of the dataset, or the path of an npz.' })
  readonly datasetName!: string;

  @Field(() => Dataset, { nullable: true, description: 'The dataset; null: it has a path, not a name.' })
  readonly dataset!: Dataset | null;

  @Field(() => TrainingProtocol, {
    nullable: true,
    description: 'What its outcome depends on besides; null: the dataset is not here yet.',
  })
  readonly protocol!: TrainingProtocol | null;

  @Field(() => SearchStatus, { description: 'What it is doing.' })
  readonly status!: SearchStatusName;

  @Field(() => Int, {
    nullable: true,
    description: 'Its place in the queue, 1: the next; null: it does not wait, or waits in another process.',
  })
  readonly queuePosition!: number | null;

  @Field(() => Failure, { nullable: true, description: 'Why it failed, or had to pause; null: neither.' })
  readonly failure!: Failure | null;

  @Field(() => String, { nullable: true, description: 'The idempotency key it was started with.' })
  readonly idempotencyKey!: string | null;

  @Field(() => DateTime, { description: 'When it was started.' })
  readonly createdAt!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ended; null: it has not.' })
  readonly finishedAt!: string | null;

  @Field(() => TrainingProgress, { description: 'How far it has come.' })
  readonly progress!: TrainingProgress;

  @Field(() => [Epoch], { description: 'Its finished epochs, in order: the curves.' })
  readonly epochs!: readonly Epoch[];

  @Field(() => TrainedWeights, {
    nullable: true,
    description: 'The weights kept so far; null: no epoch is finished.',
  })
  readonly weights!: TrainedWeights | null;

  @Field(() => Measured, {
    nullable: true,
    description: 'Of the best epoch, on the validation images; null: it has not completed.',
  })
  readonly validation!: Measured | null;

  @Field(() => Measured, {
    nullable: true,
    description: 'Of the best epoch, on the test images; null: it has not completed.',
  })
  readonly test!: Measured | null;
}

export const TrainingRunConnection = connectionOf(TrainingRun, 'trainings, newest first');
