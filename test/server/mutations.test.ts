// What is done to searches and architectures, over HTTP.

import { formula, rawId, SMALL, startSearch, startTestServer, type TestServer } from '../support/service.ts';
import type { Search } from './answers.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ permits: 0 });
});
afterAll(() => server.close());

const START = `mutation ($input: StartSearchInput!, $key: String) {
  startSearch(input: $input, idempotencyKey: $key) {
    search { id status idempotencyKey createdAt finishedAt settings { dataset population blocks seed indicators } progress { generation generations evaluations plannedEvaluations } protocol { batchSize input classes seed } }
    errors { code message field }
  }
}`;
const act = async (mutation: string, id: string): Promise<unknown> => {
  const selection = mutation === 'deleteSearch' ? 'deletedId' : 'search { id status finishedAt }';
  const query = `mutation ($id: ID!) { ${mutation}(id: $id) { ${selection} errors { code field message } } }`;
  const { data, errors } = await server.ask(query, { id });
  expect(errors).toEqual([]);
  return (data as unknown as Record<string, unknown>)[mutation];
};
const statusOf = async (id: string): Promise<string | undefined> => {
  const { data } = await server.ask('query ($id: ID!) { search(id: $id) { status } }', { id });
  return (data.search as Search | null)?.status;
};

describe('starting a search', () => {
  test('answers at once with everything that has been decided', async () => {
    const { data, errors } = await server.ask(START, { input: { ...SMALL, seed: 2 ** 32 - 1 } });
    expect(errors).toEqual([]);
    expect(data.startSearch).toMatchObject({
      errors: [],
      search: {
        status: 'RUNNING',
        idempotencyKey: null,
        finishedAt: null,
        settings: {
          dataset: 'breastmnist',
          population: 8,
          blocks: 3,
          seed: 2 ** 32 - 1,
          indicators: ['JACOB_COV', 'SYNFLOW'],
        },
        progress: { generation: null, generations: 3, evaluations: 0, plannedEvaluations: 32 },
        protocol: { batchSize: 4, input: [28, 28, 1], classes: 2, seed: 2 ** 32 - 1 },
      },
    });
  });

  test('what is left out, or null, takes its default', async () => {
    const { data } = await server.ask(START, { input: { population: null, blocks: null, batchSize: 4 } });
    expect(data.startSearch.search).toMatchObject({
      settings: { population: 40, blocks: 3, seed: 0 },
      progress: { plannedEvaluations: 1640 },
    });
  });

  test.each([
    ['population 0', { population: 0 }, 'INVALID_ARGUMENT', 'input.population'],
    ['an odd population', { population: 7 }, 'INVALID_ARGUMENT', 'input.population'],
    ['1e9 generations', { generations: 1e9 }, 'INVALID_ARGUMENT', 'input.generations'],
    [
      'too many evaluations',
      { population: 1000, offspring: 1000, generations: 1000 },
      'INVALID_ARGUMENT',
      'input.generations',
    ],
    ['6 channels', { initChannels: 6 }, 'INVALID_ARGUMENT', 'input.initChannels'],
    ['7 blocks', { blocks: 7 }, 'INVALID_ARGUMENT', 'input.blocks'],
    ['a negative seed', { seed: -1 }, 'INVALID_ARGUMENT', 'input.seed'],
    ['a seed of 33 bits', { seed: 2 ** 32 }, 'INVALID_ARGUMENT', 'input.seed'],
    ['one indicator twice', { indicators: ['SYNFLOW', 'SYNFLOW'] }, 'INVALID_ARGUMENT', 'input.indicators'],
    ['no indicators', { indicators: [] }, 'INVALID_ARGUMENT', 'input.indicators'],
    ['exploitation above 1', { exploitation: 1.5 }, 'INVALID_ARGUMENT', 'input.exploitation'],
    ['an unknown space', { space: '__proto__' }, 'INVALID_ARGUMENT', 'input.space'],
    ['an unknown dataset', { dataset: 'brestmnist' }, 'UNKNOWN_DATASET', 'input.dataset'],
    ['a dataset without a name', { dataset: '' }, 'INVALID_ARGUMENT', 'input.dataset'],
    ['a file that is not there', { dataset: './nowhere.npz' }, 'UNKNOWN_DATASET', 'input.dataset'],
    ['a batch larger than the data', { batchSize: 1000 }, 'BATCH_TOO_LARGE', 'input.batchSize'],
    ['a batch of one', { batchSize: 1 }, 'INVALID_ARGUMENT', 'input.batchSize'],
  ])('with %s is refused, and starts nothing', async (_, input, code, field) => {
    const count = 'query { searches { totalCount } }';
    const before = await server.ask(count);
    const { status, data, errors } = await server.ask(START, { input });
    expect({ status, errors }).toEqual({ status: 200, errors: [] });
    expect(data.startSearch).toMatchObject({ search: null, errors: [{ code, field }] });
    expect((await server.ask(count)).data).toEqual(before.data);
  });

  test('a dataset that could not be downloaded pauses its search, which says why', async () => {
    const id = await startSearch(server, { ...SMALL, dataset: 'pathmnist' });
    await server.service.searches.settled(rawId(id));
    const { data } = await server.ask(
      'query ($id: ID!) { search(id: $id) { status finishedAt failure { code message } protocol { dataset } dataset { name location bytes } } }',
      { id },
    );
    expect(data.search).toMatchObject({
      status: 'PAUSED',
      failure: { code: 'DOWNLOAD_FAILED' },
      protocol: null,
      dataset: { name: 'pathmnist', location: 'WEB', bytes: null },
    });
    expect(data.search.finishedAt).toBeNull();
  });

  test.each([
    ['a fraction for a whole number', { population: 8.5 }],
    ['a number beyond Int', { generations: 1e10 }],
    ['text for a number', { seed: '7' }],
    ['a word that is no strategy', { strategy: 'nsga2' }],
    ['a setting that does not exist', { popsize: 8 }],
  ])('with %s is no request of this schema', async (_, input) => {
    const { status, data, errors } = await server.ask(START, { input });
    expect(status).toBe(400);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});

describe('an idempotency key', () => {
  test('with the same input gives the search it started', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => server.ask(START, { input: SMALL, key: 'same' })),
    );
    const ids = answers.map(({ data }) => data.startSearch.search?.id);
    expect(new Set(ids).size).toBe(1);
    const again = await server.ask(START, { input: SMALL, key: 'same' });
    expect(again.data.startSearch.search).toMatchObject({ id: ids[0], idempotencyKey: 'same' });
  });

  test('with other settings is a conflict', async () => {
    await server.ask(START, { input: SMALL, key: 'other' });
    const { data } = await server.ask(START, { input: { ...SMALL, seed: 8 }, key: 'other' });
    expect(data.startSearch).toMatchObject({
      search: null,
      errors: [{ code: 'CONFLICT', field: 'idempotencyKey' }],
    });
  });

  test.each([
    ['empty', ''],
    ['longer than 200 characters', 'k'.repeat(201)],
    ['half of a surrogate pair', '\ud800'],
  ])('that is %s is refused', async (_, key) => {
    const { data } = await server.ask(START, { input: SMALL, key });
    expect(data.startSearch).toMatchObject({
      search: null,
      errors: [{ code: 'INVALID_ARGUMENT', field: 'idempotencyKey' }],
    });
  });
});

