// The archive in the service's words, over both databases.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evaluation, Protocol } from '../../src/search/evaluation.ts';
import { type ArchitectureId, protocolId } from '../../src/search/identity.ts';
import { parseSettings } from '../../src/search/settings.ts';
import {
  type Archive,
  type ArchitectureFilter,
  type ArchitectureOrder,
  openArchive,
  type Page,
  type Position,
} from '../../src/storage/archive.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import type {
  ArchitectureRecord,
  EventRecord,
  GenerationRecord,
  IndividualRecord,
  SearchId,
  SearchRecord,
  SearchStatus,
} from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { startMongoServer } from '../support/mongo/server.ts';

const DATABASES = [
  {
    database: 'SQLite',
    async open() {
      const folder = await mkdtemp(join(tmpdir(), 'mednas-'));
      const archive = openArchive(await openSqlite(folder));
      return { archive, dispose: () => rm(folder, { recursive: true }) };
    },
  },
  {
    database: 'MongoDB (test server)',
    async open() {
      const server = await startMongoServer();
      const archive = openArchive(await openMongo(`${server.uri}/archive`));
      return { archive, dispose: () => server.close() };
    },
  },
] as const;

const A = 'search-a' as SearchId;
const B = 'search-b' as SearchId;

const searchRecord = (id: string, given: Partial<SearchRecord> = {}): SearchRecord => ({
  id: id as SearchId,
  settings: { ...parseSettings({}), blocks: 3 },
  protocol: null,
  status: 'running',
  failure: null,
  idempotencyKey: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  finishedAt: null,
  generation: -1,
  evaluations: 0,
  hypervolume: null,
  best: null,
  frame: null,
  ...given,
});

const PROTOCOL: Protocol = {
  space: 'mstf',
  dataset: 'breastmnist',
  batch: 'a hash',
  batchSize: 64,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 16,
  seed: 0,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'test-1',
};

const idOf = (i: number): ArchitectureId => `architecture-${i}` as ArchitectureId;

// 24 of them: ties in MACs and params, every fourth infeasible, and of those every other one without
// a finite jacobCov, the rest without any score.
const EVALUATIONS = Array.from({ length: 24 }, (_, i): Evaluation => {
  const cost = { macs: 1000 * (i % 5), params: 10 * (i % 3) };
  const synflow = { value: 10 ** ((i * 7) % 24), log: ((i * 7) % 24) * Math.log(10), seconds: 0.5 };
  if (i % 4 !== 3) {
    return { status: 'ok', scores: { jacobCov: { value: (i * 5) % 9, seconds: 1 }, synflow }, ...cost };
  }
  const scores = i % 8 === 3 ? { jacobCov: { value: null, seconds: 1 }, synflow } : {};
  return { status: 'infeasible', reason: 'jacobCov: singular', scores, ...cost };
});

const architectureRecord = (i: number, dataset = 'breastmnist'): ArchitectureRecord => {
  const protocol = { ...PROTOCOL, dataset };
  return {
    architecture: idOf(i),
    protocolId: protocolId(protocol),
    protocol,
    genotype: [i],
    evaluation: EVALUATIONS[i] as Evaluation,
    scoredAt: '2026-01-01T00:00:00.000Z',
  };
};

const individualRecord = (search: SearchId, index: number, born: number): IndividualRecord => ({
  search,
  index,
  id: idOf(index),
  genotype: [index],
  origin: 'random',
  parents: [],
  born,
  evaluation: EVALUATIONS[index] as Evaluation,
});

const generationRecord = (search: SearchId, generation: number): GenerationRecord => ({
  search,
  generation,
  population: [idOf(0), idOf(1)],
  scale: null,
  front: [idOf(1)],
  best: idOf(1),
  hypervolume: 0.5,
  evaluations: 8 * (generation + 1),
  infeasible: 2,
  finishedAt: '2026-01-01T00:00:00.000Z',
});

