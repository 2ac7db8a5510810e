// Expected failures: what a client did or asked for cannot be, or the world is not as it should be.

import { Field, ObjectType } from 'type-graphql';
import type { ErrorCode } from '../search/errors.ts';
import { defineEnum } from './names.ts';

export type FailureCode = ErrorCode | 'INTERNAL';

export const ErrorCodeName = defineEnum<FailureCode>('ErrorCode', 'What went wrong, for programs.', {
  INVALID_ARGUMENT: 'A value outside what is allowed.',
  INVALID_GENOTYPE: 'A genotype of the wrong length, or a gene out of its bounds.',
  UNKNOWN_DATASET: 'No dataset of that name, or no file at that path.',
  CORRUPT_DATASET: 'The file of the dataset is damaged, or is not what it should be.',
  CHECKSUM_MISMATCH: 'The file of the dataset is not the published one.',
  DOWNLOAD_FAILED: 'The dataset is not here and could not be downloaded.',
  BATCH_TOO_LARGE: 'The batch has more images than the dataset has distinct training images.',
  NOT_FOUND: 'There is nothing of that id.',
  CONFLICT: 'The idempotency key has been used with other settings.',
  QUOTA_EXCEEDED: 'A search is larger, or a search or training has run longer, than this service allows.',
  DIVERGED: 'A training has come to a loss that is not finite.',
  INVALID_STATE: 'It cannot be done now, e.g. resuming a search that has ended.',
  STORAGE_UNREACHABLE: 'The archive does not answer.',
  STORAGE_READ_ONLY: 'The archive cannot be written.',
  STORAGE_FULL: 'The archive has no room left.',
  STORAGE_CORRUPT: 'The archive is damaged.',
  ENGINE_UNAVAILABLE: 'Nothing can be scored or trained now.',
  CRASHED: 'Whoever trained the network died over it, more than once.',
  WORKERS_UNAVAILABLE: 'There is no worker for the search or the training, or none that could do it.',
  INTERNAL: 'Something nobody foresaw; the log of the service has it.',
});

@ObjectType({ description: 'Why a mutation did not do what was asked. It changed nothing then.' })
export class UserError {
  @Field(() => ErrorCodeName, { description: 'What went wrong, for programs.' })
  readonly code!: FailureCode;

  @Field(() => String, { description: 'What went wrong and what to do, for people.' })
  readonly message!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The argument at fault, dotted, as the client wrote it, e.g. `input.population`; null: none is.',
  })
  readonly field!: string | null;
}
