// What the service stores and asks for, in its own words, over the document port: one
// implementation for every database.

import { MedNasError } from '../search/errors.ts';
import { isLasting } from '../search/evaluation.ts';
import type { ArchitectureId, ProtocolId } from '../search/identity.ts';
import type { Condition, Documents, Scalar, Stored } from './documents.ts';
import { guardOf } from './guard.ts';
import { keysIn } from './keys.ts';
import { type Page, type Position, readPage } from './listing.ts';
import {
  ARCHITECTURES,
  type ArchitectureRecord,
  EVENTS,
  type EventRecord,
  GENERATIONS,
  type GenerationRecord,
  INDIVIDUALS,
  type IndividualRecord,
  type LeaseRecord,
  LEASES,
  type Measurement,
  pathOf,
  type RunId,
  type SearchId,
  type SearchRecord,
  SEARCHES,
  type SearchStatus,
} from './records.ts';
import { trainingsIn } from './trainings.ts';

export type { Page, Position } from './listing.ts';

/** Conditions on a score; one left out does not bind. The first are on its protocol, which individuals lack. */
export interface ArchitectureFilter {
  readonly protocolId?: ProtocolId;
  readonly dataset?: string;
  readonly batchSize?: number;
  readonly initChannels?: number;
  readonly seed?: number;
  readonly feasible?: boolean;
  readonly maxParams?: number;
  readonly maxMacs?: number;
}

export interface ArchitectureOrder {
  readonly by: Measurement;
  readonly direction: 'asc' | 'desc';
}

export const architectureKey = (protocolId: ProtocolId, architecture: ArchitectureId): string =>
  `${protocolId}:${architecture}`;

const generationKey = (search: SearchId, generation: number): string => `${search}:${generation}`;

/**
 * What a run writes to its search or training bears the fence of its lease, and is refused (SupersededError) once a
 * newer one has been given out. Without a fence, whoever writes does not run it.
 */
export type Archive = ReturnType<typeof openArchive>;

