// A worker that dies over some architectures: over genotypes that begin with 5 always, over those that
// begin with 4 the first time. The rest it scores as the real one does.

import { existsSync, writeFileSync } from 'node:fs';
import type { Task } from '../../src/engine/evaluate.ts';
import { evaluate as real } from '../../src/engine/worker.ts';

export function evaluate(task: Task): ReturnType<typeof real> {
  const [first] = task.genotype;
  const mark = task.protocol.dataset;
  if (first === 5 || (first === 4 && !existsSync(mark))) {
    if (first === 4) writeFileSync(mark, '');
    // The process would be the whole test run's: inside a worker thread this ends the thread alone.
    process.exit(3);
  }
  return real(task);
}
