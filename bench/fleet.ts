// How many workers help: simulated ones, that take jobs from a real queue and hold each architecture for as
// long as this machine's engine takes it, all in this process; evaluations a second against so many times one.

import { loadavg } from 'node:os';
import { type Batch, drawBatch } from '../src/data/batch.ts';
import { openDatasets } from '../src/data/datasets.ts';
import type { Engine, Evaluator } from '../src/engine/engine.ts';
import { networkOf } from '../src/engine/evaluate.ts';
import { openEngine } from '../src/engine/pool.ts';
import { selfTest } from '../src/engine/selfTest.ts';
import { openQueueEngine } from '../src/queue/engine.ts';
import { openWorker } from '../src/queue/worker.ts';
import type { Evaluation, Protocol } from '../src/search/evaluation.ts';
import { type Evaluate, INITIAL_STATE, search, type SearchState } from '../src/search/evolution.ts';
import { macs, params } from '../src/search/network.ts';
import { streamKey, uniformAt } from '../src/search/random.ts';
import { parseSettings } from '../src/search/settings.ts';
import type { Genotype } from '../src/search/space/space.ts';
import { steadySearch } from '../src/search/steady.ts';
import type { StrategyName } from '../src/search/strategy.ts';
import { startRedis } from '../test/support/redis.ts';
import { readGenotypes } from './workload.ts';

export interface FleetOptions {
  readonly initChannels: readonly number[];
  readonly workers: readonly number[];
  readonly offspring: readonly number[];
  readonly seconds: number;
}

const ROUNDS = 4;
const NEVER = new AbortController().signal;

/** Real architectures: MACs, and seconds that a score takes, in ascending order of MACs. */
type Times = readonly (readonly [macs: number, seconds: number])[];

const secondsOf = ({ scores }: Evaluation): number =>
  Object.values(scores).reduce((sum, { seconds }) => sum + seconds, 0);

const protocolOf = (batch: Batch, initChannels: number, numerics: string): Protocol => ({
  space: 'mstf',
  dataset: 'breastmnist',
  batch: batch.hash,
  batchSize: batch.size,
  input: batch.shape,
  classes: batch.classes,
  multiLabel: batch.multiLabel,
  initChannels,
  seed: 0,
  indicators: ['jacobCov', 'synflow'],
  numerics,
});

/** What a worker tests itself by, once for all of them. */
async function inspectKnown(real: Engine): Promise<Awaited<ReturnType<Engine['inspect']>>> {
  const inspections: Awaited<ReturnType<Engine['inspect']>>[] = [];
  await selfTest({
    ...real,
    async inspect(...args) {
      const inspection = await real.inspect(...args);
      inspections.push(inspection);
      return inspection;
    },
  });
  return inspections[0] as Awaited<ReturnType<Engine['inspect']>>;
}

async function measureTimes(
  real: Engine,
  protocol: Protocol,
  batch: Parameters<Engine['evaluator']>[1],
): Promise<Times> {
  const genotypes = readGenotypes();
  const evaluator = real.evaluator(protocol, batch);
  // The least of a few: others may be at work here.
  const rounds: (readonly Evaluation[])[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await evaluator.evaluate(genotypes, NEVER));
  return genotypes
    .map((_, i) => {
      const seconds = Math.min(...rounds.map((round) => secondsOf(round[i] as Evaluation)));
      return [rounds[0]?.[i]?.macs ?? 0, seconds] as const;
    })
    .toSorted(([a], [b]) => a - b);
}

/** What an architecture would take: as long as the real one that is nearest in MACs. */
const timeOf = (times: Times, cost: number): number =>
  times.reduce((nearest, one) => (Math.abs(one[0] - cost) < Math.abs(nearest[0] - cost) ? one : nearest))[1];

/** Scores as a formula, after as long as the real ones take. */
function simulate(real: Engine, times: Times, known: Awaited<ReturnType<Engine['inspect']>>): Engine {
  const score = async (genotype: Genotype, protocol: Protocol): Promise<Evaluation> => {
    const network = networkOf(genotype, protocol);
    const seconds = timeOf(times, macs(network));
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    const key = streamKey(protocol.seed, JSON.stringify(genotype));
    const log = 50 * uniformAt(key, 1);
    return {
      status: 'ok',
      scores: {
        jacobCov: { value: 100 * uniformAt(key, 0), seconds },
        synflow: { value: Math.exp(log), log, seconds: 0 },
      },
      macs: macs(network),
      params: params(network),
    };
  };
  const evaluator = (protocol: Protocol): Evaluator => {
    // One thread: one at a time, whichever job it is of.
    let turn: Promise<unknown> = Promise.resolve();
    return {
      async evaluate(genotypes, signal, onScored) {
        const results: Evaluation[] = [];
        for (const [i, genotype] of genotypes.entries()) {
          const scored = turn.then(() => {
            signal.throwIfAborted();
            return score(genotype, protocol);
          });
          turn = scored.catch(() => undefined);
          const evaluation = await scored;
          results.push(evaluation);
          await onScored?.(i, evaluation);
        }
        return results;
      },
    };
  };
  return {
    ...real,
    info: { ...real.info, workers: 1 },
    load: () => ({ busy: 0, waiting: 0, crashes: 0 }),
    inspect: () => Promise.resolve(known),
    evaluator,
    close: () => Promise.resolve(),
  };
}

