// What goes wrong between a coordinator and its workers, one thing at a time, on a real Redis: nothing hangs, nothing
// is done for nobody, and nothing is left behind.

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Engine } from '../../src/engine/engine.ts';
import { openEngine } from '../../src/engine/pool.ts';
import { MedNasError } from '../../src/search/errors.ts';
import type { Protocol } from '../../src/search/evaluation.ts';
import { randomFor } from '../../src/search/random.ts';
import { parseSettings, spaceOf } from '../../src/search/settings.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import { type ErrandParts, runErrand } from '../../src/queue/errand.ts';
import { type Hand, openHand } from '../../src/queue/hand.ts';
import { jobIdOf, type LearnJob, type Taught, type TrainingJob } from '../../src/queue/jobs.ts';
import { CANCEL_CHANNEL, type Line, openLine } from '../../src/queue/line.ts';
import { PREFIX } from '../../src/queue/redis.ts';
import { openStates, parcelOf, type States } from '../../src/queue/states.ts';
import { openTutor } from '../../src/queue/tutor.ts';
import { openWants, type Wants } from '../../src/queue/wants.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startWorker } from './fleet.ts';

const QUEUE = 'train-test';
const NEVER = new AbortController().signal;
const STATE = {
  values: Float32Array.of(1, 2, 3),
  first: new Float32Array(),
  second: new Float32Array(),
  steps: 1,
};
const ANSWER: Taught = { outcome: 'done', value: { loss: 1, auc: 0.5, acc: 0.5 } };

let server: RedisServer;
let redis: Redis;
let local: Engine;
let line: Line<TrainingJob, Taught>;
let states: States;
let wants: Wants;
const closing: (() => Promise<unknown>)[] = [];

const connect = (): Redis => {
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  connection.on('error', () => undefined);
  closing.push(async () => connection.disconnect());
  return connection;
};

beforeAll(async () => {
  server = await startRedis();
  local = await openEngine({ workers: 1 });
});
beforeEach(async () => {
  redis = connect();
  line = await openLine(QUEUE, redis, () => undefined);
  closing.push(line.close);
  states = openStates(redis);
  wants = openWants(redis);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  const client = new Redis(server.url);
  await client.flushall();
  client.disconnect();
});
afterAll(async () => {
  await local.close();
  await server.kill();
});

