// All that the outside (GraphQL, command line) can ask for, over one set of parts.

import type { ListedSet } from '../data/datasets.ts';
import type { EngineInfo } from '../engine/engine.ts';
import { type Check, selfTest } from '../engine/selfTest.ts';
import type { Archive } from '../storage/archive.ts';
import type { ArchitectureRecord } from '../storage/records.ts';
import { scoreArchitecture } from './architectures.ts';
import { type Journal, openJournal } from './journal.ts';
import { type Keys, openKeys } from './keys.ts';
import type { SearchParts } from './runner.ts';
import { openSearches, type Searches } from './searches.ts';

type ScoreArguments = Parameters<typeof scoreArchitecture> extends [unknown, ...infer Rest] ? Rest : never;

export interface Service {
  readonly archive: Archive;
  readonly searches: Searches;
  readonly keys: Keys;
  readonly engine: EngineInfo;
  /** Whether the engine computes what it should. */
  testEngine(): Promise<readonly Check[]>;
  /** Events of a search after a sequence number, stored and to come. */
  readonly follow: Journal['follow'];
  scoreArchitecture(...args: ScoreArguments): Promise<ArchitectureRecord>;
  listDatasets(): Promise<readonly ListedSet[]>;
  /** @throws MedNasError ENGINE_UNAVAILABLE when nothing can be scored now. */
  checkEngine(): Promise<void>;
  /** Stops searches where they are, then closes engine and archive. */
  close(): Promise<void>;
}

export function openService(given: Omit<SearchParts, 'journal'>): Service {
  const { archive, engine, datasets, now } = given;
  const journal = openJournal(archive, now);
  const searches = openSearches({ ...given, journal });
  return {
    archive,
    searches,
    keys: openKeys(archive, now),
    engine: engine.info,
    testEngine: () => selfTest(engine),
    follow: (...args) => journal.follow(...args),
    scoreArchitecture: (...args) => scoreArchitecture(given, ...args),
    listDatasets: () => datasets.list(),
    checkEngine: () => engine.check(),
    async close() {
      await searches.close();
      await engine.close();
      await archive.close();
    },
  };
}
