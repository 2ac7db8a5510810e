// The life of trainings: from start to end, stopped and gone on with, and what goes wrong on the way.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../../src/engine/engine.ts';
import { MedNasError } from '../../src/search/errors.ts';
import type { TrainingId, TrainingRecord } from '../../src/storage/records.ts';
import { trainBestOf } from '../../src/service/trainBest.ts';
import { openWeights } from '../../src/storage/weights.ts';
import { learningRateAt, parseRecipe } from '../../src/training/recipe.ts';
import { decodeTensors } from '../../src/training/safetensors.ts';
import { EXPLOSIVE_RATE } from '../support/learning.ts';
import { scratchFolders } from './laboratory.ts';
import {
  filesOf,
  openStudio,
  split,
  SPLITS,
  type Studio,
  type StudioOptions,
  TINY_TRAINING,
  UPDATES,
  writeDataset,
} from './studio.ts';

const newFolder = scratchFolders();
const studios: Studio[] = [];
afterEach(async () => {
  await Promise.all(studios.splice(0).map(({ close }) => close()));
});

async function open(options: Partial<StudioOptions> = {}): Promise<Studio & { readonly folder: string }> {
  const folder = options.folder ?? newFolder();
  const studio = await openStudio({ ...options, folder });
  studios.push(studio);
  return { ...studio, folder };
}

async function start(
  { service, folder }: Pick<Studio, 'service'> & { readonly folder: string },
  given: object = {},
): Promise<TrainingRecord> {
  return await service.trainings.start({ ...TINY_TRAINING, dataset: writeDataset(folder), ...given });
}

const happenings = async ({ archive }: Studio, id: TrainingId) =>
  (await archive.events(id, 0, 1000)).map(({ happening }) =>
    happening.type === 'epoch' ? happening.epoch : happening.type === 'status' ? happening.status : '?',
  );

/** What an uninterrupted training of the tiny one comes to, by its hash. */
let expected: string;
beforeAll(async () => {
  const folder = newFolder();
  const studio = await openStudio({ folder });
  const { id } = await start({ ...studio, folder });
  const record = await studio.settled(id);
  expected = record.best?.sha256 ?? '';
  await studio.close();
  if (record.status !== 'completed') throw new Error(JSON.stringify(record.failure));
});

test('a training from start to end: epochs, their events, the best weights, what they measure', async () => {
  const studio = await open();
  const { id, status } = await start(studio);
  expect(status).toBe('running');
  const record = await studio.settled(id);
  const recipe = parseRecipe(TINY_TRAINING);
  const epochs = await studio.archive.epochs(id, record.epoch);

  expect(await happenings(studio, id)).toEqual(['running', 0, 1, 2, 3, 'completed']);
  expect(record).toMatchObject({ status: 'completed', epoch: 3, failure: null, architecture: null });
  expect(epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3]);
  expect(epochs.map(({ learningRate }) => learningRate)).toEqual(
    [0, 1, 2, 3].map((e) => learningRateAt(recipe, e)),
  );
  expect(epochs.at(-1)?.trainingLoss).toBeLessThan(epochs[0]?.trainingLoss ?? 0);
  const aucs = epochs.map(({ validation }) => validation.auc);
  // The first of equals: only a larger one takes its place.
  expect(record.best?.epoch).toBe(aucs.indexOf(Math.max(...aucs)));
  expect(record.best?.auc).toBe(Math.max(...aucs));
  expect(record.measured?.validation.auc.value).toBe(record.best?.auc);
  expect(record.measured?.test).toMatchObject({ samples: 15, task: 'binary-class' });
  expect(record.protocol).toMatchObject({
    samples: { train: 21, val: 12, test: 15 },
    input: [8, 8, 1],
    numerics: 'formula-1',
  });

  expect(filesOf(studio.folder, id)).toEqual([
    `best-${record.best?.epoch}.safetensors`,
    'checkpoint-3.safetensors',
  ]);
  const file = await studio.service.weightsOf(id);
  const bytes = readFileSync(file?.path ?? '');
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(file?.sha256);
  const { tensors, metadata } = decodeTensors(bytes);
  expect(tensors.find(({ name }) => name === 'stem.conv.weight')?.shape).toEqual([3, 3, 1, 4]);
  expect(JSON.parse(metadata['recipe'] ?? '')).toEqual(recipe);
  expect(await studio.findings()).toEqual([]);
});

