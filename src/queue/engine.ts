// The engine and the school of a service that leaves scoring and training to workers. What they tell of themselves is
// what the workers are: among those that are there, the arithmetic that is fastest together. This process' own engine
// says what arithmetic it would be where there is no worker yet.

import type { Redis } from 'ioredis';
import type { Engine, EngineInfo, ScoringEngine } from '../engine/engine.ts';
import { type Fleet, type FleetWorker, JOB_OUTCOMES, type JobOutcome } from '../engine/fleet.ts';
import type { AllKernels } from '../engine/gradients/kernels.ts';
import { loadKernels } from '../engine/kernels/load.ts';
import { requireFit, workerRoom } from '../engine/memory.ts';
import type { Computing, School } from '../learning/school.ts';
import { openQueueEvaluator, type Pace } from './evaluator.ts';
import { type FleetView, readFleet, watchFleet } from './fleet.ts';
import { type Job, queueOf, type Scored, type ScoreJob, type Taught, type TrainingJob } from './jobs.ts';
import { type Line, openLine } from './line.ts';
import { openRedis, soon, usable, whileThere } from './redis.ts';
import { openQueueSchool } from './school.ts';
import { openStates } from './states.ts';
import { openWants } from './wants.ts';

export interface QueueEngineOptions {
  readonly url: string;
  /** Closed with it. */
  readonly local: Engine;
  readonly onError: (error: unknown) => void;
  readonly patienceMs?: number;
}

/** A search waits so long while there is no worker for it: machines that are asked for take minutes. */
const PATIENCE_MS = 600_000;

/** MACs a second of a thread, until a worker has told. */
const SPEED_UNKNOWN = 1e10;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const least = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
};

const speedOf = (group: readonly FleetWorker[]): number => sum(group.map(({ speed }) => speed ?? 0));

/** Workers by arithmetic, the fastest together first. */
function groupsOf(workers: readonly FleetWorker[]): readonly (readonly FleetWorker[])[] {
  const kinds = [...new Set(workers.map(({ numerics }) => numerics))];
  return kinds
    .map((kind) => workers.filter(({ numerics }) => numerics === kind))
    .toSorted((a, b) => speedOf(b) - speedOf(a));
}

/** What workers of one arithmetic are together. */
function infoOf(group: readonly FleetWorker[] | undefined, local: EngineInfo): EngineInfo {
  const [first] = group ?? [];
  if (group === undefined || first === undefined) return { ...local, workers: 0 };
  const { backend, adapter, numerics, simd } = first;
  return {
    backend,
    adapter,
    numerics,
    simd,
    workers: sum(group.map(({ workers }) => workers)),
    cores: sum(group.map(({ cores }) => cores)),
    memory: sum(group.map(({ memory }) => memory)),
    workerMemory: least(group.map(({ workerMemory }) => workerMemory)),
  };
}

export function paceOf(workers: readonly FleetWorker[], numerics: string): Pace {
  const group = workers.filter((worker) => worker.numerics === numerics);
  const lanes = sum(group.map((worker) => worker.workers));
  const speed = speedOf(group);
  return { lanes, speed: speed > 0 ? speed / lanes : SPEED_UNKNOWN };
}

