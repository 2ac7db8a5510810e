// Events of a search: numbered without gaps, told once, whoever writes and whenever somebody reads.

import { EventEmitter, getEventListeners } from 'node:events';
import fc from 'fast-check';
import { END, isFinal, type Journal, openJournal } from '../../src/service/journal.ts';
import type { Archive } from '../../src/storage/archive.ts';
import type {
  EventRecord,
  Happening,
  RunId,
  SearchId,
  SearchRecord,
  SearchStatus,
} from '../../src/storage/records.ts';
import { SEARCH_STATUSES } from '../../src/storage/records.ts';

const SEARCH = 'a-search' as SearchId;
const RUNNING: Happening = { type: 'status', status: 'running', failure: null };
const now = (): Date => new Date(0);

interface Store {
  readonly archive: Archive;
  readonly events: EventRecord[];
  status: SearchStatus | null;
}

/** What a journal asks of the archive, each call with a wait before and after its effect. */
function openStore(wait: (what: string) => Promise<void> = () => Promise.resolve()): Store {
  const events: EventRecord[] = [];
  const store: Store = { events, status: 'running', archive: {} as Archive };
  const slowly =
    <A extends readonly unknown[], T>(name: string, act: (...args: A) => T) =>
    async (...args: A): Promise<T> => {
      await wait(`${name} begins`);
      const result = act(...args);
      await wait(`${name} ends`);
      return result;
    };
  const archive: Partial<Archive> = {
    addEvent: slowly('addEvent', (event: EventRecord) => {
      if (events.some(({ sequence, key }) => sequence === event.sequence || key === event.key)) return false;
      events.push(event);
      return true;
    }),
    hasEvent: slowly('hasEvent', (_: RunId, key: string) => events.some((event) => event.key === key)),
    lastEvent: slowly('lastEvent', () => events.at(-1) ?? null),
    events: slowly('events', (_: RunId, after: number, limit: number) =>
      events.filter(({ sequence }) => sequence > after).slice(0, limit),
    ),
    findSearch: slowly('findSearch', () =>
      store.status === null
        ? null
        : { id: SEARCH, version: 1, body: { status: store.status, failure: null } as SearchRecord },
    ),
  };
  return Object.assign(store, { archive: archive as Archive });
}

async function collect(events: AsyncIterable<EventRecord>): Promise<readonly EventRecord[]> {
  const all: EventRecord[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** A turn of the event loop, in which all that can happen has happened. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const never = new AbortController().signal;

/** As a run ends its search: the record first, then the event. */
async function finish(store: Store, journal: Journal): Promise<void> {
  store.status = 'completed';
  await journal.append(SEARCH, END, { type: 'status', status: 'completed', failure: null });
}

test('several writers and readers, in every order of things: all events, once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.array(fc.integer({ min: 0, max: 11 }), { maxLength: 8 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 3 }),
      async (scheduler, keysByWriter, afters) => {
        const store = openStore((what) => scheduler.schedule(Promise.resolve(), what));
        const { archive, events } = store;
        const journal = openJournal(archive, now);
        // The first writer shares the readers' journal, the others are other processes.
        const journals = keysByWriter.map((_, i) => (i === 0 ? journal : openJournal(archive, now)));
        const readers = afters.map(async (after) => {
          await scheduler.schedule(Promise.resolve(), 'a reader comes');
          return await collect(journal.follow(SEARCH, after, never));
        });
        const written = keysByWriter.map((keys, i) =>
          Promise.all(
            keys.map(async (key) => {
              await scheduler.schedule(Promise.resolve(), 'something happens');
              return [key, await (journals[i] as Journal).append(SEARCH, `key:${key}`, RUNNING)] as const;
            }),
          ),
        );
        const outcomes = Promise.all(written).then(async (all) => {
          await finish(store, journal);
          return all.flat();
        });
        const [appended, ...read] = await scheduler.waitFor(Promise.all([outcomes, ...readers]));

        const keys = new Set(keysByWriter.flat());
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
        expect(new Set(events.map(({ key }) => key))).toEqual(
          new Set([...Array.from(keys, (key) => `key:${key}`), END]),
        );
        expect(events).toHaveLength(keys.size + 1);
        const told = appended.filter(([, isNew]) => isNew).map(([key]) => key);
        expect(told).toHaveLength(keys.size);
        expect(new Set(told)).toEqual(keys);
        for (const [i, after] of afters.entries()) expect(read[i]).toEqual(events.slice(after));
      },
    ),
    { numRuns: 300 },
  );
});