test('the same training comes to the same bytes, another seed to others', async () => {
  const studio = await open();
  const [same, other] = [await start(studio), await start(studio, { seed: 4 })];
  expect((await studio.settled(same.id)).best?.sha256).toBe(expected);
  expect((await studio.settled(other.id)).best?.sha256).not.toBe(expected);
});

describe('stopped after any update and gone on with, it comes to the same weights', () => {
  test.each(Array.from({ length: UPDATES }, (_, i) => i))('paused after %i', async (updates) => {
    const studio = await open({ permits: updates });
    const { id } = await start(studio);
    await studio.permits.wanted();
    expect((await studio.service.trainings.pause(id)).status).toBe('paused');
    studio.permits.grant(100);
    await studio.service.trainings.resume(id);
    const record = await studio.settled(id);
    expect([record.status, record.best?.sha256]).toEqual(['completed', expected]);
    expect(await happenings(studio, id)).toEqual(
      expect.arrayContaining(['running', 0, 1, 2, 3, 'paused', 'completed']),
    );
    expect(await studio.findings()).toEqual([]);
  });

  test.each([1, 4, 11])('its process gone after %i, another one takes it up', async (updates) => {
    const folder = newFolder();
    const first = await open({ folder, permits: updates });
    const { id } = await start(first);
    await first.permits.wanted();
    await first.close();
    studios.length = 0;
    const second = await open({ folder });
    expect(await second.service.trainings.recover()).toBe(1);
    const record = await second.settled(id);
    expect([record.status, record.best?.sha256]).toEqual(['completed', expected]);
    expect(await second.findings()).toEqual([]);
  });
});

describe('the archive fails at a write: it is paused, and gone on with to the same weights', () => {
  test.each(Array.from({ length: 10 }, (_, i) => i + 4))('the write %i', async (failing) => {
    let writes = 0;
    const studio = await open({
      documents: (real) => {
        const fail = async (collection: string): Promise<void> => {
          if (collection === 'leases' || ++writes !== failing) return;
          throw new MedNasError('STORAGE_FULL', 'no room is left');
        };
        return {
          ...real,
          insert: async (...args) => fail(args[0].name).then(() => real.insert(...args)),
          replace: async (...args) => fail(args[0].name).then(() => real.replace(...args)),
        };
      },
    });
    const { id } = await start(studio);
    expect(await studio.settled(id)).toMatchObject({ status: 'paused', failure: { code: 'STORAGE_FULL' } });
    await studio.service.trainings.resume(id);
    const record = await studio.settled(id);
    expect([record.status, record.best?.sha256]).toEqual(['completed', expected]);
    expect(await studio.findings()).toEqual([]);
  });
});

test('a loss that is not finite ends it as failed, with epoch and cause; the checkpoint stays', async () => {
  const studio = await open();
  const { id } = await start(studio, { learningRate: EXPLOSIVE_RATE });
  const record = await studio.settled(id);
  // The fourth update is the first of the second epoch.
  expect(record).toMatchObject({
    status: 'failed',
    epoch: 0,
    failure: { code: 'DIVERGED', message: expect.stringMatching(/loss of a batch in epoch 2 .* below 5/su) },
  });
  expect(filesOf(studio.folder, id)).toEqual(['best-0.safetensors', 'checkpoint-0.safetensors']);
  await expect(studio.service.trainings.resume(id)).rejects.toMatchObject({ code: 'INVALID_STATE' });
});

test('answers that are not finite end it likewise', async () => {
  const blind = (real: Engine): Engine => ({
    ...real,
    predict: async (...args) => (await real.predict(...args)).fill(Number.NaN, 3, 4),
  });
  const studio = await open({ engine: blind });
  const { id } = await start(studio);
  expect(await studio.settled(id)).toMatchObject({
    status: 'failed',
    failure: { code: 'DIVERGED', message: expect.stringContaining('validation images in epoch 1') },
  });
});

