// An archive that is whole passes; each way in which one can be damaged is found, and told with its place.

import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { type Collection, type Documents, toStored } from '../../src/storage/documents.ts';
import { openMongo } from '../../src/storage/mongo.ts';
import {
  ARCHITECTURES,
  COLLECTIONS,
  EVENTS,
  GENERATIONS,
  INDIVIDUALS,
  LEASES,
  type SearchId,
  SEARCHES,
} from '../../src/storage/records.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import type { Finding } from '../../src/storage/verify/finding.ts';
import { verify } from '../../src/storage/verify/verify.ts';
import { type MongoServer, startMongoServer } from '../support/mongo/server.ts';
import { holdAt, MINUTE, openLaboratory, scratchFolders, settled } from '../service/laboratory.ts';

const newFolder = scratchFolders();
let engine: Engine;
let mongo: MongoServer;
beforeAll(async () => {
  engine = await openEngine({ workers: 2 });
  mongo = await startMongoServer();
});
afterAll(async () => {
  await mongo.close();
  await engine.close();
});

async function findings(documents: Documents): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  const snapshot = await documents.snapshot(COLLECTIONS);
  for await (const finding of verify(snapshot)) found.push(finding);
  await snapshot.close();
  return found;
}

/** An archive of a search that has completed; its documents stay open. */
async function completed(documents: Documents): Promise<SearchId> {
  const laboratory = await openLaboratory({
    folder: newFolder(),
    engine,
    openDocuments: () => Promise.resolve({ ...documents, close: () => Promise.resolve() }),
  });
  const { id } = await laboratory.service.searches.start(MINUTE);
  await settled(laboratory, id);
  await laboratory.close();
  return id;
}

test.each([
  ['SQLite', () => openSqlite(newFolder())],
  ['MongoDB', () => openMongo(`${mongo.uri}/verify`)],
])('nothing is found in a whole archive on %s', async (_, open) => {
  const documents = await open();
  await completed(documents);
  expect(await findings(documents)).toEqual([]);
  expect(await documents.faults()).toEqual([]);
  await documents.close();
});

test.each([1, 2, 3, 4, 5])('nor in one whose search was left after score %i', async (score) => {
  const folder = newFolder();
  const hold = holdAt(score);
  const laboratory = await openLaboratory({ folder, engine, onComputed: hold.onComputed });
  await laboratory.service.searches.start(MINUTE);
  await hold.reached;
  const documents = await openSqlite(folder);
  expect(await findings(documents)).toEqual([]);
  await laboratory.close();
  expect(await findings(documents)).toEqual([]);
  await documents.close();
});

type Body = Readonly<Record<string, unknown>>;

const REMOVE = null;
/** What is done to the first of a collection's documents, in the order of ids, and what is then found. */
const DAMAGES: readonly (readonly [
  what: string,
  collection: Collection<unknown>,
  change: ((body: Body) => object) | typeof REMOVE,
  where: RegExp,
  told: RegExp,
])[] = [
  ['a missing search', SEARCHES, REMOVE, /^individuals/, /of a search that is missing/],
  [
    'a field of another type',
    SEARCHES,
    () => ({ generation: 'x' }),
    /^searches/,
    /generation is not an integer from -1/,
  ],
  ['an unknown status', SEARCHES, () => ({ status: 'gone' }), /^searches/, /status is not one of/],
  [
    'a record ahead',
    SEARCHES,
    () => ({ generation: 3 }),
    /^searches/,
    /finished generation 3, and 3 are stored/,
  ],
  [
    'a record behind',
    SEARCHES,
    () => ({ generation: 0 }),
    /^searches/,
    /finished generation 0, and 3 are stored/,
  ],
  ['a wrong count', SEARCHES, () => ({ evaluations: 7 }), /^searches/, /counts 7 evaluations, and has 6/],
  ['a missing generation', GENERATIONS, REMOVE, /^searches/, /generation 0 is missing/],
  [
    'a member nobody knows',
    GENERATIONS,
    () => ({ population: ['x'] }),
    /^generations/,
    /the member x, which is missing/,
  ],
  ['a missing individual', INDIVIDUALS, REMOVE, /^searches/, /counts 6 evaluations, and has 5/],
  ['another genotype', INDIVIDUALS, () => ({ genotype: Array(32).fill(1) }), /^individuals/, /another hash/],
  [
    'other scores',
    INDIVIDUALS,
    ({ evaluation }) => ({ evaluation: { ...(evaluation as Body), macs: 1 } }),
    /^individuals/,
    /other scores/,
  ],
  [
    'a document under the id of another',
    INDIVIDUALS,
    () => ({ index: 99 }),
    /^individuals/,
    /belongs under the id .*:99/,
  ],
  ['a missing score', ARCHITECTURES, REMOVE, /^individuals/, /its score is missing/],
  ['a missing score of an event', ARCHITECTURES, REMOVE, /^events/, /whose score is missing/],
  [
    'a score of another genotype',
    ARCHITECTURES,
    () => ({ genotype: [1] }),
    /^architectures/,
    /its genotype has another hash/,
  ],
  [
    'another protocol',
    ARCHITECTURES,
    ({ protocol }) => ({ protocol: { ...(protocol as Body), seed: 1 } }),
    /^architectures/,
    /its protocol has another hash/,
  ],
  ['a missing event', EVENTS, REMOVE, /^events/, /number 2 follows 0/],
  ['a lease without a fence', LEASES, () => ({ fence: null }), /^leases/, /fence is not an integer/],
];