test('one writer is read in the order of its calls', async () => {
  const store = openStore();
  const journal = openJournal(store.archive, now);
  const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
  const appended = Promise.all(keys.map((key) => journal.append(SEARCH, key, RUNNING)));
  const read = collect(journal.follow(SEARCH, 0, never));
  expect(await appended).toEqual(keys.map(() => true));
  await finish(store, journal);
  // More than a reader takes at a time.
  expect((await read).map(({ key }) => key)).toEqual([...keys, END]);
});

describe('a reader', () => {
  test('waits while nothing happens, and sees what happens then', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    await journal.append(SEARCH, 'a', RUNNING);
    const events = journal.follow(SEARCH, 0, never);
    expect(await events.next()).toMatchObject({ value: { key: 'a', sequence: 1 } });
    const next = events.next();
    expect(await Promise.race([next, turn()])).toBeUndefined();
    await journal.append(SEARCH, 'b', RUNNING);
    expect(await next).toMatchObject({ value: { key: 'b', sequence: 2 } });
    await finish(store, journal);
    expect(await events.next()).toMatchObject({ value: { key: END } });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('sees what another process wrote without a word', async () => {
    const store = openStore();
    const events = openJournal(store.archive, now).follow(SEARCH, 0, never);
    const next = events.next();
    await openJournal(store.archive, now).append(SEARCH, 'a', RUNNING);
    expect(await next).toMatchObject({ value: { key: 'a' } });
    await events.return(undefined);
  });

  test.each(SEARCH_STATUSES.filter(isFinal))(
    'of a search that is %s, whose end a crash left untold, tells it',
    async (status) => {
      const store = openStore();
      store.status = status;
      const journal = openJournal(store.archive, now);
      await openJournal(store.archive, now).append(SEARCH, 'a', RUNNING);
      const [one, other] = await Promise.all([
        collect(journal.follow(SEARCH, 0, never)),
        collect(journal.follow(SEARCH, 1, never)),
      ]);
      expect(one.map(({ key }) => key)).toEqual(['a', END]);
      expect(other).toEqual(one.slice(1));
      expect(store.events.at(-1)?.happening).toEqual({ type: 'status', status, failure: null });
      // One that has seen the end has nothing to wait for.
      expect(await collect(journal.follow(SEARCH, 2, never))).toEqual([]);
      expect(await collect(journal.follow(SEARCH, 1000, never))).toEqual([]);
    },
  );

  test('leaves when the search is deleted', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    const reading = collect(journal.follow(SEARCH, 0, never));
    await journal.append(SEARCH, 'a', RUNNING);
    store.status = null;
    store.events.splice(0);
    journal.forget(SEARCH);
    expect((await reading).length).toBeLessThanOrEqual(1);
    expect(await collect(journal.follow(SEARCH, 0, never))).toEqual([]);
  });

  test('hears of a failing archive', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    const events = journal.follow(SEARCH, 0, never);
    await journal.append(SEARCH, 'a', RUNNING);
    await events.next();
    Object.assign(store.archive, { events: () => Promise.reject(new Error('the disk is gone')) });
    await expect(events.next()).rejects.toThrow('the disk is gone');
  });
});

