// Following a search, the same over both transports.

import {
  SMALL,
  SMALL_EVALUATIONS,
  startSearch,
  startTestServer,
  type TestServer,
} from '../support/service.ts';
import type { SearchEvent } from './answers.ts';
import { EVENTS, take, takeResults, TRANSPORTS } from './transports.ts';

const upTo = (last: number, first = 1): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);
const sequences = (events: readonly SearchEvent[]): readonly number[] =>
  events.map(({ sequence }) => sequence);

/** Running, each evaluation, each generation, completed. */
const ALL_EVENTS = 1 + SMALL_EVALUATIONS + (SMALL.generations + 1) + 1;

describe.each(TRANSPORTS)('over $name', ({ connect }) => {
  let server: TestServer;
  afterEach(() => server.close());

  test('a connection cut in the middle and resumed sees every event once', async () => {
    server = await startTestServer({ permits: 20 });
    const id = await startSearch(server);

    const first = connect(server.url);
    const before = await take(first.run(EVENTS, { id }), 13);
    first.cut();
    await server.unfollowed();

    const second = connect(server.url).run(EVENTS, { id, after: before.at(-1)?.sequence });
    const replayed = await take(second, 5);
    server.permits.grant(Infinity);
    const live = await take(second);

    const events = [...before, ...replayed, ...live];
    expect(sequences(events)).toEqual(upTo(ALL_EVENTS));
    expect(events[0]).toMatchObject({ __typename: 'StatusChanged', status: 'RUNNING', failure: null });
    expect(events.at(-1)).toMatchObject({ __typename: 'StatusChanged', status: 'COMPLETED' });

    const evaluated = events.filter(({ __typename }) => __typename === 'ArchitectureEvaluated');
    expect(new Set(evaluated.map(({ architecture }) => architecture?.id)).size).toBe(SMALL_EVALUATIONS);
    expect(evaluated.every(({ reused, architecture }) => !reused && (architecture?.macs ?? 0) > 0)).toBe(
      true,
    );

    const generations = events.filter(({ __typename }) => __typename === 'GenerationFinished');
    expect(generations.map(({ generation }) => generation)).toEqual([0, 1, 2, 3]);
    const volumes = generations.map(({ population }) => population.hypervolume);
    expect(volumes).toEqual(volumes.toSorted((a, b) => a - b));
    // What a generation tells of has been told before it.
    for (const generation of generations) {
      const earlier = events.slice(0, events.indexOf(generation));
      const known = new Set(earlier.map(({ architecture }) => architecture?.id));
      const { paretoFront, members } = generation.population;
      expect(members).toHaveLength(SMALL.population);
      expect(paretoFront.every(({ individual }) => known.has(individual.architecture.id))).toBe(true);
    }
  });

  test('many followers each see every event once', async () => {
    server = await startTestServer({ permits: 10 });
    const id = await startSearch(server);
    const followers = Array.from({ length: 10 }, () => connect(server.url).run(EVENTS, { id }));
    const heads = await Promise.all(followers.map((follower) => take(follower, 4)));
    expect(server.following()).toBe(10);
    server.permits.grant(Infinity);
    const tails = await Promise.all(followers.map((follower) => take(follower)));
    for (const [i, head] of heads.entries()) {
      expect(sequences([...head, ...(tails[i] ?? [])])).toEqual(upTo(ALL_EVENTS));
    }
    await server.unfollowed();
  });

  test('scores that another search has computed are told of as reused', async () => {
    server = await startTestServer();
    const first = await startSearch(server);
    await take(connect(server.url).run(EVENTS, { id: first }));
    const second = await startSearch(server);
    const events = await take(connect(server.url).run(EVENTS, { id: second }));
    expect(sequences(events)).toEqual(upTo(ALL_EVENTS));
    const evaluated = events.filter(({ __typename }) => __typename === 'ArchitectureEvaluated');
    expect(evaluated.every(({ reused }) => reused)).toBe(true);
  });

  test('after its last event an ended search has nothing to tell', async () => {
    server = await startTestServer();
    const id = await startSearch(server);
    await take(connect(server.url).run(EVENTS, { id }));
    expect(await take(connect(server.url).run(EVENTS, { id, after: ALL_EVENTS }))).toEqual([]);
    expect(await take(connect(server.url).run(EVENTS, { id, after: 2 ** 31 - 1 }))).toEqual([]);
    expect(sequences(await take(connect(server.url).run(EVENTS, { id, after: null }), 3))).toEqual([1, 2, 3]);
  });

  test.each(['cuts', 'completes'])(
    'a client that %s while nothing happens leaves nobody waiting',
    async (how) => {
      server = await startTestServer({ permits: 3 });
      const id = await startSearch(server);
      const connection = connect(server.url);
      const results = connection.run(EVENTS, { id });
      expect(sequences(await take(results, 4))).toEqual([1, 2, 3, 4]);
      const waiting = results.next().catch(() => 'cut');
      expect(server.following()).toBe(1);
      if (how === 'cuts') connection.cut();
      else await results.leave();
      await server.unfollowed();
      expect(server.following()).toBe(0);
      connection.cut();
      await waiting;
    },
  );

  test('one of several followers on a connection leaves alone', async () => {
    server = await startTestServer({ permits: 3 });
    const id = await startSearch(server);
    const connection = connect(server.url);
    const [leaving, staying] = [connection.run(EVENTS, { id }), connection.run(EVENTS, { id })];
    await Promise.all([take(leaving, 4), take(staying, 4)]);
    const waiting = leaving.next();
    expect(server.following()).toBe(2);
    await leaving.leave();
    await server.unfollowed(1);
    expect(await waiting).toMatchObject({ done: true });
    server.permits.grant(Infinity);
    expect(sequences(await take(staying))).toEqual(upTo(ALL_EVENTS, 5));
  });

  test('a paused search that is deleted lets its followers go', async () => {
    server = await startTestServer({ permits: 3 });
    const id = await startSearch(server);
    const results = connect(server.url).run(EVENTS, { id });
    await take(results, 4);
    await server.ask('mutation ($id: ID!) { pauseSearch(id: $id) { errors { code } } }', { id });
    expect(await take(results, 1)).toMatchObject([{ sequence: 5, status: 'PAUSED' }]);
    await server.ask('mutation ($id: ID!) { deleteSearch(id: $id) { errors { code } } }', { id });
    expect(await take(results)).toEqual([]);
    await server.unfollowed();
  });

  const UNKNOWN = Buffer.from('Search:00000000-0000-0000-0000-000000000000').toString('base64url');
  test.each([
    ['an unknown search', { id: UNKNOWN }, 'NOT_FOUND', 'searchId'],
    ['no id', { id: 'nonsense' }, 'INVALID_ARGUMENT', 'searchId'],
    ['an event before the first', { id: null, after: -1 }, 'INVALID_ARGUMENT', 'after'],
  ])('following %s is refused', async (_, variables, code, field) => {
    server = await startTestServer();
    const id = variables.id ?? (await startSearch(server));
    const results = await takeResults(connect(server.url).run(EVENTS, { ...variables, id }));
    expect(results).toHaveLength(1);
    expect(results[0]?.errors).toMatchObject([{ extensions: { code, field } }]);
    expect(results[0]?.data ?? null).toBeNull();
    expect(server.following()).toBe(0);
  });

  test('queries and mutations are answered too, once', async () => {
    server = await startTestServer();
    const { run } = connect(server.url);
    expect(await takeResults(run('{ engine { backend } }'))).toEqual([
      { data: { engine: { backend: 'formula' } } },
    ]);
    const [started] = await takeResults(
      run('mutation { startSearch(input: { population: 0 }) { errors { code field } } }'),
    );
    expect(started?.data?.startSearch.errors).toEqual([
      { code: 'INVALID_ARGUMENT', field: 'input.population' },
    ]);
  });

  test('what fails inside is masked, and logged', async () => {
    server = await startTestServer({
      alter: (service) => ({
        async *follow(search, after, signal) {
          for await (const event of service.follow(search, after, signal)) {
            yield event;
            throw new Error('the password is hunter2');
          }
        },
        listDatasets: () => Promise.reject(new Error('the password is hunter2')),
      }),
    });
    const id = await startSearch(server);
    const { run } = connect(server.url);
    const results = await takeResults(run(EVENTS, { id }));
    expect(results[0]?.data?.searchEvents.sequence).toBe(1);
    expect(results.slice(1)).toMatchObject([
      { errors: [{ message: 'Internal server error', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
    ]);
    const answers = await takeResults(run('{ datasets { name } }'));
    expect(answers).toMatchObject([{ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] }]);
    expect(JSON.stringify([results, answers])).not.toContain('hunter2');
    expect(server.log.filter((line) => line.includes('hunter2'))).toHaveLength(2);
  });

  test('a service that closes tells its followers to come back, and keeps nobody', async () => {
    server = await startTestServer({ permits: 3 });
    const id = await startSearch(server);
    const results = connect(server.url).run(EVENTS, { id });
    await take(results, 4);
    const waiting = results.next();
    // Before it is rejected, somebody has to care.
    waiting.catch(() => undefined);
    await server.close();
    await expect(waiting).rejects.toBeDefined();
    expect(server.following()).toBe(0);
  });
});
