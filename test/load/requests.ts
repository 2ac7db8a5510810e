// Requests at a fixed rate, whatever becomes of those before: the time of each counts from when it was
// due, so that a service that stalls does not hide it by making its clients wait.

import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';

export interface RequestFigures {
  readonly requests: number;
  readonly errors: number;
  /** Requests answered a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly firstError: string | null;
}

const TICK_MS = 5;

/** Text of the answer. Rejects unless it has data and no errors. */
function post(url: string, agent: Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}/graphql`,
      { method: 'POST', agent, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => {
            text += chunk;
          })
          .once('error', reject)
          .once('end', () => {
            const isWell = response.statusCode === 200 && text.startsWith('{"data":{');
            if (isWell) resolve();
            else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`));
          });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

export async function sendRequests(
  url: string,
  queries: readonly object[],
  { rate, seconds }: { readonly rate: number; readonly seconds: number },
): Promise<RequestFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const bodies = queries.map((query) => JSON.stringify(query));
  const count = Math.round(rate * seconds);
  const milliseconds = new Float64Array(count);
  const errors: unknown[] = [];
  const under = new Set<Promise<void>>();
  const begin = performance.now();
  async function send(i: number): Promise<void> {
    const due = begin + (1000 * i) / rate;
    await post(url, agent, bodies[i % bodies.length] as string).catch((error: unknown) => errors.push(error));
    milliseconds[i] = performance.now() - due;
  }
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.ceil(((performance.now() - begin) / 1000) * rate));
    for (; sent < due; sent++) {
      const one = send(sent).finally(() => under.delete(one));
      under.add(one);
    }
    await setTimeout(TICK_MS);
  }
  await Promise.all(under);
  const took = (performance.now() - begin) / 1000;
  agent.destroy();
  const sorted = milliseconds.toSorted();
  return {
    requests: count,
    errors: errors.length,
    rate: count / took,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
    firstError: errors.length > 0 ? String(errors[0]) : null,
  };
}
