// Two services as processes over one archive, with Redis between them: killed in the middle, and not there at
// all. Who follows on one replica the search of the other gets every event, and neither process minds.

import { freePort, hasRedis, startRedis } from '../support/redis.ts';
import { serve, type Served, startServedSearch } from '../support/served.ts';
import { scratchFolders, TINY } from '../service/laboratory.ts';
import type { SearchEvent } from './answers.ts';
import { EVENTS, take, TRANSPORTS } from './transports.ts';

const newFolder = scratchFolders();
const PASSWORD = 'hunter2-hunter2';
const LONGER = { ...TINY, generations: 40 };
const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).toReversed()) await close();
});

async function open(folder: string, url: string): Promise<Served> {
  const served = await serve(folder, { REDIS_URL: url, MEDNAS_WORKERS: '1' });
  closings.push(async () => {
    served.child.kill('SIGKILL');
    await served.outcome;
  });
  return served;
}

const sequences = (events: readonly SearchEvent[]): readonly number[] =>
  events.map(({ sequence }) => sequence);

/** Ends in order, having said so often what it said once, and never the password. */
async function expectQuietEnd(
  { child, outcome }: Served,
  told: Readonly<Record<string, number>>,
): Promise<void> {
  child.kill('SIGTERM');
  const { code, stdout, stderr } = await outcome;
  expect([code, stderr]).toEqual([0, '']);
  for (const [words, times] of Object.entries(told))
    expect([words, stdout.split(words).length - 1]).toEqual([words, times]);
  expect(stdout).not.toContain(PASSWORD);
}

const withRedis = hasRedis ? describe : describe.skip;

withRedis('with Redis (Debian: redis-server)', () => {
  test('it is killed in the middle of a search', async () => {
    const redis = await startRedis(PASSWORD);
    closings.push(() => redis.kill());
    const url = redis.url.replace('//', `//:${PASSWORD}@`);
    const folder = newFolder();
    const [one, other] = [await open(folder, url), await open(folder, url)];
    const id = await startServedSearch(one, LONGER);
    const away = Promise.all([one, other].map(({ said }) => said('Redis is away')));
    const connections = TRANSPORTS.map(({ connect }) => connect(other.url));
    const read = await Promise.all(
      connections.map(async (connection, i) => {
        const results = connection.run(EVENTS, { id });
        const first = await take(results, 10);
        if (i === 0) await redis.kill();
        return [...first, ...(await take(results))];
      }),
    );
    await away;
    const replayed = await take(TRANSPORTS[0]!.connect(one.url).run(EVENTS, { id }));
    expect(sequences(replayed)).toEqual(replayed.map((_, i) => i + 1));
    for (const events of read) expect(events).toEqual(replayed);
    for (const served of [one, other])
      await expectQuietEnd(served, { 'wake-ups travel over Redis': 1, 'Redis is away': 1 });
  });
});

test('a service whose Redis is nowhere says so once, and works', async () => {
  const url = `redis://:${PASSWORD}@127.0.0.1:${await freePort()}/0`;
  const served = await open(newFolder(), url);
  const id = await startServedSearch(served, TINY);
  const events = await take(TRANSPORTS[0]!.connect(served.url).run(EVENTS, { id }));
  expect(events.at(-1)).toMatchObject({ status: 'COMPLETED' });
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  expect(metrics).toMatch(/^mednas_redis_up 0$/mu);
  await expectQuietEnd(served, { 'wake-ups travel over Redis': 0, 'Redis is away': 1 });
});
