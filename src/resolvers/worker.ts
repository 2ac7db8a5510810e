// The fleet, as it is now and as it changes.

import { Repeater } from '@graphql-yoga/subscription';
import { setTimeout } from 'node:timers/promises';
import { Ctx, Query, Resolver, Root, Subscription } from 'type-graphql';
import { Worker } from '../schema/worker.ts';
import type { Context } from './context.ts';

/** Milliseconds between two looks at the fleet; workers give a sign of life every second. */
const LOOK_MS = 1000;
/** Milliseconds after which workers are told again though all is as it was, but for when they were heard of. */
const AGAIN_MS = 5000;

async function readWorkers({ service }: Pick<Context, 'service'>): Promise<readonly Worker[]> {
  return (await service.fleet.workers()).map(
    ({ id, host, version, backend, adapter, numerics, workers, speed, busy, since, lastSeen }) => ({
      id,
      host,
      version,
      backend,
      adapter,
      numerics,
      threads: workers,
      speed,
      busy,
      since,
      lastSeen,
    }),
  );
}

/** What a reader would see change. */
const faceOf = (workers: readonly Worker[]): string =>
  JSON.stringify(workers, (key, value: unknown) => (key === 'lastSeen' ? null : value));

/** The fleet at first, whenever it has changed, and now and then. */
function follow({ service, signal }: Context): AsyncIterable<readonly Worker[]> {
  return new Repeater<readonly Worker[]>(async (push, stop) => {
    const gone = new AbortController();
    void stop.then(() => gone.abort());
    const over = AbortSignal.any([gone.signal, signal]);
    let [shown, shownAt] = ['', 0];
    try {
      while (!over.aborted) {
        const workers = await readWorkers({ service });
        const face = faceOf(workers);
        const isOld = workers.length > 0 && performance.now() - shownAt >= AGAIN_MS;
        if (face !== shown || isOld) {
          await push(workers);
          [shown, shownAt] = [face, performance.now()];
        }
        await setTimeout(LOOK_MS, undefined, { signal: over });
      }
    } catch (error) {
      if (!over.aborted) throw error;
    }
    stop();
  });
}

@Resolver()
export class WorkerResolver {
  @Query(() => [Worker], {
    description:
      'The processes that score and train: workers, where there is a queue; else this service alone.',
  })
  workers(@Ctx() context: Context): Promise<readonly Worker[]> {
    return readWorkers(context);
  }

  @Subscription(() => [Worker], {
    description:
      'All workers, now and whenever one comes, goes or has more or less to do; every five seconds in any case, for when they were last heard of.',
    subscribe: ({ context }) => follow(context as Context),
  })
  workersChanged(@Root() workers: readonly Worker[]): readonly Worker[] {
    return workers;
  }
}
