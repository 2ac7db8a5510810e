// A real service (SQLite in a folder of its own, the bundled images, HTTP on a free port) whose engine
// is a formula of the genotype: exact, immediate, and stoppable between any two scores.

import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openDatasets } from '../../src/data/datasets.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { inProcess } from '../../src/learning/school.ts';
import type { Evaluation, Protocol } from '../../src/search/evaluation.ts';
import { macs, params } from '../../src/search/network.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { SPACES } from '../../src/search/space/spaces.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';
import { openService, type Service } from '../../src/service/service.ts';
import { type Archive, openArchive } from '../../src/storage/archive.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import { openWeights } from '../../src/storage/weights.ts';
import type { Answer } from '../server/answers.ts';
import { openLearning } from './learning.ts';

/** How many scores may still be computed. */
export interface Permits {
  /** Lets through so many more. */
  readonly grant: (count: number) => void;
  readonly take: (signal: AbortSignal) => Promise<void>;
  /** Resolves when somebody waits for a permit, and when nobody does. */
  readonly wanted: () => Promise<void>;
  readonly unwanted: () => Promise<void>;
}

export function openPermits(initial: number): Permits {
  const news = new EventEmitter().setMaxListeners(0);
  let left = initial;
  let waiting = 0;
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await once(news, 'change');
  };
  return {
    grant(count) {
      left += count;
      news.emit('change');
    },
    async take(signal) {
      const tell = (): boolean => news.emit('change');
      signal.addEventListener('abort', tell);
      waiting += 1;
      tell();
      await until(() => left > 0 || signal.aborted);
      waiting -= 1;
      tell();
      signal.removeEventListener('abort', tell);
      signal.throwIfAborted();
      left -= 1;
    },
    wanted: () => until(() => waiting > 0),
    unwanted: () => until(() => waiting === 0),
  };
}

/** 0 to 1, by genotype and seed. */
const noise = (...parts: readonly unknown[]): number =>
  createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE() / 2 ** 32;

/** A formula in place of a forward pass; a network that begins with `zero` cannot be scored. */
export function formula(
  genotype: Genotype,
  { space, input, classes, initChannels, seed }: Protocol,
): Evaluation {
  const network = SPACES[space]?.build(genotype, { input, classes, initChannels });
  if (network === undefined) throw new Error(`no space ${space}`);
  const cost = { macs: macs(network), params: params(network) };
  const jacobCov = { value: 100 * noise('jacobCov', genotype, seed), seconds: 0 };
  if (genotype[0] === 7) {
    const synflow = { value: 0, log: null, seconds: 0 };
    return {
      status: 'infeasible',
      reason: 'synflow is zero: a path is dead',
      scores: { jacobCov, synflow },
      ...cost,
    };
  }
  const log = 50 * noise('synflow', genotype, seed);
  return { status: 'ok', scores: { jacobCov, synflow: { value: Math.exp(log), log, seconds: 0 } }, ...cost };
}

export const openFormulaEngine = (permits: Permits): Engine => ({
  info: {
    backend: 'formula',
    adapter: null,
    numerics: 'formula-1',
    simd: null,
    workers: 1,
    cores: 2,
    memory: 2 ** 33,
    workerMemory: 2 ** 30,
  },
  load: () => ({ busy: 0, waiting: 0, crashes: 0 }),
  evaluator: (protocol) => ({
    async evaluate(genotypes, signal, onScored) {
      const evaluations: Evaluation[] = [];
      for (const [i, genotype] of genotypes.entries()) {
        await permits.take(signal);
        const evaluation = formula(genotype, protocol);
        evaluations.push(evaluation);
        await onScored?.(i, evaluation);
      }
      return evaluations;
    },
  }),
  ...openLearning(permits),
  inspect: () => Promise.reject(new Error('a formula has nothing inside')),
  // A formula takes no memory.
  requireFit: () => undefined,
  check: () => Promise.resolve(),
  close: () => Promise.resolve(),
});