const eventRecord = (search: SearchId, sequence: number, key = `key-${sequence}`): EventRecord => ({
  search,
  sequence,
  key,
  at: '2026-01-01T00:00:00.000Z',
  happening: { type: 'generation', generation: sequence },
});

/** Everything that a list holds, read page by page. */
async function readAll<T>(
  read: (first: number, after?: Position) => Promise<Page<T>>,
  first: number,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let after: Position | undefined; ;) {
    const page = await read(first, after);
    expect(page.items).toHaveLength(page.hasMore ? first : page.items.length);
    items.push(...page.items.map(({ item }) => item));
    if (!page.hasMore) return items;
    // Through JSON, as a client would send it back.
    after = JSON.parse(JSON.stringify(page.items.at(-1)?.position)) as Position;
  }
}

const ORDERS = (['macs', 'params', 'jacobCov', 'synflow'] as const).flatMap((by) =>
  (['asc', 'desc'] as const).map((direction): ArchitectureOrder => ({ by, direction })),
);
const FILTERS: readonly ArchitectureFilter[] = [
  {},
  { feasible: true },
  { feasible: false },
  { maxMacs: 2000 },
  { maxParams: 10, feasible: true },
  { maxMacs: 0, maxParams: 0, feasible: false },
  { maxMacs: -1 },
];

const passes =
  ({ feasible, maxMacs = Infinity, maxParams = Infinity }: ArchitectureFilter) =>
  ({ evaluation }: { readonly evaluation: Evaluation }): boolean =>
    (feasible === undefined || (evaluation.status === 'ok') === feasible) &&
    evaluation.macs <= maxMacs &&
    evaluation.params <= maxParams;

/** What is ordered by; a score that is missing or not finite is below every other. */
const valueOf = (evaluation: Evaluation, { by }: ArchitectureOrder): number =>
  by === 'macs' || by === 'params' ? evaluation[by] : (evaluation.scores[by]?.value ?? -Infinity);

