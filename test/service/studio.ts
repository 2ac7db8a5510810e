// A service that trains by a formula (test/support/learning.ts) on a few small images, over a folder of its own.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { type Computing, inProcess } from '../../src/learning/school.ts';
import type { Quota } from '../../src/service/quota.ts';
import { openService, type Service } from '../../src/service/service.ts';
import type { GivenTraining } from '../../src/service/trainings.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { COLLECTIONS, type TrainingId, type TrainingRecord } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { openWeights } from '../../src/storage/weights.ts';
import { npy, npz } from '../support/npz.ts';
import { openFormulaEngine, openPermits, type Permits } from '../support/service.ts';

/** Images of 8 x 8, brighter the higher their class is, not always. */
export function split(classes: readonly number[]): { readonly images: Buffer; readonly labels: Buffer } {
  const pixels = classes.flatMap((label, row) =>
    Array.from({ length: 64 }, (_, i) => 20 + 50 * label + ((row * 29 + i * 7) % 90)),
  );
  return {
    images: npy([classes.length, 8, 8], Uint8Array.from(pixels)),
    labels: npy([classes.length, 1], Uint8Array.from(classes)),
  };
}

const alternating = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 1 : 0));

export const SPLITS = {
  train: split(alternating(21)),
  val: split(alternating(12)),
  test: split(alternating(15)),
};

/** Writes a dataset; its path. */
export function writeDataset(
  folder: string,
  splits: Partial<Record<'train' | 'val' | 'test', ReturnType<typeof split>>> = SPLITS,
  name = 'own.npz',
): string {
  const arrays = Object.entries(splits).flatMap(([name, { images, labels }]) => [
    [`${name}_images`, images] as const,
    [`${name}_labels`, labels] as const,
  ]);
  const path = join(folder, name);
  writeFileSync(path, npz(Object.fromEntries(arrays)));
  return path;
}

/** Three updates an epoch. */
export const TINY_TRAINING = {
  baseline: 'resnet18',
  initChannels: 4,
  epochs: 4,
  batchSize: 8,
  learningRate: 0.5,
  optimizer: 'sgd',
  seed: 3,
} as const satisfies GivenTraining;
export const UPDATES = 12;

export interface StudioOptions {
  readonly folder: string;
  /** Updates that are made before `permits.grant` is called. */
  readonly permits?: number;
  readonly engine?: (real: Engine) => Engine;
  /** In place of an engine of this process; closed with the studio. */
  readonly computing?: Computing;
  /** In place of SQLite in the folder. */
  readonly openDocuments?: () => Promise<Documents>;
  readonly documents?: (real: Documents) => Documents;
  readonly maxSearches?: number;
  readonly quota?: Quota;
  readonly now?: () => Date;
}

export interface Studio {
  readonly service: Service;
  readonly archive: Archive;
  readonly documents: Documents;
  readonly permits: Permits;
  readonly errors: unknown[];
  /** The record when its run has stopped. */
  readonly settled: (id: TrainingId) => Promise<TrainingRecord>;
  /** What `mednas archive verify` finds. */
  readonly findings: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export async function openStudio(options: StudioOptions): Promise<Studio> {
  const { folder, engine = (real) => real, documents: altered = (real) => real } = options;
  const permits = openPermits(options.permits ?? Infinity);
  const documents = await (options.openDocuments ?? (() => openSqlite(folder)))();
  const archive = openArchive(altered(documents));
  const errors: unknown[] = [];
  const service = openService({
    archive,
    datasets: openDatasets({ folders: [], dataFolder: folder, download: false }),
    ...(options.computing ?? inProcess(engine(openFormulaEngine(permits)))),
    weights: openWeights(join(folder, 'weights')),
    now: options.now ?? (() => new Date()),
    ...(options.maxSearches !== undefined && { maxSearches: options.maxSearches }),
    ...(options.quota !== undefined && { quota: options.quota }),
    onError: (error) => errors.push(error),
  });
  return {
    service,
    archive,
    documents,
    permits,
    errors,
    async settled(id) {
      await service.trainings.settled(id);
      return (await archive.getTraining(id)).body;
    },
    async findings() {
      const snapshot = await documents.snapshot(COLLECTIONS);
      const found: string[] = [];
      for await (const { where, what } of verify(snapshot)) found.push(`${where}: ${what}`);
      await snapshot.close();
      return found;
    },
    close: () => service.close(),
  };
}

/** Names of the files that a run has. */
export const filesOf = (folder: string, id: TrainingId): readonly string[] =>
  readdirSync(join(folder, 'weights', id)).toSorted();
