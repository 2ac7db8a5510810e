// The real service over a folder: SQLite, the bundled images and the real engine, whose work is
// counted and can be held between two scores.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Datasets, openDatasets } from '../../src/data/datasets.ts';
import type { Engine, ScoringEngine } from '../../src/engine/engine.ts';
import { inProcess, openSchool, type School } from '../../src/learning/school.ts';
import type { Scores } from '../../src/search/evaluation.ts';
import {
  membersOf,
  type ResolvedSettings,
  search,
  type SearchState,
  INITIAL_STATE,
} from '../../src/search/evolution.ts';
import { type ArchitectureId, architectureId } from '../../src/search/identity.ts';
import { parseSettings, type SearchSettings } from '../../src/search/settings.ts';
import { prepare } from '../../src/service/protocol.ts';
import { stateOf } from '../../src/service/run.ts';
import type { Quota } from '../../src/service/quota.ts';
import { openService, type Service } from '../../src/service/service.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { type EventRecord, LEASES, type SearchId, type SearchRecord } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { openWeights } from '../../src/storage/weights.ts';

/** 6 + 3 * 6 networks of two blocks and four channels, on eight images: some milliseconds each. */
export const TINY = {
  population: 6,
  offspring: 6,
  generations: 3,
  initChannels: 4,
  blocks: 2,
  batchSize: 8,
  seed: 11,
} as const satisfies Partial<SearchSettings>;
export const TINY_EVALUATIONS = 24;

/** Folders that are removed after the file's tests. */
export function scratchFolders(): () => string {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'mednas-'));
    folders.push(folder);
    return folder;
  };
}

export interface LaboratoryOptions {
  readonly folder: string;
  /** Not closed with the laboratory. */
  readonly engine: ScoringEngine;
  /** Unless given the engine's, which then is of this process. */
  readonly school?: School;
  /** In place of SQLite in the folder. */
  readonly openDocuments?: () => Promise<Documents>;
  readonly documents?: (real: Documents) => Documents;
  readonly datasets?: (real: Datasets) => Datasets;
  readonly now?: () => Date;
  readonly maxSearches?: number;
  readonly quota?: Quota;
  /** Told of each score the engine computed, once the service has dealt with it; holds the lane until it resolves. */
  readonly onComputed?: (count: number, signal: AbortSignal) => Promise<void> | void;
}

export interface Laboratory {
  readonly service: Service;
  readonly archive: Archive;
  /** What the engine computed, in that order. */
  readonly computed: ArchitectureId[];
  /** What the service was told of and no caller waits for. */
  readonly errors: unknown[];
  /** As a process that ends in order would. */
  readonly close: () => Promise<void>;
}

const unchanged = <T>(real: T): T => real;

export async function openLaboratory(options: LaboratoryOptions): Promise<Laboratory> {
  const {
    folder,
    engine,
    openDocuments = () => openSqlite(folder),
    documents = unchanged,
    datasets = unchanged,
    onComputed,
  } = options;
  const { now = () => new Date() } = options;
  const computed: ArchitectureId[] = [];
  const errors: unknown[] = [];
  const archive = openArchive(documents(await openDocuments()));
  const service = openService({
    archive,
    datasets: datasets(openDatasets({ folders: [], dataFolder: folder, download: false })),
    school: options.school ?? openSchool(engine as Engine),
    engine: {
      ...engine,
      close: () => Promise.resolve(),
      evaluator(protocol, batch) {
        const real = engine.evaluator(protocol, batch);
        return {
          evaluate: (genotypes, signal, onScored) =>
            real.evaluate(genotypes, signal, async (i, evaluation) => {
              computed.push(architectureId(protocol.space, genotypes[i] as readonly number[]));
              await onScored?.(i, evaluation);
              await onComputed?.(computed.length, signal);
            }),
        };
      },
    },
    weights: openWeights(join(folder, 'weights')),
    now,
    ...(options.maxSearches !== undefined && { maxSearches: options.maxSearches }),
    ...(options.quota !== undefined && { quota: options.quota }),
    onError: (error) => errors.push(error),
  });
  return { service, archive, computed, errors, close: () => service.close() };
}

