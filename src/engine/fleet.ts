// Who scores and trains: this process, or all that take jobs from a queue.

import { hostname } from 'node:os';
import type { EngineInfo, ScoringEngine } from './engine.ts';

/** A process that scores and trains, as it tells of itself. */
export interface FleetWorker extends EngineInfo {
  readonly id: string;
  readonly host: string;
  /** Of MedNAS. */
  readonly version: string;
  /** MACs a second, all its threads together, when it started; null: not measured. */
  readonly speed: number | null;
  /** Threads that are at work now, on an architecture or a lesson. */
  readonly busy: number;
  /** When it started, and when it was last heard of. */
  readonly since: string;
  readonly lastSeen: string;
}

/** How jobs may end: done, given back before they were, lost with Redis, with their workers, or by an error. */
export const JOB_OUTCOMES = ['completed', 'returned', 'lost', 'died', 'failed'] as const;
export type JobOutcome = (typeof JOB_OUTCOMES)[number];

export interface Jobs {
  /** In the queue, whoever put them there. */
  readonly waiting: number;
  readonly active: number;
  /** Of the jobs this process has put there, since the start. */
  readonly outcomes: Readonly<Record<JobOutcome, number>>;
}

export interface Fleet {
  /** @throws MedNasError ENGINE_UNAVAILABLE when it cannot be known now. */
  workers(): Promise<readonly FleetWorker[]>;
  /** null: there is no queue. @throws MedNasError ENGINE_UNAVAILABLE */
  jobs(): Promise<Jobs | null>;
}

/** Of this process alone. */
export function soleFleet({ info, load }: ScoringEngine, version: string, now: () => Date): Fleet {
  const since = now().toISOString();
  const id = `${hostname()}-${process.pid}`;
  return {
    workers: () => {
      const { busy } = load();
      const lastSeen = now().toISOString();
      return Promise.resolve([
        { ...info, id, host: hostname(), version, speed: null, busy, since, lastSeen },
      ]);
    },
    jobs: () => Promise.resolve(null),
  };
}
