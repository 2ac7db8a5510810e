// `mednas search`: one search from its settings, or a stopped one continued, to its Pareto front.

import { type Command, Option } from 'commander';
import { compose } from '../compose.ts';
import { INDICATORS } from '../search/evaluation.ts';
import { INDICATOR_SCALES, OBJECTIVES_NAMES } from '../search/objectives.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import { SPACES } from '../search/space/spaces.ts';
import { STRATEGY_NAMES } from '../search/strategy.ts';
import { isFinal } from '../service/journal.ts';
import { UNDER_WAY } from '../service/lifecycle.ts';
import { stateOf } from '../service/run.ts';
import type { GivenSettings } from '../service/searches.ts';
import type { Service } from '../service/service.ts';
import type { SearchId, SearchRecord } from '../storage/records.ts';
import { configWith, FLAGS, inFlags, placeOf } from './flags.ts';
import { print } from './output.ts';
import { drawDownloads, followSearch } from './progress.ts';
import { pageOf, reportOf } from './report.ts';
import { findSearch } from './searches.ts';
import { pauseOnSignal } from './signals.ts';
import { list, number, oneOf } from './values.ts';

/** A flag a setting, in the order of --help. */
export function searchFlags(command: Command): Command {
  const defaults = DEFAULT_SETTINGS;
  return command
    .option(`${FLAGS.dataset} <name>`, `a registered dataset or the path of an npz (${defaults.dataset})`)
    .option(
      `${FLAGS.population} <n>`,
      `architectures in the population, even (${defaults.population})`,
      number,
    )
    .option(`${FLAGS.offspring} <n>`, `new architectures a generation, even (${defaults.offspring})`, number)
    .option(
      `${FLAGS.generations} <n>`,
      `generations; 0: the initial population alone (${defaults.generations})`,
      number,
    )
    .option(
      `${FLAGS.initChannels} <n>`,
      `channels of the stem, a multiple of 4 (${defaults.initChannels})`,
      number,
    )
    .option(`${FLAGS.blocks} <n>`, 'blocks, 1 to 6 (3 for images up to 64 px, 4 for larger)', number)
    .option(`${FLAGS.batchSize} <n>`, `images in the minibatch (${defaults.batchSize})`, number)
    .option(`${FLAGS.seed} <n>`, `seeds batch, weights and search (${defaults.seed})`, number)
    .option(`${FLAGS.strategy} <name>`, `${oneOf(STRATEGY_NAMES)} (${defaults.strategy})`)
    .option(`${FLAGS.lanes} <n>`, `candidates under way at a time, of steady (${defaults.lanes})`, number)
    .option(
      `${FLAGS.indicators} <p1,p2>`,
      `two of ${oneOf(INDICATORS)} (${defaults.indicators.join(',')})`,
      list,
    )
    .option(`${FLAGS.indicatorScale} <name>`, `${oneOf(INDICATOR_SCALES)} (${defaults.indicatorScale})`)
    .option(`${FLAGS.objectives} <name>`, `${oneOf(OBJECTIVES_NAMES)} (${defaults.objectives})`)
    .option(
      `${FLAGS.estimateEpochs} <n>`,
      `epochs that validAuc trains an architecture for (${defaults.estimateEpochs})`,
      number,
    )
    .option(
      `${FLAGS.exploitation} <share>`,
      `share of offspring recombined from elites' blocks (${defaults.exploitation})`,
      number,
    )
    .option(`${FLAGS.space} <name>`, `${oneOf(Object.keys(SPACES))} (${defaults.space})`)
    .option('--workers <n>', 'threads that score architectures (one for each core)')
    .addOption(
      new Option(
        '--resume <id>',
        'go on with a stopped search, whose settings are as they were (see mednas searches)',
      ).conflicts(['batch', ...Object.keys(defaults)]),
    )
    .option('--json', 'print one JSON document');
}

interface Flags extends Omit<GivenSettings, 'batchSize'> {
  readonly batch?: unknown;
  readonly workers?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** A stopped search goes on; one that has completed is shown again. */
async function resume({ archive, searches }: Service, named: string): Promise<SearchRecord> {
  const search = await findSearch(archive, named);
  return search.status === 'completed' ? search : await searches.resume(search.id);
}

const howToGoOn = (id: SearchId): string => `mednas search --resume ${id}`;

/** Draws the search until it ends or stops; resolves with where it then stands. */
async function follow(service: Service, started: SearchRecord): Promise<SearchRecord> {
  const gone = new AbortController();
  // Drawing fails where the archive fails, of which the search has more to say.
  const following = followSearch(service, started, process.stderr, gone.signal).catch(() => undefined);
  const endDrawing = (): Promise<void> => {
    gone.abort();
    return following;
  };
  const pause = (): Promise<unknown> => service.searches.pause(started.id);
  const unpause = pauseOnSignal(pause, 'Pausing after the scores in flight.', endDrawing);
  try {
    await service.searches.settled(started.id);
    await unpause();
    const { body: stored } = await service.archive.getSearch(started.id);
    const body = service.searches.shown(stored);
    if (isFinal(body.status)) await following;
    return body;
  } finally {
    await endDrawing();
  }
}

export async function runSearch({
  batch,
  workers,
  resume: resumed,
  json,
  ...settings
}: Flags): Promise<void> {
  const start = performance.now();
  const failures: unknown[] = [];
  const config = configWith(workers);
  const service = await compose(config, {
    // The command is its user's own: any file they can read is theirs to give.
    confined: false,
    onDownload: drawDownloads(process.stderr),
    onError: (error) => failures.push(error),
  });
  try {
    const started = await (resumed === undefined
      ? service.searches.start({ ...settings, batchSize: batch }).catch((error: unknown) => {
          throw inFlags(error, FLAGS);
        })
      : resume(service, resumed));
    // Now, for a process that is killed tells nobody.
    if (!isFinal(started.status)) process.stderr.write(`If it stops: ${howToGoOn(started.id)}\n`);
    const record = await follow(service, started).catch((error: unknown) => {
      throw failures[0] ?? error;
    });
    if (record.status === 'completed') {
      const wallSeconds = (performance.now() - start) / 1000;
      const report = reportOf(record, await stateOf(service.archive, record), wallSeconds);
      const columns = process.stdout.isTTY ? process.stdout.columns : Infinity;
      await print(json ? JSON.stringify(report) : pageOf(report, columns, placeOf(config)));
      return;
    }
    // Here it has neither failed nor been stopped.
    if (UNDER_WAY.includes(record.status) && failures.length === 0) {
      const by = await service.searches.runBy(record.id);
      const whose = by === null ? '' : `: ${by}`;
      process.stderr.write(`Another process has taken over search ${record.id}${whose}.\n`);
      process.exitCode = 1;
      return;
    }
    const advice = isFinal(record.status) ? '' : ` Continue with: ${howToGoOn(record.id)}`;
    process.stderr.write(`Search ${record.id} is ${record.status}.${advice}\n`);
    process.exitCode = 1;
    if (failures.length > 0) throw failures[0];
  } finally {
    await service.close();
  }
}