test.each(DAMAGES)('%s is found', async (_, collection, change, where, told) => {
  const documents = await openSqlite(newFolder());
  await completed(documents);
  const [first] = await documents.find(collection, { limit: 1 });
  if (first === undefined) throw new Error('nothing to damage');
  const body = first.body as Body;
  // Removed and put there again, for where a unique key or the version stands in the way.
  const paths = {
    searches: 'id',
    generations: 'generation',
    individuals: 'index',
    architectures: 'architecture',
    events: 'sequence',
    leases: 'search',
  };
  const path = paths[collection.name as keyof typeof paths];
  expect(await documents.remove(collection, [[path, 'eq', body[path] as string]])).toBe(1);
  if (change !== REMOVE) await documents.insert<unknown>(collection, first.id, { ...body, ...change(body) });
  expect(await findings(documents)).toContainEqual({
    where: expect.stringMatching(where) as string,
    what: expect.stringMatching(told) as string,
    advice: expect.stringMatching(/\w/) as string,
  });
  await documents.close();
});

describe('layouts', () => {
  test('a lease of before there were fences is read, and the next owner gets the first', async () => {
    const old = { search: 's', owner: { host: 'h', pid: 1, place: 'p', token: 't' }, expiresAt: '' };
    const row = { id: 's', version: 4, revision: 1, body: old };
    expect(toStored(LEASES, row)).toEqual({ id: 's', version: 4, body: { ...old, fence: 0 } });
  });

  test.each([
    [1, {}, { estimateEpochs: 3, lanes: 40 }],
    [2, { estimateEpochs: 5 }, { estimateEpochs: 5, lanes: 40 }],
    [3, { estimateEpochs: 5, lanes: 7 }, { estimateEpochs: 5, lanes: 7 }],
  ])('a search of layout %i says for how long it would train, and its lanes', (revision, before, after) => {
    const old = { id: 's', settings: { strategy: 'nsga2', seed: 7, ...before } };
    const row = { id: 's', version: 2, revision, body: old };
    expect(toStored(SEARCHES, row).body).toEqual({
      id: 's',
      settings: { strategy: 'nsga2', seed: 7, ...after },
    });
  });

  test.each(COLLECTIONS.map((one) => [one.name, one] as const))(
    '%s of a newer MedNAS are refused',
    (name, one) => {
      const newer = { id: 'x', version: 1, revision: one.revision + 1, body: {} };
      expect(() => toStored(one as Collection<unknown>, newer)).toThrow(
        `${name} x was written by a newer MedNAS (layout ${one.revision + 1}, this one knows up to ${one.revision})`,
      );
    },
  );

  test.each(COLLECTIONS.map((one) => [one.name, one] as const))(
    '%s are upgraded from every older one',
    (_, one) => {
      for (let revision = 1; revision < one.revision; revision++)
        expect(() =>
          toStored(one as Collection<unknown>, { id: 'x', version: 1, revision, body: {} }),
        ).not.toThrow();
    },
  );
});