describe('the life of a search', () => {
  test('paused, resumed, cancelled, deleted', async () => {
    const id = await startSearch(server);
    expect(await act('pauseSearch', id)).toMatchObject({ search: { id, status: 'PAUSED' }, errors: [] });
    expect(await act('resumeSearch', id)).toMatchObject({ search: { id, status: 'RUNNING' }, errors: [] });
    expect(await act('deleteSearch', id)).toMatchObject({
      deletedId: null,
      errors: [{ code: 'INVALID_STATE', field: 'id' }],
    });
    expect(await act('cancelSearch', id)).toMatchObject({ search: { id, status: 'CANCELLED' }, errors: [] });
    expect(await act('deleteSearch', id)).toEqual({ deletedId: id, errors: [] });
    expect(await statusOf(id)).toBeUndefined();
  });

  test.each(['pauseSearch', 'resumeSearch', 'cancelSearch'])(
    '%s is refused once it has ended',
    async (mutation) => {
      const id = await startSearch(server);
      await act('cancelSearch', id);
      expect(await act(mutation, id)).toMatchObject({
        search: null,
        errors: [{ code: 'INVALID_STATE', field: 'id' }],
      });
      expect(await statusOf(id)).toBe('CANCELLED');
    },
  );

  test.each(['pauseSearch', 'resumeSearch', 'cancelSearch', 'deleteSearch'])(
    '%s of what is no search is refused',
    async (mutation) => {
      const nothing = Buffer.from('Search:nothing').toString('base64url');
      const other = Buffer.from('Dataset:breastmnist').toString('base64url');
      expect(await act(mutation, nothing)).toMatchObject({ errors: [{ code: 'NOT_FOUND', field: 'id' }] });
      expect(await act(mutation, other)).toMatchObject({
        errors: [{ code: 'INVALID_ARGUMENT', field: 'id' }],
      });
      expect(await act(mutation, '!')).toMatchObject({ errors: [{ code: 'INVALID_ARGUMENT', field: 'id' }] });
    },
  );

  test('a paused and resumed search ends as one that never was', async () => {
    const own = await startTestServer({ permits: 13 });
    const front = async (id: string): Promise<unknown> => {
      await own.service.searches.settled(rawId(id));
      const { data } = await own.ask(
        'query ($id: ID!) { search(id: $id) { status hypervolume paretoFront { objectives rank individual { architecture { id } } } } }',
        { id },
      );
      return data.search;
    };
    const interrupted = await startSearch(own);
    await own.ask('mutation ($id: ID!) { pauseSearch(id: $id) { errors { code } } }', { id: interrupted });
    own.permits.grant(Infinity);
    await own.ask('mutation ($id: ID!) { resumeSearch(id: $id) { errors { code } } }', { id: interrupted });
    const whole = await startSearch(own);
    expect(await front(interrupted)).toEqual(await front(whole));
    expect(await front(whole)).toMatchObject({ status: 'COMPLETED' });
    await own.close();
  });
});