/** What is searched, with simulated scores, until a measurement has taken its time. */
interface Trial {
  readonly real: Engine;
  readonly known: Awaited<ReturnType<Engine['inspect']>>;
  readonly protocol: Protocol;
  readonly batch: Batch;
  readonly times: Times;
  readonly workers: number;
  readonly offspring: number;
  readonly seconds: number;
}

interface Rate {
  readonly perSecond: number;
  /** If no worker ever waited: workers by mean seconds an architecture. */
  readonly ideal: number;
  /** Share of the time that this process' event loop was at work. */
  readonly loop: number;
}

/** Searches a while; from its second generation on, when workers know their speed, it counts. */
async function timeSearch(trial: Trial, evaluate: Evaluate, strategy: StrategyName): Promise<Rate> {
  const { offspring, workers, seconds } = trial;
  const settings = {
    ...parseSettings({ population: offspring, offspring, generations: 10_000, strategy }),
    blocks: 3,
  };
  const stop = new AbortController();
  const run = (): AsyncGenerator<SearchState> =>
    strategy === 'steady'
      ? steadySearch(settings, evaluate, stop.signal, INITIAL_STATE, LANES_A_WORKER * workers)
      : search(settings, evaluate, stop.signal);
  let start = 0;
  let before = performance.eventLoopUtilization();
  for await (const { generation, individuals } of run()) {
    if (generation === 1) {
      start = performance.now();
      before = performance.eventLoopUtilization();
    }
    const elapsed = (performance.now() - start) / 1000;
    if (generation < 4 || elapsed < seconds) continue;
    const counted = individuals.slice(2 * offspring);
    const total = counted.reduce((sum, { evaluation }) => sum + secondsOf(evaluation), 0);
    return {
      perSecond: counted.length / elapsed,
      ideal: (workers * counted.length) / total,
      loop: performance.eventLoopUtilization(before).utilization,
    };
  }
  throw new Error('the search has ended');
}

/** One at work and one that waits for the worker to be free. */
const LANES_A_WORKER = 2;

async function measure(trial: Trial, strategy: StrategyName): Promise<Rate> {
  const { real, known, protocol, batch, times, workers } = trial;
  const redis = await startRedis();
  const simulated = simulate(real, times, known);
  const batches = { of: () => Promise.resolve(batch) };
  const images = { of: () => Promise.reject(new Error('nothing is trained here')) };
  const opening = Array.from({ length: workers }, () =>
    openWorker({
      url: redis.url,
      engine: simulated,
      batches,
      images,
      version: 'bench',
      onError: console.error,
    }),
  );
  const opened = await Promise.all(opening);
  const { engine } = await openQueueEngine({ url: redis.url, local: simulated, onError: console.error });
  const evaluator = engine.evaluator(protocol, batch);
  const evaluate: Evaluate = (candidates, signal) =>
    evaluator.evaluate(
      candidates.map(({ genotype }) => genotype),
      signal,
    );
  const rate = await timeSearch(trial, evaluate, strategy);
  await Promise.all(opened.map(({ close }) => close()));
  await engine.close();
  await redis.kill();
  return rate;
}

const milliseconds = (times: Times): string =>
  [Math.min, Math.max].map((pick) => (1000 * pick(...times.map(([, each]) => each))).toFixed(0)).join(' to ');

export async function fleet(options: FleetOptions): Promise<void> {
  const real = await openEngine({ workers: 1 });
  const datasets = openDatasets({ folders: [], dataFolder: '.', download: false });
  const batch = await drawBatch(await datasets.open('breastmnist'), { size: 64, seed: 0 });
  const known = await inspectKnown(real);
  for (const initChannels of options.initChannels) {
    const protocol = protocolOf(batch, initChannels, real.info.numerics);
    const times = await measureTimes(real, protocol, batch);
    for (const offspring of options.offspring) {
      console.log(
        `\n${initChannels} channels, ${milliseconds(times)} ms an architecture; population and offspring ${offspring}; load ${loadavg()[0]?.toFixed(1)}`,
      );
      console.log('workers  ideal/s   nsga2/s  share  loop  steady/s  share  loop');
      for (const workers of options.workers) {
        const trial = { real, known, protocol, batch, times, workers, offspring, seconds: options.seconds };
        const rates = [await measure(trial, 'nsga2'), await measure(trial, 'steady')];
        const cells = rates.map(
          ({ perSecond, ideal, loop }) =>
            `${perSecond.toFixed(1).padStart(8)}${`${((100 * perSecond) / ideal).toFixed(0)} %`.padStart(7)}${`${(100 * loop).toFixed(0)} %`.padStart(6)}`,
        );
        console.log(
          `${String(workers).padStart(7)}${(rates[0]?.ideal ?? 0).toFixed(1).padStart(9)}  ${cells.join('  ')}`,
        );
      }
    }
  }
  await real.close();
}
