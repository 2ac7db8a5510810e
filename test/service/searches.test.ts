// Whole searches on real images with the real engine: what is stored, what is told, and that neither
// interruption nor the number of workers shows in the result. What is done to searches: control.test.ts.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { hypervolumeOf } from '../../src/search/evolution.ts';
import { protocolId } from '../../src/search/identity.ts';
import { stateOf } from '../../src/service/run.ts';
import type { EventRecord } from '../../src/storage/records.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  holdAt,
  type Laboratory,
  type LaboratoryOptions,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
  TINY,
  TINY_EVALUATIONS,
} from './laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
let expected: readonly object[];
const laboratories: Laboratory[] = [];

async function open(options: Partial<LaboratoryOptions> = {}): Promise<Laboratory> {
  const laboratory = await openLaboratory({ folder: newFolder(), engine, ...options });
  laboratories.push(laboratory);
  return laboratory;
}

beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
  expected = await purePopulation(engine, TINY);
});
afterEach(async () => {
  await Promise.all(laboratories.splice(0).map(({ close }) => close()));
});
afterAll(() => engine.close());

const statusesOf = (events: readonly EventRecord[]): readonly string[] =>
  events.flatMap(({ happening }) => (happening.type === 'status' ? [happening.status] : []));
const reusedOf = (events: readonly EventRecord[]): readonly boolean[] =>
  events.flatMap(({ happening }) => (happening.type === 'evaluated' ? [happening.reused] : []));
const many = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

test('a search ends where the algorithm itself does, and the archive holds all of it', async () => {
  const laboratory = await open();
  const { archive, service, computed, errors } = laboratory;
  const { id } = await service.searches.start(TINY);
  const record = await settled(laboratory, id);

  expect(record).toMatchObject({
    status: 'completed',
    failure: null,
    generation: TINY.generations,
    evaluations: TINY_EVALUATIONS,
    settings: { ...TINY, dataset: 'breastmnist', strategy: 'nsga2' },
    protocol: { dataset: 'breastmnist', batchSize: 8, initChannels: 4, input: [28, 28, 1], classes: 2 },
    finishedAt: expect.any(String),
  });
  expect(errors).toEqual([]);
  expect(await archivedPopulation(archive, id)).toEqual(expected);

  const individuals = await archive.individuals(id, TINY.generations);
  expect(individuals.map(({ born }) => born)).toEqual(individuals.map((_, i) => Math.floor(i / 6)));
  expect(new Set(computed)).toEqual(new Set(individuals.map((individual) => individual.id)));
  expect(computed).toHaveLength(TINY_EVALUATIONS);
  if (record.protocol === null) throw new Error('no protocol');
  const key = protocolId(record.protocol);
  const scores = await archive.architectures(
    individuals.map((individual) => ({ protocolId: key, architecture: individual.id })),
  );
  expect(scores).toHaveLength(TINY_EVALUATIONS);
  for (const { id: architecture, genotype, evaluation } of individuals) {
    const score = scores.find((one) => one.architecture === architecture);
    expect(score).toMatchObject({ genotype, evaluation, protocol: record.protocol });
  }

  const generations = await archive.generations(id, [0, 1, 2, 3]);
  expect(generations.map(({ evaluations }) => evaluations)).toEqual([6, 12, 18, 24]);
  const volumes = generations.map(({ hypervolume }) => hypervolume);
  expect(volumes).toEqual(volumes.toSorted((a, b) => a - b));
  expect(volumes.at(-1)).toBe(hypervolumeOf(record.settings, await stateOf(archive, record)));
  expect(record).toMatchObject({ hypervolume: volumes.at(-1), best: generations.at(-1)?.best });
  for (const { population, front, best } of generations) {
    expect(population).toHaveLength(6);
    expect(population).toEqual(expect.arrayContaining([...front, best]));
  }

  const events = await eventsOf(archive, id);
  expectWholeJournal(events, TINY_EVALUATIONS, TINY.generations);
  expect(events[0]?.happening).toEqual({ type: 'status', status: 'running', failure: null });
  // A generation is told of after all its scores and before any of the next.
  const order = events.flatMap(({ happening }) => ('generation' in happening ? [happening.generation] : []));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  const types = events.map(({ happening }) => happening.type);
  expect([8, 15, 22, 29].map((sequence) => types[sequence - 1])).toEqual(many(4, 'generation'));
});

