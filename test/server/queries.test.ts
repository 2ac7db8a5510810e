// What clients read, held against the archive and the search's own functions.

import fc from 'fast-check';
import { getIntrospectionQuery } from 'graphql';
import { frontOf, membersOf } from '../../src/search/evolution.ts';
import { protocolId } from '../../src/search/identity.ts';
import { kneeOf, pickBest } from '../../src/search/selection.ts';
import { stateOf } from '../../src/service/run.ts';
import { architectureKey } from '../../src/storage/archive.ts';
import type { Protocol } from '../../src/search/evaluation.ts';
import { rawId, SMALL, startSearch, startTestServer, type TestServer } from '../support/service.ts';
import type { Architecture, Data, Individual } from './answers.ts';

let server: TestServer;
let id: string;
beforeAll(async () => {
  server = await startTestServer();
  id = await startSearch(server, { ...SMALL, population: 16, offspring: 16 });
  await server.service.searches.settled(rawId(id));
});
afterAll(() => server.close());
const EVALUATIONS = 16 * 4;

const globalId = (type: string, key: string): string => Buffer.from(`${type}:${key}`).toString('base64url');

/** Data of a query that must not fail. */
async function read(query: string, variables: object = { id }): Promise<Data> {
  const { data, errors } = await server.ask(query, variables);
  expect(errors).toEqual([]);
  return data;
}

/** The one error of a query that must. */
async function refusal(query: string, variables: object = { id }): Promise<unknown> {
  const { errors } = await server.ask(query, variables);
  expect(errors).toHaveLength(1);
  return errors[0]?.extensions;
}