describe('scoring an architecture', () => {
  const SCORE = `mutation ($input: ScoreArchitectureInput!) { scoreArchitecture(input: $input) {
    architecture { id genotype macs params feasible infeasibleReason scoredAt indicators { name value log } protocol { seed initChannels batchSize } nodes { macs } }
    errors { code field message }
  } }`;
  const BLOCK = [0, 0, 1, 0, 2, 1, 6, 3, 3, 2, 0, 1, 2, 3];
  const SETTINGS = { batchSize: 4, initChannels: 4, seed: 3 };
  let own: TestServer;
  beforeAll(async () => {
    own = await startTestServer();
  });
  afterAll(() => own.close());

  test('gives what the engine says, and the same again from the archive', async () => {
    const genotype = [...BLOCK, ...BLOCK];
    const { data, errors } = await own.ask(SCORE, { input: { ...SETTINGS, genotype } });
    expect(errors).toEqual([]);
    const { architecture } = data.scoreArchitecture;
    const [record] = await own.service.archive
      .listArchitectures({}, { by: 'macs', direction: 'asc' }, 1)
      .then(({ items }) => items.map(({ item }) => item));
    if (record === undefined) throw new Error('nothing was archived');
    const expected = formula(genotype, record.protocol);
    expect(architecture).toMatchObject({
      genotype,
      macs: expected.macs,
      params: expected.params,
      feasible: true,
      infeasibleReason: null,
      protocol: SETTINGS,
      indicators: [
        { name: 'JACOB_COV', value: expected.scores.jacobCov?.value, log: null },
        { name: 'SYNFLOW', value: expected.scores.synflow?.value, log: expected.scores.synflow?.log },
      ],
    });
    expect(architecture?.nodes.reduce((sum, node) => sum + node.macs, 0)).toBe(expected.macs);
    const again = await own.ask(SCORE, { input: { ...SETTINGS, genotype } });
    expect(again.data.scoreArchitecture.architecture).toEqual(architecture);
  });

  test('says why it cannot be scored', async () => {
    const genotype = [7, ...BLOCK.slice(1)];
    const { data } = await own.ask(SCORE, { input: { ...SETTINGS, genotype } });
    expect(data.scoreArchitecture).toMatchObject({
      errors: [],
      architecture: { feasible: false, infeasibleReason: 'synflow is zero: a path is dead' },
    });
  });

  test.each([
    ['no genes', [], 'INVALID_GENOTYPE', 'input.genotype'],
    ['half a block', BLOCK.slice(0, 7), 'INVALID_GENOTYPE', 'input.genotype'],
    ['7 blocks', Array.from({ length: 7 }, () => BLOCK).flat(), 'INVALID_GENOTYPE', 'input.genotype'],
    ['a gene below 0', BLOCK.with(2, -1), 'INVALID_GENOTYPE', 'input.genotype.2'],
    ['an operation that is not there', BLOCK.with(0, 8), 'INVALID_GENOTYPE', 'input.genotype.0'],
    ['a node that reads itself', BLOCK.with(5, 3), 'INVALID_GENOTYPE', 'input.genotype.5'],
  ])('with %s is refused', async (_, genotype, code, field) => {
    const { data, errors } = await own.ask(SCORE, { input: { ...SETTINGS, genotype } });
    expect(errors).toEqual([]);
    expect(data.scoreArchitecture).toMatchObject({ architecture: null, errors: [{ code, field }] });
  });

  test.each([
    [{ initChannels: 6 }, 'INVALID_ARGUMENT', 'input.initChannels'],
    [{ dataset: 'nothing' }, 'UNKNOWN_DATASET', 'input.dataset'],
    [{ batchSize: 600 }, 'BATCH_TOO_LARGE', 'input.batchSize'],
  ])('with %j is refused', async (settings, code, field) => {
    const { data } = await own.ask(SCORE, { input: { ...SETTINGS, genotype: BLOCK, ...settings } });
    expect(data.scoreArchitecture).toMatchObject({ architecture: null, errors: [{ code, field }] });
  });
});

test('a search that waits for its turn says so, and which place it has', async () => {
  const busy = await startTestServer({ permits: 0, maxSearches: 1 });
  const ids = [await startSearch(busy), await startSearch(busy), await startSearch(busy)];
  const query = '{ searches { edges { node { id status queuePosition } } } }';
  const { data } = await busy.ask(query);
  const nodes = new Map(data.searches.edges.map(({ node }) => [node.id, node]));
  expect(ids.map((id) => nodes.get(id))).toEqual([
    { id: ids[0], status: 'RUNNING', queuePosition: null },
    { id: ids[1], status: 'QUEUED', queuePosition: 1 },
    { id: ids[2], status: 'QUEUED', queuePosition: 2 },
  ]);
  await busy.close();
});
