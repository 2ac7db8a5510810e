// What went wrong, of an error that something else has thrown: Node's file system, zlib, or fetch.

import { isNativeError } from 'node:util/types';

/** The system's code, e.g. `ENOSPC`; empty when there is none. */
export const codeOf = (error: unknown): string =>
  isNativeError(error) && 'code' in error ? String(error.code) : '';

/** In words. fetch says "fetch failed" or "terminated", and why only in its cause, at times as a bare code. */
export function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  const cause = isNativeError(error.cause) ? error.cause.message || codeOf(error.cause) : '';
  return cause === '' ? error.message : `${error.message}: ${cause}`;
}