export interface TestService {
  /** Of its archive, and of datasets by their paths. */
  readonly folder: string;
  readonly service: Service;
  readonly permits: Permits;
  /** Names of the archive's functions in the order in which they were called. */
  readonly calls: string[];
  /** Resolves when at most so many follow a search, none unless said. */
  readonly unfollowed: (most?: number) => Promise<void>;
  /** How many follow a search now. */
  readonly following: () => number;
  readonly close: () => Promise<void>;
}

/** The archive, with a note of each call. */
function noted(archive: Archive, calls: string[]): Archive {
  return Object.fromEntries(
    Object.entries(archive).map(([name, call]) => [
      name,
      (...args: readonly never[]) => {
        calls.push(name);
        return (call as (...args: readonly never[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Archive;
}

export interface TestOptions {
  /** How many scores may be computed before `permits.grant` is called. */
  readonly permits?: number;
  /** How many searches run at the same time. */
  readonly maxSearches?: number;
  /** Puts something else in place of parts of the service. */
  readonly alter?: (service: Service) => Partial<Service>;
  /** Who may come in and how much they may; whatever is left out is as by default. */
  readonly server?: Partial<ServerOptions>;
}

export async function openTestService({
  permits = Infinity,
  maxSearches = Infinity,
  alter,
}: TestOptions = {}): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), 'mednas-'));
  const calls: string[] = [];
  const gate = openPermits(permits);
  const real = openService({
    archive: noted(openArchive(await openSqlite(folder)), calls),
    ...inProcess(openFormulaEngine(gate)),
    datasets: openDatasets({ folders: [], dataFolder: folder, download: false, confined: true }),
    weights: openWeights(join(folder, 'weights')),
    now: () => new Date(),
    maxSearches,
    onError: () => undefined,
  });
  const altered = { ...real, ...alter?.(real) };
  const readers = new EventEmitter();
  const state = { following: 0 };
  const service: Service = {
    ...altered,
    async *follow(...args) {
      state.following += 1;
      try {
        yield* altered.follow(...args);
      } finally {
        state.following -= 1;
        readers.emit('left');
      }
    },
  };
  return {
    folder,
    service,
    permits: gate,
    calls,
    following: () => state.following,
    async unfollowed(most = 0) {
      while (state.following > most) await once(readers, 'left');
    },
    async close() {
      await real.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestServer extends TestService, Pick<RunningServer, 'url' | 'unready'> {
  /** What the service has logged, a line an entry. */
  readonly log: readonly string[];
  /** Sends an operation over HTTP. */
  readonly ask: (query: string, variables?: object) => Promise<Answer>;
}

export async function startTestServer(options: TestOptions = {}): Promise<TestServer> {
  const test = await openTestService(options);
  const log: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line) => void log.push(line) });
  const server = await startServer(test.service, {
    host: '127.0.0.1',
    port: 0,
    logger,
    ...options.server,
  });
  return {
    ...test,
    url: server.url,
    unready: server.unready,
    log,
    async ask(query, variables = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const answer = (await response.json()) as Answer;
      return { ...answer, errors: answer.errors ?? [], status: response.status };
    },
    async close() {
      await server.close();
      await test.close();
    },
  };
}

/** A search that is over in a blink. */
export const SMALL = { population: 8, offspring: 8, generations: 3, initChannels: 4, batchSize: 4, seed: 7 };
/** 8 + 3 * 8 */
export const SMALL_EVALUATIONS = 32;

/** Starts a search and gives its global id. */
export async function startSearch({ ask }: Pick<TestServer, 'ask'>, input: object = SMALL): Promise<string> {
  const { data, errors } = await ask(
    'mutation ($input: StartSearchInput!) { startSearch(input: $input) { search { id } errors { message } } }',
    { input },
  );
  if (errors.length > 0 || data.startSearch.search === null) throw new Error(JSON.stringify([data, errors]));
  return data.startSearch.search.id;
}

/** The archive's name of a search. */
export const rawId = (id: string): never =>
  Buffer.from(id, 'base64url').toString().slice('Search:'.length) as never;
