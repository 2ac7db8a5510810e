// How every reader in this folder says that a data file is broken: one code, and a message that
// opens with the place, so that a person knows which array of which file to look at.

import { MedNasError } from '../search/errors.ts';

/** A CORRUPT_DATASET error: `where` names the file, or the array in it; `problem` what was got and wanted. */
export function corrupt(where: string, problem: string, cause?: unknown): MedNasError {
  return new MedNasError('CORRUPT_DATASET', `${where} ${problem}`, { field: 'dataset', cause });
}
