// What a trained network measures on a split, as clients see it.

import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A number with its 95 % interval over bootstrap samples, or why there is none.' })
export class Estimate {
  @Field(() => Float, { nullable: true, description: 'The number; null: see reason.' })
  readonly value!: number | null;

  @Field(() => String, { nullable: true, description: 'Why there is no number; null: there is.' })
  readonly reason!: string | null;

  @Field(() => Float, { nullable: true, description: 'Lower end of the interval; null: there is none.' })
  readonly low!: number | null;

  @Field(() => Float, { nullable: true, description: 'Upper end of the interval; null: there is none.' })
  readonly high!: number | null;
}

@ObjectType({ description: 'A point of an ROC curve.' })
export class RocPoint {
  @Field(() => Float, { description: '1 - specificity.' })
  readonly falsePositiveRate!: number;

  @Field(() => Float, { description: 'Sensitivity.' })
  readonly truePositiveRate!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Scores from it on are positive; null: above every score.',
  })
  readonly threshold!: number | null;
}

@ObjectType({ description: 'The largest sensitivity that leaves at least a specificity.' })
export class SensitivityAt {
  @Field(() => Float, { description: 'The specificity asked for.' })
  readonly leastSpecificity!: number;

  @Field(() => Estimate, { description: 'The sensitivity.' })
  readonly sensitivity!: Estimate;

  @Field(() => Float, {
    nullable: true,
    description: 'Scores from it on are positive; null: above every score.',
  })
  readonly threshold!: number | null;
}

@ObjectType({ description: 'One class against the rest.' })
export class ClassMeasured {
  @Field(() => String, { description: 'Name of the class.' })
  readonly name!: string;

  @Field(() => Int, { description: 'Images of the class.' })
  readonly samples!: number;

  @Field(() => Estimate, { description: 'Area under its ROC curve.' })
  readonly auc!: Estimate;

  @Field(() => Float, { nullable: true, description: "Sensitivity at the task's decision; null: undefined." })
  readonly sensitivity!: number | null;

  @Field(() => Float, { nullable: true, description: "Specificity at the task's decision; null: undefined." })
  readonly specificity!: number | null;

  @Field(() => [SensitivityAt], { description: 'Sensitivities at fixed specificities.' })
  readonly sensitivityAt!: readonly SensitivityAt[];

  @Field(() => [RocPoint], { description: 'Its ROC curve, in at most 256 points.' })
  readonly roc!: readonly RocPoint[];
}

@ObjectType({ description: 'What a network measures on a split, AUC and ACC as MedMNIST takes them.' })
export class Measured {
  @Field(() => Int, { description: 'Images of the split.' })
  readonly samples!: number;

  @Field(() => Estimate, { description: 'Area under the ROC curve, the mean over classes.' })
  readonly auc!: Estimate;

  @Field(() => Estimate, { description: 'Accuracy.' })
  readonly acc!: Estimate;

  @Field(() => Float, { nullable: true, description: 'Mean sensitivity over classes; null: undefined.' })
  readonly balancedAccuracy!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Cohen's kappa with quadratic weights, of ordered classes; null: there is none.",
  })
  readonly quadraticKappa!: number | null;

  @Field(() => [[Int]], {
    nullable: true,
    description: 'Images by true class (rows) and decided class (columns); null: an image may have several.',
  })
  readonly confusion!: readonly (readonly number[])[] | null;

  @Field(() => [ClassMeasured], { description: 'Each class against the rest; of two, the second alone.' })
  readonly classes!: readonly ClassMeasured[];
}
