// Trainings over the queue, on a real Redis: whoever trains the epochs, they come to the same weights, to the bit.

import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { MedNasError } from '../../src/search/errors.ts';
import { type Computing, inProcess } from '../../src/learning/school.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import type { WorkerOptions } from '../../src/queue/worker.ts';
import type { GivenTraining } from '../../src/service/trainings.ts';
import { archivedPopulation, openLaboratory, scratchFolders, TINY } from '../service/laboratory.ts';
import { openStudio, type Studio, TINY_TRAINING, UPDATES, writeDataset } from '../service/studio.ts';
import { openLearning } from '../support/learning.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import type { TrainingId } from '../../src/storage/records.ts';
import { openPermits, type Permits } from '../support/service.ts';
import { startWorker, testedBy } from './fleet.ts';

const newFolder = scratchFolders();
let redis: RedisServer;
let local: Engine;
/** Of one machine with a dataset. */
let folder: string;
let dataset: string;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  redis = await startRedis();
  local = await openEngine({ workers: 1 });
});
beforeEach(() => {
  folder = newFolder();
  dataset = writeDataset(folder);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  const client = new Redis(redis.url);
  await client.flushall();
  client.disconnect();
});
afterAll(async () => {
  await local.close();
  await redis.kill();
});

const kept = (engine: Engine): Engine => ({ ...engine, close: () => Promise.resolve() });

/** Trains by a formula, a permit an update. */
const formula = (permits: Permits): Engine => testedBy(local, { ...local, ...openLearning(permits) });

async function open(patienceMs = 60_000): Promise<Studio> {
  const computing = await openQueueEngine({
    url: redis.url,
    local: kept(local),
    onError: () => undefined,
    patienceMs,
  });
  const studio = await openStudio({ folder, computing });
  closing.push(studio.close);
  return studio;
}

async function work(engine: Engine, alter: Partial<WorkerOptions> = {}): Promise<void> {
  const worker = await startWorker(redis.url, engine, alter);
  closing.push(() => worker.close());
}

const TRAINING = { ...TINY_TRAINING, optimizer: 'adam', learningRate: 0.01 } as const satisfies GivenTraining;

interface Outcome {
  readonly status: string;
  readonly sha256: string | undefined;
  readonly epochs: readonly unknown[];
  readonly measured: unknown;
}

/** All that a training comes to, but for the time it took. */
async function outcomeOf({ archive, settled, findings }: Studio, id: TrainingId): Promise<Outcome> {
  const { status, best, measured } = await settled(id);
  const epochs = await archive.epochs(id, 100);
  expect(await findings()).toEqual([]);
  return {
    status,
    sha256: best?.sha256,
    measured,
    epochs: epochs.map((epoch) => ({ ...epoch, training: '', seconds: 0, finishedAt: '' })),
  };
}

async function start({ service }: Studio, given: GivenTraining = TRAINING): Promise<TrainingId> {
  return (await service.trainings.start({ ...given, dataset })).id;
}

async function train(studio: Studio, given: GivenTraining = TRAINING): Promise<Outcome> {
  return await outcomeOf(studio, await start(studio, given));
}

async function trainHere(given: GivenTraining = TRAINING, engine = local): Promise<Outcome> {
  const studio = await openStudio({ folder: newFolder(), computing: inProcess(kept(engine)) });
  try {
    return await train(studio, given);
  } finally {
    await studio.close();
  }
}

const jobsIn = async ({ service }: Studio): Promise<number> => {
  const jobs = await service.fleet.jobs();
  return (jobs?.waiting ?? 0) + (jobs?.active ?? 0);
};

test.each([1, 2])('with workers, %i of them, it comes to what one process comes to', async (workers) => {
  for (let i = 0; i < workers; i++) await work(local);
  const studio = await open();
  const outcome = await train(studio);
  expect(outcome).toMatchObject({ status: 'completed', sha256: expect.stringMatching(/^[0-9a-f]{64}$/u) });
  expect(outcome.epochs).toHaveLength(TRAINING.epochs);
  expect(outcome).toEqual(await trainHere());
  expect(await jobsIn(studio)).toBe(0);
  // Of its states too, whose names tell the whole.
  const client = new Redis(redis.url);
  while ((await client.keys('mednas:state:*')).length > 0) await setTimeout(20);
  client.disconnect();
});

test('one trained here for a while is gone on with over the queue', async () => {
  const permits = openPermits(UPDATES / 2 + 1);
  const engine = formula(permits);
  const here = await openStudio({ folder, computing: inProcess(kept(engine)) });
  const id = await start(here);
  await permits.wanted();
  await here.close();
  permits.grant(Infinity);
  await work(engine);
  const there = await open();
  expect(await there.service.trainings.recover()).toBe(1);
  const outcome = await outcomeOf(there, id);
  expect(outcome).toEqual(await trainHere(TRAINING, engine));
  expect(outcome.status).toBe('completed');
});

test('what Redis loses, jobs and states, is put in again', async () => {
  const permits = openPermits(UPDATES / 2 + 1);
  await work(formula(permits));
  const studio = await open();
  const id = await start(studio);
  await permits.wanted();
  await redis.kill();
  await redis.start();
  permits.grant(Infinity);
  const outcome = await outcomeOf(studio, id);
  expect(outcome).toEqual(await trainHere(TRAINING, formula(openPermits(Infinity))));
  expect(outcome.status).toBe('completed');
});

