// `mednas search`: one search from its settings, or a stopped one continued, to its Pareto front.

import { type Command, Option } from 'commander';
import { compose } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { MedNasError } from '../search/errors.ts';
import { INDICATORS } from '../search/evaluation.ts';
import { INDICATOR_SCALES, OBJECTIVES_NAMES } from '../search/objectives.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import { SPACES } from '../search/space/spaces.ts';
import { STRATEGY_NAMES } from '../search/strategy.ts';
import { stateOf } from '../service/run.ts';
import type { GivenSettings } from '../service/searches.ts';
import type { Service } from '../service/service.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import { drawDownloads, followSearch } from './progress.ts';
import { pageOf, print, reportOf } from './report.ts';

/** Numbers as numbers; what is not one goes on as text, for the settings to refuse by name. */
const number = (text: string): unknown =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

const list = (text: string): readonly string[] => text.split(',').map((item) => item.trim());

const oneOf = (names: readonly string[]): string => names.join(', ');

/** A flag a setting, in the order of --help. */
export function searchFlags(command: Command): Command {
  const defaults = DEFAULT_SETTINGS;
  return command
    .option('--dataset <name>', `a registered dataset or the path of an npz (${defaults.dataset})`)
    .option('--population <n>', `architectures in the population, even (${defaults.population})`, number)
    .option('--offspring <n>', `new architectures a generation, even (${defaults.offspring})`, number)
    .option(
      '--generations <n>',
      `generations; 0: the initial population alone (${defaults.generations})`,
      number,
    )
    .option('--init-channels <n>', `channels of the stem, a multiple of 4 (${defaults.initChannels})`, number)
    .option('--blocks <n>', 'blocks, 1 to 6 (3 for images up to 64 px, 4 for larger)', number)
    .option('--batch <n>', `images in the minibatch (${defaults.batchSize})`, number)
    .option('--seed <n>', `seeds batch, weights and search (${defaults.seed})`, number)
    .option('--strategy <name>', `${oneOf(STRATEGY_NAMES)} (${defaults.strategy})`)
    .option('--indicators <p1,p2>', `two of ${oneOf(INDICATORS)} (${defaults.indicators.join(',')})`, list)
    .option('--indicator-scale <name>', `${oneOf(INDICATOR_SCALES)} (${defaults.indicatorScale})`)
    .option('--objectives <name>', `${oneOf(OBJECTIVES_NAMES)} (${defaults.objectives})`)
    .option(
      '--exploitation <share>',
      `share of offspring recombined from elites' blocks (${defaults.exploitation})`,
      number,
    )
    .option('--space <name>', `${oneOf(Object.keys(SPACES))} (${defaults.space})`)
    .option('--workers <n>', 'threads that score architectures (one for each core)')
    .addOption(
      new Option('--resume <id>', 'continue a stopped search instead of starting one').conflicts([
        'dataset',
        'population',
        'seed',
      ]),
    )
    .option('--json', 'print one JSON document');
}

interface Flags extends Omit<GivenSettings, 'batchSize'> {
  readonly batch?: unknown;
  readonly workers?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** On the first interrupt the search is paused; it stays in the archive and can be continued. */
function pauseOnInterrupt(service: Service, id: SearchId): () => void {
  const pause = (): void => {
    process.stderr.write(`\nPausing. Continue with: mednas search --resume ${id}\n`);
    void service.searches.pause(id).catch(() => undefined);
  };
  process.once('SIGINT', pause);
  return () => void process.off('SIGINT', pause);
}

async function follow(service: Service, started: SearchRecord): Promise<SearchRecord> {
  const gone = new AbortController();
  const following = followSearch(service, started, process.stderr, gone.signal);
  await service.searches.settled(started.id);
  const { body } = await service.archive.getSearch(started.id);
  if (body.status !== 'completed' && body.status !== 'failed') gone.abort();
  await following;
  return body;
}

export async function runSearch({ batch, workers, resume, json, ...settings }: Flags): Promise<void> {
  const start = performance.now();
  const failures: unknown[] = [];
  const service = await compose(loadConfig(workers === undefined ? {} : { MEDNAS_WORKERS: workers }), {
    onDownload: drawDownloads(process.stderr),
    onError: (error) => failures.push(error),
  });
  try {
    const started =
      resume === undefined
        ? await service.searches.start({ ...settings, batchSize: batch })
        : await service.searches.resume(resume as SearchId);
    const quiet = pauseOnInterrupt(service, started.id);
    const record = await follow(service, started);
    quiet();
    if (failures.length > 0) throw failures[0];
    if (record.status !== 'completed') {
      throw new MedNasError(
        'INVALID_STATE',
        `Search ${record.id} is ${record.status}; continue with: mednas search --resume ${record.id}`,
      );
    }
    const wallSeconds = (performance.now() - start) / 1000;
    const report = reportOf(record, await stateOf(service.archive, record), wallSeconds);
    print(json ? JSON.stringify(report) : pageOf(report));
  } finally {
    await service.close();
  }
}
