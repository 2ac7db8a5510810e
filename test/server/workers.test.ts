// The fleet in the API and in the metrics: workers on a real queue, or the service alone.

import { openEngine } from '../../src/engine/pool.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { openQueueEngine } from '../../src/queue/engine.ts';
import { startWorker } from '../queue/fleet.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { startTestServer } from '../support/service.ts';

const ALL = '{ workers { id host version backend adapter numerics threads speed busy since lastSeen } }';

let redis: RedisServer;
let local: Engine;
beforeAll(async () => {
  redis = await startRedis();
  local = await openEngine({ workers: 1 });
});
afterAll(async () => {
  await local.close();
  await redis.kill();
});

const metricsOf = async (url: string): Promise<string> => await (await fetch(`${url}/metrics`)).text();

test('a service without a queue is its only worker', async () => {
  const server = await startTestServer();
  const { data } = await server.ask(ALL);
  expect(data.workers).toMatchObject([
    { backend: 'formula', numerics: 'formula-1', threads: 1, speed: null },
  ]);
  const metrics = await metricsOf(server.url);
  expect(metrics).toMatch(/^mednas_fleet_workers 1$/mu);
  expect(metrics).toMatch(/^mednas_fleet_threads\{backend="formula"\} 1$/mu);
  expect(metrics).toMatch(/^mednas_fleet_busy\{backend="formula"\} 0$/mu);
  expect(metrics).not.toMatch(/^mednas_(queue_)?jobs/mu);
  await server.close();
});

test('with a queue, workers are told as they come and go, and again for when they were heard of', async () => {
  const { engine, fleet } = await openQueueEngine({
    url: redis.url,
    local: { ...local, close: () => Promise.resolve() },
    onError: () => undefined,
  });
  const server = await startTestServer({ alter: () => ({ fleet }) });
  const told: number[] = [];
  const gone = new AbortController();
  const response = await fetch(`${server.url}/graphql/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: 'subscription { workersChanged { id lastSeen } }' }),
    signal: gone.signal,
  });
  let text = '';
  const chunks = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  const next = async (): Promise<readonly { readonly lastSeen: string }[]> => {
    for (;;) {
      const found = /^data: (\{.+\})\n\n/mu.exec(text);
      if (found !== null) {
        text = text.slice((found.index ?? 0) + found[0].length);
        return (JSON.parse(found[1] as string) as { data: { workersChanged: { lastSeen: string }[] } }).data
          .workersChanged;
      }
      text += (await chunks.read()).value ?? '';
    }
  };
  /** The next list of another length: now and then the same is told again. */
  const nextOther = async (): Promise<number> => {
    const { length } = await next();
    return length === told.at(-1) ? await nextOther() : length;
  };
  told.push(await nextOther());
  const worker = await startWorker(redis.url, local);
  told.push(await nextOther());
  const { data } = await server.ask(ALL);
  expect(data.workers).toMatchObject([
    { id: worker.describe().id, backend: 'wasm', speed: expect.any(Number) },
  ]);
  const metrics = await metricsOf(server.url);
  expect(metrics).toMatch(/^mednas_queue_jobs\{state="waiting"\} 0$/mu);
  expect(metrics).toMatch(/^mednas_jobs_total\{outcome="completed"\} 0$/mu);
  const [before, after] = [await next(), await next()];
  expect(Date.parse(after[0]?.lastSeen ?? '')).toBeGreaterThan(Date.parse(before[0]?.lastSeen ?? ''));
  await worker.close();
  told.push(await nextOther());
  expect(told).toEqual([0, 1, 0]);
  gone.abort();
  await server.close();
  await engine.close();
});
