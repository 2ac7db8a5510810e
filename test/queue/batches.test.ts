// Where a worker gets the images of a protocol: its own datasets, its cache, or the service.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatasets } from '../../src/data/datasets.ts';
import { type Batch, drawBatch, packBatch, unpackBatch } from '../../src/data/batch.ts';
import { type BatchesOptions, openBatches } from '../../src/queue/batches.ts';
import type { Protocol } from '../../src/search/evaluation.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { expectRefused, forOperators } from './operators.ts';
import { startTestServer, type TestServer } from '../support/service.ts';

const newFolder = scratchFolders();
let server: TestServer;
let batch: Batch;
let protocol: Protocol;
beforeAll(async () => {
  server = await startTestServer();
  const datasets = openDatasets({ folders: [], dataFolder: newFolder(), download: false });
  batch = await drawBatch(await datasets.open('breastmnist'), { size: 8, seed: 3 });
  protocol = {
    space: 'mstf',
    dataset: 'breastmnist',
    batch: batch.hash,
    batchSize: 8,
    input: batch.shape,
    classes: batch.classes,
    multiLabel: batch.multiLabel,
    initChannels: 4,
    seed: 3,
    indicators: ['jacobCov', 'synflow'],
    numerics: 'any',
  };
});
afterAll(() => server.close());

/** Of a worker that has no dataset, unless given some. */
function open(options: Partial<BatchesOptions> = {}) {
  const folder = newFolder();
  const datasets = openDatasets({ folders: [], dataFolder: folder, download: false, known: [] });
  return { folder, batches: openBatches({ datasets, folder, api: null, ...options }) };
}

test('a batch is packed and unpacked to the bit, and its hash is checked', () => {
  const packed = packBatch(batch);
  expect(unpackBatch(packed, batch)).toEqual(batch);
  for (const wrong of [packed.subarray(1), packed.with(5, (packed[5] as number) ^ 1), new Uint8Array(3)]) {
    expect(() => unpackBatch(wrong, batch)).toThrow(expect.objectContaining({ code: 'CHECKSUM_MISMATCH' }));
  }
});

test('images of a dataset of its own are drawn there', async () => {
  const datasets = openDatasets({ folders: [], dataFolder: newFolder(), download: false });
  expect(await open({ datasets }).batches.of(protocol)).toEqual(batch);
});

test('others come from the service, once', async () => {
  const api = { url: server.url, key: null };
  const { folder, batches } = open({ api });
  expect(await batches.of(protocol)).toEqual(batch);
  expect(readdirSync(folder)).toEqual([`${batch.hash}.batch`]);
  const offline = open({ folder, api: null });
  expect(await offline.batches.of(protocol)).toEqual(batch);
  writeFileSync(join(folder, `${batch.hash}.batch`), 'torn');
  expect(await open({ folder, api }).batches.of(protocol)).toEqual(batch);
});

test('without either it says what was tried', async () => {
  await expect(open().batches.of(protocol)).rejects.toMatchObject({
    code: 'UNKNOWN_DATASET',
    message: expect.stringMatching(
      /There is no dataset "breastmnist".*; MEDNAS_API, where they could come from, is not set/u,
    ),
  });
  const api = { url: server.url, key: null };
  await expect(open({ api }).batches.of({ ...protocol, batch: 'f'.repeat(64) })).rejects.toMatchObject({
    message: expect.stringMatching(/answered 404: .*breastmnist has no batch with the hash f/u),
  });
});

test('a name that is no hash is no file’s', async () => {
  const { folder, batches } = open();
  writeFileSync(join(folder, '..', 'secret.batch'), packBatch(batch));
  await expect(batches.of({ ...protocol, batch: '../secret' })).rejects.toThrow(/no hash/u);
});

describe('the route', () => {
  const ask = (url: string, query: Readonly<Record<string, string>>, headers = {}): Promise<Response> =>
    fetch(`${url}/batches/${batch.hash}?${new URLSearchParams(query).toString()}`, { headers });
  const GOOD = { dataset: 'breastmnist', size: '8', seed: '3' };

  test.each([
    ['no size', { ...GOOD, size: '' }],
    ['a size that is none', { ...GOOD, size: '1e9' }],
    ['no seed', { dataset: 'breastmnist', size: '8' }],
    ['another seed', { ...GOOD, seed: '4' }],
    ['a dataset there is not', { ...GOOD, dataset: 'nothing' }],
    ['a path out of the folders', { ...GOOD, dataset: '../../etc/passwd.npz' }],
  ])('refuses %s', async (_, query) => {
    await expectRefused(await ask(server.url, query));
  });

  forOperators(
    (url) => ask(url, GOOD),
    async () => packBatch(batch),
  );

  test('lets in by the key a worker has', async () => {
    const other = await startTestServer({ server: { access: { anonymous: 'off' } } });
    try {
      const { key } = await other.service.keys.create({ name: 'workers', role: 'operator', lifetime: null });
      expect(await open({ api: { url: other.url, key } }).batches.of(protocol)).toEqual(batch);
      await expect(
        open({ api: { url: other.url, key: 'mednas_none' } }).batches.of(protocol),
      ).rejects.toThrow(/answered 401/u);
    } finally {
      await other.close();
    }
  });
});
