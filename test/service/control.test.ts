// What is done to searches while they run: in every state, at every moment, by several at once.

import { copyFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { END } from '../../src/service/journal.ts';
import type { EventRecord, SearchId, SearchStatus } from '../../src/storage/records.ts';
import {
  archivedPopulation,
  eventsOf,
  expectWholeJournal,
  holdAt,
  type Laboratory,
  type LaboratoryOptions,
  MINUTE,
  MINUTE_EVALUATIONS,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
  TINY,
  withWrites,
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
  expected = await purePopulation(engine, MINUTE);
});
afterEach(async () => {
  await Promise.all(laboratories.splice(0).map(({ close }) => close()));
});
afterAll(() => engine.close());

/** The code it is refused with, or null. */
const refusal = (work: Promise<unknown>): Promise<string | null> =>
  work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof MedNasError) return error.code;
      throw error;
    },
  );

const CONTROLS = ['pause', 'resume', 'cancel', 'remove'] as const;
type Control = (typeof CONTROLS)[number];

/** Searches in each status that lasts, held there. */
const STATES: Readonly<Record<Exclude<SearchStatus, 'preparing'>, () => Promise<[Laboratory, SearchId]>>> = {
  async queued() {
    const hold = holdAt(1);
    const laboratory = await open({ onComputed: hold.onComputed, maxSearches: 1 });
    await laboratory.service.searches.start({ ...MINUTE, seed: 1 });
    const { id } = await laboratory.service.searches.start(MINUTE);
    await hold.reached;
    return [laboratory, id];
  },
  async running() {
    const hold = holdAt(1);
    const laboratory = await open({ onComputed: hold.onComputed });
    const { id } = await laboratory.service.searches.start(MINUTE);
    await hold.reached;
    return [laboratory, id];
  },
  async paused() {
    const [laboratory, id] = await STATES.running();
    await laboratory.service.searches.pause(id);
    return [laboratory, id];
  },
  async cancelled() {
    const [laboratory, id] = await STATES.running();
    await laboratory.service.searches.cancel(id);
    return [laboratory, id];
  },
  async completed() {
    const laboratory = await open();
    const { id } = await laboratory.service.searches.start({ ...MINUTE, generations: 0 });
    await settled(laboratory, id);
    return [laboratory, id];
  },
  async failed() {
    const evaluate = () => Promise.reject(new Error('a bug'));
    const laboratory = await open({ engine: { ...engine, evaluator: () => ({ evaluate }) } });
    const { id } = await laboratory.service.searches.start(MINUTE);
    await settled(laboratory, id);
    return [laboratory, id];
  },
};

const ALLOWED: Readonly<Record<keyof typeof STATES, readonly Control[]>> = {
  queued: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  paused: ['resume', 'cancel', 'remove'],
  cancelled: ['remove'],
  completed: ['remove'],
  failed: ['remove'],
};

const AFTER = { pause: 'paused', resume: 'running', cancel: 'cancelled', remove: null } as const;

describe.each(Object.keys(STATES) as (keyof typeof STATES)[])('a search that is %s', (status) => {
  test.each(ALLOWED[status])('can be stopped, ended or let go on: %s', async (control) => {
    const [{ archive, service }, id] = await STATES[status]();
    expect((await archive.getSearch(id)).body.status).toBe(status);
    await service.searches[control](id);
    expect((await archive.findSearch(id))?.body.status ?? null).toBe(AFTER[control]);
  });

  const refused = CONTROLS.filter((control) => !ALLOWED[status].includes(control));
  test.each(refused)('refuses and is unchanged: %s', async (control) => {
    const [{ archive, service }, id] = await STATES[status]();
    const before = [await archive.getSearch(id), await eventsOf(archive, id)];
    await expect(service.searches[control](id)).rejects.toMatchObject({
      code: 'INVALID_STATE',
      field: 'id',
      message: expect.stringMatching(new RegExp(`^(?!.*${id}).*is ${status}`, 'u')),
    });
    expect([await archive.getSearch(id), await eventsOf(archive, id)]).toEqual(before);
  });
});

test.each(CONTROLS)('%s of a search that is not there is NOT_FOUND', async (control) => {
  const { service } = await open();
  expect(await refusal(service.searches[control]('nobody' as SearchId))).toBe('NOT_FOUND');
});

