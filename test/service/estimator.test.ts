// `validAuc`, which trains in place of an indicator: its scores live in the archive as all others do.

import type { Engine } from '../../src/engine/engine.ts';
import { MedNasError } from '../../src/search/errors.ts';
import type { IndicatorName } from '../../src/search/evaluation.ts';
import { protocolId } from '../../src/search/identity.ts';
import type { SearchId } from '../../src/storage/records.ts';
import { scratchFolders } from './laboratory.ts';
import { openStudio, split, SPLITS, type Studio, type StudioOptions, writeDataset } from './studio.ts';

const newFolder = scratchFolders();
const studios: Studio[] = [];
afterEach(async () => {
  await Promise.all(studios.splice(0).map(({ close }) => close()));
});

const SEARCH = {
  population: 4,
  offspring: 4,
  generations: 1,
  initChannels: 4,
  blocks: 1,
  batchSize: 4,
  seed: 7,
  indicators: ['validAuc', 'synflow'] as readonly IndicatorName[],
  estimateEpochs: 2,
};

async function open(options: Partial<StudioOptions> = {}) {
  const folder = options.folder ?? newFolder();
  const studio = await openStudio({ ...options, folder });
  studios.push(studio);
  return { ...studio, dataset: writeDataset(folder) };
}

async function finish({ service, archive }: Studio, id: SearchId) {
  await service.searches.settled(id);
  const { body } = await archive.getSearch(id);
  const scores = await archive.listArchitectures({}, { by: 'validAuc', direction: 'desc' }, 100);
  return { body, scores: scores.items.map(({ item }) => item) };
}

/** By architecture. */
const aucsOf = ({ scores }: Awaited<ReturnType<typeof finish>>) =>
  new Map(scores.map(({ architecture, evaluation }) => [architecture, evaluation.scores.validAuc?.value]));

test('an architecture over which whoever trains it dies is infeasible by the machine’s verdict, the others go on', async () => {
  let dead: string | null = null;
  const dying = (real: Engine): Engine => ({
    ...real,
    train(lesson, signal) {
      const name = JSON.stringify(lesson.problem.model);
      dead ??= name;
      if (name === dead)
        return Promise.reject(new MedNasError('CRASHED', 'A thread died over the network twice.'));
      return real.train(lesson, signal);
    },
  });
  const studio = await open({ engine: dying });
  const { id } = await studio.service.searches.start({ ...SEARCH, dataset: studio.dataset });
  const { body } = await finish(studio, id);
  expect(body).toMatchObject({ status: 'completed', failure: null });
  const all = await studio.archive.listArchitectures({}, { by: 'synflow', direction: 'desc' }, 100);
  const dropped = all.items.flatMap(({ item: { evaluation } }) =>
    evaluation.status === 'infeasible' && evaluation.machine === true ? [evaluation.reason] : [],
  );
  expect(dropped).toEqual(['validAuc: A thread died over the network twice.']);
});

test('a search by it: each architecture is trained for so many epochs, and ordered by its AUC', async () => {
  const lessons: number[] = [];
  const counted = (real: Engine): Engine => ({
    ...real,
    train: async (lesson, signal) => {
      lessons.push(lesson.step.learningRate);
      return await real.train(lesson, signal);
    },
  });
  const studio = await open({ engine: counted });
  const { id } = await studio.service.searches.start({ ...SEARCH, dataset: studio.dataset });
  const outcome = await finish(studio, id);
  expect(outcome.body).toMatchObject({ status: 'completed', failure: null });
  const feasible = outcome.scores.filter(({ evaluation }) => evaluation.status === 'ok');
  expect(feasible.length).toBeGreaterThan(3);
  for (const { evaluation } of feasible) {
    const { validAuc, synflow } = evaluation.scores;
    expect(validAuc?.value).toBeGreaterThanOrEqual(0);
    expect(validAuc?.value).toBeLessThanOrEqual(1);
    expect(synflow?.value).toBeGreaterThan(0);
  }
  // 21 images in one batch of 128: an update an epoch, at one learning rate.
  expect(lessons).toEqual(Array.from({ length: 2 * feasible.length }, () => 1e-3));
  expect(await studio.findings()).toEqual([]);

  // Again: all of it is in the archive.
  const again = await studio.service.searches.start({ ...SEARCH, dataset: studio.dataset });
  await finish(studio, again.id);
  expect(lessons).toHaveLength(2 * feasible.length);
});