describe('a search', () => {
  const MEMBER = '{ rank crowding objectives individual { id born origin architecture { id genotype } } }';

  test("shows its last population as the search's own functions see it", async () => {
    const { body: record } = await server.service.archive.getSearch(rawId(id));
    const { settings, protocol } = record;
    const state = await stateOf(server.service.archive, record);
    const members = membersOf(settings, state);
    const shown = ({ id, objectives, rank, crowding, born, origin, genotype }: (typeof members)[number]) => ({
      rank,
      crowding: crowding === Infinity ? null : crowding,
      objectives,
      individual: {
        id: globalId('Individual', `${record.id}:${id}`),
        born,
        origin: origin.toUpperCase(),
        architecture: {
          id: globalId('Architecture', architectureKey(protocolId(protocol as Protocol), id)),
          genotype,
        },
      },
    });
    const orNull = (member: (typeof members)[number] | null) => member && shown(member);
    const limit = [...members]
      .map(({ evaluation }) => evaluation.params)
      .toSorted((a, b) => a - b)[3] as number;

    const { search } = await read(
      `query ($id: ID!, $limit: SafeInt) { search(id: $id) {
        status hypervolume paretoFront ${MEMBER} best ${MEMBER} knee ${MEMBER}
        pick(maxParams: $limit) ${MEMBER} none: pick(maxMacs: 0) ${MEMBER} unbound: pick(maxMacs: null) ${MEMBER}
        population { generation hypervolume scale { p1 { min max } p2 { min max } macs { min max } } members ${MEMBER} paretoFront ${MEMBER} best ${MEMBER} }
      } }`,
      { id, limit },
    );
    const [p1, p2, flops] = state.scale ?? [];
    expect(search).toEqual({
      status: 'COMPLETED',
      hypervolume: record.hypervolume,
      paretoFront: frontOf(members).map(shown),
      best: orNull(pickBest(members, settings)),
      knee: orNull(kneeOf(frontOf(members))),
      pick: orNull(pickBest(members, settings, { maxParams: limit })),
      none: null,
      unbound: orNull(pickBest(members, settings)),
      population: {
        generation: SMALL.generations,
        hypervolume: record.hypervolume,
        scale: { p1, p2, macs: flops },
        members: members.map(shown),
        paretoFront: frontOf(members).map(shown),
        best: orNull(pickBest(members, settings)),
      },
    });
    expect(search.paretoFront.length).toBeGreaterThan(1);
  });

  test('shows every finished generation, each with its own population', async () => {
    const { search } = await read(
      `query ($id: ID!) { search(id: $id) {
        first: population(generation: 0) { generation evaluations members { individual { born } } }
        generations { totalCount pageInfo { hasNextPage } edges { node { generation evaluations hypervolume infeasible members { rank } search { id } } } }
      } }`,
    );
    expect(search.first).toMatchObject({ generation: 0, evaluations: 16 });
    expect(search.first.members.every(({ individual }) => individual.born === 0)).toBe(true);
    expect(search.generations).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: false } });
    const nodes = search.generations.edges.map(({ node }) => node);
    expect(nodes.map(({ generation }) => generation)).toEqual([0, 1, 2, 3]);
    expect(nodes.map(({ evaluations }) => evaluations)).toEqual([16, 32, 48, 64]);
    expect(nodes.every(({ members, search }) => members.length === 16 && search.id === id)).toBe(true);
  });

  test("individuals' objectives do not depend on where they are read from", async () => {
    const { search } = await read(
      `query ($id: ID!) { search(id: $id) {
        individuals(first: 100) { edges { node { id objectives index parents { id born } born } } }
        generations { edges { node { members { individual { id objectives } } } } }
      } }`,
    );
    const individuals = search.individuals.edges.map(({ node }) => node);
    const known = new Map(individuals.map((node) => [node.id, node]));
    for (const { node } of search.generations.edges) {
      for (const { individual } of node.members) expect(known.get(individual.id)).toMatchObject(individual);
    }
    const indices = individuals.map(({ index }) => index).toSorted((a, b) => a - b);
    expect(indices).toEqual(Array.from({ length: EVALUATIONS }, (_, i) => i));
    const mated = individuals.filter(({ parents }) => parents.length > 0);
    expect(mated.length).toBeGreaterThan(10);
    for (const { parents, born } of mated) {
      expect(parents).toHaveLength(2);
      expect(parents.every((parent) => parent.born < born && known.has(parent.id))).toBe(true);
    }
  });

  test('that has only begun has no population yet', async () => {
    const own = await startTestServer({ permits: 3 });
    const young = await startSearch(own);
    const { data, errors } = await own.ask(
      `query ($id: ID!) { search(id: $id) {
        status hypervolume progress { generation evaluations } population { generation } last: population(generation: 3) { generation }
        paretoFront { rank } best { rank } knee { rank } pick { rank }
        generations { totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
        individuals { totalCount edges { cursor } }
      } }`,
      { id: young },
    );
    expect(errors).toEqual([]);
    const empty = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    expect(data.search).toEqual({
      status: 'RUNNING',
      hypervolume: null,
      progress: { generation: null, evaluations: 0 },
      population: null,
      last: null,
      paretoFront: [],
      best: null,
      knee: null,
      pick: null,
      generations: { totalCount: 0, edges: [], pageInfo: empty },
      individuals: { totalCount: 0, edges: [] },
    });
    await own.close();
  });

  test.each([-1, 4, 1e9])('has no generation %d', async (generation) => {
    const query =
      'query ($id: ID!, $g: Int) { search(id: $id) { population(generation: $g) { generation } } }';
    expect(await refusal(query, { id, g: generation })).toEqual({
      code: 'INVALID_ARGUMENT',
      field: 'generation',
    });
  });
});

