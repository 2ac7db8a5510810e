// Worker threads that run tasks, one each at a time. The threads are piscina's: started when there is
// work, stopped after a minute without. Added here is what it lacks when threads die: a task is tried
// again once, and is not left waiting for a thread that will never come.

import { Piscina } from 'piscina';
import { MedNasError } from '../search/errors.ts';
import type { EngineLoad } from './engine.ts';
import { openGate } from './gate.ts';
import { type Outcome, valueOf } from './outcome.ts';

/** A task's worker died, and so did the next that was given it. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

export interface Crew {
  /**
   * What the task comes to. `name`: the function of the worker's module that runs it.
   * @throws CrashError; the signal's reason when it aborts before the task has begun; MedNasError
   *   ENGINE_UNAVAILABLE when no thread starts or the crew is closed; what the task threw.
   */
  run<T>(name: string, task: unknown, signal: AbortSignal): Promise<T>;
  readonly load: () => EngineLoad;
  /** Tasks that run are waited for, the others reject; then no thread is left. */
  close(): Promise<void>;
}

const unavailable = (message: string, cause?: unknown): MedNasError =>
  new MedNasError('ENGINE_UNAVAILABLE', message, { cause });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * `filename`: address of a module whose functions take a task and return its Outcome. `workerData`:
 * what it reads as `Piscina.workerData`.
 */
export function openCrew(filename: string, threads: number, workerData: unknown): Crew {
  const pool = new Piscina({
    filename,
    workerData,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    concurrentTasksPerWorker: 1,
  });
  // Never more tasks in the pool than threads: one that waits there waits for a thread to start.
  const gate = openGate(threads);
  const inside = new Set<AbortController>();
  let closed = false;
  let trouble: unknown = null;
  let crashes = 0;

  // Errors of threads without a task; unheard they would end the process.
  pool.on('error', (error: unknown) => {
    trouble = error;
  });
  // The pool puts nothing in the place of a thread that dies before it is ready. Whoever tries again has
  // done so by the next turn of the event loop.
  pool.on('workerDestroy', () =>
    setImmediate(() => {
      if (pool.threads.length > 0 || pool.queueSize === 0) return;
      const reason = trouble === null ? 'it ends at once' : messageOf(trouble);
      const error = unavailable(`No worker thread can be started: ${reason}.`, trouble);
      for (const controller of inside) controller.abort(error);
    }),
  );

  async function attempt<T>(name: string, task: unknown, signal: AbortSignal): Promise<Outcome<T>> {
    await gate.enter(signal);
    const controller = new AbortController();
    inside.add(controller);
    try {
      return (await pool.run(task, { name, signal: controller.signal })) as Outcome<T>;
    } catch (error) {
      if (closed) throw unavailable('The engine is closed.', error);
      if (controller.signal.aborted) throw controller.signal.reason;
      crashes += 1;
      throw new CrashError(messageOf(error), { cause: error });
    } finally {
      inside.delete(controller);
      gate.leave();
    }
  }

  return {
    async run<T>(name: string, task: unknown, signal: AbortSignal): Promise<T> {
      const outcome = await attempt<T>(name, task, signal).catch((error: unknown) => {
        if (!(error instanceof CrashError)) throw error;
        return attempt<T>(name, task, signal);
      });
      return valueOf(outcome);
    },
    load: () => ({ busy: inside.size, waiting: gate.waiting(), crashes }),
    async close() {
      closed = true;
      gate.close(unavailable('The engine is closed.'));
      await pool.close();
    },
  };
}
