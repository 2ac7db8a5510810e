// The life of searches, with the real engine on real images at the smallest sizes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { populationOf } from '../../src/search/evolution.ts';
import { stateOf } from '../../src/service/run.ts';
import type { Service } from '../../src/service/service.ts';
import type { EventRecord, SearchId, SearchRecord } from '../../src/storage/records.ts';

const SETTINGS = {
  population: 4,
  offspring: 4,
  generations: 4,
  initChannels: 4,
  batchSize: 8,
  seed: 11,
};
const never = new AbortController().signal;

let folder: string;
let service: Service;
const errors: unknown[] = [];

const open = (name: string): Promise<Service> =>
  compose(readConfig({ MEDNAS_DATA_DIR: join(folder, name), MEDNAS_WORKERS: '2' }), {
    onDownload: () => undefined,
    onError: (error) => errors.push(error),
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mednas-service-'));
  service = await open('archive');
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true });
  if (errors.length > 0) throw errors[0] as Error;
});

async function eventsOf(id: SearchId, after = 0): Promise<readonly EventRecord[]> {
  const events: EventRecord[] = [];
  for await (const event of service.follow(id, after, never)) events.push(event);
  return events;
}

/** Waits for the search's event that a test looks for. */
async function until(id: SearchId, isIt: (event: EventRecord) => boolean): Promise<void> {
  for await (const event of service.follow(id, 0, never)) if (isIt(event)) return;
}

async function genotypesOf({ id }: SearchRecord): Promise<readonly unknown[]> {
  const { body } = await service.archive.getSearch(id);
  return populationOf(await stateOf(service.archive, body)).map(({ genotype }) => genotype);
}

test('a search runs to its end; its events are numbered without a gap, and replay from any of them', async () => {
  const { id } = await service.searches.start(SETTINGS);
  const events = await eventsOf(id);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
  const types = (type: string): number => events.filter(({ happening }) => happening.type === type).length;
  expect([types('evaluated'), types('generation')]).toEqual([20, 5]);
  expect(events.at(-1)?.happening).toMatchObject({ type: 'status', status: 'completed' });
  expect(await eventsOf(id, 10)).toEqual(events.slice(10));
  expect(await eventsOf(id, events.length)).toEqual([]);
  const { body } = await service.archive.getSearch(id);
  expect(body).toMatchObject({ status: 'completed', generation: 4, evaluations: 20 });
});

test('a second search with the same settings computes nothing and ends the same', async () => {
  const first = await service.searches.start(SETTINGS);
  await service.searches.settled(first.id);
  const second = await service.searches.start(SETTINGS);
  expect(second.id).not.toBe(first.id);
  const scored = (await eventsOf(second.id)).filter(({ happening }) => happening.type === 'evaluated');
  expect(scored).toHaveLength(20);
  expect(scored.every(({ happening }) => happening.type === 'evaluated' && happening.reused)).toBe(true);
  expect(await genotypesOf(second)).toEqual(await genotypesOf(first));
});

test('paused in mid-generation and resumed, it ends in the population of one that never stopped', async () => {
  const started = await service.searches.start(SETTINGS);
  await until(started.id, ({ sequence }) => sequence === 8);
  expect((await service.searches.pause(started.id)).status).toBe('paused');
  await expect(service.searches.pause(started.id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await service.searches.resume(started.id);
  await service.searches.settled(started.id);
  const resumed = await genotypesOf(started);
  const events = await eventsOf(started.id);
  const scored = events.flatMap(({ happening }) =>
    happening.type === 'evaluated' ? [happening.architecture] : [],
  );
  expect(new Set(scored).size).toBe(scored.length);
  expect(scored).toHaveLength(20);
  await service.close();
  service = await open('uninterrupted');
  const whole = await service.searches.start(SETTINGS);
  await service.searches.settled(whole.id);
  expect(resumed).toEqual(await genotypesOf(whole));
});

test('closed in mid-search, it is taken up again by the next process', async () => {
  const { id } = await service.searches.start(SETTINGS);
  await until(id, ({ sequence }) => sequence === 8);
  await service.close();
  service = await open('archive');
  expect(await service.searches.recover()).toBe(1);
  await service.searches.settled(id);
  expect((await service.archive.getSearch(id)).body).toMatchObject({ status: 'completed', evaluations: 20 });
});

test('cancelled, it ends; ended, it cannot be resumed, but deleted; its scores stay', async () => {
  const { id } = await service.searches.start({ ...SETTINGS, generations: 50 });
  await until(id, ({ sequence }) => sequence === 6);
  await expect(service.searches.remove(id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  await service.searches.cancel(id);
  expect((await eventsOf(id)).at(-1)?.happening).toMatchObject({ status: 'cancelled' });
  await expect(service.searches.resume(id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
  const scores = await service.archive.countArchitectures({});
  await service.searches.remove(id);
  expect(await service.archive.findSearch(id)).toBeNull();
  expect(await service.archive.countArchitectures({})).toBe(scores);
  expect(await eventsOf(id)).toEqual([]);
});

describe('idempotency', () => {
  test('two starts at once with one key are one search; other settings conflict', async () => {
    const [a, b] = await Promise.all([
      service.searches.start(SETTINGS, 'key'),
      service.searches.start(SETTINGS, 'key'),
    ]);
    expect(b.id).toBe(a.id);
    await expect(service.searches.start({ ...SETTINGS, seed: 12 }, 'key')).rejects.toMatchObject({
      code: 'CONFLICT',
      field: 'idempotencyKey',
    });
    await service.searches.settled(a.id);
  });
});

test.each([
  { given: { population: 0 }, code: 'INVALID_ARGUMENT', field: 'population' },
  { given: { dataset: 'none' }, code: 'UNKNOWN_DATASET', field: 'dataset' },
  { given: { batchSize: 600 }, code: 'BATCH_TOO_LARGE', field: 'batchSize' },
])('$given is refused and leaves nothing', async ({ given, code, field }) => {
  await expect(service.searches.start({ ...SETTINGS, ...given })).rejects.toMatchObject({ code, field });
  expect(await service.archive.countSearches([])).toBe(0);
});