describe('global ids', () => {
  const IDS = `query ($id: ID!) {
    search(id: $id) { id dataset { id } space { id } population(generation: 1) { id members { individual { id architecture { id } } } } }
  }`;

  test('read again what they were given for, of each type', async () => {
    const { search } = await read(IDS);
    const individual = search.population.members[0]?.individual as Individual;
    const ids = [
      search.id,
      search.dataset.id,
      search.space.id,
      search.population.id,
      individual.id,
      individual.architecture.id,
    ];
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on Search { status } ... on Dataset { name } ... on SearchSpace { maxBlocks }
      ... on Population { generation search { id } } ... on Individual { born search { id } architecture { id } } ... on Architecture { space { id } }
    } }`;
    const { nodes } = await read(query, { ids });
    expect(nodes).toEqual([
      { __typename: 'Search', id: ids[0], status: 'COMPLETED' },
      { __typename: 'Dataset', id: ids[1], name: 'breastmnist' },
      { __typename: 'SearchSpace', id: ids[2], maxBlocks: 6 },
      { __typename: 'Population', id: ids[3], generation: 1, search: { id } },
      {
        __typename: 'Individual',
        id: ids[4],
        born: expect.any(Number),
        search: { id },
        architecture: { id: ids[5] },
      },
      { __typename: 'Architecture', id: ids[5], space: { id: ids[2] } },
    ]);
    for (const one of ids) {
      expect(await read('query ($id: ID!) { node(id: $id) { id } }', { id: one })).toEqual({
        node: { id: one },
      });
    }
  });

  test.each([
    'Search:none',
    'Population:none:0',
    'Population:none:x',
    'Individual:none:none',
    'Individual:none',
    'Architecture:none:none',
    'Architecture:none',
    'Dataset:none',
    'SearchSpace:none',
    'SearchSpace:constructor',
  ])('of what does not exist (%s) give null', async (text) => {
    const node = { id: Buffer.from(text).toString('base64url') };
    expect(await read('query ($id: ID!) { node(id: $id) { id } }', node)).toEqual({ node: null });
  });

  test('of a generation that is not finished give null', async () => {
    const node = { id: globalId('Population', `${String(rawId(id))}:4`) };
    expect(await read('query ($id: ID!) { node(id: $id) { id } }', node)).toEqual({ node: null });
  });

  test.each([
    '',
    ' ',
    'nonsense',
    'Search:x',
    globalId('Nothing', 'x'),
    globalId('Search', ''),
    globalId('Search', 'a b'),
    globalId('Search', 'x'.repeat(201)),
    globalId('Search', '\0'),
    `${globalId('Search', 'xx')}=`,
    ` ${globalId('Search', 'xx')}`,
    'ä',
  ])('that this API never gave (%j) are refused', async (text) => {
    const query = 'query ($id: ID!) { node(id: $id) { id } }';
    expect(await refusal(query, { id: text })).toEqual({ code: 'INVALID_ARGUMENT', field: 'id' });
  });

  test('of another type are refused where one type is wanted', async () => {
    const dataset = globalId('Dataset', 'breastmnist');
    const wrong = { code: 'INVALID_ARGUMENT', field: 'id' };
    expect(await refusal('query ($id: ID!) { search(id: $id) { id } }', { id: dataset })).toEqual(wrong);
    expect(await refusal('query ($id: ID!) { architecture(id: $id) { id } }', { id })).toEqual(wrong);
  });

  test('of nothing are NOT_FOUND where one thing is wanted', async () => {
    const nothing = { code: 'NOT_FOUND', field: 'id' };
    const search = globalId('Search', 'none');
    const architecture = globalId('Architecture', 'none:none');
    expect(await refusal('query ($id: ID!) { search(id: $id) { id } }', { id: search })).toEqual(nothing);
    expect(await refusal('query ($id: ID!) { architecture(id: $id) { id } }', { id: architecture })).toEqual(
      nothing,
    );
  });

  test('are at most 200 at a time, and a wrong one is named', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    expect(await refusal(query, { ids: Array.from({ length: 201 }, () => id) })).toMatchObject({
      field: 'ids',
    });
    expect(await refusal(query, { ids: [id, id, 'x'] })).toMatchObject({ field: 'ids.2' });
    expect(await read(query, { ids: [id, globalId('Search', 'none'), id] })).toEqual({
      nodes: [{ id }, null, { id }],
    });
  });
});

describe('pages', () => {
  const LIST = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ArchitectureFilter, $orderBy: ArchitectureOrder) {
    architectures(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $orderBy) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      edges { cursor node { id macs params feasible indicators { name value } } }
    }
  }`;

  async function walk(first: number, variables: object): Promise<readonly Architecture[]> {
    const nodes: Architecture[] = [];
    let after: string | null = null;
    for (;;) {
      const { architectures }: Data = await read(LIST, { ...variables, first, after });
      const { edges, pageInfo, totalCount } = architectures;
      expect(pageInfo).toMatchObject({
        hasPreviousPage: after !== null,
        startCursor: edges.at(0)?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      });
      nodes.push(...edges.map(({ node }) => node));
      expect(pageInfo.hasNextPage).toBe(nodes.length < totalCount);
      if (!pageInfo.hasNextPage) return nodes;
      after = pageInfo.endCursor;
    }
  }

  /** From the end, page before page. */
  async function walkBack(last: number, variables: object): Promise<readonly Architecture[]> {
    let nodes: readonly Architecture[] = [];
    let before: string | null = null;
    for (;;) {
      const { edges, pageInfo }: Data['architectures'] = (await read(LIST, { ...variables, last, before }))
        .architectures;
      expect(pageInfo.hasNextPage).toBe(before !== null);
      nodes = [...edges.map(({ node }) => node), ...nodes];
      if (!pageInfo.hasPreviousPage) return nodes;
      before = pageInfo.startCursor;
    }
  }

  const valueOf = (node: Architecture, by: string): number | null =>
    by === 'MACS' || by === 'PARAMS'
      ? node[by.toLowerCase() as 'macs' | 'params']
      : (node.indicators.find(({ name }) => name === by)?.value ?? null);

  test('of any size, in any order, under any filter, meet every architecture once', async () => {
    const all = await walk(200, {});
    expect(all).toHaveLength(EVALUATIONS);
    const macs = all.map((node) => node.macs).toSorted((a, b) => a - b);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 70 }),
        fc.constantFrom('MACS', 'PARAMS', 'JACOB_COV', 'SYNFLOW'),
        fc.constantFrom('ASC', 'DESC', null),
        fc.record({
          feasible: fc.constantFrom(true, false, null),
          maxMacs: fc.constantFrom(0, macs[10], macs[40], null),
          maxParams: fc.constantFrom(7000, null),
          dataset: fc.constantFrom('breastmnist', 'pathmnist', null),
        }),
        async (first, by, direction, filter) => {
          const nodes = await walk(first, { filter, orderBy: { by, direction } });
          const wanted = all.filter(
            ({ feasible, macs, params }) =>
              (filter.feasible === null || feasible === filter.feasible) &&
              macs <= (filter.maxMacs ?? Infinity) &&
              params <= (filter.maxParams ?? Infinity) &&
              filter.dataset !== 'pathmnist',
          );
          expect(new Set(nodes.map((node) => node.id))).toEqual(new Set(wanted.map((node) => node.id)));
          expect(nodes).toHaveLength(wanted.length);
          const values = nodes.map((node) => valueOf(node, by) ?? -Infinity);
          const sorted = values.toSorted((a, b) => (direction === 'ASC' ? a - b : b - a));
          expect(values).toEqual(sorted);
          expect(await walkBack(first, { filter, orderBy: { by, direction } })).toEqual(nodes);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('of the last individuals are in the order of the list', async () => {
    const query = `query ($id: ID!, $first: Int, $last: Int, $before: String) { search(id: $id) {
      individuals(first: $first, last: $last, before: $before, orderBy: { by: MACS, direction: ASC }) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } }
    } }`;
    const page = async (variables: object) => (await read(query, { id, ...variables })).search.individuals;
    const { edges } = await page({ first: 100 });
    expect(await page({ last: 10 })).toEqual({
      edges: edges.slice(-10),
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
    expect(await page({ last: 10, before: edges[10]?.cursor })).toEqual({
      edges: edges.slice(0, 10),
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
  });

  test('of architectures hold those of one protocol, or of parts of one', async () => {
    const own = await startTestServer();
    const count = async (filter: object) => {
      const query = 'query ($filter: ArchitectureFilter) { architectures(filter: $filter) { totalCount } }';
      const { data, errors } = await own.ask(query, { filter });
      return errors[0]?.extensions ?? data.architectures.totalCount;
    };
    const ids: string[] = [];
    for (const other of [{}, { seed: 8 }, { seed: 8, initChannels: 8 }, { seed: 8, batchSize: 6 }]) {
      const one = await startSearch(own, { ...SMALL, generations: 0, ...other });
      await own.service.searches.settled(rawId(one));
      ids.push(one);
    }
    expect(await Promise.all(ids.map((search) => count({ search })))).toEqual([8, 8, 8, 8]);
    expect(await count({})).toBe(32);
    expect(await count({ seed: 8 })).toBe(24);
    expect(await count({ seed: 8, initChannels: 4 })).toBe(16);
    expect(await count({ batchSize: 6 })).toBe(8);
    expect(await count({ batchSize: 6, search: ids[0] })).toBe(0);
    expect(await count({ search: null, seed: null })).toBe(32);
    const none = globalId('Search', 'none');
    expect(await count({ search: none })).toEqual({ code: 'NOT_FOUND', field: 'filter.search' });
    expect(await count({ search: 'x' })).toEqual({ code: 'INVALID_ARGUMENT', field: 'filter.search' });
    await own.close();
  });

  test('of both ends at once are refused', async () => {
    expect(await refusal(LIST, { first: 1, last: 1 })).toEqual({ code: 'INVALID_ARGUMENT', field: 'last' });
  });

  test.each([0, -1, 201, 2 ** 31 - 1])('of %d are refused', async (first) => {
    expect(await refusal(LIST, { first })).toEqual({ code: 'INVALID_ARGUMENT', field: 'first' });
  });

  const cursor = (...parts: readonly unknown[]): string =>
    Buffer.from(JSON.stringify(parts)).toString('base64url');
  const NAME = 'architectures jacobCov desc';
  test.each([
    ['no cursor', 'nonsense'],
    ['empty', ''],
    ['no list', Buffer.from('{}').toString('base64url')],
    ['short', cursor(NAME, [1])],
    ['without values', cursor(NAME, [], 'x')],
    ['with an object for a value', cursor(NAME, [{ $gt: 0 }], 'x')],
    ['with infinity for a value', Buffer.from(`["${NAME}",[1e999],"x"]`).toString('base64url')],
    ['with a number for an id', cursor(NAME, [1], 1)],
    ['of another order', cursor('architectures jacobCov asc', [1], 'x')],
    ['of another list', cursor('searches', ['2024'], 'x')],
  ])('after a cursor that is %s are refused', async (_, after) => {
    expect(await refusal(LIST, { after })).toEqual({ code: 'INVALID_ARGUMENT', field: 'after' });
  });

  test('of searches are the newest first, and may be filtered by status', async () => {
    const own = await startTestServer({ permits: 0 });
    const ids: string[] = [];
    for (let seed = 0; seed < 5; seed++) ids.unshift(await startSearch(own, { ...SMALL, seed }));
    await own.ask('mutation ($id: ID!) { pauseSearch(id: $id) { errors { code } } }', { id: ids[2] });
    const list = async (variables: object) => {
      const query = `query ($first: Int, $after: String, $last: Int, $before: String, $statuses: [SearchStatus!]) {
        searches(first: $first, after: $after, last: $last, before: $before, statuses: $statuses) { totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { node { id } } }
      }`;
      const { data } = await own.ask(query, variables);
      return { ...data.searches, ids: data.searches.edges.map(({ node }) => node.id) };
    };
    const first = await list({ first: 3 });
    expect(first).toMatchObject({ totalCount: 5, ids: ids.slice(0, 3), pageInfo: { hasNextPage: true } });
    const rest = await list({ first: 3, after: first.pageInfo.endCursor });
    expect(rest).toMatchObject({ ids: ids.slice(3), pageInfo: { hasNextPage: false } });
    const last = await list({ last: 2 });
    expect(last).toMatchObject({ ids: ids.slice(3), pageInfo: { hasPreviousPage: true } });
    expect(await list({ last: 3, before: last.pageInfo.startCursor })).toMatchObject({
      ids: ids.slice(0, 3),
      pageInfo: { hasPreviousPage: false },
    });
    expect(await list({ statuses: ['PAUSED'] })).toMatchObject({ totalCount: 1, ids: [ids[2]] });
    expect(await list({ statuses: ['PAUSED', 'RUNNING'] })).toMatchObject({ totalCount: 5, ids });
    expect(await list({ statuses: ['FAILED'] })).toMatchObject({ totalCount: 0, ids: [] });
    expect(await list({ statuses: [] })).toMatchObject({ totalCount: 5 });
    await own.close();
  });

  test('of generations go on where they ended', async () => {
    const query = `query ($id: ID!, $first: Int, $after: String, $last: Int, $before: String) { search(id: $id) {
      generations(first: $first, after: $after, last: $last, before: $before) { edges { node { generation } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } }
    } }`;
    const ask = async (variables: object) => (await read(query, { id, ...variables })).search.generations;
    const page = (after: string | null) => ask({ first: 3, after });
    const first = await page(null);
    expect(first.edges.map(({ node }) => node.generation)).toEqual([0, 1, 2]);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await page(first.pageInfo.endCursor);
    expect(second.edges.map(({ node }) => node.generation)).toEqual([3]);
    expect(second.pageInfo.hasNextPage).toBe(false);
    const last = await ask({ last: 3 });
    expect(last.edges.map(({ node }) => node.generation)).toEqual([1, 2, 3]);
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    const before = await ask({ last: 3, before: last.pageInfo.startCursor });
    expect(before.edges.map(({ node }) => node.generation)).toEqual([0]);
    expect(before.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    const forged = await page(cursor(`generations ${String(rawId(id))}`, [-1e15], 'x'));
    expect(forged.edges).toEqual([]);
  });
});

describe('lists are read together', () => {
  async function callsOf(query: string, variables: object = { id }): Promise<readonly string[]> {
    server.calls.length = 0;
    await read(query, variables);
    return server.calls.slice();
  }

  test('a page of 50 individuals with their architectures takes one call for these', async () => {
    const calls = await callsOf(
      'query ($id: ID!) { search(id: $id) { individuals(first: 50) { edges { node { architecture { id macs nodes { op } } search { id } } } } } }',
    );
    expect(calls).toEqual(['findSearches', 'listIndividuals', 'architectures']);
  });

  test('parents and grandparents take one call a level', async () => {
    const calls = await callsOf(
      'query ($id: ID!) { search(id: $id) { individuals(first: 50) { edges { node { parents { id parents { id } } } } } } }',
    );
    expect(calls).toEqual(['findSearches', 'listIndividuals', 'findIndividuals', 'findIndividuals']);
  });

  test('all generations with their members take one call for generations, one for members', async () => {
    const calls = await callsOf(
      'query ($id: ID!) { search(id: $id) { generations { edges { node { members { rank } paretoFront { rank } best { rank } } } } } }',
    );
    expect(calls).toEqual(['findSearches', 'findGenerations', 'findIndividuals']);
  });

  test('a list of searches with their best takes one call of each kind', async () => {
    await startSearch(server, { ...SMALL, seed: 99 }).then((other) =>
      server.service.searches.settled(rawId(other)),
    );
    const calls = await callsOf(
      '{ searches { edges { node { dataset { name } best { individual { architecture { macs } } } } } } }',
    );
    expect(calls).toEqual(['listSearches', 'findGenerations', 'findIndividuals', 'architectures']);
  });

  test('a count is taken when it is asked for', async () => {
    expect(await callsOf('{ architectures(first: 1) { totalCount } }')).toEqual([
      'listArchitectures',
      'countArchitectures',
    ]);
    expect(await callsOf('{ architectures(first: 1) { edges { cursor } } }')).toEqual(['listArchitectures']);
  });
});

describe('the rest', () => {
  test('search spaces tell their bounds and sizes', async () => {
    const { searchSpaces } = await read(
      '{ searchSpaces { name minBlocks maxBlocks blockLength operations { normal reduction } defaultBlocks(imageSize: 28) one: size(blocks: 1) three: size(blocks: 3) upperBounds(blocks: 1) } }',
    );
    expect(searchSpaces).toMatchObject([
      {
        name: 'mstf',
        minBlocks: 1,
        maxBlocks: 6,
        blockLength: 14,
        defaultBlocks: 3,
        one: '5096079360',
        three: (5_096_079_360n ** 3n).toString(),
        upperBounds: [7, 0, 7, 1, 7, 2, 7, 3, 7, 4, 5, 5, 5, 5],
      },
    ]);
    expect(searchSpaces[0]?.operations.normal[5]).toBe('conv_7x1_1x7');
    for (const blocks of [0, 7, -1]) {
      const query = 'query ($blocks: Int!) { searchSpaces { size(blocks: $blocks) } }';
      expect(await refusal(query, { blocks })).toEqual({ code: 'INVALID_ARGUMENT', field: 'blocks' });
    }
  });

  test('datasets tell where they are, but no path of the machine', async () => {
    const { datasets } = await read(
      '{ datasets { name title task classes shape samples { train val test } licence location bytes url } }',
    );
    expect(datasets).toHaveLength(48);
    expect(datasets.find(({ name }) => name === 'breastmnist')).toMatchObject({
      task: 'BINARY_CLASS',
      shape: [28, 28, 1],
      samples: { train: 546, val: 78, test: 156 },
      location: 'BUNDLED',
      bytes: expect.any(Number),
    });
    expect(JSON.stringify(datasets)).not.toContain(process.cwd());
  });

  test('the engine tells what it is', async () => {
    const { engine } = await read(
      '{ engine { id backend adapter numerics simd workers cores memory workerMemory } }',
    );
    expect(engine).toEqual({
      id: expect.any(String),
      backend: 'formula',
      adapter: null,
      numerics: 'formula-1',
      simd: null,
      workers: 1,
      cores: 2,
      memory: 2 ** 33,
      workerMemory: 2 ** 30,
    });
    const again = await read(`{ node(id: "${engine.id}") { __typename ... on EngineInfo { backend } } }`);
    expect(again).toEqual({ node: { __typename: 'EngineInfo', backend: 'formula' } });
  });

  test('tools may ask for the whole schema', async () => {
    const { __schema } = await read(getIntrospectionQuery());
    expect(__schema.types.length).toBeGreaterThan(40);
  });
});