describe('what has come of a checkpoint', () => {
  async function pausedAfter(updates: number) {
    const studio = await open({ permits: updates });
    const { id } = await start(studio);
    await studio.permits.wanted();
    await studio.service.trainings.pause(id);
    studio.permits.grant(100);
    return { studio, id, path: join(studio.folder, 'weights', id, 'checkpoint-0.safetensors') };
  }

  test('not on this machine: it stays paused and says so, and goes on when it is back', async () => {
    const { studio, id, path } = await pausedAfter(4);
    renameSync(path, `${path}.away`);
    await studio.service.trainings.resume(id);
    expect(await studio.settled(id)).toMatchObject({
      status: 'paused',
      failure: { code: 'INVALID_STATE', message: expect.stringContaining('checkpoint of epoch 1') },
    });
    renameSync(`${path}.away`, path);
    await studio.service.trainings.resume(id);
    expect((await studio.settled(id)).best?.sha256).toBe(expected);
  });

  test.each([
    ['cut short', (path: string) => truncateSync(path, 500)],
    ['something else', (path: string) => writeFileSync(path, 'nothing of the kind')],
  ])('%s: it stays paused and says so', async (_, damage) => {
    const { studio, id, path } = await pausedAfter(4);
    damage(path);
    await studio.service.trainings.resume(id);
    expect(await studio.settled(id)).toMatchObject({
      status: 'paused',
      failure: { code: 'STORAGE_CORRUPT' },
    });
  });

  test('other images than before: it stays paused and says so', async () => {
    const { studio, id } = await pausedAfter(4);
    writeDataset(studio.folder, { ...SPLITS, train: split([0, 1, 0, 1, 1]) });
    await studio.service.trainings.resume(id);
    expect(await studio.settled(id)).toMatchObject({
      status: 'paused',
      failure: {
        code: 'INVALID_STATE',
        message: expect.stringContaining('images and labels of the dataset'),
      },
    });
  });
});

test('best weights that are not the ones its record tells of are refused', async () => {
  const studio = await open();
  const { id } = await start(studio);
  const record = await studio.settled(id);
  const weights = openWeights(join(studio.folder, 'weights'));
  expect((await weights.readBest(record)).tensors.length).toBeGreaterThan(10);
  writeFileSync(weights.fileOf(record)?.path ?? '', 'other');
  await expect(weights.readBest(record)).rejects.toMatchObject({ code: 'STORAGE_CORRUPT' });
  await expect(weights.readBest({ ...record, best: null })).rejects.toMatchObject({ code: 'INVALID_STATE' });
});

