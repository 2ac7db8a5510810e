// The fleet in Redis: each worker keeps a key of its own alive that says what it is, so one that dies is
// forgotten within seconds, by Redis' clock alone.

import type { Redis } from 'ioredis';
import type { FleetWorker } from '../engine/fleet.ts';
import { PREFIX } from './redis.ts';

/** Milliseconds between two signs of life, and after which a worker that gives none is gone. */
const BEAT_MS = 1000;
const GONE_MS = 5000;

const MEMBERS = `${PREFIX}:workers`;
const keyOf = (id: string): string => `${PREFIX}:worker:${id}`;

/** Keeps a worker in the fleet until what is returned takes it out. */
export async function join(redis: Redis, describe: () => FleetWorker): Promise<() => Promise<void>> {
  const beat = async (): Promise<void> => {
    const worker = describe();
    await redis
      .multi()
      .set(keyOf(worker.id), JSON.stringify(worker), 'PX', GONE_MS)
      .sadd(MEMBERS, worker.id)
      .exec();
  };
  await beat();
  // While Redis is away signs of life would pile up.
  const timer = setInterval(() => redis.status === 'ready' && void beat().catch(() => undefined), BEAT_MS);
  return async () => {
    clearInterval(timer);
    const { id } = describe();
    await redis.multi().del(keyOf(id)).srem(MEMBERS, id).exec();
  };
}

/** What a key says, unless it says nothing that a worker of today would. */
function workerIn(text: string): readonly FleetWorker[] {
  try {
    const told = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const texts = ['id', 'host', 'version', 'backend', 'numerics', 'since', 'lastSeen'];
    const counts = ['workers', 'cores', 'memory', 'busy'];
    const isWhole =
      texts.every((name) => typeof told[name] === 'string') &&
      counts.every((name) => typeof told[name] === 'number');
    return isWhole ? [told as unknown as FleetWorker] : [];
  } catch {
    return [];
  }
}

/** Those that are alive, the longest at work first. */
export async function readFleet(redis: Redis): Promise<readonly FleetWorker[]> {
  const ids = await redis.smembers(MEMBERS);
  if (ids.length === 0) return [];
  const texts = await redis.mget(ids.map(keyOf));
  const gone = ids.filter((_, i) => texts[i] === null);
  if (gone.length > 0) await redis.srem(MEMBERS, ...gone);
  return texts
    .flatMap((text) => (text === null ? [] : workerIn(text)))
    .toSorted((a, b) => a.since.localeCompare(b.since) || a.id.localeCompare(b.id));
}

export interface FleetView {
  /** As it was a second ago, or when Redis was last there. */
  readonly now: () => readonly FleetWorker[];
  readonly close: () => void;
}

export async function watchFleet(redis: Redis): Promise<FleetView> {
  let seen = await readFleet(redis);
  const look = async (): Promise<void> => {
    seen = await readFleet(redis);
  };
  const timer = setInterval(() => redis.status === 'ready' && void look().catch(() => undefined), BEAT_MS);
  return { now: () => seen, close: () => clearInterval(timer) };
}
