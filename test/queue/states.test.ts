// States of trainings in Redis: what is put there is what is got, or nothing.

import { Redis } from 'ioredis';
import { openStates, parcelOf, type StateId } from '../../src/queue/states.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.kill();
});
afterEach(() => redis.flushall());

const floats = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.fround(Math.sin(seed + i * 0.37)));

const stateOf = (count: number, moments = count) => ({
  values: floats(count, 1),
  first: floats(moments, 2),
  second: floats(moments, 3),
  steps: 17,
});

test.each([
  ['small', stateOf(5)],
  ['without moments', stateOf(9, 0)],
  ['of several parts', stateOf(2_500_000)],
])('one that is %s comes as it was sent, to the bit', async (_, state) => {
  const states = openStates(redis);
  const parcel = await parcelOf(state);
  await states.put(parcel);
  const got = await states.get(parcel.id);
  expect(got?.steps).toBe(17);
  for (const name of ['values', 'first', 'second'] as const)
    expect(Buffer.from(got?.[name].buffer as ArrayBuffer).equals(Buffer.from(state[name].buffer))).toBe(true);
});

test('equal states have one name, others another', async () => {
  expect((await parcelOf(stateOf(5))).id).toBe((await parcelOf(stateOf(5))).id);
  expect((await parcelOf({ ...stateOf(5), steps: 18 })).id).not.toBe((await parcelOf(stateOf(5))).id);
});

test('one that is not there, was dropped or is not what its name says is none', async () => {
  const states = openStates(redis);
  const parcel = await parcelOf(stateOf(5));
  expect(await states.get('f'.repeat(64) as StateId)).toBeNull();
  await states.put(parcel);
  await states.drop(parcel.id);
  expect(await states.get(parcel.id)).toBeNull();
  await states.put(parcel);
  await redis.rpush(`mednas:state:${parcel.id}`, 'more');
  expect(await states.get(parcel.id)).toBeNull();
});

test('one that was damaged on its way is whole when it is put again', async () => {
  const states = openStates(redis);
  const parcel = await parcelOf(stateOf(5));
  const key = `mednas:state:${parcel.id}`;
  for (const damage of [() => redis.lset(key, 0, 'less'), () => redis.rpush(key, 'more')]) {
    await states.put(parcel);
    await damage();
    expect(await states.get(parcel.id)).toBeNull();
    await states.put(parcel);
    expect((await states.get(parcel.id))?.steps).toBe(17);
  }
});

test('it runs out unless it is kept, and putting it again keeps it', async () => {
  const states = openStates(redis);
  const parcel = await parcelOf(stateOf(5));
  const key = `mednas:state:${parcel.id}`;
  await states.put(parcel);
  const life = await redis.pttl(key);
  expect(life).toBeGreaterThan(0);
  for (const keep of [() => states.keep(parcel.id), () => states.put(parcel)]) {
    await redis.pexpire(key, 1000);
    await keep();
    expect(await redis.pttl(key)).toBeGreaterThan(1000);
  }
  expect(await redis.llen(key)).toBe(1);
});
