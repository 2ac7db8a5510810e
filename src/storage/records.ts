// What the archive keeps, as plain JSON, and the collections it keeps them in.

import { type Evaluation, type IndicatorName, INDICATORS, type Protocol } from '../search/evaluation.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import type { ErrorCode } from '../search/errors.ts';
import type { ArchitectureId, ProtocolId } from '../search/identity.ts';
import type { Individual } from '../search/individual.ts';
import type { Scale } from '../search/objectives.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Collection } from './documents.ts';

export type SearchId = string & { readonly brand: 'SearchId' };

export const SEARCH_STATUSES = [
  'queued',
  'preparing',
  'running',
  'paused',
  'completed',
  'cancelled',
  'failed',
] as const;
export type SearchStatus = (typeof SEARCH_STATUSES)[number];

/** Why a search failed, for a person and for a program. */
export interface Failure {
  readonly code: ErrorCode | 'INTERNAL';
  readonly message: string;
}

export interface SearchRecord {
  readonly id: SearchId;
  readonly settings: ResolvedSettings;
  /** null until the dataset is on disk and its batch drawn. */
  readonly protocol: Protocol | null;
  readonly status: SearchStatus;
  readonly failure: Failure | null;
  /** What the client called its request, so that a repeated one starts nothing new. */
  readonly idempotencyKey: string | null;
  /** Whose it is; null or missing: nobody's in particular. */
  readonly client?: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** The last finished generation; -1: none. */
  readonly generation: number;
  /** Individuals scored up to that generation. */
  readonly evaluations: number;
  /** Of everything scored up to that generation, in the search's frame; null before the first. */
  readonly hypervolume: number | null;
  /** The last generation's pick (largest p1 + p2); null before it, or when nothing is feasible. */
  readonly best: ArchitectureId | null;
  /** The first generation's ranges. */
  readonly frame: Scale | null;
  /** That it has run, up to its last finished generation or the end of its quota; missing: none yet. */
  readonly seconds?: number;
}

export interface GenerationRecord {
  readonly search: SearchId;
  readonly generation: number;
  readonly population: readonly ArchitectureId[];
  readonly scale: Scale | null;
  readonly front: readonly ArchitectureId[];
  readonly best: ArchitectureId | null;
  readonly hypervolume: number;
  /** Individuals scored up to and including this generation, and how many of them are infeasible. */
  readonly evaluations: number;
  readonly infeasible: number;
  readonly finishedAt: string;
}

/** An individual of a search, in the order in which it was put forward. */
export interface IndividualRecord extends Individual {
  readonly search: SearchId;
  readonly index: number;
}

/** An architecture as scored under a protocol: computed once in the archive's life, unless it does not last. */
export interface ArchitectureRecord {
  readonly architecture: ArchitectureId;
  readonly protocolId: ProtocolId;
  readonly protocol: Protocol;
  readonly genotype: Genotype;
  readonly evaluation: Evaluation;
  readonly scoredAt: string;
}

/** What happened in a search. */
export type Happening =
  | { readonly type: 'status'; readonly status: SearchStatus; readonly failure: Failure | null }
  | {
      readonly type: 'evaluated';
      readonly generation: number;
      readonly architecture: ArchitectureId;
      /** Whether the score came from the archive. */
      readonly reused: boolean;
    }
  | { readonly type: 'generation'; readonly generation: number };

export interface EventRecord {
  readonly search: SearchId;
  /** 1, 2, 3, ... without a gap in each search. */
  readonly sequence: number;
  /** Says what happened once only: written again after a crash, it is the same event. */
  readonly key: string;
  readonly at: string;
  readonly happening: Happening;
}

/** Who runs searches: one service in one process. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Within which process ids mean the same: a machine since its start and, in containers, a namespace. */
  readonly place: string;
  /** Unlike that of any other service. */
  readonly token: string;
}

/** Says that a search is being run, and must be left alone until it expires. Kept as long as the search. */
export interface LeaseRecord {
  readonly search: SearchId;
  /** null: released. */
  readonly owner: Owner | null;
  readonly expiresAt: string;
  /** One more each time it goes to another owner; what bears an older one is refused. */
  readonly fence: number;
}

/** From one layout to the next. */
type Upgrade = (body: never) => unknown;

/** `upgrades`: the first from layout 1 to 2, and so on; the layout is what they lead to. */
const collection = <B>(
  name: string,
  unique: readonly (readonly string[])[],
  indexes: readonly (readonly string[])[],
  upgrades: readonly Upgrade[] = [],
): Collection<B> => ({
  name,
  unique,
  indexes,
  revision: upgrades.length + 1,
  upgrade: (body, revision) =>
    upgrades.slice(revision - 1).reduce((old, upgrade) => upgrade(old as never), body) as B,
});

/** Layouts before the present ones, by collection. Each tells what has changed. */
const UPGRADES = {
  leases: [
    // Fences came: whoever takes a lease of before gives out the first.
    (body: Omit<LeaseRecord, 'fence'>): LeaseRecord => ({ ...body, fence: 0 }),
  ],
  searches: [
    // A strategy without generations came; those of before make nothing of it.
    (body: SearchRecord): SearchRecord => ({
      ...body,
      settings: { ...body.settings, lanes: DEFAULT_SETTINGS.lanes },
    }),
  ],
} satisfies Readonly<Record<string, readonly Upgrade[]>>;

/** What scores are ordered by. */
export type Measurement = 'macs' | 'params' | IndicatorName;

/** Where it stands in whatever has an evaluation. */
export const pathOf = (measurement: Measurement): string =>
  measurement === 'macs' || measurement === 'params'
    ? `evaluation.${measurement}`
    : `evaluation.scores.${measurement}.value`;

/** Lists of scores are filtered by these and ordered by all but the first. */
const MEASUREMENTS = ['evaluation.status', ...(['macs', 'params', ...INDICATORS] as const).map(pathOf)];

export const SEARCHES = collection<SearchRecord>(
  'searches',
  [['idempotencyKey']],
  [['createdAt'], ['status']],
  UPGRADES.searches,
);
export const GENERATIONS = collection<GenerationRecord>('generations', [['search', 'generation']], []);
export const INDIVIDUALS = collection<IndividualRecord>(
  'individuals',
  [
    ['search', 'index'],
    ['search', 'id'],
  ],
  MEASUREMENTS.map((path) => ['search', path]),
);
export const ARCHITECTURES = collection<ArchitectureRecord>(
  'architectures',
  [['protocolId', 'architecture']],
  [...MEASUREMENTS.map((path) => [path]), ['protocol.dataset']],
);
export const EVENTS = collection<EventRecord>(
  'events',
  [
    ['search', 'sequence'],
    ['search', 'key'],
  ],
  [],
);
export const LEASES = collection<LeaseRecord>('leases', [], [['search']], UPGRADES.leases);

/** A backup that is being, or has been, restored here; its id is the file's checksum. */
export const RESTORES = collection<{ readonly at: string }>('restores', [], []);

/** Each after those that its documents refer to. */
export const COLLECTIONS = [ARCHITECTURES, SEARCHES, LEASES, INDIVIDUALS, GENERATIONS, EVENTS] as const;
