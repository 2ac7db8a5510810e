// `npm run load-test`: requests at a fixed rate beside a busy search, then many that follow a search to its
// end. Everything happens on this machine's loopback, and ends by itself. Prints one JSON document; exits
// with 1 when a request failed or somebody missed an event or got one twice.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, serve, type Served, startServedSearch } from '../support/served.ts';
import { finishGeneration, follow, followWithoutReading } from './followers.ts';
import { queriesOf } from './queries.ts';
import { type RequestFigures, sendRequests } from './requests.ts';

export interface LoadOptions {
  /** Requests a second, and for how long. */
  readonly rate: number;
  readonly seconds: number;
  readonly subscribers: number;
  /** Of the search that is followed. */
  readonly generations: number;
}

export interface SubscriberFigures {
  readonly subscribers: number;
  /** In the search's journal. */
  readonly events: number;
  readonly delivered: number;
  /** Who did not get each event once and in order, and then heard of the end. */
  readonly wrong: number;
  /** From the search's start until the last has heard of its end. */
  readonly seconds: number;
  /** Resident memory of the service, in MB: before they came, at most, after they left. */
  readonly memory: { readonly before: number; readonly most: number; readonly after: number };
}

export interface LoadFigures {
  readonly requests: RequestFigures & { readonly evaluationsMeanwhile: number };
  readonly followed: SubscriberFigures;
}

/** A search that keeps both cores busy for longer than anybody measures. */
const BUSY = { generations: 5000, seed: 1 };
/** 20 + 20 a generation, of small networks: many events a second. */
const FOLLOWED = { population: 20, offspring: 20, batchSize: 16, initChannels: 8, seed: 2 };

const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

const eventsMeanwhile = async (served: Served): Promise<number> => {
  const text = await (await fetch(`${served.url}/metrics`)).text();
  return Number(/^mednas_events_total\{type="evaluated"\} (\d+)/mu.exec(text)?.[1] ?? 0);
};

async function measureRequests(served: Served, options: LoadOptions): Promise<LoadFigures['requests']> {
  const id = await startServedSearch(served, BUSY);
  // There is a front to ask for once the first generation is finished.
  await finishGeneration(served.url, id);
  const before = await eventsMeanwhile(served);
  const figures = await sendRequests(served.url, queriesOf(id), options);
  const after = await eventsMeanwhile(served);
  await ask(served, 'mutation ($id: ID!) { cancelSearch(id: $id) { errors { code } } }', { id });
  return { ...figures, evaluationsMeanwhile: after - before };
}

async function measureFollowers(
  served: Served,
  { subscribers, generations }: LoadOptions,
): Promise<SubscriberFigures> {
  const pid = served.child.pid ?? 0;
  const before = memoryOf(pid);
  let most = before;
  const sampling = setInterval(() => (most = Math.max(most, memoryOf(pid))), 100);
  const begin = performance.now();
  const id = await startServedSearch(served, { ...FOLLOWED, generations });
  const deaf = await followWithoutReading(served.url, id);
  const followers = await follow(served.url, id, subscribers);
  const told = await Promise.all(followers.map(({ over }) => over));
  const seconds = (performance.now() - begin) / 1000;
  clearInterval(sampling);
  deaf.destroy();
  // Begun, each architecture, each generation, completed.
  const { population, offspring } = FOLLOWED;
  const events = 1 + population + generations * offspring + (generations + 1) + 1;
  const expected = Array.from({ length: events }, (_, i) => i + 1).join();
  return {
    subscribers,
    events,
    delivered: followers.reduce((sum, { sequences }) => sum + sequences.length, 0),
    wrong: followers.filter(({ sequences }, i) => !told[i] || sequences.join() !== expected).length,
    seconds,
    memory: { before, most, after: memoryOf(pid) },
  };
}

export async function measureLoad(options: LoadOptions): Promise<LoadFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-load-'));
  const served = await serve(folder, { MEDNAS_RATE_LIMIT: '999999999', MEDNAS_SUBSCRIPTIONS: '100000' });
  try {
    const requests = await measureRequests(served, options);
    return { requests, followed: await measureFollowers(served, options) };
  } finally {
    served.child.kill('SIGTERM');
    await served.outcome;
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '60' },
      subscribers: { type: 'string', default: '1000' },
      generations: { type: 'string', default: '20' },
    },
  });
  const figures = await measureLoad({
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    subscribers: Number(values.subscribers),
    generations: Number(values.generations),
  });
  const machine = { cores: availableParallelism(), cpu: cpus()[0]?.model ?? null, node: process.version };
  console.log(JSON.stringify({ ...figures, machine }, null, 2));
  process.exitCode = figures.requests.errors + figures.followed.wrong > 0 ? 1 : 0;
}
