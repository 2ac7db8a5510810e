// What runs in the background: searches, and trainings. Both are led by the same rules (runs.ts) and kept
// in the same way; a kind says where in the archive.

import type { Archive } from '../storage/archive.ts';
import type { Stored } from '../storage/documents.ts';
import type {
  Failure,
  RunId,
  SearchId,
  SearchRecord,
  SearchStatus,
  TrainingId,
  TrainingRecord,
} from '../storage/records.ts';

/** What the records of all kinds have. */
export interface RunRecord {
  readonly id: RunId;
  /** null until the dataset is on disk. */
  readonly protocol: object | null;
  readonly status: SearchStatus;
  readonly failure: Failure | null;
  readonly client?: string | null;
  readonly finishedAt: string | null;
  readonly seconds?: number;
}

export type KindName = 'search' | 'training';

export interface Kind<R extends RunRecord> {
  /** Also for people. */
  readonly name: KindName;
  find(id: RunId): Promise<Stored<R> | null>;
  /** @throws MedNasError NOT_FOUND */
  get(id: RunId): Promise<Stored<R>>;
  /** False when the idempotency key is taken. */
  add(record: R): Promise<boolean>;
  /** False, with nothing changed, when another process has changed the record since `version`. */
  replace(version: number, record: R, fence: number | null): Promise<boolean>;
  /** With all that belongs to it. */
  remove(id: RunId): Promise<void>;
  /** The oldest first. */
  list(statuses: readonly SearchStatus[], most: number): Promise<readonly R[]>;
  count(statuses: readonly SearchStatus[]): Promise<number>;
}

export const searchesIn = (archive: Archive): Kind<SearchRecord> => ({
  name: 'search',
  find: (id) => archive.findSearch(id as SearchId),
  get: (id) => archive.getSearch(id as SearchId),
  add: (record) => archive.addSearch(record),
  replace: (version, record, fence) => archive.replaceSearch(version, record, fence),
  remove: (id) => archive.removeSearch(id as SearchId),
  list: async (statuses, most) =>
    (await archive.listSearches(statuses, most, undefined, 'asc')).items.map(({ item }) => item),
  count: (statuses) => archive.countSearches(statuses),
});

export const trainingsIn = (archive: Archive): Kind<TrainingRecord> => ({
  name: 'training',
  find: (id) => archive.findTraining(id as TrainingId),
  get: (id) => archive.getTraining(id as TrainingId),
  add: (record) => archive.addTraining(record),
  replace: (version, record, fence) => archive.replaceTraining(version, record, fence),
  remove: (id) => archive.removeTraining(id as TrainingId),
  list: async (statuses, most) =>
    (await archive.listTrainings({ statuses }, most, undefined, 'asc')).items.map(({ item }) => item),
  count: (statuses) => archive.countTrainings({ statuses }),
});
