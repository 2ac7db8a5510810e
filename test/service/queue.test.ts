// Searches that wait for their turn: in which order, and that nothing done to them meanwhile is lost.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { inTurns, openQueue } from '../../src/service/queue.ts';
import type { SearchId, SearchStatus } from '../../src/storage/records.ts';
import {
  archivedPopulation,
  eventsOf,
  holdAt,
  type Laboratory,
  type LaboratoryOptions,
  MINUTE,
  openLaboratory,
  purePopulation,
  scratchFolders,
  settled,
} from './laboratory.ts';

const waiting = (text: string) => text.split('').map((client, i) => ({ client, name: `${client}${i}` }));

test.each([
  ['nobody', '', '', []],
  ['one client: first come, first served', 'aaa', '', ['a0', 'a1', 'a2']],
  ['one that asked for much does not keep others waiting', 'aaab', '', ['a0', 'b3', 'a1', 'a2']],
  ['what a client has inside counts', 'ab', 'aa', ['b1', 'a0']],
  ['clients take turns', 'aabbc', 'b', ['a0', 'c4', 'a1', 'b2', 'b3']],
])('%s', (_, queue, inside, order) => {
  expect(inTurns(waiting(queue), inside.split('')).map(({ name }) => name)).toEqual(order);
});

describe('a queue', () => {
  const never = new AbortController().signal;
  const id = (text: string) => text as SearchId;

  test('lets in as many as there are places; each knows how many are before it', async () => {
    const queue = openQueue(1);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.join(id(name), null));
    expect([a, b, c].map((place) => place?.isIn())).toEqual([true, false, false]);
    expect(['a', 'b', 'c'].map((name) => queue.positionOf(id(name)))).toEqual([null, 1, 2]);
    expect([queue.running(), queue.queued()]).toEqual([1, 2]);
    a?.leave();
    a?.leave();
    await b?.entered(never);
    expect([queue.positionOf(id('b')), queue.positionOf(id('c')), c?.isIn()]).toEqual([null, 1, false]);
  });

  test('who gives up waiting is passed over', async () => {
    const queue = openQueue(1);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => queue.join(id(name), null));
    const enough = AbortSignal.abort(new Error('enough'));
    await expect(b?.entered(enough)).rejects.toThrow('enough');
    b?.leave();
    a?.leave();
    await c?.entered(never);
    expect([queue.running(), queue.queued()]).toEqual([1, 0]);
  });
});

describe('a service that runs one search at a time', () => {
  const newFolder = scratchFolders();
  const laboratories: Laboratory[] = [];
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine({ workers: 2 });
  });
  afterEach(async () => {
    await Promise.all(laboratories.splice(0).map(({ close }) => close()));
  });
  afterAll(() => engine.close());

  async function open(options: Partial<LaboratoryOptions> = {}): Promise<Laboratory> {
    const laboratory = await openLaboratory({ folder: newFolder(), engine, maxSearches: 1, ...options });
    laboratories.push(laboratory);
    return laboratory;
  }

  const start = async ({ service }: Laboratory, count: number): Promise<readonly SearchId[]> => {
    const ids: SearchId[] = [];
    for (let seed = 1; seed <= count; seed++)
      ids.push((await service.searches.start({ ...MINUTE, seed })).id);
    return ids;
  };

  const statusesOf = async ({ archive }: Laboratory, ids: readonly SearchId[]) =>
    Promise.all(ids.map(async (id) => (await archive.getSearch(id)).body.status));

  /** Statuses of all of them, in the order in which they were told. */
  async function storyOf({ archive }: Laboratory, ids: readonly SearchId[]) {
    const events = await Promise.all(ids.map((id) => eventsOf(archive, id)));
    return events.map((ofOne) =>
      ofOne.flatMap(({ happening }) => (happening.type === 'status' ? [happening.status] : [])),
    );
  }

  /** How often each was at work when it began, and when it ended: no two at once, in this order. */
  async function expectOneAfterAnother({ archive }: Laboratory, ids: readonly SearchId[]): Promise<void> {
    let last = '';
    for (const id of ids) {
      const times = (await eventsOf(archive, id))
        .filter(({ happening }) => happening.type !== 'status' || happening.status !== 'queued')
        .map(({ at }) => at);
      expect(times[0]?.localeCompare(last)).toBeGreaterThanOrEqual(0);
      last = times.at(-1) ?? '';
    }
  }

  const whole: readonly SearchStatus[] = ['queued', 'running', 'completed'];

  test('runs them one after another, in the order in which they came, to the same ends', async () => {
    const laboratory = await open();
    const ids = await start(laboratory, 3);
    expect(ids.map((id) => laboratory.service.searches.queuePosition(id))).toEqual([null, 1, 2]);
    for (const id of ids) expect(await settled(laboratory, id)).toMatchObject({ status: 'completed' });
    expect(await storyOf(laboratory, ids)).toEqual([['running', 'completed'], whole, whole]);
    await expectOneAfterAnother(laboratory, ids);
    const expected = await purePopulation(engine, { ...MINUTE, seed: 3 });
    expect(await archivedPopulation(laboratory.archive, ids[2] as SearchId)).toEqual(expected);
  });

  test('goes on with them in the same order after a restart', async () => {
    const folder = newFolder();
    const hold = holdAt(1);
    const first = await open({ folder, onComputed: hold.onComputed });
    const ids = await start(first, 3);
    await hold.reached;
    await laboratories.pop()?.close();

    const second = await open({ folder });
    expect(await second.service.searches.recover()).toBe(3);
    for (const id of ids) expect(await settled(second, id)).toMatchObject({ status: 'completed' });
    expect(await storyOf(second, ids)).toEqual([['running', 'completed'], whole, whole]);
    await expectOneAfterAnother(second, ids);
  });

  test('queues what was at work when more may not run at the same time any more', async () => {
    const folder = newFolder();
    const hold = holdAt(1);
    const first = await open({ folder, maxSearches: 2, onComputed: hold.onComputed });
    const ids = await start(first, 2);
    await hold.reached;
    await laboratories.pop()?.close();
    const second = await open({ folder });
    expect(await second.service.searches.recover()).toBe(2);
    for (const id of ids) expect(await settled(second, id)).toMatchObject({ status: 'completed' });
    expect(await storyOf(second, ids)).toEqual([
      ['running', 'completed'],
      ['running', ...whole],
    ]);
  });

  test('passes over one that is paused or cancelled, which may come back to the end of the queue', async () => {
    const hold = holdAt(1);
    const laboratory = await open({ onComputed: hold.onComputed });
    const { searches } = laboratory.service;
    const [a, b, c, d] = (await start(laboratory, 4)) as [SearchId, SearchId, SearchId, SearchId];
    await hold.reached;
    await searches.pause(b);
    await searches.cancel(c);
    expect([b, c, d].map((id) => searches.queuePosition(id))).toEqual([null, null, 1]);
    expect(await searches.resume(b)).toMatchObject({ status: 'queued' });
    expect([d, b].map((id) => searches.queuePosition(id))).toEqual([1, 2]);
    await searches.cancel(a);
    await searches.cancel(d);
    expect(await statusesOf(laboratory, [a, c, d])).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(searches.queuePosition(b)).toBeNull();
  });
});