test('a cancelled search is over for its readers, and its scores serve others', async () => {
  const folder = newFolder();
  const hold = holdAt(3);
  const { archive, service, computed } = await open({ folder, onComputed: hold.onComputed });
  const { id } = await service.searches.start(MINUTE);
  const read: EventRecord[] = [];
  const reading = (async () => {
    for await (const event of service.follow(id, 0, new AbortController().signal)) read.push(event);
  })();
  await hold.reached;
  const cancelled = await service.searches.cancel(id);
  expect(cancelled).toMatchObject({ status: 'cancelled', failure: null, finishedAt: expect.any(String) });
  await reading;
  expect(read.at(-1)).toMatchObject({ key: END, happening: { status: 'cancelled' } });
  expect(read).toEqual(await eventsOf(archive, id));

  const other = await open({ folder });
  const second = await other.service.searches.start(MINUTE);
  expect(await settled(other, second.id)).toMatchObject({ status: 'completed' });
  expect(computed.length + other.computed.length).toBe(MINUTE_EVALUATIONS);
});

test('a deleted search is gone: its readers leave, nothing of it is found', async () => {
  const [laboratory, id] = await STATES.paused();
  const { archive, service } = laboratory;
  const reading = (async () => {
    let count = 0;
    for await (const _ of service.follow(id, 0, new AbortController().signal)) count += 1;
    return count;
  })();
  await service.searches.remove(id);
  expect(await reading).toBeLessThanOrEqual(5);
  await expectGone(laboratory, id);
  expect(await archive.countSearches([])).toBe(0);
  expect(await refusal(service.searches.resume(id))).toBe('NOT_FOUND');
});

describe('an idempotency key', () => {
  test('with the same settings, however they are said, gives the search it started', async () => {
    const laboratory = await open();
    const { archive, service } = laboratory;
    const first = await service.searches.start({ ...MINUTE, blocks: undefined }, 'key');
    const again = { ...MINUTE, blocks: 3, strategy: 'nsga2', dataset: 'breastmnist', unknown: 1 };
    expect(await service.searches.start(again, 'key')).toMatchObject({ id: first.id });
    await settled(laboratory, first.id);
    expect(await service.searches.start(again, 'key')).toMatchObject({ id: first.id, status: 'completed' });
    expect(await archive.countSearches([])).toBe(1);
    expect((await service.searches.start(MINUTE)).id).not.toBe(first.id);
  });

  test.each([
    { seed: 5 },
    { generations: 1 },
    { exploitation: 0.5 },
    { indicators: ['synflow', 'jacobCov'] },
  ])('with other settings (%o) is a conflict', async (change) => {
    const { archive, service } = await open();
    const { id } = await service.searches.start(MINUTE, 'key');
    await expect(service.searches.start({ ...MINUTE, ...change }, 'key')).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'idempotencyKey',
      message: expect.not.stringContaining(id),
    });
    expect(await archive.countSearches([])).toBe(1);
  });

  test('gives the search it started when its dataset has gone since, and conflicts as ever', async () => {
    const folder = newFolder();
    const path = join(folder, 'own.npz');
    await copyFile(new URL('../../data/breastmnist.npz', import.meta.url), path);
    const laboratory = await open({ folder });
    const { service } = laboratory;
    const given = { ...MINUTE, generations: 0, dataset: path, blocks: undefined };
    const { id } = await service.searches.start(given, 'key');
    await settled(laboratory, id);
    await rm(path);
    for (const dataset of [path, relative('.', path)])
      expect(await service.searches.start({ ...given, dataset, blocks: 3 }, 'key')).toMatchObject({ id });
    for (const change of [{ blocks: 2 }, { dataset: 'breastmnist' }, { seed: 5 }])
      expect(await refusal(service.searches.start({ ...given, ...change }, 'key'))).toBe('CONFLICT');
    expect(await refusal(service.searches.start(given, 'another'))).toBe('UNKNOWN_DATASET');
  });

  test('used by many at once, in two processes, starts one search', async () => {
    const folder = newFolder();
    const [one, other] = [await open({ folder }), await open({ folder })];
    const started = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? one : other).service.searches.start(MINUTE, 'key')),
    );
    const ids = new Set(started.map(({ id }) => id));
    expect(ids.size).toBe(1);
    const [id] = [...ids] as [SearchId];
    await Promise.all([settled(one, id), settled(other, id)]);
    expect(await archivedPopulation(one.archive, id)).toEqual(expected);
    expectWholeJournal(await eventsOf(one.archive, id), MINUTE_EVALUATIONS, MINUTE.generations);
    expect(one.computed.length + other.computed.length).toBe(MINUTE_EVALUATIONS);
  });

  test('used at once with other settings, one starts and the others conflict', async () => {
    const { archive, service } = await open();
    const outcomes = await Promise.all(
      [1, 2, 3].map((seed) => refusal(service.searches.start({ ...MINUTE, seed }, 'key'))),
    );
    expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'CONFLICT')).toHaveLength(2);
    expect(await archive.countSearches([])).toBe(1);
  });

  test('of a deleted search is free again', async () => {
    const laboratory = await open();
    const { service } = laboratory;
    const first = await service.searches.start({ ...MINUTE, generations: 0 }, 'key');
    await settled(laboratory, first.id);
    await service.searches.remove(first.id);
    expect((await service.searches.start(MINUTE, 'key')).id).not.toBe(first.id);
  });
});