test('a job whose state has run out before a worker takes it is put in again with it', async () => {
  const permits = openPermits(UPDATES / 4);
  const worker = await startWorker(redis.url, formula(permits));
  const studio = await open();
  const id = await start(studio);
  await permits.wanted();
  await worker.close();
  while ((await jobsIn(studio)) === 0) await setTimeout(20);
  const client = new Redis(redis.url);
  const states = await client.keys('mednas:state:*');
  expect(states).toHaveLength(1);
  await client.del(states);
  client.disconnect();
  permits.grant(Infinity);
  await work(formula(permits));
  expect(await outcomeOf(studio, id)).toEqual(await trainHere(TRAINING, formula(permits)));
  expect((await studio.service.fleet.jobs())?.outcomes).toMatchObject({ lost: 1, returned: 1 });
});

test.each(['cancel', 'pause'] as const)(
  '%s stops its worker within a second, and leaves no job',
  async (action) => {
    const permits = openPermits(UPDATES / 2 + 1);
    await work(formula(permits));
    const studio = await open();
    const id = await start(studio);
    await permits.wanted();
    const stoppedAt = performance.now();
    await studio.service.trainings[action](id);
    await permits.unwanted();
    expect(performance.now() - stoppedAt).toBeLessThan(1000);
    expect(await studio.settled(id)).toMatchObject({
      status: { cancel: 'cancelled', pause: 'paused' }[action],
      epoch: 1,
    });
    while ((await jobsIn(studio)) > 0) await setTimeout(20);
    if (action === 'cancel') return;
    permits.grant(Infinity);
    await studio.service.trainings.resume(id);
    expect(await outcomeOf(studio, id)).toEqual(await trainHere(TRAINING, formula(openPermits(Infinity))));
  },
);

test('two of the same are trained as one alone, and ending one does not end the other', async () => {
  const permits = openPermits(UPDATES / 2 + 1);
  await work(formula(permits));
  await work(formula(permits));
  const studio = await open();
  const [one, other] = [await start(studio), await start(studio)];
  await permits.wanted();
  await studio.service.trainings.cancel(one);
  permits.grant(Infinity);
  expect(await outcomeOf(studio, other)).toEqual(await trainHere(TRAINING, formula(openPermits(Infinity))));
  expect((await studio.settled(one)).status).toBe('cancelled');
});

const SECRET = new Error('/secret/path');
test.each([
  [
    'expected',
    new MedNasError('UNKNOWN_DATASET', 'There are no such images here.'),
    /There are no such images here\. \(worker \S+\)/u,
  ],
  ['unforeseen', SECRET, /: something went wrong that its log tells of \(worker \S+\)/u],
])(
  'an %s error of workers pauses it with the reason, and a mended worker goes on',
  async (_, error, told) => {
    const broken = await startWorker(redis.url, local, { images: { of: () => Promise.reject(error) } });
    const studio = await open();
    const id = await start(studio);
    expect(await studio.settled(id)).toMatchObject({
      status: 'paused',
      failure: { code: 'WORKERS_UNAVAILABLE', message: expect.stringMatching(told) },
    });
    await broken.close();
    await work(local);
    await studio.service.trainings.resume(id);
    expect(await outcomeOf(studio, id)).toEqual(await trainHere());
  },
);

test('without workers it is paused, and says what to do', async () => {
  const studio = await open(50);
  const id = await start(studio);
  expect(await studio.settled(id)).toMatchObject({
    status: 'paused',
    epoch: -1,
    failure: {
      code: 'WORKERS_UNAVAILABLE',
      message: expect.stringMatching(
        /no worker whose arithmetic is '.*'\. Start `mednas worker`.*resume the training/u,
      ),
    },
  });
});

test('a full Redis pauses it', async () => {
  await work(local);
  const studio = await open();
  const client = new Redis(redis.url);
  closing.push(async () => {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  });
  await client.config('SET', 'maxmemory', '1');
  const id = await start(studio);
  expect(await studio.settled(id)).toMatchObject({
    status: 'paused',
    failure: { code: 'ENGINE_UNAVAILABLE', message: expect.stringMatching(/OOM/u) },
  });
});

test('one that fills while an epoch is learned pauses it with the reason, and nothing is learned in vain', async () => {
  const permits = openPermits(UPDATES / 2 + 1);
  await work(formula(permits));
  const studio = await open();
  const id = await start(studio);
  await permits.wanted();
  const client = new Redis(redis.url);
  closing.push(async () => {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  });
  await client.config('SET', 'maxmemory', '1');
  permits.grant(UPDATES / 4 - 1);
  expect(await studio.settled(id)).toMatchObject({
    status: 'paused',
    epoch: 1,
    failure: { code: 'ENGINE_UNAVAILABLE', message: expect.stringMatching(/OOM/u) },
  });
  await client.config('SET', 'maxmemory', '0');
  permits.grant(Infinity);
  await studio.service.trainings.resume(id);
  expect(await outcomeOf(studio, id)).toEqual(await trainHere(TRAINING, formula(openPermits(Infinity))));
});

test('a search that judges by training does so over the queue, and comes to the same population', async () => {
  const settings = {
    ...TINY,
    generations: 1,
    indicators: ['validAuc', 'synflow'],
    estimateEpochs: 1,
    dataset,
  } as const;
  async function populationBy(computing: Computing): Promise<readonly object[]> {
    const laboratory = await openLaboratory({ folder: newFolder(), ...computing });
    closing.push(laboratory.close);
    const { id } = await laboratory.service.searches.start(settings);
    await laboratory.service.searches.settled(id);
    expect((await laboratory.archive.getSearch(id)).body).toMatchObject({
      status: 'completed',
      failure: null,
    });
    return await archivedPopulation(laboratory.archive, id);
  }
  await work(local);
  await work(local);
  const computing = await openQueueEngine({ url: redis.url, local: kept(local), onError: () => undefined });
  closing.push(() => computing.engine.close());
  const population = await populationBy(computing);
  expect(population.length).toBeGreaterThan(0);
  expect(population).toEqual(await populationBy(inProcess(local)));
}, 120_000);
