// Where a worker gets the images of a training: its own datasets, a copy it has fetched before, or the service.

import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Datasets, openDatasets } from '../../src/data/datasets.ts';
import type { LearningImages } from '../../src/engine/engine.ts';
import { readSplits, type Splits } from '../../src/learning/splits.ts';
import { type ImagesOptions, openImages } from '../../src/queue/images.ts';
import { scratchFolders } from '../service/laboratory.ts';
import { split, SPLITS, writeDataset } from '../service/studio.ts';
import { expectRefused, forOperators } from './operators.ts';
import { startTestServer, type TestServer } from '../support/service.ts';

const RETINA = fileURLToPath(new URL('../../../shared/data/retinamnist.npz', import.meta.url));
if (!existsSync(RETINA))
  console.warn('Skipped: RetinaMNIST from the service (../shared/data does not lie beside the project).');

const newFolder = scratchFolders();
const trainer = { memory: 2 ** 33, numerics: 'any' };
let server: TestServer;
/** Of the machine where the training was started. */
let datasets: Datasets;
beforeAll(async () => {
  server = await startTestServer();
  datasets = openDatasets({ folders: [], dataFolder: newFolder(), download: false });
});
afterAll(() => server.close());

const hashOf = ({ images, labels }: LearningImages): string =>
  createHash('sha256').update(images).update(new Uint8Array(labels.buffer)).digest('hex');

/** Splits with their arrays as hashes, which compare sooner. */
const shortOf = ({ train, val, test, ...rest }: Splits) => ({
  ...rest,
  train: hashOf(train),
  val: hashOf(val),
  test: hashOf(test),
});

/** Of a worker that has no dataset, unless given some. */
function open(options: Partial<ImagesOptions> = {}) {
  const folder = newFolder();
  const none = openDatasets({ folders: [], dataFolder: folder, download: false, known: [] });
  return { folder, images: openImages({ datasets: none, folder, api: null, trainer, ...options }) };
}

test('a dataset of its own is read there', async () => {
  const splits = await readSplits(datasets, trainer, 'breastmnist');
  expect(shortOf(await open({ datasets }).images.of(splits.protocol))).toEqual(shortOf(splits));
});

/** By a name, which is not among the bundled ones, and by a path. */
const REMOTE: readonly (readonly [how: string, name: string, file: string, from: () => string])[] = [
  ['its path', 'own.npz', 'own.npz', () => writeDataset(newFolder(), SPLITS, 'own.npz')],
  ['its path with a folder', 'sub/own.npz', 'own.npz', () => writeDataset(newFolder(), SPLITS, 'own.npz')],
  ...(existsSync(RETINA) ? ([['its name', 'retinamnist', 'retinamnist.npz', () => RETINA]] as const) : []),
];

test.each(REMOTE)('one known by %s comes from the service, once', async (_, name, file, from) => {
  const other = await startTestServer();
  try {
    mkdirSync(join(other.folder, 'sub'));
    copyFileSync(from(), join(other.folder, name.endsWith('.npz') ? name : file));
    const there = openDatasets({ folders: [], dataFolder: other.folder, download: false, confined: true });
    const splits = await readSplits(there, trainer, name);
    const { data } = splits.protocol;
    const api = { url: other.url, key: null };
    const { folder, images } = open({ api });
    const same = ({ protocol, ...got }: Splits): void =>
      expect(shortOf({ ...got, protocol: { ...protocol, dataset: name } })).toEqual(shortOf(splits));
    same(await images.of(splits.protocol));
    expect(readdirSync(folder)).toEqual([data]);
    expect(readdirSync(join(folder, data))).toEqual([file]);
    same(await open({ folder }).images.of(splits.protocol));
    writeFileSync(join(folder, data, file), 'torn');
    same(await open({ folder, api }).images.of(splits.protocol));
  } finally {
    await other.close();
  }
});

test('other images of that name are none, and are not kept', async () => {
  const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
  const wanted = { ...protocol, data: 'f'.repeat(64) };
  const { folder, images } = open({ datasets, api: { url: server.url, key: null } });
  await expect(images.of(wanted)).rejects.toMatchObject({
    code: 'UNKNOWN_DATASET',
    message: expect.stringMatching(/breastmnist has other images here; breastmnist has other images here/u),
  });
  expect(readdirSync(join(folder, wanted.data))).toEqual([]);
});

