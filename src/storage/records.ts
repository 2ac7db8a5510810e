// What the archive keeps, as plain JSON, and the collections it keeps them in.

import { type Evaluation, type IndicatorName, INDICATORS, type Protocol } from '../search/evaluation.ts';
import type { ResolvedSettings } from '../search/evolution.ts';
import type { ErrorCode } from '../search/errors.ts';
import type { ArchitectureId, ProtocolId } from '../search/identity.ts';
import type { Individual } from '../search/individual.ts';
import type { Scale } from '../search/objectives.ts';
import type { Model } from '../search/model.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import type { Genotype } from '../search/space/space.ts';
import type { Measured } from '../metrics/measured.ts';
import type { TrainingProtocol, Validation } from '../training/protocol.ts';
import type { Recipe } from '../training/recipe.ts';
import type { Collection } from './documents.ts';

export type SearchId = string & { readonly brand: 'SearchId' };
export type TrainingId = string & { readonly brand: 'TrainingId' };
/** Of what runs in the background, holds a lease, and tells of itself in events. */
export type RunId = SearchId | TrainingId;

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

/** Why a search or a training failed, for a person and for a program. */
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
  /** How many of the best of its front are trained when it completes; null or missing: none. */
  readonly trainBest?: { readonly count: number; readonly recipe: Recipe } | null;
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

/** The weights that are kept: those of the epoch with the best validation AUC so far. */
export interface BestWeights extends Validation {
  readonly epoch: number;
  /** Of the file. */
  readonly sha256: string;
  readonly bytes: number;
}

export interface TrainingRecord {
  readonly id: TrainingId;
  readonly model: Model;
  /** Of a model that is an architecture, whose scores bear it too; null: a baseline. */
  readonly architecture: ArchitectureId | null;
  /** A registered name or the path of an npz. */
  readonly dataset: string;
  readonly recipe: Recipe;
  /** null until the dataset is on disk and read. */
  readonly protocol: TrainingProtocol | null;
  readonly status: SearchStatus;
  readonly failure: Failure | null;
  readonly idempotencyKey: string | null;
  readonly client?: string | null;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** The last finished one, from 0; -1: none. Its checkpoint is on disk. */
  readonly epoch: number;
  readonly best: BestWeights | null;
  /** Of the best epoch, on each split; null until the training has completed. */
  readonly measured: { readonly validation: Measured; readonly test: Measured } | null;
  /** That it has run, up to its last finished epoch or the end of its quota; missing: none yet. */
  readonly seconds?: number;
}

export interface EpochRecord {
  readonly training: TrainingId;
  /** From 0. */
  readonly epoch: number;
  /** Mean over its images, each before the update it was part of. */
  readonly trainingLoss: number;
  readonly validation: Validation;
  readonly learningRate: number;
  /** That it took, validation included. */
  readonly seconds: number;
  readonly finishedAt: string;
}

/** What happened in a search; in a training, `epoch` and `status`. */
export type Happening =
  | { readonly type: 'status'; readonly status: SearchStatus; readonly failure: Failure | null }
  | {
      readonly type: 'evaluated';
      readonly generation: number;
      readonly architecture: ArchitectureId;
      /** Whether the score came from the archive. */
      readonly reused: boolean;
    }
  | { readonly type: 'generation'; readonly generation: number }
  | { readonly type: 'epoch'; readonly epoch: number };

export interface EventRecord {
  /** Whose it is. Named when there were searches alone; a training's own id here. */
  readonly search: RunId;
  /** 1, 2, 3, ... without a gap in each search or training. */
  readonly sequence: number;
  /** Says what happened once only: written again after a crash, it is the same event. */
  readonly key: string;
  readonly at: string;
  readonly happening: Happening;
}

/** Who runs searches and trainings: one service in one process. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Within which process ids mean the same: a machine since its start and, in containers, a namespace. */
  readonly place: string;
  /** Unlike that of any other service. */
  readonly token: string;
}

/** Says that a search or training is being run, and must be left alone until it expires. Kept as long as its record. */
export interface LeaseRecord {
  /** What is run; named when there were searches alone. */
  readonly search: RunId;
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
  searches: [
    // `validAuc` came, and with it for how long it trains.
    (body: SearchRecord): SearchRecord => ({
      ...body,
      settings: { ...body.settings, estimateEpochs: 3 },
    }),
    // A strategy without generations came; those of before make nothing of it.
    (body: SearchRecord): SearchRecord => ({
      ...body,
      settings: { ...body.settings, lanes: DEFAULT_SETTINGS.lanes },
    }),
  ],
  leases: [
    // Fences came: whoever takes a lease of before gives out the first.
    (body: Omit<LeaseRecord, 'fence'>): LeaseRecord => ({ ...body, fence: 0 }),
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

export const TRAININGS = collection<TrainingRecord>(
  'trainings',
  [['idempotencyKey']],
  [['createdAt'], ['status'], ['architecture']],
);
export const EPOCHS = collection<EpochRecord>('epochs', [['training', 'epoch']], []);

/** A backup that is being, or has been, restored here; its id is the file's checksum. */
export const RESTORES = collection<{ readonly at: string }>('restores', [], []);

/** Each after those that its documents refer to. */
export const COLLECTIONS = [
  ARCHITECTURES,
  SEARCHES,
  TRAININGS,
  LEASES,
  INDIVIDUALS,
  GENERATIONS,
  EPOCHS,
  EVENTS,
] as const;
