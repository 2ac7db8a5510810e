// How expected failures reach clients: as errors in a mutation's payload, or with a code among the
// errors of a query.

import type { UserError } from '../schema/error.ts';
import { type ErrorCode, MedNasError } from '../search/errors.ts';
import type { Failure } from '../storage/records.ts';
import type { Context } from './context.ts';

/** Instead of messages that are for the operator: they name addresses and folders of the machine. */
const PUBLIC: Readonly<Partial<Record<ErrorCode, string>>> = {
  STORAGE_UNREACHABLE: 'The archive does not answer. Try again later; the log of the service says more.',
  STORAGE_READ_ONLY: 'The archive cannot be written. The log of the service says more.',
  STORAGE_FULL: 'The archive has no room left. The log of the service says more.',
  STORAGE_CORRUPT: 'The archive is damaged. The log of the service says more.',
  ENGINE_UNAVAILABLE: 'Nothing can be scored now. The log of the service says more.',
  DOWNLOAD_FAILED: 'The dataset is not here and could not be downloaded. The log of the service says more.',
  CHECKSUM_MISMATCH: 'The file of the dataset is not the published one. The log of the service says more.',
};

const messageFor = ({ code, message }: Failure): string =>
  (code === 'INTERNAL' ? undefined : PUBLIC[code]) ?? message;

/** A search's failure as clients see it; the log had the whole of it when it happened. */
export const toFailure = (failure: Failure | null): Failure | null =>
  failure === null ? null : { code: failure.code, message: messageFor(failure) };

/** Whether clients are told less than there is to know. */
export const isOperational = ({ code }: MedNasError): boolean => PUBLIC[code] !== undefined;

export const toUserError = (error: MedNasError): UserError => ({
  code: error.code,
  message: messageFor(error),
  field: error.field,
});

/**
 * A payload with what `work` gives under its name, or with the error it was refused by.
 */
export async function attempt<K extends string, T>(
  { report, refuse }: Context,
  name: K,
  work: () => Promise<T>,
): Promise<{ readonly [N in K]: T | null } & { readonly errors: readonly UserError[] }> {
  type Result = { readonly [N in K]: T | null };
  try {
    return { ...({ [name]: await work() } as Result), errors: [] };
  } catch (error) {
    if (!(error instanceof MedNasError)) throw error;
    refuse(error.code);
    if (isOperational(error)) report(error);
    return { ...({ [name]: null } as Result), errors: [toUserError(error)] };
  }
}

/** Runs what takes an `input` argument: what is wrong with a setting is wrong with a field of it. */
export async function withInput<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MedNasError) || error.field === null || error.field === 'idempotencyKey')
      throw error;
    throw new MedNasError(error.code, error.message, { field: `input.${error.field}`, cause: error });
  }
}

/** What a query asked for by its id. @throws MedNasError NOT_FOUND when it does not exist. */
export function found<T>(value: T | null, what: string, field: string): T {
  if (value !== null) return value;
  throw new MedNasError('NOT_FOUND', `There is no ${what} of that id.`, { field });
}
