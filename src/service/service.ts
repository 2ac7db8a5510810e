// All that the outside (GraphQL, command line) can ask for, over one set of parts.

import type { ListedSet } from '../data/datasets.ts';
import type { DataFile } from '../data/file.ts';
import type { EngineInfo, EngineLoad } from '../engine/engine.ts';
import { type Fleet, soleFleet } from '../engine/fleet.ts';
import { type Check, selfTest } from '../engine/selfTest.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord, TrainingId } from '../storage/records.ts';
import type { WeightsFile } from '../storage/weights.ts';
import { VERSION } from '../version.ts';
import { scoreArchitecture } from './architectures.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Keys, openKeys } from './keys.ts';
import { drawWanted, type WantedBatch } from './batches.ts';
import { type Observatory, openObservatory } from './observer.ts';
import { trainingsIn } from './kinds.ts';
import { openQueue } from './queue.ts';
import { openSearches, type SearchParts, type Searches } from './searches.ts';
import { openTrainings, type TrainingParts, type Trainings } from './trainings.ts';
import { openWakeUps, type WakeUps } from './wakeUps.ts';

type ScoreArguments = Parameters<typeof scoreArchitecture> extends [unknown, ...infer Rest] ? Rest : never;

export interface Service {
  readonly archive: Archive;
  readonly searches: Searches;
  readonly trainings: Trainings;
  /** Where the best weights of a training are; null: there is no such training, or none of its epochs is finished. */
  weightsOf(id: string): Promise<WeightsFile | null>;
  readonly keys: Keys;
  readonly engine: EngineInfo;
  /** Who scores: this process, or workers elsewhere. */
  readonly fleet: Fleet;
  /** What the engine is at. */
  readonly engineLoad: () => EngineLoad;
  readonly observe: Observatory['observe'];
  /** Whether the engine computes what it should. */
  testEngine(): Promise<readonly Check[]>;
  /** Events of a search after a sequence number, stored and to come. */
  readonly follow: Journal['follow'];
  /** Events of a training, likewise. */
  readonly followTraining: Journal['follow'];
  /** Whether wake-ups of other processes come at once; null: they are not asked for. */
  readonly hearsOthers: WakeUps['isHeard'];
  scoreArchitecture(...args: ScoreArguments): Promise<ArchitectureRecord>;
  /** The images of a protocol, for a worker that has no such dataset. @throws MedNasError NOT_FOUND, or of the dataset. */
  packBatch(wanted: WantedBatch): Promise<Uint8Array>;
  /** A dataset's file, for a worker that has no such dataset. @throws MedNasError of the dataset. */
  datasetFile(name: string): Promise<DataFile>;
  listDatasets(): Promise<readonly ListedSet[]>;
  /** @throws MedNasError ENGINE_UNAVAILABLE when nothing can be scored now. */
  checkEngine(): Promise<void>;
  /** Stops searches and trainings where they are, then closes wake-ups, engine and archive. */
  close(): Promise<void>;
}

/** Milliseconds for which a list of datasets is shown again: it looks at a file for each, and every search shows its dataset. */
const LISTING_MS = 1000;

/** What work came to, for all who ask within so many milliseconds. Failures are not remembered. */
function remembered<T>(work: () => Promise<T>, milliseconds: number): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | null = null;
  return () => {
    const at = performance.now();
    if (last === null || at - last.at > milliseconds) {
      const value = work();
      last = { at, value };
      value.catch(() => (last = null));
    }
    return last.value;
  };
}

export interface ServiceParts extends Omit<
  SearchParts & TrainingParts,
  'journal' | 'tell' | 'queue' | 'trainings'
> {
  /** How many searches and trainings run at the same time; as many as there are unless given. */
  readonly maxSearches?: number;
  /** Who scores; this process alone unless given. */
  readonly fleet?: Fleet;
  /** Those of this process alone unless given. */
  readonly wakeUps?: WakeUps;
}

export function openService(given: ServiceParts): Service {
  const { archive, engine, datasets, now, weights, wakeUps = openWakeUps() } = given;
  const { tell, observe } = openObservatory();
  const journal = openJournal(archive, now, tell, wakeUps);
  const trainingJournal = openJournal(archive, now, tell, wakeUps, trainingsIn(archive));
  const queue = openQueue(given.maxSearches ?? Infinity);
  const trainings = openTrainings({ ...given, journal: trainingJournal, tell, queue });
  const searches = openSearches({ ...given, journal, tell, queue, trainings });
  return {
    archive,
    searches,
    trainings,
    async weightsOf(id) {
      const found = await archive.findTraining(id as TrainingId);
      return found === null ? null : weights.fileOf(found.body);
    },
    keys: openKeys(archive, now),
    get engine() {
      return engine.info;
    },
    fleet: given.fleet ?? soleFleet(engine, VERSION, now),
    engineLoad: () => engine.load(),
    observe,
    testEngine: () => selfTest(engine),
    follow: (...args) => journal.follow(...args),
    followTraining: (...args) => trainingJournal.follow(...args),
    hearsOthers: () => wakeUps.isHeard(),
    scoreArchitecture: (...args) => scoreArchitecture({ ...given, tell }, ...args),
    packBatch: (wanted) => drawWanted(datasets, wanted),
    datasetFile: (name) => datasets.fileOf(name),
    listDatasets: remembered(() => datasets.list(), LISTING_MS),
    checkEngine: () => engine.check(),
    async close() {
      await searches.close();
      await trainings.close();
      await wakeUps.close();
      await engine.close();
      await archive.close();
    },
  };
}
