// The one error class of MedNAS. Expected failures of a person's input or of the world outside
// carry a code (what GraphQL clients and scripts branch on), the field at fault when there is one,
// and a message that says what was wrong and what to do. A broken invariant throws a plain Error.

import { inspect } from 'node:util';

export type ErrorCode =
  | 'INVALID_ARGUMENT' // a setting outside what is allowed
  | 'INVALID_GENOTYPE' // wrong length, or a gene out of its bounds
  | 'UNKNOWN_DATASET'
  | 'CORRUPT_DATASET' // not a zip, not an npz, arrays that contradict each other
  | 'CHECKSUM_MISMATCH'
  | 'DOWNLOAD_FAILED'
  | 'BATCH_TOO_LARGE' // more images than the split has distinct ones, or than fit a worker's memory
  | 'NOT_FOUND'
  | 'CONFLICT' // an idempotency key used again with other settings
  | 'QUOTA_EXCEEDED' // a search larger, or longer, than this service allows
  | 'DIVERGED' // a training whose loss is not finite any more
  | 'INVALID_STATE' // e.g. resuming a search that has completed
  | 'STORAGE_UNREACHABLE'
  | 'STORAGE_READ_ONLY'
  | 'STORAGE_FULL'
  | 'STORAGE_CORRUPT'
  | 'ENGINE_UNAVAILABLE'
  | 'CRASHED' // whoever computed it died over it, more than once
  | 'WORKERS_UNAVAILABLE'; // none of a search's arithmetic, or none that could do its jobs

export class MedNasError extends Error {
  readonly code: ErrorCode;
  /** The input field at fault, dotted, as the client wrote it. */
  readonly field: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly field?: string; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'MedNasError';
    this.code = code;
    this.field = options.field ?? null;
  }
}

/** What a message shows of a value at fault, which may be anything (NaN, 1n, a cycle): its start, on one line. */
export const shown = (value: unknown): string =>
  inspect(value, {
    depth: 0,
    compact: true,
    breakLength: Infinity,
    maxArrayLength: 8,
    maxStringLength: 80,
  }).slice(0, 120);