describe.each(DATABASES)('over $database', ({ open }) => {
  let archive: Archive;
  let dispose: () => Promise<void>;
  beforeEach(async () => ({ archive, dispose } = await open()));
  afterEach(async () => {
    await archive.close();
    await dispose();
  });

  describe('lists', () => {
    beforeEach(async () => {
      for (const i of EVALUATIONS.keys()) await archive.addArchitecture(architectureRecord(i));
      await archive.addArchitecture(architectureRecord(0, 'pathmnist'));
      await archive.addGeneration(
        generationRecord(A, 0),
        EVALUATIONS.map((_, i) => individualRecord(A, i, 0)),
      );
      await archive.addGeneration(generationRecord(B, 0), [individualRecord(B, 5, 0)]);
    });

    test.each(ORDERS)('by $by, $direction, hold what passes the filter, in order, once', async (order) => {
      const sign = order.direction === 'asc' ? 1 : -1;
      for (const filter of FILTERS) {
        const wanted = EVALUATIONS.map((_, i) => architectureRecord(i)).filter(passes(filter));
        for (const first of [1, 5, 100]) {
          const architectures = await readAll(
            (n, after) => archive.listArchitectures({ ...filter, dataset: 'breastmnist' }, order, n, after),
            first,
          );
          const values = architectures.map(({ evaluation }) => valueOf(evaluation, order));
          expect(values).toEqual(values.toSorted((a, b) => sign * (a - b || 0)));
          expect(new Set(architectures.map(({ architecture }) => architecture))).toEqual(
            new Set(wanted.map(({ architecture }) => architecture)),
          );
          expect(architectures).toHaveLength(wanted.length);

          const individuals = await readAll(
            (n, after) => archive.listIndividuals(A, filter, order, n, after),
            first,
          );
          expect(individuals.map(({ evaluation }) => valueOf(evaluation, order))).toEqual(values);
          expect(individuals).toHaveLength(wanted.length);
          expect(individuals.every(({ search }) => search === A)).toBe(true);
        }
        expect(await archive.countArchitectures({ ...filter, dataset: 'breastmnist' })).toBe(wanted.length);
        expect(await archive.countIndividuals(A, filter)).toBe(wanted.length);
      }
    });

    test('are narrowed to a protocol, or to parts of one', async () => {
      const protocols: readonly Protocol[] = [
        { ...PROTOCOL, seed: 1 },
        { ...PROTOCOL, seed: 2, initChannels: 32 },
        { ...PROTOCOL, seed: 2, batchSize: 16 },
      ];
      for (const protocol of protocols) {
        const id = protocolId(protocol);
        await archive.addArchitecture({ ...architectureRecord(0), protocol, protocolId: id });
      }
      const ids = protocols.map(protocolId);
      const order = { by: 'macs', direction: 'asc' } as const;
      const cases: readonly (readonly [ArchitectureFilter, readonly (string | undefined)[]])[] = [
        [{ seed: 1 }, [ids[0]]],
        [{ seed: 2 }, [ids[1], ids[2]]],
        [{ initChannels: 32 }, [ids[1]]],
        [{ batchSize: 16 }, [ids[2]]],
        [{ batchSize: 64, seed: 2 }, [ids[1]]],
        [{ protocolId: protocolId(protocols[2] as Protocol) }, [ids[2]]],
        [{ protocolId: protocolId({ ...PROTOCOL, seed: 3 }) }, []],
      ];
      for (const [filter, wanted] of cases) {
        const { items } = await archive.listArchitectures(filter, order, 100);
        expect(new Set(items.map(({ item }) => item.protocolId))).toEqual(new Set(wanted));
        expect(await archive.countArchitectures(filter)).toBe(wanted.length);
      }
    });

    test('a page goes on after its position though members come and go', async () => {
      const order = { by: 'macs', direction: 'asc' } as const;
      const { items } = await archive.listIndividuals(A, {}, order, 6);
      const position = items.at(-1)?.position as Position;
      const rest = async (): Promise<readonly IndividualRecord[]> =>
        (await archive.listIndividuals(A, {}, order, 100, position)).items.map(({ item }) => item);
      const before = await rest();
      const cheap = { ...individualRecord(A, 0, 1), index: 100, id: idOf(100) };
      await archive.addGeneration(generationRecord(A, 1), [
        { ...cheap, evaluation: { ...(EVALUATIONS[0] as Evaluation), macs: -5 } },
      ]);
      expect(await rest()).toEqual(before);
    });

    test('of datasets and searches that are not there are empty', async () => {
      const order = { by: 'params', direction: 'desc' } as const;
      const empty = { items: [], hasMore: false };
      expect(await archive.listArchitectures({ dataset: 'octmnist' }, order, 10)).toEqual(empty);
      expect(await archive.listIndividuals('none' as SearchId, {}, order, 10)).toEqual(empty);
      expect(await archive.countArchitectures({ dataset: 'pathmnist' })).toBe(1);
      expect(await archive.countArchitectures({})).toBe(25);
    });
  });

  describe('searches', () => {
    test('a key starts one search; searches without a key are as many as there are', async () => {
      expect(await archive.addSearch(searchRecord('a', { idempotencyKey: 'k' }))).toBe(true);
      expect(await archive.addSearch(searchRecord('b', { idempotencyKey: 'k' }))).toBe(false);
      expect(await archive.addSearch(searchRecord('c'))).toBe(true);
      expect(await archive.addSearch(searchRecord('d'))).toBe(true);
      expect((await archive.searchByKey('k'))?.id).toBe('a');
      expect(await archive.searchByKey('K')).toBeNull();
      expect(await archive.countSearches([])).toBe(3);
    });

    test('a record is replaced once at each version', async () => {
      await archive.addSearch(searchRecord('a'));
      const { version, body } = await archive.getSearch('a' as SearchId);
      expect([version, body]).toEqual([1, searchRecord('a')]);
      const outcomes = await Promise.all([
        archive.replaceSearch(1, { ...body, generation: 1 }),
        archive.replaceSearch(1, { ...body, generation: 2 }),
      ]);
      expect(new Set(outcomes)).toEqual(new Set([false, true]));
      const winner = outcomes[0] ? 1 : 2;
      expect(await archive.findSearch('a' as SearchId)).toEqual({
        id: 'a',
        version: 2,
        body: { ...body, generation: winner },
      });
    });

    test('one that is not there is null, or an error that does not name it to those who know it by another id', async () => {
      expect(await archive.findSearch(A)).toBeNull();
      await expect(archive.getSearch(A)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        field: 'id',
        message: expect.not.stringContaining(A),
      });
      expect(await archive.findSearches([A, B])).toEqual([]);
    });

    test('are listed newest first, by status, each page after the one before', async () => {
      const statuses: readonly SearchStatus[] = ['completed', 'running', 'paused'];
      for (let i = 0; i < 9; i++) {
        await archive.addSearch(
          searchRecord(`s${i}`, {
            // Two a second, so that pages end between equal times.
            createdAt: `2026-01-01T00:00:0${Math.floor(i / 2)}.000Z`,
            status: statuses[i % 3] as SearchStatus,
          }),
        );
      }
      for (const first of [1, 2, 4, 50]) {
        const all = await readAll((n, after) => archive.listSearches([], n, after), first);
        expect(all.map(({ id }) => id)).toEqual(['s8', 's7', 's6', 's5', 's4', 's3', 's2', 's1', 's0']);
        const some = await readAll(
          (n, after) => archive.listSearches(['paused', 'completed'], n, after),
          first,
        );
        expect(some.map(({ id }) => id)).toEqual(['s8', 's6', 's5', 's3', 's2', 's0']);
      }
      expect(await archive.countSearches(['paused', 'completed'])).toBe(6);
      expect(await archive.countSearches(['failed'])).toBe(0);
    });
  });

  test('the first score of an architecture under a protocol stays', async () => {
    const first = architectureRecord(0);
    const second = { ...first, evaluation: EVALUATIONS[1] as Evaluation, scoredAt: 'later' };
    expect(await archive.addArchitecture(first)).toBe(true);
    expect(await archive.addArchitecture(second)).toBe(false);
    const elsewhere = architectureRecord(0, 'pathmnist');
    expect(await archive.addArchitecture(elsewhere)).toBe(true);
    const key = (record: ArchitectureRecord) => ({
      protocolId: record.protocolId,
      architecture: record.architecture,
    });
    expect(await archive.architectures([key(first)])).toEqual([first]);
    expect(await archive.architectures([key(elsewhere)])).toEqual([elsewhere]);
    expect(await archive.architectures([{ ...key(first), architecture: idOf(1) }])).toEqual([]);
    expect(await archive.architectures([])).toEqual([]);
  });

  describe('generations', () => {
    const individuals = (born: number): readonly IndividualRecord[] =>
      Array.from({ length: 8 }, (_, i) => individualRecord(A, 8 * born + i, born));

    test('stored again, whole or after a crash in the middle, are the same', async () => {
      // As a crash between the individuals leaves it.
      await archive.addGeneration(generationRecord(A, 0), individuals(0).slice(0, 3));
      for (let i = 0; i < 2; i++) await archive.addGeneration(generationRecord(A, 0), individuals(0));
      await archive.addGeneration({ ...generationRecord(A, 0), hypervolume: 9 }, []);
      expect(await archive.generations(A, [0])).toEqual([generationRecord(A, 0)]);
      expect(await archive.individuals(A, 0)).toEqual(individuals(0));
      expect(await archive.countIndividuals(A, {})).toBe(8);
    });

    test('are read in order, individuals in the order in which they were put forward', async () => {
      for (const born of [2, 0, 1]) {
        await archive.addGeneration(generationRecord(A, born), individuals(born).toReversed());
      }
      await archive.addGeneration(generationRecord(B, 0), [individualRecord(B, 0, 0)]);
      const numbers = async (asked: readonly number[]): Promise<readonly number[]> =>
        (await archive.generations(A, asked)).map(({ generation }) => generation);
      expect(await numbers([2, 0, 7, 1])).toEqual([0, 1, 2]);
      expect(await archive.individuals(A, -1)).toEqual([]);
      expect(await archive.individuals(A, 1)).toEqual([...individuals(0), ...individuals(1)]);
      expect((await archive.individuals(A, 2)).map(({ index }) => index)).toEqual([...Array(24).keys()]);
      const found = await archive.findGenerations([
        { search: A, generation: 1 },
        { search: B, generation: 0 },
        { search: B, generation: 1 },
      ]);
      expect(new Set(found.map(({ search, generation }) => `${search} ${generation}`))).toEqual(
        new Set(['search-a 1', 'search-b 0']),
      );
      const both = await archive.findIndividuals([
        { search: A, id: idOf(3) },
        { search: B, id: idOf(0) },
      ]);
      expect(both).toEqual(expect.arrayContaining([individualRecord(A, 3, 0), individualRecord(B, 0, 0)]));
    });
  });

  describe('events', () => {
    test('come in the order of their numbers, after a number, so many at a time', async () => {
      // 9 before 10: numbers, not texts.
      for (const sequence of [3, 1, 12, 2, 9, 10, 11]) await archive.addEvent(eventRecord(A, sequence));
      await archive.addEvent(eventRecord(B, 4));
      const numbers = async (after: number, limit: number): Promise<readonly number[]> =>
        (await archive.events(A, after, limit)).map(({ sequence }) => sequence);
      expect(await numbers(0, 100)).toEqual([1, 2, 3, 9, 10, 11, 12]);
      expect(await numbers(2, 3)).toEqual([3, 9, 10]);
      expect(await numbers(12, 100)).toEqual([]);
      expect((await archive.lastEvent(A))?.sequence).toBe(12);
      expect(await archive.lastEvent('none' as SearchId)).toBeNull();
    });

    test('a number and a key are taken once in a search', async () => {
      expect(await archive.addEvent(eventRecord(A, 1, 'k'))).toBe(true);
      expect(await archive.addEvent(eventRecord(A, 1, 'other'))).toBe(false);
      expect(await archive.addEvent(eventRecord(A, 2, 'k'))).toBe(false);
      expect(await archive.addEvent(eventRecord(B, 1, 'k'))).toBe(true);
      expect(await archive.hasEvent(A, 'k')).toBe(true);
      expect(await archive.hasEvent(A, 'other')).toBe(false);
      expect(await archive.events(A, 0, 10)).toEqual([eventRecord(A, 1, 'k')]);
    });
  });

  test('a search that is removed leaves its scores, and nothing of other searches goes', async () => {
    const all = async (id: SearchId) => [
      await archive.findSearch(id),
      await archive.generations(id, [0, 1]),
      await archive.individuals(id, 10),
      await archive.events(id, 0, 10),
      await archive.lastEvent(id),
      await archive.searchByKey(`key of ${id}`),
    ];
    for (const id of [A, B]) {
      await archive.addSearch(searchRecord(id, { idempotencyKey: `key of ${id}` }));
      await archive.addArchitecture(architectureRecord(0));
      await archive.addGeneration(generationRecord(id, 0), [individualRecord(id, 0, 0)]);
      await archive.addEvent(eventRecord(id, 1));
    }
    const other = await all(B);
    await archive.removeSearch(A);
    expect(await all(A)).toEqual([null, [], [], [], null, null]);
    expect(await all(B)).toEqual(other);
    expect(await archive.countArchitectures({})).toBe(1);
    // Its key is free, and removing it again is no error.
    await archive.removeSearch(A);
    expect(await archive.addSearch(searchRecord('c', { idempotencyKey: `key of ${A}` }))).toBe(true);
  });
});
