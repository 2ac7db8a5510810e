// What lists would read one by one is read together. Nothing is remembered: a mutation may have
// changed it by the next field, and a subscription lives for hours.

import DataLoader from 'dataloader';
import type { Service } from '../service/service.ts';
import type { ArchitectureId, ProtocolId } from '../search/identity.ts';
import { architectureKey } from '../storage/archive.ts';
import type {
  ArchitectureRecord,
  EpochRecord,
  GenerationRecord,
  IndividualRecord,
  SearchId,
  SearchRecord,
  TrainingId,
  TrainingRecord,
} from '../storage/records.ts';

interface Keys {
  readonly search: { readonly id: SearchId };
  readonly generation: { readonly search: SearchId; readonly generation: number };
  readonly individual: { readonly search: SearchId; readonly id: ArchitectureId };
  readonly architecture: { readonly protocolId: ProtocolId; readonly architecture: ArchitectureId };
  readonly dataset: { readonly name: string };
  readonly training: { readonly id: TrainingId };
  readonly epoch: { readonly training: TrainingId; readonly epoch: number };
}

export type ListedSet = Awaited<ReturnType<Service['listDatasets']>>[number];
export type DatasetRecord = ListedSet['set'] & Pick<ListedSet, 'location'>;

interface Records extends Record<keyof Keys, object> {
  readonly search: SearchRecord;
  readonly generation: GenerationRecord;
  readonly individual: IndividualRecord;
  readonly architecture: ArchitectureRecord;
  readonly dataset: DatasetRecord;
  readonly training: TrainingRecord;
  readonly epoch: EpochRecord;
}

/** Each gives null for what does not exist. */
export type Loaders = { readonly [K in keyof Keys]: DataLoader<Keys[K], Records[K] | null> };

export const toDatasetRecord = ({ set, location }: ListedSet): DatasetRecord => ({ ...set, location });

/** Reads different keys once each; records say themselves whose they are. */
function batched<K, R extends K>(
  read: (keys: readonly K[]) => Promise<readonly R[]>,
  nameOf: (key: K) => string,
): DataLoader<K, R | null> {
  return new DataLoader(
    async (keys: readonly K[]) => {
      const distinct = new Map(keys.map((key) => [nameOf(key), key]));
      const records = await read([...distinct.values()]);
      const found = new Map(records.map((record) => [nameOf(record), record]));
      return keys.map((key) => found.get(nameOf(key)) ?? null);
    },
    { cache: false },
  );
}

export function openLoaders(service: Service): Loaders {
  const { archive, searches, trainings } = service;
  return {
    search: batched(
      async (keys) => (await archive.findSearches(keys.map(({ id }) => id))).map(searches.shown),
      ({ id }) => id,
    ),
    generation: batched(
      (keys) => archive.findGenerations(keys),
      ({ search, generation }) => `${search}:${generation}`,
    ),
    individual: batched(
      (keys) => archive.findIndividuals(keys),
      ({ search, id }) => `${search}:${id}`,
    ),
    architecture: batched(
      (keys) => archive.architectures(keys),
      ({ protocolId, architecture }) => architectureKey(protocolId, architecture),
    ),
    dataset: batched(
      async () => (await service.listDatasets()).map(toDatasetRecord),
      ({ name }) => name,
    ),
    training: batched(
      async (keys) => (await archive.findTrainings(keys.map(({ id }) => id))).map(trainings.shown),
      ({ id }) => id,
    ),
    epoch: batched(
      (keys) => archive.findEpochs(keys),
      ({ training, epoch }) => `${training}:${epoch}`,
    ),
  };
}