interface Lines<J extends Job, A> {
  readonly get: (numerics: string) => Promise<Line<J, A>>;
  /** Arithmetics that were asked for. */
  readonly known: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** The lines of a process, each opened when it is first needed. */
function openLines<J extends Job, A>(
  work: 'score' | 'train',
  redis: Redis,
  onError: (error: unknown) => void,
): Lines<J, A> {
  const lines = new Map<string, Promise<Line<J, A>>>();
  return {
    get(numerics) {
      const known = lines.get(numerics);
      if (known !== undefined) return known;
      const line = openLine<J, A>(queueOf(work, numerics), redis, onError);
      lines.set(numerics, line);
      line.catch(() => lines.delete(numerics));
      return line;
    },
    known: () => [...lines.keys()],
    close: async () =>
      void (await Promise.all([...lines.values()].map(async (line) => (await line).close()))),
  };
}

/** What the parts of a process share that leaves work to workers. */
interface Parts {
  readonly redis: Redis;
  readonly local: Engine;
  readonly view: FleetView;
  readonly scoring: Lines<ScoreJob, Scored>;
  readonly training: Lines<TrainingJob, Taught>;
  readonly outcomes: Record<JobOutcome, number>;
  readonly patienceMs: number;
}

const endIn =
  ({ outcomes }: Parts) =>
  (outcome: JobOutcome): void =>
    void (outcomes[outcome] += 1);

function scoringEngine(parts: Parts, kernels: AllKernels): ScoringEngine {
  const { redis, local, view, scoring, training, outcomes, patienceMs } = parts;
  let waiting = 0;
  const engine: ScoringEngine = {
    get info() {
      return infoOf(groupsOf(view.now())[0], local.info);
    },
    load: () => ({ busy: sum(view.now().map(({ busy }) => busy)), waiting, crashes: outcomes.died }),
    numericsFor: (before) => before ?? engine.info.numerics,
    evaluator: (protocol) =>
      openQueueEvaluator({
        line: () => scoring.get(protocol.numerics),
        protocol,
        pace: () => paceOf(view.now(), protocol.numerics),
        onEnd: endIn(parts),
        onWaiting: (change) => (waiting += change),
        patienceMs,
      }),
    inspect: (...args) => local.inspect(...args),
    requireFit(protocol, blocks) {
      const limits = view.now().filter(({ numerics }) => numerics === protocol.numerics);
      const limit = least(limits.map(({ workerMemory }) => workerMemory));
      // Where no limit is known, the worker that finds none tells of the architecture it is too small for.
      if (limit !== null) requireFit(protocol, blocks, workerRoom(protocol, blocks, limit, kernels));
    },
    check: async () => void (await soon(redis.ping())),
    async close() {
      view.close();
      await Promise.all([scoring.close(), training.close()]);
      redis.disconnect();
      await local.close();
    },
  };
  return engine;
}

function queueSchool(parts: Parts, engine: ScoringEngine): School {
  const { redis, local, view, training, patienceMs } = parts;
  return openQueueSchool({
    line: (numerics) => training.get(numerics),
    states: openStates(redis),
    wants: openWants(redis),
    trainerFor(before) {
      const numerics = before ?? engine.info.numerics;
      const memories = view.now().filter((worker) => worker.numerics === numerics);
      // Whoever trains holds the images, and so does this process, which finds them fit for it.
      return { numerics, memory: Math.min(local.info.memory, ...memories.map(({ memory }) => memory)) };
    },
    lanes: (numerics) => paceOf(view.now(), numerics).lanes,
    onEnd: endIn(parts),
    patienceMs,
  });
}

function queueFleet({ redis, view, scoring, training, outcomes }: Parts, engine: ScoringEngine): Fleet {
  return {
    workers: () => soon(readFleet(redis)),
    async jobs() {
      const names = new Set([
        ...view.now().map(({ numerics }) => numerics),
        ...scoring.known(),
        ...training.known(),
        engine.info.numerics,
      ]);
      const counts = await soon(
        Promise.all(
          [...names].flatMap((numerics) =>
            [scoring, training].map(async (lines) => (await lines.get(numerics)).counts()),
          ),
        ),
      );
      return {
        waiting: sum(counts.map((each) => each.waiting)),
        active: sum(counts.map((each) => each.active)),
        outcomes: Object.fromEntries(JOB_OUTCOMES.map((name) => [name, outcomes[name]])) as typeof outcomes,
      };
    },
  };
}

/** @throws MedNasError ENGINE_UNAVAILABLE when Redis cannot be reached. */
export async function openQueueEngine(
  options: QueueEngineOptions,
): Promise<Computing & { readonly fleet: Fleet }> {
  const { url, local, onError, patienceMs = PATIENCE_MS } = options;
  const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }));
  const redis = await openRedis(url, onError);
  const trouble = whileThere(redis, onError);
  const view = await usable(watchFleet(redis)).catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  const parts: Parts = {
    redis,
    local,
    view,
    scoring: openLines('score', redis, trouble),
    training: openLines('train', redis, trouble),
    outcomes: { completed: 0, returned: 0, lost: 0, died: 0, failed: 0 },
    patienceMs,
  };
  const engine = scoringEngine(parts, kernels);
  return { engine, school: queueSchool(parts, engine), fleet: queueFleet(parts, engine) };
}
