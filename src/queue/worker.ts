// A worker: takes scoring and training jobs of its arithmetic from the queue and does them on an engine, whose
// threads leave this one free to keep the locks of its jobs alive. One that is told to stop gives back what it has
// not begun.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import type { Engine } from '../engine/engine.ts';
import type { FleetWorker } from '../engine/fleet.ts';
import { selfTest, trainingTest } from '../engine/selfTest.ts';
import { openSchool } from '../learning/school.ts';
import { MedNasError } from '../search/errors.ts';
import type { Batches } from './batches.ts';
import { join } from './fleet.ts';
import { type Hand, openHand } from './hand.ts';
import type { Images } from './images.ts';
import { queueOf } from './jobs.ts';
import { CANCEL_CHANNEL } from './line.ts';
import { endSoon, openRedis, usable } from './redis.ts';
import { openScorer } from './scorer.ts';
import { measureSpeed } from './speed.ts';
import { openStates } from './states.ts';
import { openTutor } from './tutor.ts';
import { openWants } from './wants.ts';

export interface WorkerOptions {
  readonly url: string;
  /** Closed with it. */
  readonly engine: Engine;
  readonly batches: Batches;
  readonly images: Images;
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

/** @throws MedNasError ENGINE_UNAVAILABLE when this machine does not compute what it should. */
async function requireSound(engine: Engine): Promise<void> {
  const scored = (await selfTest(engine)).map(({ indicator, ...check }) => ({ what: indicator, ...check }));
  const trained = { what: 'a loss in training', ...(await trainingTest(engine)) };
  const wrong = [...scored, trained].filter(({ passed }) => !passed);
  if (wrong.length === 0) return;
  const list = wrong.map(
    ({ what, value, wanted, tolerance }) => `${what} is ${value}, not ${wanted} within ${tolerance}`,
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

/** Whatever is sent there: ids, or nothing that is understood. */
function idsIn(text: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(text);
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** Orders to stop, which every worker hears. */
async function hearOrders(redis: Redis, hear: (ids: readonly string[]) => void): Promise<Redis> {
  const orders = redis.duplicate();
  orders.on('error', () => undefined); // told by the other
  orders.on('message', (_, text) => hear(idsIn(text)));
  await orders.subscribe(CANCEL_CHANNEL);
  return orders;
}

/** Its ends of the queues of its arithmetic. */
function openHands(redis: Redis, name: string, options: WorkerOptions): readonly Hand[] {
  const { engine, batches, images, onError, onJob = () => undefined } = options;
  const { numerics, workers: threads } = engine.info;
  const common = { redis, name, onError };
  return [
    openHand({
      ...common,
      queue: queueOf('score', numerics),
      // One more than can be at work, so that no thread waits for the next.
      concurrency: threads + 1,
      work: openScorer(engine, batches, onJob),
    }),
    openHand({
      ...common,
      queue: queueOf('train', numerics),
      concurrency: threads,
      work: openTutor({
        school: openSchool(engine),
        images,
        states: openStates(redis),
        wants: openWants(redis),
      }),
    }),
  ];
}

/** @throws MedNasError ENGINE_UNAVAILABLE when Redis cannot be reached, or this machine computes wrongly. */
export async function openWorker(options: WorkerOptions): Promise<QueueWorker> {
  const { url, engine, version, onError } = options;
  const redis = await openRedis(url, onError);
  const opened: (() => unknown)[] = [() => redis.disconnect()];
  try {
    const speed = await soundSpeed(engine);
    const id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const since = new Date().toISOString();
    const hands = openHands(redis, id, options);
    opened.push(...hands.map(({ close }) => close));
    const orders = await usable(hearOrders(redis, (ids) => hands.forEach((hand) => hand.cancel(ids))));
    opened.push(() => orders.disconnect());
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
    const leave = await usable(join(redis, describe));
    return {
      describe,
      async close() {
        await Promise.all([endSoon(leave(), () => undefined), ...hands.map((hand) => hand.close())]);
        orders.disconnect();
        redis.disconnect();
        await engine.close();
      },
    };
  } catch (error) {
    for (const close of opened.toReversed()) await close();
    throw error;
  }
}
