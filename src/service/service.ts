// All that the outside (GraphQL, command line) can ask for, over one set of parts.

import type { ListedSet } from '../data/datasets.ts';
import type { EngineInfo, EngineLoad } from '../engine/engine.ts';
import { type Fleet, soleFleet } from '../engine/fleet.ts';
import { type Check, selfTest } from '../engine/selfTest.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord } from '../storage/records.ts';
import { VERSION } from '../version.ts';
import { scoreArchitecture } from './architectures.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Keys, openKeys } from './keys.ts';
import { drawWanted, type WantedBatch } from './batches.ts';
import { type Observatory, openObservatory } from './observer.ts';
import type { SearchParts } from './runner.ts';
import { openSearches, type Searches } from './searches.ts';

type ScoreArguments = Parameters<typeof scoreArchitecture> extends [unknown, ...infer Rest] ? Rest : never;

export interface Service {
  readonly archive: Archive;
  readonly searches: Searches;
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
  scoreArchitecture(...args: ScoreArguments): Promise<ArchitectureRecord>;
  /** The images of a protocol, for a worker that has no such dataset. @throws MedNasError NOT_FOUND, or of the dataset. */
  packBatch(wanted: WantedBatch): Promise<Uint8Array>;
  listDatasets(): Promise<readonly ListedSet[]>;
  /** @throws MedNasError ENGINE_UNAVAILABLE when nothing can be scored now. */
  checkEngine(): Promise<void>;
  /** Stops searches where they are, then closes engine and archive. */
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

export function openService(given: Omit<SearchParts, 'journal' | 'tell'>): Service {
  const { archive, engine, datasets, now } = given;
  const { tell, observe } = openObservatory();
  const journal = openJournal(archive, now, tell);
  const searches = openSearches({ ...given, journal, tell });
  return {
    archive,
    searches,
    keys: openKeys(archive, now),
    get engine() {
      return engine.info;
    },
    fleet: given.fleet ?? soleFleet(engine, VERSION, now),
    engineLoad: () => engine.load(),
    observe,
    testEngine: () => selfTest(engine),
    follow: (...args) => journal.follow(...args),
    scoreArchitecture: (...args) => scoreArchitecture({ ...given, tell }, ...args),
    packBatch: (wanted) => drawWanted(datasets, wanted),
    listDatasets: remembered(() => datasets.list(), LISTING_MS),
    checkEngine: () => engine.check(),
    async close() {
      await searches.close();
      await engine.close();
      await archive.close();
    },
  };
}
