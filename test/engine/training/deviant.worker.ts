// A worker that dies over lessons: as often as the first pixel of their images, which are shared memory, says.

import { train as real } from '../../../src/engine/worker.ts';

export { predict } from '../../../src/engine/worker.ts';

export function train(lesson: Parameters<typeof real>[0]): ReturnType<typeof real> {
  const { images } = lesson.data;
  // Inside a worker thread this ends the thread alone.
  if (Atomics.sub(images, 0, 1) > 0) process.exit(3);
  Atomics.store(images, 0, 0);
  return real(lesson);
}