test('of the same settings a second search computes nothing, and says so', async () => {
  const laboratory = await open();
  const { archive, service, computed } = laboratory;
  const first = await service.searches.start(TINY);
  await settled(laboratory, first.id);
  const second = await service.searches.start(TINY);
  expect(second.id).not.toBe(first.id);
  await settled(laboratory, second.id);
  expect(computed).toHaveLength(TINY_EVALUATIONS);
  expect(await archivedPopulation(archive, second.id)).toEqual(expected);
  expect(reusedOf(await eventsOf(archive, first.id))).toEqual(many(TINY_EVALUATIONS, false));
  expect(reusedOf(await eventsOf(archive, second.id))).toEqual(many(TINY_EVALUATIONS, true));
  expectWholeJournal(await eventsOf(archive, second.id), TINY_EVALUATIONS, TINY.generations);
});

test.each([
  ['seed', { seed: 12 }],
  ['number of channels', { initChannels: 8 }],
  ['batch size', { batchSize: 9 }],
])('another %s is another protocol, of which no score is taken', async (_, change) => {
  const laboratory = await open();
  const { service, computed } = laboratory;
  const settings = { ...TINY, generations: 0 };
  await settled(laboratory, (await service.searches.start(settings)).id);
  await settled(laboratory, (await service.searches.start({ ...settings, ...change })).id);
  expect(computed).toHaveLength(2 * TINY.population);
});

test.each([1, 3])('the population is the same with %i workers', async (workers) => {
  const other = await openEngine({ workers });
  const laboratory = await open({ engine: other });
  const { id } = await laboratory.service.searches.start(TINY);
  await settled(laboratory, id);
  expect(await archivedPopulation(laboratory.archive, id)).toEqual(expected);
  await other.close();
});

test('many searches at once do not disturb one another', async () => {
  const laboratory = await open();
  const { archive, service } = laboratory;
  const seeds = [11, 12, 13, 11];
  const started = await Promise.all(seeds.map((seed) => service.searches.start({ ...TINY, seed })));
  for (const [i, { id }] of started.entries()) {
    expect(await settled(laboratory, id)).toMatchObject({ status: 'completed' });
    expectWholeJournal(await eventsOf(archive, id), TINY_EVALUATIONS, TINY.generations);
    const wanted = await purePopulation(engine, { ...TINY, seed: seeds[i] as number });
    expect(await archivedPopulation(archive, id)).toEqual(wanted);
  }
});