/** Holds every lane from the nth score on until the run is stopped; `reached` when the first is held. */
export function holdAt(count: number): {
  readonly onComputed: (computed: number, signal: AbortSignal) => Promise<void>;
  readonly reached: Promise<void>;
} {
  let tell: () => void;
  const reached = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return {
    reached,
    async onComputed(computed, signal) {
      if (computed < count) return;
      tell();
      if (!signal.aborted) await once(signal, 'abort');
    },
  };
}

const withoutSeconds = (scores: Scores): object =>
  Object.fromEntries(Object.entries(scores).map(([name, { value, log }]) => [name, { value, log }]));

/** All that a last population is, to the bit, but for the time it took. */
export const populationOf = (settings: ResolvedSettings, state: SearchState): readonly object[] =>
  membersOf(settings, state).map(({ id, genotype, origin, parents, born, evaluation, ...standing }) => ({
    id,
    genotype,
    origin,
    parents,
    born,
    evaluation: { ...evaluation, scores: withoutSeconds(evaluation.scores) },
    objectives: standing.objectives,
    rank: standing.rank,
    crowding: standing.crowding,
  }));

export async function archivedPopulation(archive: Archive, id: SearchId): Promise<readonly object[]> {
  const { body } = await archive.getSearch(id);
  return populationOf(body.settings, await stateOf(archive, body));
}

/** The population that the search itself arrives at, without service, archive and interruption. */
export async function purePopulation(
  engine: Engine,
  given: Partial<SearchSettings>,
): Promise<readonly object[]> {
  const datasets = openDatasets({ folders: [], dataFolder: '.', download: false });
  const settings = parseSettings(given) as ResolvedSettings;
  const { protocol, batch } = await prepare({ datasets, ...inProcess(engine) }, settings);
  const evaluator = engine.evaluator(protocol, batch);
  const never = new AbortController().signal;
  let last = INITIAL_STATE;
  const genotypes = (candidates: readonly { readonly genotype: readonly number[] }[]) =>
    candidates.map(({ genotype }) => genotype);
  for await (const state of search(settings, (c, signal) => evaluator.evaluate(genotypes(c), signal), never))
    last = state;
  return populationOf(settings, last);
}

/** Every event there is, in order. */
export const eventsOf = (archive: Archive, id: SearchId): Promise<readonly EventRecord[]> =>
  archive.events(id, 0, 100_000);

/** Resolves with the record when its run has stopped. */
export async function settled({ service, archive }: Laboratory, id: SearchId): Promise<SearchRecord> {
  await service.searches.settled(id);
  return (await archive.getSearch(id)).body;
}

/** What every journal must be, however often its search was stopped. */
export function expectWholeJournal(events: readonly EventRecord[], evaluations: number, generations: number) {
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
  const happenings = events.map(({ happening }) => happening);
  const evaluated = happenings.flatMap((one) => (one.type === 'evaluated' ? [one.architecture] : []));
  expect(evaluated).toHaveLength(evaluations);
  expect(new Set(evaluated).size).toBe(evaluations);
  const finished = happenings.flatMap((one) => (one.type === 'generation' ? [one.generation] : []));
  expect(finished).toEqual(Array.from({ length: generations + 1 }, (_, i) => i));
  expect(happenings.at(-1)).toEqual({ type: 'status', status: 'completed', failure: null });
}

/**
 * Calls `before` at each write, with its number from 1 and its collection; the write happens when it resolves.
 * Leases, which are no part of what a search finds, are written all the same.
 */
export function withWrites(
  real: Documents,
  before: (number: number, collection: string) => Promise<void> | void,
): Documents {
  let writes = 0;
  const announced = async (collection: string): Promise<void> => {
    if (collection === LEASES.name) return;
    writes += 1;
    await before(writes, collection);
  };
  return {
    ...real,
    async insert(collection, id, body, guard) {
      await announced(collection.name);
      return await real.insert(collection, id, body, guard);
    },
    async insertMany(collection, rows, guard) {
      await announced(collection.name);
      return await real.insertMany(collection, rows, guard);
    },
    async replace(collection, id, version, body, guard) {
      await announced(collection.name);
      return await real.replace(collection, id, version, body, guard);
    },
    async remove(collection, where) {
      await announced(collection.name);
      return await real.remove(collection, where);
    },
  };
}

/** 2 + 2 * 2 networks: a search of a few dozen writes. */
export const MINUTE = { ...TINY, population: 2, offspring: 2, generations: 2 } as const;
export const MINUTE_EVALUATIONS = 6;
