// What clients are told of a search that failed. What names folders and addresses is for the operator.

import type { ErrorCode } from '../../src/search/errors.ts';
import { parseSettings } from '../../src/search/settings.ts';
import type { Failure, SearchId, SearchRecord } from '../../src/storage/records.ts';
import { rawId, startTestServer, type TestServer } from '../support/service.ts';
import { EVENTS, takeResults, TRANSPORTS } from './transports.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});
afterEach(() => server.close());

/** A search that is paused by a failure, in the archive; its global id. */
async function addPaused(failure: Failure): Promise<string> {
  const id = 'failing' as SearchId;
  const at = '2026-01-01T00:00:00.000Z';
  const record: SearchRecord = {
    id,
    settings: { ...parseSettings({}), blocks: 3 },
    protocol: null,
    status: 'paused',
    failure,
    idempotencyKey: null,
    createdAt: at,
    finishedAt: null,
    generation: -1,
    evaluations: 0,
    hypervolume: null,
    best: null,
    frame: null,
  };
  await server.service.archive.addSearch(record);
  const happening = { type: 'status', status: 'paused', failure } as const;
  await server.service.archive.addEvent({ search: id, sequence: 1, key: 'status:2', at, happening });
  return Buffer.from(`Search:${id}`).toString('base64url');
}

const SECRET = 'The archive in /srv/secret (mongodb://secret:27017) does not answer.';
const OPERATIONAL: readonly ErrorCode[] = [
  'STORAGE_UNREACHABLE',
  'STORAGE_READ_ONLY',
  'STORAGE_FULL',
  'STORAGE_CORRUPT',
  'ENGINE_UNAVAILABLE',
  'DOWNLOAD_FAILED',
  'CHECKSUM_MISMATCH',
];

test.each(OPERATIONAL)('of %s they see the code and what it means, on every way', async (code) => {
  const id = await addPaused({ code, message: SECRET });
  const failure = { code, message: expect.stringMatching(/log of the service says more/) };
  const { data } = await server.ask(
    'query ($id: ID!) { search(id: $id) { failure { code message } } searches { edges { node { failure { code message } } } } }',
    { id },
  );
  expect(data).toEqual({ search: { failure }, searches: { edges: [{ node: { failure } }] } });
  for (const { connect } of TRANSPORTS) {
    const connection = connect(server.url);
    const results = connection.run(EVENTS.replace('failure { code }', 'failure { code message }'), { id });
    const [event] = await takeResults(results, 1);
    expect(event?.data?.searchEvents).toMatchObject({ sequence: 1, status: 'PAUSED', failure });
    await results.leave();
  }
});

test('a dataset that cannot be had is told of without the folder it would be in', async () => {
  const query =
    'mutation { startSearch(input: { dataset: "octmnist" }) { search { id } errors { code message } } }';
  const { data } = await server.ask(query);
  const id = data.startSearch.search?.id as string;
  await server.service.searches.settled(rawId(id));
  const answer = await server.ask('query ($id: ID!) { search(id: $id) { failure { code message } } }', {
    id,
  });
  expect(answer.data).toMatchObject({ search: { failure: { code: 'DOWNLOAD_FAILED' } } });
  expect(JSON.stringify(answer)).not.toContain('octmnist.npz');
});

test('what their own input is to blame for, they are told', async () => {
  const failure = { code: 'CORRUPT_DATASET', message: 'x.npz has no train_images.' } as const;
  const id = await addPaused(failure);
  const { data } = await server.ask('query ($id: ID!) { search(id: $id) { failure { code message } } }', {
    id,
  });
  expect(data).toEqual({ search: { failure } });
});