export function openArchive(documents: Documents) {
  return {
    check: () => documents.check(),
    close: () => documents.close(),
    ...keysIn(documents),
    ...trainingsIn(documents),

    /** False when the idempotency key is taken. */
    addSearch: (record: SearchRecord): Promise<boolean> => documents.insert(SEARCHES, record.id, record),

    findSearch: (id: SearchId): Promise<Stored<SearchRecord> | null> => documents.get(SEARCHES, id),

    /** @throws MedNasError NOT_FOUND */
    async getSearch(id: SearchId): Promise<Stored<SearchRecord>> {
      const found = await documents.get(SEARCHES, id);
      if (found === null)
        throw new MedNasError('NOT_FOUND', 'There is no search of that id.', { field: 'id' });
      return found;
    },

    async searchByKey(idempotencyKey: string): Promise<SearchRecord | null> {
      const [found] = await documents.find(SEARCHES, { where: [['idempotencyKey', 'eq', idempotencyKey]] });
      return found?.body ?? null;
    },

    /** False, with nothing changed, when another process has changed the record since `version`. */
    replaceSearch: (version: number, record: SearchRecord, fence: number | null = null): Promise<boolean> =>
      documents.replace(SEARCHES, record.id, version, record, guardOf(record.id, fence)),

    /** Those there are, in no particular order. */
    findSearches: async (ids: readonly SearchId[]): Promise<readonly SearchRecord[]> =>
      (await documents.getMany(SEARCHES, ids)).map(({ body }) => body),

    /** Newest first, unless asked for in the other direction. */
    listSearches: (
      statuses: readonly SearchStatus[],
      first: number,
      after?: Position,
      direction: 'asc' | 'desc' = 'desc',
    ): Promise<Page<SearchRecord>> =>
      readPage(
        documents,
        SEARCHES,
        {
          where: statuses.length > 0 ? [['status', 'in', statuses]] : [],
          order: [['createdAt', direction]],
          ...(after && { after }),
        },
        first,
      ),

    countSearches: (statuses: readonly SearchStatus[]): Promise<number> =>
      documents.count(SEARCHES, statuses.length > 0 ? [['status', 'in', statuses]] : []),

    findLease: (search: RunId): Promise<Stored<LeaseRecord> | null> => documents.get(LEASES, search),

    /** False, with nothing changed, unless the lease stands at `version`; null: there is none. */
    storeLease: (version: number | null, lease: LeaseRecord): Promise<boolean> =>
      version === null
        ? documents.insert(LEASES, lease.search, lease)
        : documents.replace(LEASES, lease.search, version, lease),

    /** Of a search or training that there is not: otherwise its fence would begin anew. */
    removeLease: async (search: RunId): Promise<void> => {
      await documents.remove(LEASES, [['search', 'eq', search]]);
    },

    /** Forgets a search, its lease, generations, individuals and events. Scores stay: other searches reuse them. */
    async removeSearch(id: SearchId): Promise<void> {
      for (const collection of [LEASES, EVENTS, INDIVIDUALS, GENERATIONS]) {
        await documents.remove(collection, [['search', 'eq', id]]);
      }
      await documents.remove(SEARCHES, [['id', 'eq', id]]);
      // Again: one that was told of before the search was gone.
      await documents.remove(EVENTS, [['search', 'eq', id]]);
    },

    /** Stores a generation after its individuals, so that a stored generation is whole. Idempotent. */
    async addGeneration(
      record: GenerationRecord,
      individuals: readonly IndividualRecord[],
      fence: number | null = null,
    ): Promise<void> {
      const guard = guardOf(record.search, fence);
      await documents.insertMany(
        INDIVIDUALS,
        individuals.map((body) => ({ id: `${body.search}:${body.index}`, body })),
        guard,
      );
      await documents.insert(GENERATIONS, generationKey(record.search, record.generation), record, guard);
    },

    async generations(search: SearchId, numbers: readonly number[]): Promise<readonly GenerationRecord[]> {
      const ids = numbers.map((generation) => generationKey(search, generation));
      const found = await documents.getMany(GENERATIONS, ids);
      return found.map(({ body }) => body).toSorted((a, b) => a.generation - b.generation);
    },

    /** Generations of several searches; those not finished are left out. */
    async findGenerations(
      keys: readonly { readonly search: SearchId; readonly generation: number }[],
    ): Promise<readonly GenerationRecord[]> {
      const ids = keys.map(({ search, generation }) => generationKey(search, generation));
      return (await documents.getMany(GENERATIONS, ids)).map(({ body }) => body);
    },

    /** Individuals of several searches, and perhaps more of these; those that do not exist are left out. */
    async findIndividuals(
      keys: readonly { readonly search: SearchId; readonly id: ArchitectureId }[],
    ): Promise<readonly IndividualRecord[]> {
      const found = await documents.find(INDIVIDUALS, {
        where: [
          ['search', 'in', [...new Set(keys.map(({ search }) => search))]],
          ['id', 'in', [...new Set(keys.map(({ id }) => id))]],
        ],
      });
      return found.map(({ body }) => body);
    },

    /** In the order in which they were put forward, up to a generation. */
    async individuals(search: SearchId, upTo: number): Promise<readonly IndividualRecord[]> {
      const found = await documents.find(INDIVIDUALS, {
        where: [
          ['search', 'eq', search],
          ['born', 'lte', upTo],
        ],
        order: [['index', 'asc']],
      });
      return found.map(({ body }) => body);
    },

    /** Scores a protocol has for these architectures; those it lacks are left out. */
    async architectures(
      keys: readonly { readonly protocolId: ProtocolId; readonly architecture: ArchitectureId }[],
    ): Promise<readonly ArchitectureRecord[]> {
      const ids = keys.map(({ protocolId, architecture }) => architectureKey(protocolId, architecture));
      return (await documents.getMany(ARCHITECTURES, ids)).map(({ body }) => body);
    },

    /** A score of an architecture, under whatever protocol; null: it has none. */
    async architectureNamed(architecture: ArchitectureId): Promise<ArchitectureRecord | null> {
      const [found] = await documents.find(ARCHITECTURES, {
        where: [['architecture', 'eq', architecture]],
        limit: 1,
      });
      return found?.body ?? null;
    },

    /** Keeps the first score there is: a second one changes nothing, unless the first does not last. */
    async addArchitecture(record: ArchitectureRecord): Promise<boolean> {
      const id = architectureKey(record.protocolId, record.architecture);
      if (await documents.insert(ARCHITECTURES, id, record)) return true;
      const first = await documents.get(ARCHITECTURES, id);
      if (first === null || isLasting(first.body.evaluation)) return false;
      return await documents.replace(ARCHITECTURES, id, first.version, record);
    },

    /** A search's individuals by their scores. */
    listIndividuals(
      search: SearchId,
      filter: ArchitectureFilter,
      order: ArchitectureOrder,
      first: number,
      after?: Position,
    ): Promise<Page<IndividualRecord>> {
      return readPage(
        documents,
        INDIVIDUALS,
        {
          where: [['search', 'eq', search], ...conditions(filter)],
          order: [[pathOf(order.by), order.direction]],
          ...(after && { after }),
        },
        first,
      );
    },

    countIndividuals: (search: SearchId, filter: ArchitectureFilter): Promise<number> =>
      documents.count(INDIVIDUALS, [['search', 'eq', search], ...conditions(filter)]),

    listArchitectures(
      filter: ArchitectureFilter,
      order: ArchitectureOrder,
      first: number,
      after?: Position,
    ): Promise<Page<ArchitectureRecord>> {
      return readPage(
        documents,
        ARCHITECTURES,
        {
          where: conditions(filter),
          order: [[pathOf(order.by), order.direction]],
          ...(after && { after }),
        },
        first,
      );
    },

    countArchitectures: (filter: ArchitectureFilter): Promise<number> =>
      documents.count(ARCHITECTURES, conditions(filter)),

    /** False when the sequence number or the key is taken. */
    addEvent: (record: EventRecord, fence: number | null = null): Promise<boolean> =>
      documents.insert(EVENTS, `${record.search}:${record.sequence}`, record, guardOf(record.search, fence)),

    /** Events after a sequence number, in order. */
    async events(search: RunId, after: number, limit: number): Promise<readonly EventRecord[]> {
      const found = await documents.find(EVENTS, {
        where: [
          ['search', 'eq', search],
          ['sequence', 'gt', after],
        ],
        order: [['sequence', 'asc']],
        limit,
      });
      return found.map(({ body }) => body);
    },

    /** Whether what the key names is among the events of a search or training. */
    hasEvent: async (search: RunId, key: string): Promise<boolean> =>
      (await documents.count(EVENTS, [
        ['search', 'eq', search],
        ['key', 'eq', key],
      ])) > 0,

    async lastEvent(search: RunId): Promise<EventRecord | null> {
      const [last] = await documents.find(EVENTS, {
        where: [['search', 'eq', search]],
        order: [['sequence', 'desc']],
        limit: 1,
      });
      return last?.body ?? null;
    },
  };
}

function conditions(filter: ArchitectureFilter): readonly Condition[] {
  const { feasible, ...limits } = filter;
  const status = feasible === undefined ? undefined : feasible ? 'ok' : 'infeasible';
  const bounds: readonly (readonly [Condition[0], 'eq' | 'lte', Scalar | undefined])[] = [
    ['protocolId', 'eq', limits.protocolId],
    ['protocol.dataset', 'eq', limits.dataset],
    ['protocol.batchSize', 'eq', limits.batchSize],
    ['protocol.initChannels', 'eq', limits.initChannels],
    ['protocol.seed', 'eq', limits.seed],
    ['evaluation.status', 'eq', status],
    [pathOf('params'), 'lte', limits.maxParams],
    [pathOf('macs'), 'lte', limits.maxMacs],
  ];
  return bounds.flatMap(([path, comparison, value]) =>
    value === undefined ? [] : [[path, comparison, value]],
  );
}