describe('nobody listens any more', () => {
  const emitters: EventEmitter[] = [];
  const { on } = EventEmitter.prototype;
  /** Whoever waits for an event of the search. */
  const listeners = (): number => emitters.reduce((sum, emitter) => sum + emitter.listenerCount(SEARCH), 0);
  beforeEach(() => {
    EventEmitter.prototype.on = function listenTo(this: EventEmitter, ...args) {
      if (args[0] === SEARCH && !emitters.includes(this)) emitters.push(this);
      return on.apply(this, args);
    };
  });
  afterEach(() => {
    EventEmitter.prototype.on = on;
    emitters.splice(0);
  });

  test('after the signal, neither to the search nor to the signal', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    const gone = new AbortController();
    const reading = Promise.all(
      Array.from({ length: 20 }, () => collect(journal.follow(SEARCH, 0, gone.signal))),
    );
    await journal.append(SEARCH, 'a', RUNNING);
    // All are waiting again when a turn of the loop has passed.
    await turn();
    expect(listeners()).toBe(20);
    expect(getEventListeners(gone.signal, 'abort')).toHaveLength(20);
    gone.abort();
    expect((await reading).map((events) => events.length)).toEqual(Array(20).fill(1));
    expect(listeners()).toBe(0);
    expect(getEventListeners(gone.signal, 'abort')).toHaveLength(0);
  });

  test('after the end', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    const gone = new AbortController();
    const reading = collect(journal.follow(SEARCH, 0, gone.signal));
    await finish(store, journal);
    await reading;
    expect(emitters).toHaveLength(1);
    expect(listeners()).toBe(0);
    expect(getEventListeners(gone.signal, 'abort')).toHaveLength(0);
  });

  test('after a reader that leaves in the middle', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    await journal.append(SEARCH, 'a', RUNNING);
    for await (const { key } of journal.follow(SEARCH, 0, never)) {
      expect(key).toBe('a');
      break;
    }
    expect(emitters).toHaveLength(1);
    expect(listeners()).toBe(0);
  });

  test('when the signal came before the reader, who then sees nothing', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    await journal.append(SEARCH, 'a', RUNNING);
    expect(await collect(journal.follow(SEARCH, 0, AbortSignal.abort()))).toEqual([]);
    expect(listeners()).toBe(0);
  });
});

test('a reader whose signal aborts between two events gets no more of them', async () => {
  const store = openStore();
  const journal = openJournal(store.archive, now);
  for (const key of ['a', 'b', 'c']) await journal.append(SEARCH, key, RUNNING);
  const gone = new AbortController();
  const seen: string[] = [];
  for await (const { key } of journal.follow(SEARCH, 0, gone.signal)) {
    seen.push(key);
    gone.abort();
  }
  expect(seen).toEqual(['a']);
});

describe('an archive that fails', () => {
  test('rejects what was appended, and nothing that is appended when it is back', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    await journal.append(SEARCH, 'a', RUNNING);
    const { addEvent } = store.archive;
    const failing = { addEvent: () => Promise.reject(new Error('full')) };
    Object.assign(store.archive, failing);
    const failed = await Promise.allSettled(
      ['b', 'c', 'd'].map((key) => journal.append(SEARCH, key, RUNNING)),
    );
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    Object.assign(store.archive, { addEvent });
    const appended = ['c', 'a', 'd'].map((key) => journal.append(SEARCH, key, RUNNING));
    expect(await Promise.all(appended)).toEqual([true, false, true]);
    expect(store.events.map(({ sequence, key }) => [sequence, key])).toEqual([
      [1, 'a'],
      [2, 'c'],
      [3, 'd'],
    ]);
  });

  test('that stored an event it did not acknowledge does not store it twice', async () => {
    const store = openStore();
    const journal = openJournal(store.archive, now);
    const { addEvent } = store.archive;
    const lost = {
      async addEvent(event: EventRecord) {
        await addEvent(event);
        throw new Error('the connection is gone');
      },
    };
    Object.assign(store.archive, lost);
    await expect(journal.append(SEARCH, 'a', RUNNING)).rejects.toThrow('the connection is gone');
    Object.assign(store.archive, { addEvent });
    expect(await journal.append(SEARCH, 'a', RUNNING)).toBe(false);
    expect(await journal.append(SEARCH, 'b', RUNNING)).toBe(true);
    expect(store.events.map(({ sequence, key }) => [sequence, key])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });
});

test('waking readers is no matter of memory: a thousand at once, no warning', async () => {
  const warnings: unknown[] = [];
  const note = (warning: unknown): void => void warnings.push(warning);
  process.on('warning', note);
  const store = openStore();
  const journal = openJournal(store.archive, now);
  const gone = new AbortController();
  const reading = Array.from({ length: 1000 }, () => collect(journal.follow(SEARCH, 0, gone.signal)));
  await journal.append(SEARCH, 'a', RUNNING);
  await finish(store, journal);
  for (const events of await Promise.all(reading)) expect(events).toHaveLength(2);
  // Warnings come a tick later.
  await turn();
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
