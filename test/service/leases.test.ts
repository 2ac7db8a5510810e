// Several processes over one archive: which of them runs a search, and when another may take it up.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { LEASES, type LeaseRecord, type Owner, type SearchId } from '../../src/storage/records.ts';
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

/** A search held in its first generation, the service that runs it and another over the same archive. */
async function openTwo() {
  const folder = newFolder();
  const hold = holdAt(1);
  const [first, second] = [await open({ folder, onComputed: hold.onComputed }), await open({ folder })];
  const { id } = await first.service.searches.start(MINUTE);
  await hold.reached;
  return { folder, first, second, id };
}

type Held = LeaseRecord & { readonly owner: Owner };

async function leaseOf({ archive }: Laboratory, id: SearchId): Promise<Held> {
  const lease = await archive.findLease(id);
  if (!lease?.body.owner) throw new Error('nobody holds the lease');
  return lease.body as Held;
}

const ownerOf = async ({ archive }: Laboratory, id: SearchId): Promise<Owner | null | undefined> =>
  (await archive.findLease(id))?.body.owner;

/** A search that was left in its first generation, with the lease of whoever ran it changed. */
async function openLeft(
  change: Partial<Owner>,
  expiresIn = 10_000,
): Promise<{ folder: string; id: SearchId }> {
  const { folder, first, id } = await openTwo();
  const lease = await leaseOf(first, id);
  await first.close();
  const { archive } = await open({ folder });
  const owner = { ...lease.owner, token: 'another', ...change };
  const released = await archive.findLease(id);
  await archive.storeLease(released?.version ?? null, {
    ...lease,
    owner,
    expiresAt: new Date(Date.now() + expiresIn).toISOString(),
  });
  return { folder, id };
}

async function expectEnd(laboratory: Laboratory, id: SearchId): Promise<void> {
  for await (const _ of laboratory.service.follow(id, 0, new AbortController().signal));
  expect(await settled(laboratory, id)).toMatchObject({ status: 'completed', failure: null });
  expect(await archivedPopulation(laboratory.archive, id)).toEqual(expected);
  expectWholeJournal(await eventsOf(laboratory.archive, id), MINUTE_EVALUATIONS, MINUTE.generations);
}

describe('a search that a living process runs', () => {
  test('is left alone by one that starts', async () => {
    const { first, second, id } = await openTwo();
    const before = await first.archive.getSearch(id);
    expect(await second.service.searches.recover()).toBe(0);
    expect(second.computed).toEqual([]);
    expect(await first.archive.getSearch(id)).toEqual(before);
    expect(await first.service.searches.pause(id)).toMatchObject({ status: 'paused' });
    expect(first.errors).toEqual([]);
  });

  test('is not resumed by another, which says who runs it', async () => {
    const { second, id } = await openTwo();
    const refusal = {
      code: 'INVALID_STATE',
      field: 'id',
      message: expect.stringMatching(new RegExp(`is running: process ${process.pid} on \\S+ is at it`, 'u')),
    };
    await expect(second.service.searches.resume(id)).rejects.toMatchObject(refusal);
    expect(await second.service.searches.runBy(id)).toMatch(`process ${process.pid} on `);
  });

  test('is free once it is paused, whoever paused it', async () => {
    const { first, second, id } = await openTwo();
    await second.service.searches.pause(id);
    await second.service.searches.resume(id);
    await expectEnd(second, id);
    await first.close();
    expect(first.errors).toEqual([]);
  });

  test('is free once it has ended, been paused or its process been closed', async () => {
    const { folder, first, id } = await openTwo();
    await first.service.searches.pause(id);
    expect(await ownerOf(first, id)).toBeNull();
    const second = await open({ folder });
    await second.service.searches.resume(id);
    await second.close();
    const third = await open({ folder });
    expect(await ownerOf(third, id)).toBeNull();
    expect(await third.service.searches.recover()).toBe(1);
    await expectEnd(third, id);
    expect(await ownerOf(third, id)).toBeNull();
  });

  test('is its own no more when its lease has gone to another: it stops, and tells of nothing', async () => {
    const { first, second, id } = await openTwo();
    const lease = await second.archive.findLease(id);
    if (!lease?.body.owner) throw new Error('nobody holds the lease');
    const owner = { ...lease.body.owner, place: 'elsewhere', token: 'another' };
    expect(await second.archive.storeLease(lease.version, { ...lease.body, owner })).toBe(true);
    const before = await second.archive.getSearch(id);
    // When it comes to renew it.
    await first.service.searches.settled(id);
    expect(await second.archive.getSearch(id)).toEqual(before);
    expect(await leaseOf(second, id)).toMatchObject({ owner });
    expect(first.errors).toEqual([]);
  });

  test('has its lease renewed long before it expires', async () => {
    const folder = newFolder();
    const hold = holdAt(1);
    let tell: (lease: LeaseRecord) => void;
    const renewed = new Promise<LeaseRecord>((resolve) => {
      tell = resolve;
    });
    const { service, archive } = await open({
      folder,
      onComputed: hold.onComputed,
      documents: (real) => ({
        ...real,
        async replace(collection, id, version, body, guard) {
          const isDone = await real.replace(collection, id, version, body, guard);
          if (collection.name === LEASES.name && isDone) tell(body as LeaseRecord);
          return isDone;
        },
      }),
    });
    const { id } = await service.searches.start(MINUTE);
    await hold.reached;
    const before = (await archive.findLease(id))?.body.expiresAt ?? '';
    const { expiresAt } = await renewed;
    expect(Date.now()).toBeLessThan(Date.parse(before));
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.parse(before));
  });
});

describe('a search whose process was killed', () => {
  test('is taken up at once where one can see that', async () => {
    const child = spawn(process.execPath, ['--version']);
    await once(child, 'close');
    const { folder, id } = await openLeft({ pid: child.pid as number });
    const next = await open({ folder });
    expect(await next.service.searches.recover()).toBe(1);
    await expectEnd(next, id);
  });

  test('is taken up at once when its process id has come to be ours', async () => {
    const { folder, id } = await openLeft({ pid: process.pid });
    const next = await open({ folder });
    await next.service.searches.resume(id);
    await expectEnd(next, id);
  });

  test('elsewhere is taken up when its lease lapses', async () => {
    const { folder, id } = await openLeft({ place: 'elsewhere' }, 500);
    const next = await open({ folder });
    expect(await next.service.searches.recover()).toBe(0);
    await expectEnd(next, id);
    expect(next.errors).toEqual([]);
  });

  test('elsewhere is waited for no longer once the service is closed', async () => {
    const { folder, id } = await openLeft({ place: 'elsewhere' }, 100);
    const next = await open({ folder });
    expect(await next.service.searches.recover()).toBe(0);
    await next.close();
    const last = await open({ folder, now: () => new Date(Date.now() + 1000) });
    expect(await last.service.searches.recover()).toBe(1);
    await expectEnd(last, id);
    expect(next.computed).toEqual([]);
  });
});
