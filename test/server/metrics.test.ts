// What Prometheus sees, and that the dashboard asks for nothing else.

import { readFileSync } from 'node:fs';
import {
  SMALL,
  SMALL_EVALUATIONS,
  startSearch,
  startTestServer,
  type TestServer,
} from '../support/service.ts';
import { EVENTS, take, TRANSPORTS } from './transports.ts';

let server: TestServer;
afterEach(() => server.close());

async function scrape(): Promise<string> {
  const response = await fetch(`${server.url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return await response.text();
}

/** Samples by name and labels, as they are written. */
const samplesOf = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, sample, value] = /^([^#].*) (\S+)$/u.exec(line) ?? [];
      return sample === undefined ? [] : [[sample, Number(value)] as const];
    }),
  );

test('a search is counted: evaluations by outcome, events, its end; asked for again, all is reused', async () => {
  server = await startTestServer();
  for (const _ of [1, 2]) {
    const id = await startSearch(server);
    await take(TRANSPORTS[1]!.connect(server.url).run(EVENTS, { id }));
  }
  const samples = samplesOf(await scrape());
  const of = (outcome: string) => samples.get(`mednas_evaluations_total{outcome="${outcome}"}`) ?? 0;
  expect([of('ok') + of('infeasible'), of('reused')]).toEqual([SMALL_EVALUATIONS, SMALL_EVALUATIONS]);
  expect(samples.get('mednas_evaluation_seconds_count')).toBe(SMALL_EVALUATIONS);
  expect(samples.get('mednas_events_total{type="evaluated"}')).toBe(2 * SMALL_EVALUATIONS);
  expect(samples.get('mednas_events_total{type="generation"}')).toBe(2 * (SMALL.generations + 1));
  expect(samples.get('mednas_generation_seconds_count')).toBe(2 * (SMALL.generations + 1));
  expect(samples.get('mednas_searches{status="completed"}')).toBe(2);
  expect(samples.get('mednas_searches{status="running"}')).toBe(0);
  expect(samples.get('mednas_workers')).toBe(1);
});

test('operations are counted by field, type, transport and outcome, whatever clients call them', async () => {
  server = await startTestServer();
  await server.ask('query Mine { engine { backend } }');
  await server.ask('{ a: engine { backend } searches { totalCount } }');
  await server.ask('{ nonsense }');
  await server.ask('mutation { startSearch(input: { population: 0 }) { errors { code } } }');
  await fetch(`${server.url}/${'x'.repeat(50)}`);
  const text = await scrape();
  const samples = samplesOf(text);
  const operations = [...samples]
    .filter(([name]) => name.startsWith('mednas_graphql_operations_total'))
    .map(([name, count]) => [name.slice('mednas_graphql_operations_total'.length), count]);
  expect(operations).toEqual([
    ['{field="engine",type="query",transport="http",outcome="OK"}', 1],
    ['{field="other",type="query",transport="http",outcome="OK"}', 1],
    ['{field="other",type="none",transport="http",outcome="GRAPHQL_VALIDATION_FAILED"}', 1],
    ['{field="startSearch",type="mutation",transport="http",outcome="INVALID_ARGUMENT"}', 1],
  ]);
  expect(samples.get('mednas_http_requests_total{method="POST",route="/graphql",status="200"}')).toBe(3);
  expect(samples.get('mednas_http_requests_total{method="GET",route="dashboard",status="404"}')).toBe(1);
  expect(text).not.toMatch(/Mine|nonsense|xxxx/u);
});

test.each(TRANSPORTS)('who follows over $name is counted until he leaves', async ({ name, connect }) => {
  server = await startTestServer({ permits: 3 });
  const transport = name === 'WebSocket' ? 'websocket' : 'sse';
  const count = async () => samplesOf(await scrape()).get(`mednas_subscribers{transport="${transport}"}`);
  const id = await startSearch(server);
  const connection = connect(server.url);
  const results = connection.run(EVENTS, { id });
  await take(results, 2);
  expect(await count()).toBe(1);
  const waiting = results.next().catch(() => undefined);
  connection.cut();
  await Promise.all([waiting, server.unfollowed()]);
  expect(await count()).toBe(0);
});

test('the dashboard for Grafana asks for what is there', async () => {
  // As a process with a Redis for wake-ups, which alone tells whether it is up.
  server = await startTestServer({ alter: () => ({ hearsOthers: () => true }) });
  const known = new Set([...(await scrape()).matchAll(/^# TYPE (\S+)/gmu)].map(([, name]) => name));
  const dashboard = readFileSync(new URL('../../deploy/grafana/mednas.json', import.meta.url), 'utf8');
  const asked = [...dashboard.matchAll(/\b((?:mednas|process|nodejs)_\w+)/gu)].map(([, name = '']) =>
    name.replace(/_bucket$/u, ''),
  );
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

test('who may not come in sees no metrics', async () => {
  server = await startTestServer({ server: { access: { anonymous: 'off' } } });
  const { key } = await server.service.keys.create({ name: 'prometheus', role: 'reader', lifetime: null });
  const send = (headers: Record<string, string>) => fetch(`${server.url}/metrics`, { headers });
  expect((await send({})).status).toBe(401);
  expect((await send({ authorization: `Bearer ${key}` })).status).toBe(200);
});
