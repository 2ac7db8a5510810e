// What is done to trainings: started, paused, resumed, cancelled, deleted; and their events.

import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { EpochFinished, TrainingEvent, TrainingStatusChanged } from '../schema/event.ts';
import type { Typed } from '../schema/node.ts';
import { DeleteTrainingPayload, TrainingPayload } from '../schema/payload.ts';
import { TrainArchitectureInput } from '../schema/recipe.ts';
import type { Epoch } from '../schema/training.ts';
import type { GivenTraining } from '../service/trainings.ts';
import type { EventRecord, Failure, TrainingId, TrainingRecord } from '../storage/records.ts';
import { architectureOf } from './architecture.ts';
import type { Context } from './context.ts';
import { requireKey } from './control.ts';
import { attempt, found, toFailure, withInput } from './failure.ts';
import { followUntilGone, requireAfter } from './follow.ts';
import { parseGlobalId } from './globalId.ts';
import { withoutNulls } from './nulls.ts';
import { toEpoch, toTraining } from './training.ts';

const ID_OF_TRAINING = { description: 'Global id of a training.' };

/** What a client asks for, the architecture it names read. @throws MedNasError INVALID_ARGUMENT, NOT_FOUND */
async function read(context: Context, input: TrainArchitectureInput): Promise<GivenTraining> {
  const { architecture: named, ...given } = withoutNulls(input);
  if (named === undefined) return given;
  const { key } = parseGlobalId(named, 'architecture', 'Architecture');
  const { record } = found(await architectureOf(context, key), 'architecture', 'architecture');
  return { ...given, architecture: record };
}

/** A payload with the training after something was done to it. */
const change = (context: Context, id: string, act: (id: TrainingId) => Promise<TrainingRecord>) =>
  attempt(context, 'run', async () =>
    toTraining(await act(parseGlobalId(id, 'id', 'TrainingRun').key as TrainingId)),
  );

@Resolver()
export class TrainingControlResolver {
  @Mutation(() => TrainingPayload, {
    description:
      'Starts a training, which runs in the background. The same idempotency key with the same input gives the training it started.',
  })
  trainArchitecture(
    @Ctx() context: Context,
    @Arg('input', () => TrainArchitectureInput, { description: 'What to train, and how.' })
    input: TrainArchitectureInput,
    @Arg('idempotencyKey', () => String, {
      nullable: true,
      description: 'Any text that the client gives to this one request, so that repeating it is harmless.',
    })
    idempotencyKey: string | null,
  ) {
    const { service, viewer } = context;
    return attempt(context, 'run', () =>
      withInput(async () => {
        const key = requireKey(idempotencyKey);
        return toTraining(await service.trainings.start(await read(context, input), key, viewer.client));
      }),
    );
  }

  @Mutation(() => TrainingPayload, {
    description: 'Stops a training until it is resumed. It then goes on after its last finished epoch.',
  })
  pauseTraining(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_TRAINING) id: string) {
    return change(context, id, (training) => context.service.trainings.pause(training));
  }

  @Mutation(() => TrainingPayload, { description: 'Lets a paused training go on to the same weights.' })
  resumeTraining(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_TRAINING) id: string) {
    return change(context, id, (training) => context.service.trainings.resume(training));
  }

  @Mutation(() => TrainingPayload, {
    description: 'Ends a training early. Its best weights so far stay, untested.',
  })
  cancelTraining(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_TRAINING) id: string) {
    return change(context, id, (training) => context.service.trainings.cancel(training));
  }

  @Mutation(() => DeleteTrainingPayload, {
    description: 'Forgets a training that is not running, with its weights.',
  })
  deleteTraining(@Ctx() context: Context, @Arg('id', () => ID, ID_OF_TRAINING) id: string) {
    return attempt(context, 'deletedId', async () => {
      await context.service.trainings.remove(parseGlobalId(id, 'id', 'TrainingRun').key as TrainingId);
      return id;
    });
  }
}

/** An event of either type. Of the epoch it tells only the number; what clients see is read by it. */
interface EventSource extends Typed<string> {
  readonly sequence: number;
  readonly at: string;
  readonly training: TrainingId;
  readonly status?: string;
  readonly failure?: Failure | null;
  readonly number?: number;
}

function toSource({ happening, search, sequence, at }: EventRecord): EventSource {
  const event = { sequence, at, training: search as TrainingId };
  if (happening.type === 'epoch')
    return { __typename: EpochFinished.name, ...event, number: happening.epoch };
  if (happening.type !== 'status') throw new Error(`training ${search} has an event of a search`);
  const { status, failure } = happening;
  return { __typename: TrainingStatusChanged.name, ...event, status, failure: toFailure(failure) };
}

async function follow(
  { service, loaders, signal }: Context,
  { id: named, after }: { readonly id: string; readonly after: number | null },
): Promise<AsyncIterable<EventRecord>> {
  const id = parseGlobalId(named, 'id', 'TrainingRun').key as TrainingId;
  const last = requireAfter(after);
  found(await loaders.training.load({ id }), 'training', 'id');
  return followUntilGone((until) => service.followTraining(id, last, until), signal);
}

@Resolver()
export class TrainingEventsResolver {
  @Subscription(() => TrainingEvent, {
    description:
      'What happens in a training: first what has happened `after` an event, then what is happening, each once and in order; it ends when the training does.',
    subscribe: ({ args, context }) => follow(context as Context, args as Parameters<typeof follow>[1]),
  })
  trainingEvents(
    @Root() event: EventRecord,
    @Arg('id', () => ID, ID_OF_TRAINING) _id: string,
    @Arg('after', () => Int, {
      nullable: true,
      defaultValue: 0,
      description: 'Sequence number of the last event the client has; 0: none.',
    })
    _after: number | null,
  ): EventSource {
    return toSource(event);
  }
}

@Resolver(() => EpochFinished)
export class EpochFinishedResolver {
  @FieldResolver()
  async epoch(@Root() { training, number = 0 }: EventSource, @Ctx() { loaders }: Context): Promise<Epoch> {
    return toEpoch(found(await loaders.epoch.load({ training, epoch: number }), 'epoch', 'id'));
  }
}