const GENOTYPE = [0, 0, 1, 1, 2, 2, 3, 0, 4, 0, 0, 1, 2, 3];
const PROTOCOL: Protocol = {
  space: 'mstf',
  dataset: 'breastmnist',
  batch: 'f'.repeat(64),
  batchSize: 2,
  input: [8, 8, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 4,
  seed: 0,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'any',
};
/** Never looked at by who leaves scoring to others. */
const BATCH = { images: new Float32Array(128), labels: new Int32Array(2) };

/** No course is looked at here. */
const jobOf = (epoch: number, from: LearnJob['from'] = null): LearnJob => ({
  kind: 'learn',
  course: {} as LearnJob['course'],
  epoch,
  from,
});

const partsOf = (change: Partial<ErrandParts> = {}): ErrandParts => ({
  line,
  states,
  wants,
  onEnd: () => undefined,
  onSecond: () => Promise.resolve(),
  ...change,
});

/** A worker of this work, which hears orders to stop. */
async function work(does: (job: TrainingJob, signal: AbortSignal) => Promise<Taught>): Promise<Hand> {
  const hand = openHand<TrainingJob, Taught>({
    redis: connect(),
    queue: QUEUE,
    name: 'test',
    concurrency: 2,
    onError: () => undefined,
    work: does,
  });
  closing.push(hand.close);
  const orders = connect();
  orders.on('message', (_, text: string) => hand.cancel(JSON.parse(text) as string[]));
  await orders.subscribe(CANCEL_CHANNEL);
  return hand;
}

/** Of our keys, besides what BullMQ has for its own. */
const leftOver = async (): Promise<readonly string[]> => [
  ...(await redis.keys(`${PREFIX}:state:*`)),
  ...(await redis.keys(`${PREFIX}:wanted:*`)),
  ...(await redis.keys(`${PREFIX}:${QUEUE}:learn-*`)),
];

async function untilNothingIsLeft(): Promise<void> {
  while ((await leftOver()).length > 0) await delay(20);
  expect(await line.counts()).toEqual({ waiting: 0, active: 0 });
}

test('a job that failed at first and then was done is done, whoever looks', async () => {
  let tries = 0;
  await work(async () => {
    tries += 1;
    if (tries === 1) throw new Error('once');
    return ANSWER;
  });
  const job = jobOf(0);
  const id = jobIdOf(job);
  await line.put(id, job);
  const news = { type: 'ended', answer: ANSWER };
  while ((await line.look(id)) === null) await delay(20);
  expect(await line.look(id)).toEqual(news);
  expect(await line.put(id, job)).toEqual(news);
  expect(tries).toBe(2);
});

describe('what is stopped', () => {
  test.each([0, 1, 3, 10, 30])('%i ms after it was begun leaves nothing behind', async (ms) => {
    const parcel = await parcelOf({ ...STATE, values: new Float32Array(3_000_000) });
    const stop = new AbortController();
    const errand = runErrand(partsOf(), jobOf(1, parcel.id), parcel, stop.signal);
    await delay(ms);
    stop.abort(new Error('enough'));
    await expect(errand).rejects.toThrow('enough');
    await untilNothingIsLeft();
  });

  test('while its worker does penance is not tried again', async () => {
    let tries = 0;
    let told: () => void = () => undefined;
    const failed = new Promise<void>((resolve) => (told = resolve));
    await work(async () => {
      tries += 1;
      told();
      throw new Error('no images');
    });
    const stop = new AbortController();
    const errand = runErrand(partsOf(), jobOf(0), null, stop.signal);
    await failed;
    stop.abort(new Error('enough'));
    await expect(errand).rejects.toThrow('enough');
    while ((await line.counts()).active > 0) await delay(20);
    expect(await line.counts()).toEqual({ waiting: 0, active: 0 });
    expect(tries).toBe(1);
  });

  test('while its worker is dying is done by nobody after it', async () => {
    // Takes the job, and is not heard of again.
    let taken: () => void = () => undefined;
    const isTaken = new Promise<void>((resolve) => (taken = resolve));
    const dying = new Worker(QUEUE, () => (taken(), new Promise(() => undefined)), {
      connection: connect(),
      prefix: PREFIX,
      lockDuration: 200,
      skipLockRenewal: true,
      skipStalledCheck: true,
    });
    dying.on('error', () => undefined);
    closing.push(() => dying.close(true));
    const stop = new AbortController();
    const job = jobOf(0);
    const errand = runErrand(partsOf(), job, null, stop.signal);
    await isTaken;
    stop.abort(new Error('enough'));
    await expect(errand).rejects.toThrow('enough');
    const begun: string[] = [];
    const images = { of: () => (begun.push('images'), Promise.reject(new Error('unused'))) };
    const tutor = openTutor({ school: null as never, images, states, wants });
    const answers: Taught[] = [];
    await work(async (given, signal) => {
      const answer = await tutor(given, signal);
      answers.push(answer);
      return answer;
    });
    while (answers.length === 0) await delay(50);
    expect(answers).toEqual([{ outcome: 'returned' }]);
    expect(begun).toEqual([]);
  }, 30_000);

  test('by one who waits for it is done for the other, once', async () => {
    let begun = 0;
    let go: () => void = () => undefined;
    const free = new Promise<void>((resolve) => (go = resolve));
    let told: () => void = () => undefined;
    const atWork = new Promise<void>((resolve) => (told = resolve));
    await work(async (_, signal) => {
      begun += 1;
      told();
      await Promise.race([free, once(signal, 'abort')]);
      return signal.aborted ? { outcome: 'returned' } : ANSWER;
    });
    const stop = new AbortController();
    const one = runErrand(partsOf(), jobOf(0), null, stop.signal);
    const other = runErrand(partsOf(), jobOf(0), null, NEVER);
    await atWork;
    stop.abort(new Error('enough'));
    await expect(one).rejects.toThrow('enough');
    go();
    expect(await other).toEqual((ANSWER as { readonly value: unknown }).value);
    expect(begun).toBe(1);
  });

  test('is noticed by its worker when nobody says so', async () => {
    const school = {
      learn: async (...args: readonly unknown[]) => {
        const signal = args[3] as AbortSignal;
        if (!signal.aborted) await once(signal, 'abort');
        throw signal.reason;
      },
    };
    const job = jobOf(0);
    const id = jobIdOf(job);
    const splits = { protocol: { input: [8, 8, 1], classes: 2, multiLabel: false } };
    const tutor = openTutor({
      school: school as never,
      images: { of: () => Promise.resolve(splits as never) },
      states,
      wants,
    });
    const course = {
      model: { kind: 'baseline', name: 'resnet18', initChannels: 4 },
      recipe: {},
      protocol: splits.protocol,
      classes: ['a', 'b'],
    };
    const given = { ...job, course: course as never };
    const waiter = 'somebody' as never;
    await wants.want(jobIdOf(given), waiter);
    const lesson = tutor(given, NEVER);
    await wants.leave(jobIdOf(given), waiter);
    expect(await lesson).toEqual({ outcome: 'returned' });
    expect(id).not.toBe(jobIdOf(given));
  });
});

test('workers that die over a training say so, and the next to be asked are tried again', async () => {
  const dying = new Worker(QUEUE, () => new Promise(() => undefined), {
    connection: connect(),
    prefix: PREFIX,
    concurrency: 10,
    lockDuration: 200,
    stalledInterval: 200,
    maxStalledCount: 0,
    skipLockRenewal: true,
  });
  dying.on('error', () => undefined);
  const ends: string[] = [];
  const parts = partsOf({ onEnd: (outcome) => ends.push(outcome) });
  await expect(runErrand(parts, jobOf(0), null, NEVER)).rejects.toMatchObject({
    code: 'CRASHED',
    message: expect.stringMatching(/died over the network/u),
  });
  expect(ends).toEqual(['died']);
  await dying.close(true);
  await work(async () => ANSWER);
  expect(await runErrand(parts, jobOf(0), null, NEVER)).toBeDefined();
});

test('a Redis that loses states again and again is an error that says what it needs', async () => {
  await work(async () => ({ outcome: 'stateless' }));
  const parcel = await parcelOf(STATE);
  await expect(runErrand(partsOf(), jobOf(1, parcel.id), parcel, NEVER)).rejects.toMatchObject({
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/noeviction/u),
  });
});