test('its protocol has the epochs and all of the data in its hash; without it, nothing of either', async () => {
  const studio = await open();
  const { searches } = studio.service;
  const given = { ...SEARCH, dataset: studio.dataset, generations: 0 };
  const protocolOf = async (change: object) => {
    const { id } = await searches.start({ ...given, ...change });
    return (await finish(studio, id)).body.protocol;
  };
  const first = await protocolOf({});
  const longer = await protocolOf({ estimateEpochs: 3 });
  const [free, freeLonger] = [
    await protocolOf({ indicators: ['jacobCov', 'synflow'] }),
    await protocolOf({ indicators: ['jacobCov', 'synflow'], estimateEpochs: 3 }),
  ];
  writeDataset(studio.dataset.replace(/own\.npz$/u, ''), { ...SPLITS, val: split([1, 0, 1, 0, 0]) });
  const other = await protocolOf({});
  const ids = [first, longer, other].map((protocol) => protocol && protocolId(protocol));
  expect(new Set(ids).size).toBe(3);
  expect(JSON.parse(first?.training ?? '')).toMatchObject({ recipe: { epochs: 2, milestones: [], seed: 7 } });
  expect(free).not.toHaveProperty('training');
  expect(freeLonger).toEqual(free);
});

test.each([1, 5, 9])('stopped after %i updates, it goes on to the same scores', async (updates) => {
  const straight = await open();
  const { id } = await straight.service.searches.start({ ...SEARCH, dataset: straight.dataset });
  const expected = aucsOf(await finish(straight, id));

  const folder = newFolder();
  const first = await open({ folder, permits: updates });
  const held = await first.service.searches.start({ ...SEARCH, dataset: first.dataset });
  await first.permits.wanted();
  await first.close();
  studios.pop();
  const second = await open({ folder });
  await second.service.searches.recover();
  expect(aucsOf(await finish(second, held.id))).toEqual(expected);
});

test('an architecture whose training diverges is infeasible, with the reason', async () => {
  const exploding = (real: Engine): Engine => ({
    ...real,
    train: (lesson) => Promise.resolve({ losses: [Number.NaN], steps: lesson.from.steps }),
  });
  const studio = await open({ engine: exploding });
  const { id } = await studio.service.searches.start({ ...SEARCH, generations: 0, dataset: studio.dataset });
  const { body, scores } = await finish(studio, id);
  expect(body.status).toBe('completed');
  const reasons = scores.map(({ evaluation }) => (evaluation.status === 'ok' ? 'ok' : evaluation.reason));
  expect(reasons).toHaveLength(4);
  for (const reason of reasons)
    expect(reason).toMatch(/^validAuc: The loss of a batch in epoch 1|synflow is zero/u);
});

test('a dataset that cannot be trained on is refused before anything runs, but for searches that do not train', async () => {
  const studio = await open();
  const dataset = writeDataset(
    studio.dataset.replace(/own\.npz$/u, ''),
    { train: SPLITS.train },
    'train.npz',
  );
  const given = { ...SEARCH, dataset };
  await expect(studio.service.searches.start(given)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    field: 'dataset',
    message: expect.stringContaining('no validation images'),
  });
  const free = await studio.service.searches.start({ ...given, indicators: ['jacobCov', 'synflow'] });
  expect((await finish(studio, free.id)).body.status).toBe('completed');
  await expect(studio.service.searches.start({ ...given, estimateEpochs: 0 })).rejects.toMatchObject({
    field: 'estimateEpochs',
  });
});
