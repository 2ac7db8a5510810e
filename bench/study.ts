// Does the search search? NSGA-II against random search with as many evaluations, on BreastMNIST:
// final hypervolume by seed, both in the frame of the initial population they share.

import { openDatasets } from '../src/data/datasets.ts';
import type { Engine } from '../src/engine/engine.ts';
import { openEngine } from '../src/engine/pool.ts';
import { inProcess } from '../src/learning/school.ts';
import { hypervolumeOf, type ResolvedSettings, search, type SearchState } from '../src/search/evolution.ts';
import { parseSettings, type SearchSettings } from '../src/search/settings.ts';
import type { StrategyName } from '../src/search/strategy.ts';
import { prepare } from '../src/service/protocol.ts';

const datasets = openDatasets({ folders: [], dataFolder: '.', download: false });

async function finalHypervolume(engine: Engine, settings: ResolvedSettings): Promise<number> {
  const { protocol, batch } = await prepare({ datasets, ...inProcess(engine) }, settings);
  const evaluator = engine.evaluator(protocol, batch);
  const never = new AbortController().signal;
  let last: SearchState | null = null;
  const states = search(
    settings,
    (candidates) =>
      evaluator.evaluate(
        candidates.map(({ genotype }) => genotype),
        never,
      ),
    never,
  );
  for await (const state of states) last = state;
  if (last === null) throw new Error('the search had no generation');
  return hypervolumeOf(settings, last);
}

export interface StudyOptions {
  readonly seeds: number;
  readonly initChannels: number;
  readonly generations: number;
  readonly json: boolean;
}

export async function study({ seeds, initChannels, generations, json }: StudyOptions): Promise<void> {
  const engine = await openEngine({ workers: 2 });
  const rows: { seed: number; nsga2: number; random: number; seconds: number }[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const start = performance.now();
    const run = (strategy: StrategyName): Promise<number> => {
      const given: Partial<SearchSettings> = { seed, initChannels, generations, strategy };
      return finalHypervolume(engine, { ...parseSettings(given), blocks: 3 });
    };
    const [nsga2, random] = [await run('nsga2'), await run('random')];
    const row = { seed, nsga2, random, seconds: (performance.now() - start) / 1000 };
    rows.push(row);
    if (!json) {
      console.log(
        `seed ${seed}: NSGA-II ${nsga2.toFixed(4)}, random ${random.toFixed(4)}, ratio ${(nsga2 / random).toFixed(3)} (${row.seconds.toFixed(0)} s)`,
      );
    }
  }
  await engine.close();
  const wins = rows.filter(({ nsga2, random }) => nsga2 > random).length;
  console.log(
    json ? JSON.stringify({ initChannels, generations, rows, wins }) : `NSGA-II wins ${wins} of ${seeds}`,
  );
}
