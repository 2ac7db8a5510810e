// How long work waits while nobody is there to do it.

import { MedNasError } from '../search/errors.ts';

export interface PatienceParts {
  /** Of the workers waited for. */
  readonly numerics: string;
  /** Threads that they have now. */
  readonly lanes: () => number;
  /** Milliseconds. */
  readonly patienceMs: number;
  /** What waits. */
  readonly who: 'search' | 'training';
}

/** To be called now and then. @throws MedNasError WORKERS_UNAVAILABLE when there has been no worker for too long. */
export function openPatience({ numerics, lanes, patienceMs, who }: PatienceParts): () => void {
  let seenAt = performance.now();
  return () => {
    if (lanes() > 0) seenAt = performance.now();
    else if (performance.now() - seenAt > patienceMs)
      throw new MedNasError(
        'WORKERS_UNAVAILABLE',
        `For ${Math.round(patienceMs / 60_000)} minutes there has been no worker whose arithmetic is '${numerics}'. ` +
          `Start \`mednas worker\` on machines of that arithmetic, and resume the ${who}.`,
      );
  };
}
