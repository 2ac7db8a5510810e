// What becomes of a search when something around it fails: the archive, its images, the engine.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { MedNasError } from '../../src/search/errors.ts';
import type { EventRecord, SearchId } from '../../src/storage/records.ts';
import { images, labels, npz } from '../support/npz.ts';
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

const FULL = 'no room is left on the disk';

describe('an archive that is full', () => {
  /** Fails at the nth write, or from it on until it is healed. */
  async function openFull(n: number, until: 'once' | 'healed') {
    const disk = { isFull: true, reached: false };
    const laboratory = await open({
      documents: (real) =>
        withWrites(real, (number) => {
          if (!disk.isFull || (until === 'once' ? number !== n : number < n)) return;
          disk.reached = true;
          throw new MedNasError('STORAGE_FULL', FULL);
        }),
    });
    return { laboratory, disk };
  }

  async function expectSameEnd(laboratory: Laboratory, id: SearchId): Promise<void> {
    const { archive, computed, service } = laboratory;
    expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
    expect(await archivedPopulation(archive, id)).toEqual(expected);
    const read: EventRecord[] = [];
    const following = service.follow(id, 0, new AbortController().signal);
    for await (const event of following) read.push(event);
    expect(read).toEqual(await eventsOf(archive, id));
    expectWholeJournal(read, MINUTE_EVALUATIONS, MINUTE.generations);
    // Scores whose storing failed, two at most, had to be computed again.
    expect(new Set(computed).size).toBe(MINUTE_EVALUATIONS);
    expect(computed.length).toBeLessThanOrEqual(MINUTE_EVALUATIONS + 2);
  }

  test.each([
    { until: 'once', stands: 'paused', failure: { code: 'STORAGE_FULL', message: FULL } },
    // Not even the failure can be stored: it stands as it stood.
    { until: 'healed', stands: 'running', failure: null },
  ] as const)(
    'at any write ($until): says so, and lets the search go on to the same end',
    async ({ until, stands, failure }) => {
      const outcomes: unknown[] = [];
      for (let n = 2; ; n++) {
        const { laboratory, disk } = await openFull(n, until);
        const { errors, service } = laboratory;
        const { id } = await service.searches.start(MINUTE);
        const stood = await settled(laboratory, id);
        if (!disk.reached) break;
        outcomes.push([stood.status, stood.failure]);
        expect(errors[0]).toMatchObject({ code: 'STORAGE_FULL', message: FULL });
        disk.isFull = false;
        const resumed = stood.status === 'completed' ? null : await service.searches.resume(id);
        expect(resumed?.failure ?? null).toBeNull();
        await expectSameEnd(laboratory, id);
        await laboratory.close();
      }
      // Two a score, four a generation, the two statuses. At the last, the telling of its end, it is over.
      const writes = 2 * MINUTE_EVALUATIONS + 4 * (MINUTE.generations + 1) + 3;
      expect(outcomes.slice(0, -1)).toEqual(Array.from({ length: writes - 1 }, () => [stands, failure]));
      expect(outcomes.at(-1)).toEqual(['completed', null]);
    },
  );

  test('pauses it, which is told with the reason', async () => {
    const { laboratory } = await openFull(10, 'once');
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(MINUTE);
    await settled(laboratory, id);
    const happening = { type: 'status', status: 'paused', failure: { code: 'STORAGE_FULL', message: FULL } };
    expect((await eventsOf(archive, id)).at(-1)?.happening).toEqual(happening);
  });

  test('for a while: shows the search as paused, and stores that as soon as there is room', async () => {
    const { laboratory, disk } = await openFull(10, 'healed');
    const { archive, service, errors } = laboratory;
    const { id } = await service.searches.start(MINUTE);
    const read: EventRecord[] = [];
    const told = (async () => {
      for await (const event of service.follow(id, 0, new AbortController().signal)) {
        read.push(event);
        if (event.happening.type === 'status' && event.happening.status === 'paused') return;
      }
    })();
    const stored = await settled(laboratory, id);
    const paused = { status: 'paused', failure: { code: 'STORAGE_FULL', message: FULL } };
    expect(stored.status).toBe('running');
    expect(service.searches.shown(stored)).toEqual({ ...stored, ...paused });
    // Not even a service that looks for searches to take up takes this one.
    expect(await service.searches.recover()).toBe(0);
    const reported = errors.length;
    disk.isFull = false;
    await told;
    expect(read.at(-1)?.happening).toEqual({ type: 'status', ...paused });
    expect((await archive.getSearch(id)).body).toMatchObject(paused);
    expect(errors).toHaveLength(reported);
    await service.searches.resume(id);
    await expectSameEnd(laboratory, id);
  });

  test('when a search is resumed: leaves none that says it runs', async () => {
    const hold = holdAt(1);
    const state = { writes: -1 };
    const laboratory = await open({
      onComputed: hold.onComputed,
      documents: (real) =>
        withWrites(real, () => {
          if (state.writes < 0) return;
          // The telling of the pause, the record, the telling of that.
          if (++state.writes === 3) throw new MedNasError('STORAGE_FULL', FULL);
        }),
    });
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(MINUTE);
    await hold.reached;
    await service.searches.pause(id);
    const last = (await eventsOf(archive, id)).at(-1)?.sequence ?? 0;
    state.writes = 0;
    await expect(service.searches.resume(id)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    const stored = (await archive.getSearch(id)).body;
    expect(service.searches.shown(stored)).toMatchObject({ status: 'paused', failure: { message: FULL } });
    for await (const { happening } of service.follow(id, last, new AbortController().signal)) {
      expect(happening).toMatchObject({ status: 'paused', failure: { message: FULL } });
      break;
    }
    expect((await archive.getSearch(id)).body.status).toBe('paused');
  });

  test('while a pause is told: whoever follows it hears of it all the same', async () => {
    const hold = holdAt(1);
    const disk = { isFull: false };
    const laboratory = await open({
      onComputed: hold.onComputed,
      documents: (real) =>
        withWrites(real, (_, collection) => {
          if (disk.isFull && collection === 'events') throw new MedNasError('STORAGE_FULL', FULL);
        }),
    });
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(MINUTE);
    await hold.reached;
    const statuses = async (): Promise<readonly string[]> =>
      (await eventsOf(archive, id)).flatMap(({ happening }) =>
        happening.type === 'status' ? [happening.status] : [],
      );
    disk.isFull = true;
    await expect(service.searches.pause(id)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(await statuses()).toEqual(['running']);
    disk.isFull = false;
    for await (const { happening } of service.follow(id, 0, new AbortController().signal))
      if (happening.type === 'status' && happening.status === 'paused') break;
    expect(await statuses()).toEqual(['running', 'paused']);
  });

  test('while a pause is told that nobody follows: what is done next tells of it first', async () => {
    const hold = holdAt(1);
    const disk = { isFull: false };
    const laboratory = await open({
      onComputed: hold.onComputed,
      documents: (real) =>
        withWrites(real, (_, collection) => {
          if (disk.isFull && collection === 'events') throw new MedNasError('STORAGE_FULL', FULL);
        }),
    });
    const { archive, service } = laboratory;
    const { id } = await service.searches.start(MINUTE);
    await hold.reached;
    disk.isFull = true;
    await expect(service.searches.pause(id)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    disk.isFull = false;
    await service.searches.cancel(id);
    const told = (await eventsOf(archive, id)).flatMap(({ happening }) =>
      happening.type === 'status' ? [happening.status] : [],
    );
    expect(told).toEqual(['running', 'paused', 'cancelled']);
  });

  test('at the first write: nothing is started', async () => {
    const { laboratory } = await openFull(1, 'once');
    const { archive, service } = laboratory;
    await expect(service.searches.start(MINUTE)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(await archive.countSearches([])).toBe(0);
    const { id } = await service.searches.start(MINUTE);
    await expectSameEnd(laboratory, id);
  });

  test('is no reason to forget a search when the process ends, too', async () => {
    const folder = newFolder();
    const first = await open({
      folder,
      documents: (real) =>
        withWrites(real, (number) => {
          if (number > 10) throw new MedNasError('STORAGE_FULL', FULL);
        }),
    });
    const { id } = await first.service.searches.start(MINUTE);
    await settled(first, id);
    const kept = await first.archive.countArchitectures({});
    expect(kept).toBeGreaterThan(0);
    await first.close();
    const second = await open({ folder });
    expect(await second.service.searches.recover()).toBe(1);
    expect(await settled(second, id)).toMatchObject({ status: 'completed' });
    expect(second.computed).toHaveLength(MINUTE_EVALUATIONS - kept);
    expect(await archivedPopulation(second.archive, id)).toEqual(expected);
    expectWholeJournal(await eventsOf(second.archive, id), MINUTE_EVALUATIONS, MINUTE.generations);
  });
});

test('an archive whose folder is deleted in the middle of a search pauses it by the next generation', async () => {
  const folder = newFolder();
  // Two lanes may both be told of the second score, neither of the first.
  let removal: Promise<void> | null = null;
  const laboratory = await open({
    folder,
    onComputed: () => (removal ??= rm(folder, { recursive: true })),
  });
  const { id } = await laboratory.service.searches.start(MINUTE);
  const record = await settled(laboratory, id);
  expect(record).toMatchObject({ status: 'paused', generation: -1, failure: { code: 'STORAGE_READ_ONLY' } });
  expect(laboratory.errors).toMatchObject([{ code: 'STORAGE_READ_ONLY' }]);
});

test('a set that cannot be downloaded pauses the search, and resuming it tries again', async () => {
  const network = { isDown: true };
  const message = 'octmnist could not be downloaded: no route to host';
  const laboratory = await open({
    datasets: (real) => ({
      ...real,
      open: () =>
        network.isDown
          ? Promise.reject(new MedNasError('DOWNLOAD_FAILED', message))
          : real.open('breastmnist'),
    }),
  });
  const { searches } = laboratory.service;
  const { id } = await searches.start({ ...MINUTE, dataset: 'octmnist' });
  const failure = { code: 'DOWNLOAD_FAILED', message };
  expect(await settled(laboratory, id)).toMatchObject({ status: 'paused', failure, protocol: null });
  network.isDown = false;
  expect(await searches.resume(id)).toMatchObject({ status: 'preparing', failure: null });
  expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
});

describe('images that are not what they were', () => {
  const OPTIONS = { ...MINUTE, batchSize: 4 };
  const twoOfTen = (order: readonly number[]) => labels(order.map((value) => value % 2));
  const TEN = [...Array(10).keys()];
  const set = (image: readonly number[], train: readonly number[]) =>
    npz({
      train_images: images(10, image),
      train_labels: twoOfTen(train),
      val_images: images(2, image),
      val_labels: labels([0, 1]),
      test_images: images(2, image),
      test_labels: labels([0, 1]),
    });

  /** A search paused after its first score, and closed. */
  async function paused(path: string, folder: string): Promise<SearchId> {
    await writeFile(path, set([8, 8], TEN));
    const hold = holdAt(1);
    const laboratory = await open({ folder, onComputed: hold.onComputed });
    const { id } = await laboratory.service.searches.start({ ...OPTIONS, dataset: path });
    await hold.reached;
    await laboratory.service.searches.pause(id);
    await laboratory.close();
    return id;
  }

  test.each([
    [
      'other labels',
      set([8, 8], TEN.toReversed()),
      'INVALID_STATE',
      /scores would not be comparable.*the images and labels drawn from the dataset:/su,
    ],
    [
      'another size',
      set([9, 9], TEN),
      'INVALID_STATE',
      /scores would not be comparable.*the size of an image: 8,8,1 before, 9,9,1 now/su,
    ],
    ['no npz', Buffer.from('no npz'), 'CORRUPT_DATASET', /own\.npz/u],
    ['no file', null, 'UNKNOWN_DATASET', /own\.npz/u],
  ])('(%s) pause the search, and it says why, until they are back', async (_, bytes, code, message) => {
    const folder = newFolder();
    const path = join(folder, 'own.npz');
    const id = await paused(path, folder);
    const right = await readFile(path);
    await (bytes === null ? rm(path) : writeFile(path, bytes));
    const laboratory = await open({ folder });
    const { archive, service, computed, errors } = laboratory;
    await service.searches.resume(id);
    const record = await settled(laboratory, id);
    const failure = { code, message: expect.stringMatching(message) };
    expect(record).toMatchObject({ status: 'paused', failure, finishedAt: null });
    expect(errors).toMatchObject([failure]);
    expect((await eventsOf(archive, id)).at(-1)?.happening).toMatchObject({ status: 'paused', failure });
    expect(computed).toEqual([]);
    await writeFile(path, right);
    expect(await service.searches.resume(id)).toMatchObject({ status: 'running', failure: null });
    expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
  });

  test('but the same again, written anew, are no change', async () => {
    const folder = newFolder();
    const path = join(folder, 'own.npz');
    const id = await paused(path, folder);
    const bytes = await readFile(path);
    await rm(path);
    await writeFile(path, bytes);
    const laboratory = await open({ folder });
    await laboratory.service.searches.resume(id);
    expect(await settled(laboratory, id)).toMatchObject({ status: 'completed' });
  });

  test('a path is kept whole: the search goes on from another folder', async () => {
    const folder = newFolder();
    const path = join(folder, 'own.npz');
    const id = await paused(join(folder, '.', 'own.npz'), folder);
    const laboratory = await open({ folder });
    expect((await laboratory.archive.getSearch(id)).body.settings.dataset).toBe(path);
  });
});

/** A search whose process has ended in the middle of it. */
async function left(): Promise<{ readonly folder: string; readonly id: SearchId }> {
  const folder = newFolder();
  const hold = holdAt(3);
  const first = await open({ folder, onComputed: hold.onComputed });
  const { id } = await first.service.searches.start(MINUTE);
  await hold.reached;
  await first.close();
  return { folder, id };
}

test.each<[string, () => Engine, object]>([
  [
    'other numerics',
    () => ({ ...engine, info: { ...engine.info, numerics: 'other-1' } }),
    { code: 'INVALID_STATE', message: expect.stringContaining('other-1 now') },
  ],
  [
    'less memory',
    () => ({
      ...engine,
      requireFit() {
        throw new MedNasError('BATCH_TOO_LARGE', 'a worker may take 1 byte');
      },
    }),
    { code: 'BATCH_TOO_LARGE', message: 'a worker may take 1 byte' },
  ],
])(
  'an engine of %s computes nothing, and leaves the search to one as before',
  async (_, altered, failure) => {
    const { folder, id } = await left();
    const second = await open({ folder, engine: altered() });
    await second.service.searches.recover();
    expect(await settled(second, id)).toMatchObject({ status: 'paused', failure });
    expect(second.computed).toEqual([]);
    const third = await open({ folder });
    await third.service.searches.resume(id);
    expect(await settled(third, id)).toMatchObject({ status: 'completed', failure: null });
    expect(await archivedPopulation(third.archive, id)).toEqual(expected);
  },
);

test('an error nobody foresaw ends the search, is told of once, and shown to nobody', async () => {
  const secret = new Error('at /home/me: secret');
  const broken: Engine = {
    ...engine,
    evaluator: () => ({ evaluate: () => Promise.reject(secret) }),
  };
  const laboratory = await open({ engine: broken });
  const { id } = await laboratory.service.searches.start(MINUTE);
  expect(await settled(laboratory, id)).toMatchObject({
    status: 'failed',
    failure: { code: 'INTERNAL', message: expect.not.stringContaining('secret') },
  });
  expect(laboratory.errors).toEqual([secret]);
});
