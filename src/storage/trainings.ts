// What an archive keeps of trainings: their records, and the epochs of each.

import { MedNasError } from '../search/errors.ts';
import type { ArchitectureId } from '../search/identity.ts';
import type { Condition, Documents, Stored } from './documents.ts';
import { guardOf } from './guard.ts';
import { type Page, type Position, readPage } from './listing.ts';
import {
  type EpochRecord,
  EPOCHS,
  EVENTS,
  LEASES,
  type SearchStatus,
  type TrainingId,
  type TrainingRecord,
  TRAININGS,
} from './records.ts';

/** Conditions on trainings; one left out does not bind. */
export interface TrainingFilter {
  /** Empty: whatever it is doing. */
  readonly statuses?: readonly SearchStatus[];
  readonly architecture?: ArchitectureId;
}

const epochKey = ({ training, epoch }: Pick<EpochRecord, 'training' | 'epoch'>): string =>
  `${training}:${epoch}`;

const ofTrainings = ({ statuses = [], architecture }: TrainingFilter): readonly Condition[] => [
  ...(statuses.length > 0 ? [['status', 'in', statuses] as const] : []),
  ...(architecture === undefined ? [] : [['architecture', 'eq', architecture] as const]),
];

/** The archive's part about trainings. */
export const trainingsIn = (documents: Documents) => ({
  /** False when the idempotency key is taken. */
  addTraining: (record: TrainingRecord): Promise<boolean> => documents.insert(TRAININGS, record.id, record),

  findTraining: (id: TrainingId): Promise<Stored<TrainingRecord> | null> => documents.get(TRAININGS, id),

  /** @throws MedNasError NOT_FOUND */
  async getTraining(id: TrainingId): Promise<Stored<TrainingRecord>> {
    const found = await documents.get(TRAININGS, id);
    if (found === null)
      throw new MedNasError('NOT_FOUND', 'There is no training of that id.', { field: 'id' });
    return found;
  },

  async trainingByKey(idempotencyKey: string): Promise<TrainingRecord | null> {
    const [found] = await documents.find(TRAININGS, { where: [['idempotencyKey', 'eq', idempotencyKey]] });
    return found?.body ?? null;
  },

  /** False, with nothing changed, when another process has changed the record since `version`. */
  replaceTraining: (version: number, record: TrainingRecord, fence: number | null = null): Promise<boolean> =>
    documents.replace(TRAININGS, record.id, version, record, guardOf(record.id, fence)),

  /** Those there are, in no particular order. */
  findTrainings: async (ids: readonly TrainingId[]): Promise<readonly TrainingRecord[]> =>
    (await documents.getMany(TRAININGS, ids)).map(({ body }) => body),

  /** Newest first, unless asked for in the other direction. */
  listTrainings: (
    filter: TrainingFilter,
    first: number,
    after?: Position,
    direction: 'asc' | 'desc' = 'desc',
  ): Promise<Page<TrainingRecord>> =>
    readPage(
      documents,
      TRAININGS,
      { where: ofTrainings(filter), order: [['createdAt', direction]], ...(after && { after }) },
      first,
    ),

  countTrainings: (filter: TrainingFilter): Promise<number> =>
    documents.count(TRAININGS, ofTrainings(filter)),

  /** Forgets a training, its lease, epochs and events. Its weights are files, elsewhere. */
  async removeTraining(id: TrainingId): Promise<void> {
    await documents.remove(LEASES, [['search', 'eq', id]]);
    await documents.remove(EVENTS, [['search', 'eq', id]]);
    await documents.remove(EPOCHS, [['training', 'eq', id]]);
    await documents.remove(TRAININGS, [['id', 'eq', id]]);
    // Again: one that was told of before the training was gone.
    await documents.remove(EVENTS, [['search', 'eq', id]]);
  },

  /** Idempotent: the first that is stored of an epoch stays. */
  addEpoch: (record: EpochRecord, fence: number | null = null): Promise<boolean> =>
    documents.insert(EPOCHS, epochKey(record), record, guardOf(record.training, fence)),

  /** Of several trainings; those not stored are left out. */
  findEpochs: async (
    keys: readonly Pick<EpochRecord, 'training' | 'epoch'>[],
  ): Promise<readonly EpochRecord[]> =>
    (await documents.getMany(EPOCHS, keys.map(epochKey))).map(({ body }) => body),

  /** From the first to one that the training has finished. */
  async epochs(training: TrainingId, upTo: number): Promise<readonly EpochRecord[]> {
    const found = await documents.find(EPOCHS, {
      where: [
        ['training', 'eq', training],
        ['epoch', 'lte', upTo],
      ],
      order: [['epoch', 'asc']],
    });
    return found.map(({ body }) => body);
  },
});
