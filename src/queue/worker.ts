// A worker: takes jobs of its arithmetic from the queue and scores them on an engine, whose threads leave this
// one free to keep the locks of its jobs alive. One that is told to stop gives back what it has not begun.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Job as Stored, Worker } from 'bullmq';
import type { Engine, Evaluator } from '../engine/engine.ts';
import type { FleetWorker } from '../engine/fleet.ts';
import { selfTest } from '../engine/selfTest.ts';
import { MedNasError } from '../search/errors.ts';
import type { Evaluation, Protocol } from '../search/evaluation.ts';
import { type ProtocolId, protocolId } from '../search/identity.ts';
import type { Batches } from './batches.ts';
import { join } from './fleet.ts';
import { type Job, queueOf, type Scored } from './jobs.ts';
import { CANCEL_CHANNEL } from './line.ts';
import { openRedis, PREFIX, whileThere } from './redis.ts';
import { measureSpeed } from './speed.ts';

export interface WorkerOptions {
  readonly url: string;
  /** Closed with it. */
  readonly engine: Engine;
  readonly batches: Batches;
  /** Of MedNAS. */
  readonly version: string;
  readonly onError: (error: unknown) => void;
  /** Told of each job that is over: of how many architectures it scored, how many. */
  readonly onJob?: (scored: number, of: number) => void;
}

export interface QueueWorker {
  readonly describe: () => FleetWorker;
  /** Gives its jobs back, and leaves. */
  readonly close: () => Promise<void>;
}

/**
 * A worker that dies is noticed when the lock of its job runs out: locks are short, since a job done twice
 * costs no more than its time. In the fourth death over one job the job is what kills.
 */
const LOCKS = { lockDuration: 10_000, stalledInterval: 3000, maxStalledCount: 3 };

/** Milliseconds for which scores are gathered before they are told. */
const TELL_MS = 200;

/** Milliseconds that a worker which cannot do a job keeps it from others: failing fast, it would get them all. */
const PENANCE_MS = 1000;

/** Protocols whose batches are held at the same time. */
const PROTOCOLS = 8;

/** @throws MedNasError ENGINE_UNAVAILABLE when this machine does not compute what it should. */
async function requireSound(engine: Engine): Promise<void> {
  const wrong = (await selfTest(engine)).filter(({ passed }) => !passed);
  if (wrong.length === 0) return;
  const list = wrong.map(
    ({ indicator, value, wanted, tolerance }) =>
      `${indicator} is ${value}, not ${wanted} within ${tolerance}`,
  );
  throw new MedNasError(
    'ENGINE_UNAVAILABLE',
    `This machine's scores are none that others could be compared with, so it takes no jobs: ${list.join('; ')}.`,
  );
}

/** @throws MedNasError as `requireSound`. */
async function soundSpeed(engine: Engine): Promise<number> {
  await requireSound(engine);
  return await measureSpeed(engine);
}

/** Evaluators by protocol, the last few. */
function openEvaluators(engine: Engine, batches: Batches): (protocol: Protocol) => Promise<Evaluator> {
  const known = new Map<ProtocolId, Promise<Evaluator>>();
  return (protocol) => {
    const id = protocolId(protocol);
    const found = known.get(id) ?? batches.of(protocol).then((batch) => engine.evaluator(protocol, batch));
    known.delete(id);
    known.set(id, found);
    found.catch(() => known.get(id) === found && known.delete(id));
    const [oldest] = known.keys();
    if (known.size > PROTOCOLS && oldest !== undefined) known.delete(oldest);
    return found;
  };
}

/** What whoever started the search may know of it: of the unforeseen only that it happened. */
const publicReasonOf = (error: unknown): string =>
  error instanceof MedNasError && error.code !== 'ENGINE_UNAVAILABLE'
    ? error.message
    : 'something went wrong that its log tells of';

/** Tells of a job's scores as they come, several at a time. */
function openTelling(job: Stored<Job, Scored>) {
  const all: (readonly [number, Evaluation])[] = [];
  let told = 0;
  let timer: NodeJS.Timeout | null = null;
  function tell(): void {
    timer = null;
    // What is not told now is in what the job returns.
    void job.updateProgress(all.slice(told) as object[]).catch(() => undefined);
    told = all.length;
  }
  return {
    all,
    add(place: number, evaluation: Evaluation): void {
      all.push([place, evaluation]);
      timer ??= setTimeout(tell, TELL_MS);
    },
    close: () => timer !== null && clearTimeout(timer),
  };
}

/** @throws MedNasError ENGINE_UNAVAILABLE when Redis cannot be reached, or this machine computes wrongly. */
export async function openWorker(options: WorkerOptions): Promise<QueueWorker> {
  const { url, engine, batches, version, onError, onJob } = options;
  const redis = await openRedis(url, onError);
  const speed = await soundSpeed(engine).catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  const evaluatorOf = openEvaluators(engine, batches);
  const closing = new AbortController();
  const cancelled = new Set<string>();
  const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const since = new Date().toISOString();

  async function score(
    job: Stored<Job, Scored>,
    _: string | undefined,
    cancel: AbortSignal | undefined,
  ): Promise<Scored> {
    const { protocol, genotypes } = job.data;
    const stop = AbortSignal.any([closing.signal, ...(cancel === undefined ? [] : [cancel])]);
    const telling = openTelling(job);
    try {
      const evaluator = await evaluatorOf(protocol);
      await evaluator.evaluate(genotypes, stop, async (place, evaluation) => telling.add(place, evaluation));
    } catch (error) {
      if (!stop.aborted) {
        onError(error);
        await new Promise((resolve) => setTimeout(resolve, PENANCE_MS));
        throw new Error(`${publicReasonOf(error)} (worker ${id})`, { cause: error });
      }
    } finally {
      telling.close();
    }
    onJob?.(telling.all.length, genotypes.length);
    return telling.all;
  }

  const worker = new Worker<Job, Scored>(queueOf('score', engine.info.numerics), score, {
    connection: redis,
    prefix: PREFIX,
    name: id,
    // One more than can be at work, so that no thread waits for the next.
    concurrency: engine.info.workers + 1,
    ...LOCKS,
  });
  worker.on('error', whileThere(redis, onError));
  // Nobody waits for what it has come to.
  worker.on(
    'completed',
    (job) => cancelled.delete(job.id as string) && void job.remove().catch(() => undefined),
  );
  const orders = redis.duplicate();
  orders.on('error', () => undefined); // told by the other
  orders.on('message', (_, text) => {
    for (const job of JSON.parse(text) as readonly string[]) if (worker.cancelJob(job)) cancelled.add(job);
  });
  await orders.subscribe(CANCEL_CHANNEL);
  const describe = (): FleetWorker => ({
    ...engine.info,
    id,
    host: hostname(),
    version,
    speed,
    busy: engine.load().busy,
    since,
    lastSeen: new Date().toISOString(),
  });
  const leave = await join(redis, describe);

  return {
    describe,
    async close() {
      closing.abort();
      await leave().catch(() => undefined);
      await worker.close();
      orders.disconnect();
      redis.disconnect();
      await engine.close();
    },
  };
}
