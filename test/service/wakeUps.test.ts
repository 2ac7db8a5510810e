// Several services over one archive: what one does, those who follow by another see, each event once and in
// order; at once over Redis, and by polling where there is none, or none just now. Where a test polls once in
// twelve days, only a wake-up can have brought what was seen.

import { openDatasets } from '../../src/data/datasets.ts';
import { inProcess } from '../../src/learning/school.ts';
import { type BusChange, openRedis } from '../../src/service/redis.ts';
import { openService, type Service } from '../../src/service/service.ts';
import { type Bus, openWakeUps } from '../../src/service/wakeUps.ts';
import { openWeights } from '../../src/storage/weights.ts';
import { openArchive } from '../../src/storage/archive.ts';
import type { Documents } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import type { EventRecord, SearchId } from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';
import { freePort, hasRedis, type RedisServer, startRedis } from '../support/redis.ts';
import { openFormulaEngine, openPermits, type Permits } from '../support/service.ts';
import { eventsOf, expectWholeJournal, scratchFolders, TINY, TINY_EVALUATIONS } from './laboratory.ts';

const NEVER_MS = 2 ** 30;
const OFTEN_MS = 10;

const newFolder = scratchFolders();
let mongo: MongoServer;
const closings: (() => Promise<void>)[] = [];
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', note);
  mongo = await startMongoServer();
});
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
  const [first] = unhandled.splice(0);
  if (first !== undefined) throw first;
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await mongo.close();
});

let databases = 0;
const STORAGES: Readonly<Record<string, () => () => Promise<Documents>>> = {
  SQLite() {
    const folder = newFolder();
    return () => openSqlite(folder);
  },
  MongoDB() {
    const uri = `${mongo.uri}/wakeups${databases++}`;
    return () => openMongo(uri);
  },
};

interface Listened {
  readonly changes: BusChange[];
  /** Resolves when that has been said so often. */
  readonly said: (isUp: boolean, times?: number) => Promise<void>;
  readonly bus: Bus;
}

