// Preloaded into a service: ends its first worker thread, in the middle of whatever it computes, so many
// milliseconds after it was begun. The process itself lives.

import { syncBuiltinESMExports } from 'node:module';
import workerThreads, { isMainThread, Worker } from 'node:worker_threads';

const AFTER_MS = Number(process.env['CRASH_TEST_WORKER_MS']);

class Mortal extends Worker {
  static isDoomed = true;

  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    if (!Mortal.isDoomed) return;
    Mortal.isDoomed = false;
    const end = (): void => {
      void this.terminate().then(() => process.stderr.write('a worker was killed\n'));
    };
    this.once('online', () => setTimeout(end, AFTER_MS));
  }
}

if (isMainThread) {
  workerThreads.Worker = Mortal;
  syncBuiltinESMExports();
}
