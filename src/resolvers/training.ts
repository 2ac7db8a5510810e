// Trainings: listed, read, and what has come of them.

import { Arg, Args, Ctx, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { Architecture } from '../schema/architecture.ts';
import { type ConnectionSource, PageArgs } from '../schema/connection.ts';
import type { ClassMeasured, Estimate, Measured } from '../schema/measured.ts';
import type { Typed } from '../schema/node.ts';
import { Search, SearchStatus, type SearchStatusName } from '../schema/search.ts';
import {
  type Epoch,
  TrainedModel,
  type TrainedWeights,
  type TrainingProtocol,
  TrainingRun,
  TrainingRunConnection,
} from '../schema/training.ts';
import { keyOfTraining } from '../service/trainBest.ts';
import type { EpochRecord, TrainingId, TrainingRecord } from '../storage/records.ts';
import { type ArchitectureSource, toArchitecture } from './architecture.ts';
import type { Context } from './context.ts';
import { type DatasetSource, toDataset } from './dataset.ts';
import { found, toFailure } from './failure.ts';
import { parseGlobalId, toGlobalId } from './globalId.ts';
import { readPage } from './page.ts';
import type { SearchSource } from './search.ts';
import { type SearchSpaceSource, spaceNamed } from './space.ts';

type ModelSource = Omit<TrainedModel, 'space' | 'architecture'> &
  Pick<TrainingRecord, 'model' | 'architecture'>;
type Lazy = 'queuePosition' | 'dataset' | 'epochs' | 'model';

export interface TrainingSource extends Typed<'TrainingRun'>, Omit<TrainingRun, Lazy> {
  readonly model: ModelSource;
  readonly record: TrainingRecord;
}

const toModel = ({ model, architecture }: TrainingRecord): ModelSource => ({
  genotype: model.kind === 'architecture' ? model.genotype : null,
  baseline: model.kind === 'baseline' ? model.name : null,
  initChannels: model.initChannels,
  hash: architecture,
  model,
  architecture,
});

function toProtocol({ protocol }: TrainingRecord): TrainingProtocol | null {
  if (protocol === null) return null;
  const { samples, task: _, ...rest } = protocol;
  return {
    ...rest,
    trainingImages: samples.train,
    validationImages: samples.val,
    testImages: samples.test,
  };
}

type Result = NonNullable<TrainingRecord['measured']>['test'];
type ClassResult = Result['classes'][number];

const toEstimate = ({ value, reason, interval }: Result['auc']): Estimate => ({
  value,
  reason,
  low: interval?.low ?? null,
  high: interval?.high ?? null,
});

const toClass = ({ sensitivity, specificity, ...one }: ClassResult): ClassMeasured => ({
  name: one.name,
  samples: one.samples,
  auc: toEstimate(one.auc),
  sensitivity: sensitivity.value,
  specificity: specificity.value,
  sensitivityAt: one.sensitivityAt.map((at) => ({ ...at, sensitivity: toEstimate(at.sensitivity) })),
  roc: one.roc,
});

const toMeasured = (result: Result | undefined): Measured | null =>
  result === undefined
    ? null
    : {
        samples: result.samples,
        auc: toEstimate(result.auc),
        acc: toEstimate(result.acc),
        balancedAccuracy: result.balancedAccuracy.value,
        quadraticKappa: result.quadraticKappa?.value ?? null,
        confusion: result.confusion,
        classes: result.classes.map(toClass),
      };

/** Where the server sends them: server/weights.ts. */
const pathOfWeights = (id: TrainingId): string => `/weights/${id}.safetensors`;

const toWeights = ({ id, best }: TrainingRecord): TrainedWeights | null =>
  best && {
    epoch: best.epoch,
    validationAuc: best.auc,
    sha256: best.sha256,
    bytes: best.bytes,
    path: pathOfWeights(id),
  };

export const toEpoch = ({ validation, ...record }: EpochRecord): Epoch => ({
  epoch: record.epoch,
  trainingLoss: record.trainingLoss,
  validationLoss: validation.loss,
  validationAuc: validation.auc,
  validationAcc: validation.acc,
  learningRate: record.learningRate,
  seconds: record.seconds,
  finishedAt: record.finishedAt,
});

export function toTraining(record: TrainingRecord): TrainingSource {
  const { epoch, recipe, seconds = 0 } = record;
  const epochs = epoch + 1;
  return {
    __typename: 'TrainingRun',
    id: toGlobalId('TrainingRun', record.id),
    model: toModel(record),
    recipe,
    datasetName: record.dataset,
    protocol: toProtocol(record),
    status: record.status,
    failure: toFailure(record.failure),
    idempotencyKey: record.idempotencyKey,
    createdAt: record.createdAt,
    finishedAt: record.finishedAt,
    progress: {
      epochs,
      plannedEpochs: recipe.epochs,
      seconds,
      secondsLeft: epochs === 0 ? null : (seconds / epochs) * (recipe.epochs - epochs),
    },
    weights: toWeights(record),
    validation: toMeasured(record.measured?.validation),
    test: toMeasured(record.measured?.test),
    record,
  };
}

/** The training of that key; null: there is none. */
export async function trainingOf({ loaders }: Context, key: string): Promise<TrainingSource | null> {
  const record = await loaders.training.load({ id: key as TrainingId });
  return record === null ? null : toTraining(record);
}

@Resolver(() => TrainingRun)
export class TrainingResolver {
  @Query(() => TrainingRun, {
    nullable: true,
    description: 'A training by its global id; the error NOT_FOUND when there is none.',
  })
  async trainingRun(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Global id of a training.' }) id: string,
  ): Promise<TrainingSource> {
    const { key } = parseGlobalId(id, 'id', 'TrainingRun');
    return found(await trainingOf(context, key), 'training', 'id');
  }

  @Query(() => TrainingRunConnection, { description: 'All trainings, the newest first.' })
  trainingRuns(
    @Ctx() { service: { archive, trainings } }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('statuses', () => [SearchStatus], {
      nullable: true,
      description: 'Only those doing one of these; left out or empty: all.',
    })
    given: readonly SearchStatusName[] | null,
  ): Promise<ConnectionSource<TrainingSource>> {
    const statuses = given ?? [];
    return readPage(page, {
      name: 'trainings',
      direction: 'desc',
      read: (count, after, direction) => archive.listTrainings({ statuses }, count, after, direction),
      count: () => archive.countTrainings({ statuses }),
      toSource: (record) => toTraining(trainings.shown(record)),
    });
  }

  @FieldResolver(() => Int, { nullable: true })
  queuePosition(@Root() { record }: TrainingSource, @Ctx() { service }: Context): number | null {
    return service.trainings.queuePosition(record.id);
  }

  @FieldResolver()
  async dataset(
    @Root() { record }: TrainingSource,
    @Ctx() { loaders }: Context,
  ): Promise<DatasetSource | null> {
    const dataset = await loaders.dataset.load({ name: record.dataset });
    return dataset === null ? null : toDataset(dataset);
  }

  @FieldResolver()
  async epochs(
    @Root() { record }: TrainingSource,
    @Ctx() { service: { archive } }: Context,
  ): Promise<readonly Epoch[]> {
    return (await archive.epochs(record.id, record.epoch)).map(toEpoch);
  }
}

@Resolver(() => TrainedModel)
export class TrainedModelResolver {
  @FieldResolver()
  space(@Root() { model }: ModelSource): SearchSpaceSource | null {
    return model.kind === 'architecture' ? found(spaceNamed(model.space), 'search space', 'space') : null;
  }

  @FieldResolver(() => Architecture, { nullable: true })
  async architecture(
    @Root() { architecture }: ModelSource,
    @Ctx() { service: { archive } }: Context,
  ): Promise<ArchitectureSource | null> {
    const record = architecture === null ? null : await archive.architectureNamed(architecture);
    return record === null ? null : toArchitecture(record);
  }
}

// Architectures and searches point to their trainings here: their own types cannot, as modules do not import each
// other in a circle.

@Resolver(() => Architecture)
export class ArchitectureTrainingsResolver {
  @FieldResolver(() => TrainingRunConnection, {
    description: 'Trainings of its genotype, on whatever dataset and with whatever recipe, the newest first.',
  })
  trainings(
    @Root() { record: { architecture } }: ArchitectureSource,
    @Ctx() { service: { archive, trainings } }: Context,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<ConnectionSource<TrainingSource>> {
    return readPage(page, {
      name: `trainings ${architecture}`,
      direction: 'desc',
      read: (count, after, direction) => archive.listTrainings({ architecture }, count, after, direction),
      count: () => archive.countTrainings({ architecture }),
      toSource: (record) => toTraining(trainings.shown(record)),
    });
  }
}

@Resolver(() => Search)
export class SearchTrainingsResolver {
  @FieldResolver(() => [TrainingRun], {
    description: 'What it has started to train when it completed, the best first.',
  })
  async trainings(
    @Root() { record: { id, trainBest } }: SearchSource,
    @Ctx() { service: { archive, trainings } }: Context,
  ): Promise<readonly TrainingSource[]> {
    const keys = Array.from({ length: trainBest?.count ?? 0 }, (_, n) => keyOfTraining(id, n));
    const found = await Promise.all(keys.map((key) => archive.trainingByKey(key)));
    return found.flatMap((record) => (record === null ? [] : [toTraining(trainings.shown(record))]));
  }
}
