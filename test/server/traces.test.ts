// Traces, as a collector receives them.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { rawId, SMALL, startSearch, startTestServer } from '../support/service.ts';
import { EVENTS, take, TRANSPORTS } from './transports.ts';

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Span {
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

interface Collector {
  readonly url: string;
  readonly spans: readonly Span[];
  readonly server: Server;
}

async function collect(): Promise<Collector> {
  const spans: Span[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { resourceSpans } = (await json(request)) as Export;
    for (const { scopeSpans } of resourceSpans) spans.push(...scopeSpans.flatMap((scope) => scope.spans));
    response.setHeader('content-type', 'application/json').end('{}');
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, server };
}

const valueOf = ({ attributes }: Span, name: string): unknown =>
  Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0];

test('operations, generations and some of the evaluations have spans', async () => {
  const collector = await collect();
  const server = await startTestServer({ server: { tracesTo: `${collector.url}/` } });
  const id = await startSearch(server);
  await take(TRANSPORTS[0]!.connect(server.url).run(EVENTS, { id }));
  await server.ask('query Mine { nonsense }');
  await server.close();
  collector.server.close();

  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  const generations = named('generation');
  expect(generations.map((span) => Number(valueOf(span, 'mednas.generation')))).toEqual([0, 1, 2, 3]);
  expect(new Set(generations.map((span) => valueOf(span, 'mednas.search')))).toEqual(new Set([rawId(id)]));
  expect(SMALL.generations).toBe(3);
  // One of ten.
  expect(named('evaluation')).toHaveLength(4);
  const [start] = named('mutation startSearch');
  expect(start && valueOf(start, 'mednas.outcome')).toBe('OK');
  expect(named('subscription searchEvents')).toHaveLength(1);
  const [refused] = named('none other');
  expect(refused && valueOf(refused, 'mednas.outcome')).toBe('GRAPHQL_VALIDATION_FAILED');
  for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans)
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  expect(JSON.stringify(collector.spans)).not.toMatch(/Mine|nonsense/u);
});

test('a collector that does not answer holds up nothing', async () => {
  const { url, server: nobody } = await collect();
  nobody.close();
  await once(nobody, 'close');
  const server = await startTestServer({ server: { tracesTo: url } });
  expect((await server.ask('{ engine { backend } }')).errors).toEqual([]);
  await server.close();
});