/** A bus that is closed after the test, and what it said. */
function listen(url: string): Listened {
  const changes: BusChange[] = [];
  const waiting = new Set<() => void>();
  const bus = openRedis(url, (change) => {
    changes.push(change);
    for (const look of waiting) look();
  });
  closings.push(() => bus.close());
  return {
    changes,
    bus,
    said: (isUp, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (changes.filter((change) => change.isUp === isUp).length >= times) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

interface Replica {
  readonly service: Service;
  readonly permits: Permits;
}

async function openReplica(
  openDocuments: () => Promise<Documents>,
  bus: Bus | null,
  pollMs: number,
): Promise<Replica> {
  const permits = openPermits(0);
  const service = openService({
    archive: openArchive(await openDocuments()),
    ...inProcess(openFormulaEngine(permits)),
    datasets: openDatasets({ folders: [], dataFolder: newFolder(), download: false }),
    now: () => new Date(),
    weights: openWeights(newFolder()),
    wakeUps: openWakeUps(bus, pollMs),
    onError: note,
  });
  closings.push(() => service.close());
  return { service, permits };
}

interface Follower {
  readonly events: EventRecord[];
  /** Resolves when it has seen so many scores. */
  readonly scores: (count: number) => Promise<void>;
  /** Resolves with the search's end. */
  readonly end: Promise<void>;
}

function follow({ service }: Replica, id: SearchId): Follower {
  const events: EventRecord[] = [];
  const waiting = new Set<() => void>();
  const gone = new AbortController();
  const read = async (): Promise<void> => {
    for await (const event of service.follow(id, 0, gone.signal)) {
      events.push(event);
      for (const look of waiting) look();
    }
  };
  closings.push(async () => gone.abort());
  return {
    events,
    end: read(),
    scores: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (events.filter(({ happening }) => happening.type === 'evaluated').length >= count) resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Each score is computed when all have seen the one before. */
async function scoreOneByOne(
  { permits }: Replica,
  followers: readonly Follower[],
  from: number,
  to: number,
): Promise<void> {
  for (let count = from + 1; count <= to; count++) {
    permits.grant(1);
    for (const follower of followers) await follower.scores(count);
  }
}

async function expectAll({ service }: Replica, id: SearchId, followers: readonly Follower[]): Promise<void> {
  for (const { end } of followers) await end;
  const archived = await eventsOf(service.archive, id);
  expectWholeJournal(archived, TINY_EVALUATIONS, TINY.generations);
  for (const { events } of followers) expect(events).toEqual(archived);
}

describe.each(Object.keys(STORAGES))('without Redis, over %s', (storage) => {
  test('one replica sees what another does by polling', async () => {
    const openDocuments = STORAGES[storage]!();
    const [one, other] = [
      await openReplica(openDocuments, null, NEVER_MS),
      await openReplica(openDocuments, null, OFTEN_MS),
    ];
    const { id } = await one.service.searches.start(TINY);
    const followers = [follow(other, id), follow(other, id)];
    await scoreOneByOne(one, followers, 0, TINY_EVALUATIONS);
    await expectAll(one, id, followers);
    expect(other.service.hearsOthers()).toBeNull();
  });
});

const withRedis = hasRedis ? describe : describe.skip;

withRedis('with Redis (Debian: redis-server)', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
    // After those who use it.
    closings.push(() => redis.kill());
  });

  describe.each(Object.keys(STORAGES))('over %s', (storage) => {
    test('one replica sees at once what another does, without polling', async () => {
      const openDocuments = STORAGES[storage]!();
      const buses = [listen(redis.url), listen(redis.url)] as const;
      for (const { said } of buses) await said(true);
      const [one, other] = [
        await openReplica(openDocuments, buses[0].bus, NEVER_MS),
        await openReplica(openDocuments, buses[1].bus, NEVER_MS),
      ];
      const { id } = await one.service.searches.start(TINY);
      const followers = [follow(one, id), follow(other, id), follow(other, id)];
      await scoreOneByOne(one, followers, 0, TINY_EVALUATIONS);
      await expectAll(one, id, followers);
      expect([one, other].map(({ service }) => service.hearsOthers())).toEqual([true, true]);
      expect(buses.map(({ changes }) => changes)).toEqual([[{ isUp: true }], [{ isUp: true }]]);
    });

    test('killed in mid-search: polling goes on, nothing is lost or doubled; back: wake-ups again', async () => {
      const openDocuments = STORAGES[storage]!();
      const buses = [listen(redis.url), listen(redis.url)] as const;
      for (const { said } of buses) await said(true);
      const [one, other, polling] = [
        await openReplica(openDocuments, buses[0].bus, NEVER_MS),
        await openReplica(openDocuments, buses[1].bus, NEVER_MS),
        await openReplica(openDocuments, null, OFTEN_MS),
      ];
      const { id } = await one.service.searches.start(TINY);
      const [own, woken, polled] = [follow(one, id), follow(other, id), follow(polling, id)] as const;
      await scoreOneByOne(one, [own, woken, polled], 0, 5);

      await redis.kill();
      await scoreOneByOne(one, [own, polled], 5, 12);
      for (const { said } of buses) await said(false);
      expect(other.service.hearsOthers()).toBe(false);

      await redis.start();
      for (const { said } of buses) await said(true, 2);
      // What it missed it looks for as soon as it hears again.
      await woken.scores(12);
      await scoreOneByOne(one, [own, woken, polled], 12, TINY_EVALUATIONS);
      await expectAll(one, id, [own, woken, polled]);
      // However often it tried.
      for (const { changes } of buses) expect(changes.map(({ isUp }) => isUp)).toEqual([true, false, true]);
    });
  });

  test('not there at the start: said once, and used when it comes', async () => {
    await redis.kill();
    const { bus, changes, said } = listen(redis.url);
    await said(false);
    bus.send('00000000-0000-4000-8000-000000000000' as SearchId);
    await redis.start();
    await said(true);
    expect(changes).toEqual([
      { isUp: false, reason: expect.stringContaining('ECONNREFUSED') },
      { isUp: true },
    ]);
  });

  test('that does not answer any more is known to be away, and taken up again', async () => {
    const [one, other] = [listen(redis.url), listen(redis.url)];
    await Promise.all([one.said(true), other.said(true)]);
    redis.freeze();
    one.bus.send('00000000-0000-4000-8000-000000000000' as SearchId);
    await one.said(false);
    redis.thaw();
    await one.said(true, 2);
    const heard = new Promise((resolve) => other.bus.receive(resolve));
    one.bus.send('11111111-1111-4111-8111-111111111111' as SearchId);
    expect(await heard).toBe('11111111-1111-4111-8111-111111111111');
  });

  test('a message names the search and who tells of it, nothing else; its sender does not hear it', async () => {
    const { Redis } = await import('ioredis');
    const [one, other] = [listen(redis.url), listen(redis.url)];
    await Promise.all([one.said(true), other.said(true)]);
    const raw = new Redis(redis.url);
    closings.push(async () => raw.disconnect());
    await raw.subscribe('mednas:wake-ups');
    const message = new Promise<string>((resolve) => raw.once('message', (_, text) => resolve(text)));
    const own: unknown[] = [];
    one.bus.receive((search) => own.push(search));
    const search = '22222222-2222-4222-8222-222222222222' as SearchId;
    one.bus.send(search);
    expect(JSON.parse(await message)).toEqual({ search, from: expect.stringMatching(/^[\da-f-]{36}$/u) });
    // Messages come in order: by the time this one is there, its own would have been.
    const answered = new Promise((resolve) => one.bus.receive(resolve));
    other.bus.send('33333333-3333-4333-8333-333333333333' as SearchId);
    await answered;
    expect(own).toEqual(['33333333-3333-4333-8333-333333333333']);
  });

  test.each([
    '',
    'null',
    '{',
    '[]',
    '"error"',
    '{"search":"error","from":"x"}',
    '{"search":{},"from":"x"}',
    '{"search":"00000000-0000-4000-8000-000000000000"}',
    'x'.repeat(100_000),
  ])('what others send over its channel is passed over: %.60s', async (text) => {
    const { Redis } = await import('ioredis');
    const [one, other] = [listen(redis.url), listen(redis.url)];
    await Promise.all([one.said(true), other.said(true)]);
    const raw = new Redis(redis.url);
    closings.push(async () => raw.disconnect());
    const heard: unknown[] = [];
    const next = new Promise((resolve) => one.bus.receive((search) => resolve(heard.push(search))));
    expect(await raw.publish('mednas:wake-ups', text)).toBe(2);
    other.bus.send('44444444-4444-4444-8444-444444444444' as SearchId);
    await next;
    expect(heard).toEqual(['44444444-4444-4444-8444-444444444444']);
  });

  test('a password that is refused is told without it', async () => {
    const closed = await startRedis('correct-horse');
    closings.push(() => closed.kill());
    const address = (password: string) => `redis://:${password}@127.0.0.1:${closed.port}`;
    const wrong = listen(address('hunter2-hunter2'));
    await wrong.said(false);
    expect(wrong.changes).toEqual([{ isUp: false, reason: expect.stringMatching(/^WRONGPASS/u) }]);
    const right = listen(address('correct-horse'));
    await right.said(true);
    expect(JSON.stringify([...wrong.changes, ...right.changes])).not.toMatch(/hunter2|correct-horse/u);
  });
});

test('where no Redis is, closing does not wait for it', async () => {
  const { bus, said, changes } = listen(`redis://127.0.0.1:${await freePort()}`);
  await said(false);
  await bus.close();
  expect(changes).toHaveLength(1);
});