describe('a search that is stopped', () => {
  test.each([1, 3, 6, 7, 20, 24])(
    'by a pause after %i scores goes on to the same end and computes no score twice',
    async (count) => {
      const folder = newFolder();
      const hold = holdAt(count);
      const first = await open({ folder, onComputed: hold.onComputed });
      const { id } = await first.service.searches.start(TINY);
      await hold.reached;
      const paused = await first.service.searches.pause(id);
      expect(paused).toMatchObject({ status: 'paused', failure: null, finishedAt: null });
      // Whatever was in flight has been kept: nothing is computed and thrown away.
      const known = [...first.computed];
      expect(known.length).toBeGreaterThanOrEqual(count);
      expect(known.length).toBeLessThanOrEqual(count + 1);
      const told = (await eventsOf(first.archive, id)).flatMap(({ happening }) =>
        happening.type === 'evaluated' ? [happening.architecture] : [],
      );
      expect(new Set(told)).toEqual(new Set(known));
      await first.close();

      // As another process would.
      const second = await open({ folder });
      expect(await second.service.searches.recover()).toBe(0);
      expect(await second.service.searches.resume(id)).toMatchObject({ status: 'running' });
      expect(await settled(second, id)).toMatchObject({ status: 'completed' });
      const all = [...known, ...second.computed];
      expect(all).toHaveLength(TINY_EVALUATIONS);
      expect(new Set(all).size).toBe(TINY_EVALUATIONS);
      expect(await archivedPopulation(second.archive, id)).toEqual(expected);
      const events = await eventsOf(second.archive, id);
      expectWholeJournal(events, TINY_EVALUATIONS, TINY.generations);
      expect(statusesOf(events)).toEqual(['running', 'paused', 'running', 'completed']);
    },
  );

  test('by the end of its process is taken up by the next one', async () => {
    const folder = newFolder();
    const hold = holdAt(10);
    const first = await open({ folder, onComputed: hold.onComputed });
    const { id } = await first.service.searches.start(TINY);
    await hold.reached;
    await first.close();
    const second = await open({ folder });
    expect((await second.archive.getSearch(id)).body.status).toBe('running');
    expect(await second.service.searches.recover()).toBe(1);
    expect(await second.service.searches.recover()).toBe(0);
    expect(await settled(second, id)).toMatchObject({ status: 'completed' });
    expect(first.computed.length + second.computed.length).toBe(TINY_EVALUATIONS);
    expect(await archivedPopulation(second.archive, id)).toEqual(expected);
    const events = await eventsOf(second.archive, id);
    expectWholeJournal(events, TINY_EVALUATIONS, TINY.generations);
    expect(statusesOf(events)).toEqual(['running', 'completed']);
  });

  test('between any two generations, too', async () => {
    const laboratory = await open();
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(TINY);
    for await (const { happening } of service.follow(id, 0, new AbortController().signal)) {
      if (happening.type !== 'generation' || happening.generation === TINY.generations) continue;
      await service.searches.pause(id);
      await service.searches.resume(id);
    }
    expect(await archivedPopulation(archive, id)).toEqual(expected);
    expectWholeJournal(await eventsOf(archive, id), TINY_EVALUATIONS, TINY.generations);
    expect(laboratory.computed).toHaveLength(TINY_EVALUATIONS);
  });

  test('by another process, which takes it over, is ended by that alone', async () => {
    const folder = newFolder();
    const hold = holdAt(8);
    const first = await open({ folder, onComputed: hold.onComputed });
    // For all it knows the first has not renewed its lease for a minute.
    const second = await open({ folder, now: () => new Date(Date.now() + 60_000) });
    const { id } = await first.service.searches.start(TINY);
    await hold.reached;
    await second.service.searches.resume(id);
    expect(await settled(second, id)).toMatchObject({ status: 'completed' });
    expect(await archivedPopulation(second.archive, id)).toEqual(expected);
    const events = await eventsOf(second.archive, id);
    expectWholeJournal(events, TINY_EVALUATIONS, TINY.generations);
    await first.close();
    expect(first.errors).toEqual([]);
    expect(await eventsOf(second.archive, id)).toEqual(events);
  });

  test('by another process stops at its next score, not at the end of its generation', async () => {
    const folder = newFolder();
    const second = await open({ folder });
    const cancel = async (): Promise<unknown> => {
      const [one] = (await second.archive.listSearches([], 1)).items;
      return one && (await second.service.searches.cancel(one.item.id));
    };
    let cancelled = null as Promise<unknown> | null;
    const first = await open({
      folder,
      async onComputed(count) {
        if (count >= 8) await (cancelled ??= cancel());
      },
    });
    const { id } = await first.service.searches.start(TINY);
    await settled(first, id);
    expect(await cancelled).toMatchObject({ id, status: 'cancelled' });
    // Both workers were held with the eighth or the ninth, and each learns of it by one more.
    expect(first.computed.length).toBeLessThan(12);
    expect(first.errors).toEqual([]);
    expect(statusesOf((await eventsOf(first.archive, id)).slice(-1))).toEqual(['cancelled']);
  });
});
