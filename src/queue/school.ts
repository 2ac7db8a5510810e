// The School over a queue: each epoch is a job of its own, so that trainings take turns with each other and a worker
// that dies costs one epoch; the state goes with it through Redis.

import { unlessAborted } from '../abort.ts';
import type { JobOutcome } from '../engine/fleet.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { sharedState } from '../engine/training/state.ts';
import type { Course } from '../learning/epoch.ts';
import type { School } from '../learning/school.ts';
import { MedNasError } from '../search/errors.ts';
import { runErrand } from './errand.ts';
import type { CourseOrder, Lessons, Taught, TrainingJob } from './jobs.ts';
import type { Line } from './line.ts';
import { openPatience } from './patience.ts';
import { type Parcel, parcelOf, type States } from './states.ts';
import type { Wants } from './wants.ts';

export interface QueueSchoolParts {
  readonly line: (numerics: string) => Promise<Line<TrainingJob, Taught>>;
  readonly states: States;
  readonly wants: Wants;
  readonly trainerFor: (numerics: string | null) => Pick<EngineInfo, 'memory' | 'numerics'>;
  /** Threads of the workers of an arithmetic. */
  readonly lanes: (numerics: string) => number;
  readonly onEnd: (outcome: JobOutcome) => void;
  /** Milliseconds that a training waits while there is no worker at all. */
  readonly patienceMs: number;
}

const orderOf = ({ problem, splits, recipe }: Course): CourseOrder => ({
  model: problem.model,
  recipe,
  protocol: splits.protocol,
  classes: splits.classes,
});

/** Times that an epoch is learned before its outcome has to arrive. */
const MOST_TRIES = 3;

/** Those of an optimizer are not asked for where only values are. */
const NOTHING = new Float32Array();

export function openQueueSchool(parts: QueueSchoolParts): School {
  const { line, states, wants, trainerFor, lanes, onEnd, patienceMs } = parts;

  async function ask<J extends TrainingJob>(
    job: J,
    from: Parcel | null,
    signal: AbortSignal,
    onSecond: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Lessons[J['kind']]> {
    const { numerics } = job.course.protocol;
    const requireWorkers = openPatience({
      numerics,
      lanes: () => lanes(numerics),
      patienceMs,
      who: 'training',
    });
    return await runErrand(
      {
        line: await unlessAborted(line(numerics), signal),
        states,
        wants,
        onEnd,
        async onSecond() {
          requireWorkers();
          await onSecond();
        },
      },
      job,
      from,
      signal,
    );
  }

  return {
    trainerFor,
    async learn(course, epoch, from, signal, onSecond) {
      const parcel = from && (await parcelOf(from));
      const job = { kind: 'learn', course: orderOf(course), epoch, from: parcel?.id ?? null } as const;
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const { state: id, loss, validation } = await ask(job, parcel, signal, onSecond);
        const learning = await unlessAborted(states.get(id), signal);
        // What Redis has lost meanwhile is learned again.
        if (learning === null) continue;
        void states.drop(id).catch(() => undefined);
        const state = sharedState(course.layout, learning);
        if (state !== null) return { state, loss, validation };
        throw new MedNasError(
          'WORKERS_UNAVAILABLE',
          'A worker came to a state of another network: it is of another version. Start it anew from this one.',
        );
      }
      throw new MedNasError(
        'ENGINE_UNAVAILABLE',
        `Redis has lost what epoch ${epoch + 1} came to, ${MOST_TRIES} times: it needs the maxmemory-policy noeviction, and room.`,
      );
    },
    estimate: (course, signal) => ask({ kind: 'estimate', course: orderOf(course) }, null, signal),
    async examine(course, epoch, values, resamples, signal) {
      const parcel = await parcelOf({ values, first: NOTHING, second: NOTHING, steps: 0 });
      const job = { kind: 'examine', course: orderOf(course), epoch, from: parcel.id, resamples } as const;
      return await ask(job, parcel, signal);
    },
  };
}