test('what is thrown each second ends it', async () => {
  const onSecond = () => Promise.reject(new MedNasError('CONFLICT', 'somebody else has it'));
  await expect(runErrand(partsOf({ onSecond }), jobOf(0), null, NEVER)).rejects.toThrow(
    'somebody else has it',
  );
  await untilNothingIsLeft();
});

test('a full Redis refuses states by a code that pauses', async () => {
  closing.push(async () => {
    const client = new Redis(server.url);
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  });
  await redis.config('SET', 'maxmemory', '1');
  const parcel = await parcelOf(STATE);
  const failure = {
    code: 'ENGINE_UNAVAILABLE',
    message: expect.stringMatching(/The queue cannot be used: .*OOM/u),
  };
  await expect(states.put(parcel)).rejects.toMatchObject(failure);
  await expect(runErrand(partsOf(), jobOf(1, parcel.id), parcel, NEVER)).rejects.toMatchObject(failure);
});

test.each(['x', '7', '{"a":1}', '[1,null]'])('%j on the channel of orders hurts no worker', async (text) => {
  const worker = await startWorker(server.url, local);
  closing.push(() => worker.close());
  expect(await redis.publish(CANCEL_CHANNEL, text)).toBeGreaterThan(0);
  await redis.ping();
  expect(worker.describe().busy).toBe(0);
});

describe('a coordinator', () => {
  const open = async () => {
    const computing = await openQueueEngine({
      url: server.url,
      local: { ...local, close: () => Promise.resolve() },
      onError: () => undefined,
    });
    return computing;
  };

  test.each(['{"id":"bad"}', 'x', '7', 'null'])('takes %s for no worker', async (text) => {
    await redis.sadd(`${PREFIX}:workers`, 'bad');
    await redis.set(`${PREFIX}:worker:bad`, text);
    const { engine, fleet } = await open();
    closing.push(() => engine.close());
    expect(await fleet.workers()).toEqual([]);
    expect(engine.info.workers).toBe(0);
  });

  test('counts jobs of an arithmetic that no worker has', async () => {
    const { engine, fleet } = await open();
    closing.push(() => engine.close());
    const stop = new AbortController();
    const scoring = engine
      .evaluator({ ...PROTOCOL, numerics: 'nobody’s' }, BATCH)
      .evaluate([GENOTYPE], stop.signal);
    while ((await fleet.jobs())?.waiting !== 1) await delay(20);
    stop.abort(new Error('enough'));
    await expect(scoring).rejects.toThrow('enough');
  });

  test.each([0, 1, 2, 3, 8, 20])('stopped %i ms after it began to score leaves no jobs', async (ms) => {
    const { engine, fleet } = await open();
    closing.push(() => engine.close());
    const bounds = spaceOf(parseSettings({})).upperBounds(1);
    const genotypes = Array.from({ length: 16 }, (_, i) =>
      randomGenotype(randomFor(i, 0, 'variation'), bounds),
    );
    const stop = new AbortController();
    const scoring = engine.evaluator({ ...PROTOCOL, seed: ms }, BATCH).evaluate(genotypes, stop.signal);
    await delay(ms);
    stop.abort(new Error('enough'));
    await expect(scoring).rejects.toThrow('enough');
    while ((await fleet.jobs())?.waiting !== 0) await delay(20);
  });

  test('and a worker close while Redis is away', async () => {
    const { engine, fleet } = await open();
    const worker = await startWorker(server.url, local);
    const stop = new AbortController();
    const scoring = engine
      .evaluator({ ...PROTOCOL, numerics: 'nobody’s' }, BATCH)
      .evaluate([GENOTYPE], stop.signal);
    while ((await fleet.jobs())?.waiting !== 1) await delay(20);
    stop.abort(new Error('enough'));
    await expect(scoring).rejects.toThrow('enough');
    await server.kill();
    try {
      await Promise.all([engine.close(), worker.close()]);
    } finally {
      await server.start();
    }
  }, 20_000);

  test('does not start on a Redis that stands still', async () => {
    server.freeze();
    try {
      await expect(open()).rejects.toMatchObject({
        code: 'ENGINE_UNAVAILABLE',
        message: expect.stringMatching(/does not answer/u),
      });
    } finally {
      server.thaw();
    }
  });
});