test('the same pixels of another task are no substitute, whoever asked first', async () => {
  const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
  const { images } = open({ datasets });
  await images.of(protocol);
  const wanted = { ...protocol, task: 'multi-class' } as const;
  await expect(images.of(wanted)).rejects.toMatchObject({ code: 'UNKNOWN_DATASET' });
});

test('a copy that this machine is too small for is kept for others', async () => {
  const from = await startTestServer();
  try {
    copyFileSync(writeDataset(newFolder(), SPLITS, 'own.npz'), join(from.folder, 'own.npz'));
    const there = openDatasets({ folders: [], dataFolder: from.folder, download: false, confined: true });
    const { protocol } = await readSplits(there, trainer, 'own.npz');
    const { folder, images } = open({
      api: { url: from.url, key: null },
      trainer: { ...trainer, memory: 1 },
    });
    await expect(images.of(protocol)).rejects.toMatchObject({
      message: expect.stringMatching(/this machine has/u),
    });
    expect(readdirSync(join(folder, protocol.data))).toEqual(['own.npz']);
  } finally {
    await from.close();
  }
});

test('a name that is no hash is no folder’s', async () => {
  const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
  await expect(open().images.of({ ...protocol, data: '../..' })).rejects.toThrow(/no hash/u);
});

test('without either it says what was tried, and tries again when it is asked again', async () => {
  const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
  const wanted = { ...protocol, dataset: 'elsewhere.npz' };
  const told = /no file .* that path.*; MEDNAS_API, where they could come from, is not set/u;
  const { folder, images } = open();
  const failure = { code: 'UNKNOWN_DATASET', message: expect.stringMatching(told) };
  for (let i = 0; i < 2; i++) await expect(images.of(wanted)).rejects.toMatchObject(failure);
  expect(readdirSync(folder)).toEqual([]);
  const { images: refused } = open({ api: { url: server.url, key: 'mednas_none' } });
  await expect(refused.of(wanted)).rejects.toMatchObject({ message: expect.stringMatching(/answered 401/u) });
});

describe('the route', () => {
  const ask = (url: string, name: string, headers = {}): Promise<Response> =>
    fetch(`${url}/datasets/${encodeURIComponent(name)}`, { headers });

  test.each([
    ['a dataset there is not', 'nothing'],
    ['a path out of the folders', '../../etc/passwd.npz'],
    ['an absolute path out of them', '/etc/passwd'],
    ['another file of its folder', 'mednas.sqlite'],
    ['a file of its folder by a path', './mednas.sqlite'],
    ['a NUL', 'own\0.npz'],
    ['a name of 2,000 characters', `${'a'.repeat(2000)}.npz`],
  ])('refuses %s', async (_, name) => {
    await expectRefused(await ask(server.url, name));
  });

  forOperators(
    (url) => ask(url, 'breastmnist'),
    async () => readFileSync((await datasets.fileOf('breastmnist')).path),
  );

  test('sends a range', async () => {
    const response = await ask(server.url, 'breastmnist', { range: 'bytes=0-3' });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).toString('latin1')).toBe('PK\x03\x04');
  });

  test('lets in by the key a worker has', async () => {
    const other = await startTestServer({ server: { access: { anonymous: 'off' } } });
    try {
      const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
      const { key } = await other.service.keys.create({ name: 'workers', role: 'operator', lifetime: null });
      const { images } = open({ api: { url: other.url, key } });
      expect((await images.of(protocol)).protocol.data).toBe(protocol.data);
    } finally {
      await other.close();
    }
  });
});

test('a split without images is refused before it is trained on', async () => {
  const folder = newFolder();
  const path = writeDataset(folder, { train: split([0, 1, 0, 1]), val: split([0, 1]) });
  const own = openDatasets({ folders: [], dataFolder: folder, download: false });
  const { protocol } = await readSplits(datasets, trainer, 'breastmnist');
  await expect(open({ datasets: own }).images.of({ ...protocol, dataset: path })).rejects.toMatchObject({
    message: expect.stringMatching(/no test images/u),
  });
});