test('cancelled, it stops; deleted, nothing is left of it', async () => {
  const studio = await open({ permits: 7 });
  const { id } = await start(studio);
  await studio.permits.wanted();
  await expect(studio.service.trainings.remove(id)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    message: 'This training is running: cancel it before deleting it.',
  });
  expect(await studio.service.trainings.cancel(id)).toMatchObject({ status: 'cancelled', epoch: 1 });
  expect(existsSync(join(studio.folder, 'weights', id))).toBe(true);
  await studio.service.trainings.remove(id);
  expect(existsSync(join(studio.folder, 'weights', id))).toBe(false);
  expect(await studio.archive.findTraining(id)).toBeNull();
  expect(await studio.archive.epochs(id, 10)).toEqual([]);
  expect(await studio.archive.events(id, 0, 10)).toEqual([]);
  await expect(studio.service.trainings.cancel(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('searches and trainings share the places there are', async () => {
  const studio = await open({ permits: 0, maxSearches: 1 });
  const search = await studio.service.searches.start({ population: 2, offspring: 2, generations: 0 });
  const training = await start(studio);
  expect([search.status, training.status]).toEqual(['running', 'queued']);
  expect(studio.service.trainings.queuePosition(training.id)).toBe(1);
  expect([studio.service.searches.load(), studio.service.trainings.load()]).toEqual([
    { running: 1, queued: 0 },
    { running: 0, queued: 1 },
  ]);
  studio.permits.grant(100);
  await studio.service.searches.settled(search.id);
  expect((await studio.settled(training.id)).best?.sha256).toBe(expected);
  expect(await happenings(studio, training.id)).toEqual(['queued', 'running', 0, 1, 2, 3, 'completed']);
});

describe('a search that trains the best of its front', () => {
  const SEARCH = { population: 8, offspring: 8, generations: 1, initChannels: 4, batchSize: 4, seed: 7 };

  test('starts them once when it completes, the pick first, whatever is killed or repeated', async () => {
    const studio = await open();
    const { archive, service } = studio;
    const dataset = writeDataset(studio.folder);
    const given = { ...SEARCH, dataset, trainBest: 2, trainEpochs: 1 };
    const { id } = await service.searches.start(given, 'k');
    await service.searches.settled(id);
    const { body } = await archive.getSearch(id);
    expect([body.status, body.trainBest]).toMatchObject([
      'completed',
      { count: 2, recipe: { epochs: 1, seed: 7 } },
    ]);
    const first = await archive.trainingByKey(`search:${id}:train:0`);
    const second = await archive.trainingByKey(`search:${id}:train:1`);
    expect(first?.architecture).toBe(body.best);
    expect(second?.architecture).not.toBe(body.best);
    expect(await archive.countTrainings({})).toBe(2);
    // As when it was killed before its end was stored.
    await trainBestOf(archive, service.trainings, body);
    expect(await archive.countTrainings({})).toBe(2);
    expect((await service.searches.start(given, 'k')).id).toBe(id);
    await expect(service.searches.start({ ...given, trainBest: 1 }, 'k')).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    for (const one of [first, second])
      expect(await studio.settled(one?.id ?? ('' as TrainingId))).toMatchObject({
        status: 'completed',
        epoch: 0,
      });
  });

  test.each<readonly [object, string, RegExp]>([
    [{ trainBest: -1 }, 'trainBest', /from 0 to 20; got -1/],
    [{ trainBest: 21 }, 'trainBest', /got 21/],
    [{ trainBest: 1, trainEpochs: 0 }, 'trainEpochs', /^trainEpochs is .* got 0/],
    [{ trainBest: 1, dataset: 'no test' }, 'dataset', /no test images/],
  ])('%j is refused before anything runs', async (given, field, message) => {
    const studio = await open();
    const dataset = writeDataset(studio.folder, { train: SPLITS.train, val: SPLITS.val });
    await expect(studio.service.searches.start({ ...SEARCH, ...given, dataset })).rejects.toMatchObject({
      field,
      message: expect.stringMatching(message),
    });
    expect(await studio.archive.countSearches([])).toBe(0);
  });
});

test('the time of one is limited as that of a search is', async () => {
  const studio = await open({ permits: 4, quota: { maxEvaluations: null, maxSeconds: 1 } });
  const { id } = await start(studio);
  expect(await studio.settled(id)).toMatchObject({
    status: 'paused',
    seconds: 1,
    failure: { code: 'QUOTA_EXCEEDED' },
  });
});

test('an idempotency key starts one training, whatever is repeated', async () => {
  const studio = await open();
  const given = { ...TINY_TRAINING, dataset: writeDataset(studio.folder) };
  const { trainings } = studio.service;
  const [first, second] = await Promise.all([trainings.start(given, 'k'), trainings.start(given, 'k')]);
  expect(second.id).toBe(first.id);
  await expect(trainings.start({ ...given, seed: 9 }, 'k')).rejects.toMatchObject({ code: 'CONFLICT' });
  await studio.settled(first.id);
  expect(await studio.archive.countTrainings({})).toBe(1);
});

test('a genotype is trained in its canonical form, and found by its architecture', async () => {
  const studio = await open();
  const { baseline: _, ...recipe } = TINY_TRAINING;
  const genotype = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];
  const { id, architecture } = await start(studio, { ...recipe, baseline: undefined, genotype });
  expect((await studio.settled(id)).status).toBe('completed');
  const found = await studio.archive.listTrainings({ architecture: architecture as never }, 10);
  expect(found.items.map(({ item }) => item.id)).toEqual([id]);
});

describe('what cannot be trained is refused in words, and nothing is stored', () => {
  const { images, labels } = SPLITS.train;
  const gray = split([0, 1, 0, 1]);
  const constant = { images: split([0, 0, 0, 0]).images, labels: gray.labels };
  const SAME = Buffer.from(constant.images);
  SAME.fill(128, SAME.length - 4 * 64);

  test.each<readonly [string, object, string, RegExp]>([
    [
      'nothing to train',
      { baseline: undefined },
      'genotype',
      /one of architecture, genotype, baseline; got none/,
    ],
    ['two things', { genotype: [0] }, 'baseline', /got genotype and baseline/],
    ['an unknown baseline', { baseline: 'resnet50' }, 'baseline', /one of resnet18; got 'resnet50'/],
    ['an unknown space', { baseline: undefined, genotype: [0], space: 'x' }, 'space', /one of mstf/],
    ['a genotype of the wrong length', { baseline: undefined, genotype: [0, 1] }, 'genotype', /.+/],
    ['a genotype that is no list', { baseline: undefined, genotype: '0,1' }, 'genotype', /list of genes/],
    ['channels', { initChannels: 6 }, 'initChannels', /multiple of 4 from 4 to 512; got 6/],
    ['no epochs', { epochs: 0 }, 'epochs', /from 1 to 10000; got 0/],
    ['a batch of one', { batchSize: 1 }, 'batchSize', /from 2/],
    ['a learning rate of 0', { learningRate: 0 }, 'learningRate', /above 0, up to 10; got 0/],
    ['a negative one', { learningRate: -0.1 }, 'learningRate', /got -0.1/],
    ['one that is not a number', { learningRate: Number.NaN }, 'learningRate', /got NaN/],
    ['an unknown optimizer', { optimizer: 'lion' }, 'optimizer', /adam, sgd/],
    ['milestones that fall', { milestones: [0.75, 0.5] }, 'milestones', /each larger/],
    ['an empty dataset name', { dataset: '' }, 'dataset', /dataset name or a path/],
  ])('%s', async (_, given, field, message) => {
    const studio = await open();
    await expect(start(studio, given)).rejects.toMatchObject({
      field,
      message: expect.stringMatching(message),
    });
    expect(await studio.archive.countTrainings({})).toBe(0);
  });

  test.each<readonly [string, Parameters<typeof writeDataset>[1], string, RegExp]>([
    [
      'no validation split',
      { train: SPLITS.train, test: SPLITS.test },
      'INVALID_ARGUMENT',
      /no validation images .*val_images/,
    ],
    [
      'no test split',
      { train: SPLITS.train, val: SPLITS.val },
      'INVALID_ARGUMENT',
      /no test images .*test_images/,
    ],
    [
      'a class missing from validation',
      { ...SPLITS, val: split([0, 0, 0]) },
      'INVALID_ARGUMENT',
      /validation split .* class 1 .*no AUC/,
    ],
    [
      'a class missing from test',
      { ...SPLITS, test: split([1, 1]) },
      'INVALID_ARGUMENT',
      /test split .* class 0/,
    ],
    [
      'a class missing from training',
      { ...SPLITS, train: split([0, 0, 0]) },
      'INVALID_ARGUMENT',
      /class 1 .*cannot be learned/,
    ],
    [
      'a single training image',
      { ...SPLITS, train: split([0]) },
      'INVALID_ARGUMENT',
      /single training image/,
    ],
    [
      'constant images',
      { ...SPLITS, train: { images: SAME, labels: gray.labels } },
      'INVALID_ARGUMENT',
      /are the same/,
    ],
    [
      'fewer labels than images',
      { ...SPLITS, train: { images, labels: gray.labels } },
      'CORRUPT_DATASET',
      /21 train_images but 4/,
    ],
    [
      'a negative label',
      { ...SPLITS, train: { images, labels: negative(labels) } },
      'CORRUPT_DATASET',
      /-1: wanted a class/,
    ],
  ])('%s', async (_, splits, code, message) => {
    const studio = await open();
    const dataset = writeDataset(studio.folder, splits);
    await expect(studio.service.trainings.start({ ...TINY_TRAINING, dataset })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await studio.archive.countTrainings({})).toBe(0);
  });
});

/** The same labels as int8, the last of them -1. */
function negative(labels: Buffer): Buffer {
  const signed = Buffer.from(labels);
  signed.write('|i1', signed.indexOf('|u1'), 'latin1');
  signed[signed.length - 1] = 0xff;
  return signed;
}