/** From wherever it stands, to the end it has to come to. */
async function bringToEnd(laboratory: Laboratory, id: SearchId): Promise<void> {
  const { archive, service } = laboratory;
  const { status } = await settled(laboratory, id);
  expect(['paused', 'completed']).toContain(status);
  if (status === 'paused') await service.searches.resume(id);
  expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
  expect(await archivedPopulation(archive, id)).toEqual(expected);
  expectWholeJournal(await eventsOf(archive, id), MINUTE_EVALUATIONS, MINUTE.generations);
  expect(laboratory.errors).toEqual([]);
}

async function expectGone({ archive }: Laboratory, id: SearchId): Promise<void> {
  expect(await eventsOf(archive, id)).toEqual([]);
  expect(await archive.individuals(id, 10)).toEqual([]);
  expect(await archive.generations(id, [0, 1, 2])).toEqual([]);
}

describe('at any write of a search', () => {
  /** Does something at the nth write, which goes on meanwhile; tells whether there was one. */
  async function interfere(n: number, control: 'pause' | 'cancel') {
    const work: Promise<string | null>[] = [];
    const started: { id?: SearchId } = {};
    const laboratory = await open({
      documents: (real) =>
        withWrites(real, (number) => {
          if (number !== n || started.id === undefined) return;
          work.push(refusal(laboratory.service.searches[control](started.id)));
        }),
    });
    const { id } = await laboratory.service.searches.start(MINUTE);
    started.id = id;
    await settled(laboratory, id);
    return { laboratory, id, refused: await Promise.all(work) };
  }

  test('a pause stops it where it goes on to the same end', async () => {
    const outcomes: (string | null)[] = [];
    for (let n = 2; ; n++) {
      const { laboratory, id, refused } = await interfere(n, 'pause');
      if (refused.length === 0) break;
      outcomes.push(...refused);
      const { status } = await settled(laboratory, id);
      expect(status).toBe(refused[0] === null ? 'paused' : 'completed');
      await bringToEnd(laboratory, id);
      await laboratory.close();
    }
    // All but those that came too late: at its end and while the end was told.
    expect(outcomes.length).toBeGreaterThan(20);
    expect(outcomes.filter((outcome) => outcome === null).length).toBeGreaterThan(20);
    expect(new Set(outcomes)).toEqual(new Set([null, 'INVALID_STATE']));
  });

  test('a cancellation ends it, or comes too late', async () => {
    for (let n = 2; ; n++) {
      const { laboratory, id, refused } = await interfere(n, 'cancel');
      if (refused.length === 0) break;
      const status = refused[0] === null ? 'cancelled' : 'completed';
      expect(await settled(laboratory, id)).toMatchObject({ status });
      const events = await eventsOf(laboratory.archive, id);
      expect(events.filter(({ key }) => key === END)).toHaveLength(1);
      expect(events.at(-1)).toMatchObject({ key: END, happening: { status } });
      expect(laboratory.errors).toEqual([]);
      await laboratory.close();
    }
  });
});

