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
  expect(metrics).not.toMatch(/^mednas_(queue_)?jobs/mu);
  await server.close();
});

test('with a queue, workers are told as they come and go', async () => {
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
    body: JSON.stringify({ query: 'subscription { workersChanged { id } }' }),
    signal: gone.signal,
  });
  let text = '';
  const chunks = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream())
    .getReader();
  const next = async (): Promise<readonly unknown[]> => {
    for (;;) {
      const found = /^data: (\{.+\})\n\n/mu.exec(text);
      if (found !== null) {
        text = text.slice((found.index ?? 0) + found[0].length);
        return (JSON.parse(found[1] as string) as { data: { workersChanged: readonly unknown[] } }).data
          .workersChanged;
      }
      text += (await chunks.read()).value ?? '';
    }
  };
  told.push((await next()).length);
  const worker = await startWorker(redis.url, local);
  told.push((await next()).length);
  const { data } = await server.ask(ALL);
  expect(data.workers).toMatchObject([
    { id: worker.describe().id, backend: 'wasm', speed: expect.any(Number) },
  ]);
  const metrics = await metricsOf(server.url);
  expect(metrics).toMatch(/^mednas_queue_jobs\{state="waiting"\} 0$/mu);
  expect(metrics).toMatch(/^mednas_jobs_total\{outcome="completed"\} 0$/mu);
  await worker.close();
  told.push((await next()).length);
  expect(told).toEqual([0, 1, 0]);
  gone.abort();
  await server.close();
  await engine.close();
});
