// Does the search search? NSGA-II, and steady with more and more candidates under way, against random search with
// as many evaluations, on BreastMNIST: final hypervolume by seed, all in the frame of NSGA-II's initial population.

import { openDatasets } from '../src/data/datasets.ts';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/pool.ts';
import { inProcess } from '../src/learning/school.ts';
import { COURSES } from '../src/search/courses.ts';
import {
  hypervolumeOf,
  INITIAL_STATE,
  type ResolvedSettings,
  type SearchState,
} from '../src/search/evolution.ts';
import { parseSettings, type SearchSettings } from '../src/search/settings.ts';
import { prepare } from '../src/service/protocol.ts';

const datasets = openDatasets({ folders: [], dataFolder: '.', download: false });

async function lastState(engine: Engine, settings: ResolvedSettings): Promise<SearchState> {
  const { protocol, batch } = await prepare({ datasets, ...inProcess(engine) }, settings);
  const evaluator = engine.evaluator(protocol, batch);
  const never = new AbortController().signal;
  let last: SearchState | null = null;
  const states = COURSES[settings.strategy](
    settings,
    (candidates) =>
      evaluator.evaluate(
        candidates.map(({ genotype }) => genotype),
        never,
      ),
    never,
    INITIAL_STATE,
  );
  for await (const state of states) last = state;
  if (last === null) throw new Error('the search had no generation');
  return last;
}

export interface StudyOptions {
  readonly seeds: number;
  readonly initChannels: number;
  readonly generations: number;
  readonly lanes: readonly number[];
  readonly json: boolean;
}

interface Row {
  readonly seed: number;
  readonly nsga2: number;
  readonly random: number;
  /** In the order of the lanes. */
  readonly steady: readonly number[];
  readonly seconds: number;
}

async function studySeed(engine: Engine, options: StudyOptions, seed: number): Promise<Row> {
  const { initChannels, generations, lanes } = options;
  const start = performance.now();
  const settingsOf = (given: Partial<SearchSettings>): ResolvedSettings => ({
    ...parseSettings({ seed, initChannels, generations, ...given }),
    blocks: 3,
  });
  const settings = settingsOf({ strategy: 'nsga2' });
  const first = await lastState(engine, settings);
  const finish = async (given: Partial<SearchSettings>): Promise<number> =>
    hypervolumeOf(settings, { ...(await lastState(engine, settingsOf(given))), frame: first.frame });
  const steady: number[] = [];
  for (const count of lanes) steady.push(await finish({ strategy: 'steady', lanes: count }));
  return {
    seed,
    nsga2: hypervolumeOf(settings, first),
    random: await finish({ strategy: 'random' }),
    steady,
    seconds: (performance.now() - start) / 1000,
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

export async function study(options: StudyOptions): Promise<void> {
  const { seeds, initChannels, generations, lanes, json } = options;
  const engine = await openEngine({ workers: 2 });
  const rows: Row[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const row = await studySeed(engine, options, seed);
    rows.push(row);
    if (json) continue;
    const { nsga2, random, steady, seconds } = row;
    const others = lanes.map((count, i) => `steady ${count} ${steady[i]?.toFixed(4)}, `).join('');
    console.log(
      `seed ${seed}: NSGA-II ${nsga2.toFixed(4)}, ${others}random ${random.toFixed(4)} (${seconds.toFixed(0)} s)`,
    );
  }
  await engine.close();
  const wins = rows.filter(({ nsga2, random }) => nsga2 > random).length;
  const shares = lanes.map((_, i) => mean(rows.map(({ steady, nsga2 }) => (steady[i] as number) / nsga2)));
  if (json) return console.log(JSON.stringify({ initChannels, generations, lanes, rows, wins, shares }));
  console.log(`NSGA-II wins ${wins} of ${seeds} against random search`);
  for (const [i, count] of lanes.entries())
    console.log(`steady with ${count} lanes: ${shares[i]?.toFixed(2)} of NSGA-II's hypervolume, on average`);
}