test('whatever several people do to a search at once, it can be brought to its end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          control: fc.constantFrom<Control>('pause', 'resume', 'pause', 'resume', 'remove'),
          // The event at which it is done.
          at: fc.integer({ min: 1, max: 14 }),
        }),
        { minLength: 2, maxLength: 8 },
      ),
      async (deeds) => {
        const laboratory = await open();
        const { archive, service } = laboratory;
        const { id } = await service.searches.start(MINUTE);
        const done: Promise<string | null>[] = [];
        let removed = false;
        const gone = new AbortController();
        const following = (async () => {
          for await (const { sequence } of service.follow(id, 0, gone.signal)) {
            for (const { control, at } of deeds) {
              if (at !== sequence) continue;
              const outcome = refusal(service.searches[control](id));
              done.push(outcome);
              if (control === 'remove') void outcome.then((refused) => (removed ||= refused === null));
            }
          }
        })();
        // Wherever it has come to rest, nobody does anything to it any more.
        for (let count = -1; count !== done.length;) {
          count = done.length;
          await Promise.all(done);
          await service.searches.settled(id);
          await new Promise((resolve) => setImmediate(resolve));
        }
        gone.abort();
        await following;
        await Promise.all(done);
        expect((await archive.findSearch(id)) === null).toBe(removed);
        await (removed ? expectGone(laboratory, id) : bringToEnd(laboratory, id));
        await laboratory.close();
      },
    ),
    { numRuns: 30 },
  );
});

test('of a search, one run is at work though it is resumed by many at once', async () => {
  // Both scores of the initial population, then both of the next: there the lanes are held again.
  const [first, second] = [holdAt(1), holdAt(4)];
  const laboratory = await open({
    onComputed: (count, signal) => (count <= 2 ? first : second).onComputed(count, signal),
  });
  const { service, computed } = laboratory;
  const { id } = await service.searches.start(MINUTE);
  await first.reached;
  await service.searches.pause(id);
  expect(computed).toHaveLength(2);
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => refusal(service.searches.resume(id))));
  expect(outcomes.filter((outcome) => outcome === null)).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'INVALID_STATE')).toHaveLength(4);
  await second.reached;
  await service.searches.pause(id);
  expect(new Set(computed).size).toBe(computed.length);
});

test('pausing a search that still waits for its dataset does not wait with it', async () => {
  const folder = newFolder();
  const never = new Promise<never>(() => undefined);
  const { service, archive } = await open({ folder });
  const waiting = await openLaboratory({
    folder,
    engine,
    datasets: (real) => ({ ...real, open: () => never }),
  });
  const { id } = await waiting.service.searches.start({ ...MINUTE, dataset: 'octmnist' });
  expect((await archive.getSearch(id)).body).toMatchObject({ status: 'preparing', protocol: null });
  expect(await waiting.service.searches.pause(id)).toMatchObject({ status: 'paused', protocol: null });
  expect(await waiting.service.searches.resume(id)).toMatchObject({ status: 'preparing' });
  expect(await waiting.service.searches.cancel(id)).toMatchObject({ status: 'cancelled' });
  const statuses = (await eventsOf(archive, id)).flatMap(({ happening }) =>
    happening.type === 'status' ? [happening.status] : [],
  );
  expect(statuses).toEqual(['preparing', 'paused', 'preparing', 'cancelled']);
  await waiting.close();
  expect(await refusal(service.searches.resume(id))).toBe('INVALID_STATE');
});

test('settings that cannot be are refused before anything is stored', async () => {
  const { archive, service } = await open();
  for (const [wrong, code] of [
    [{ population: 0 }, 'INVALID_ARGUMENT'],
    [{ generations: 1e9 }, 'INVALID_ARGUMENT'],
    [{ dataset: 'nonsense' }, 'UNKNOWN_DATASET'],
    [{ dataset: './nowhere.npz' }, 'UNKNOWN_DATASET'],
    [{ batchSize: 1000 }, 'BATCH_TOO_LARGE'],
  ] as const) {
    expect(await refusal(service.searches.start({ ...TINY, ...wrong }))).toBe(code);
  }
  expect(await archive.countSearches([])).toBe(0);
});
