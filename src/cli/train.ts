// `mednas train`: one training from its model and recipe, or a stopped one continued, to what it measures.

import { type Command, Option } from 'commander';
import { compose } from '../compose.ts';
import { MedNasError } from '../search/errors.ts';
import { BASELINE_NAMES } from '../search/model.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import { SPACES } from '../search/space/spaces.ts';
import { isFinal } from '../service/journal.ts';
import { UNDER_WAY } from '../service/lifecycle.ts';
import type { Service } from '../service/service.ts';
import type { GivenTraining } from '../service/trainings.ts';
import type { TrainingId, TrainingRecord } from '../storage/records.ts';
import { DEFAULT_RECIPE, OPTIMIZERS } from '../training/recipe.ts';
import { configWith, inFlags, placeOf, TRAIN_FLAGS as FLAGS } from './flags.ts';
import { findArchitecture, keyOf } from './named.ts';
import { print } from './output.ts';
import { drawDownloads } from './progress.ts';
import { pauseOnSignal } from './signals.ts';
import { pageOf, reportOf } from './trained.ts';
import { followTraining } from './trainingProgress.ts';
import { number, numbers, oneOf } from './values.ts';

/** A flag a part, in the order of --help. */
export function trainFlags(command: Command): Command {
  const defaults = DEFAULT_RECIPE;
  const settings = DEFAULT_SETTINGS;
  const parts = Object.keys(FLAGS).map((name) => (name === 'batchSize' ? 'batch' : name));
  return command
    .option(`${FLAGS.genotype} <genes>`, 'genes of the architecture, separated by commas', numbers)
    .option(`${FLAGS.architecture} <id>`, 'a scored architecture, as a search or the API names it')
    .option(`${FLAGS.baseline} <name>`, `a network to compare with: ${oneOf(BASELINE_NAMES)}`)
    .option(
      `${FLAGS.dataset} <name>`,
      `a registered dataset or the path of an npz (${settings.dataset}, or the architecture's)`,
    )
    .option(
      `${FLAGS.initChannels} <n>`,
      `channels of the first layer (${settings.initChannels}, the architecture's, or 64 for a baseline)`,
      number,
    )
    .option(`${FLAGS.epochs} <n>`, `times every training image is seen (${defaults.epochs})`, number)
    .option(`${FLAGS.batchSize} <n>`, `images of one update (${defaults.batchSize})`, number)
    .option(`${FLAGS.optimizer} <name>`, `${oneOf(OPTIMIZERS)} (${defaults.optimizer})`)
    .option(`${FLAGS.learningRate} <rate>`, `of the first epochs (${defaults.learningRate})`, number)
    .option(
      `${FLAGS.milestones} <shares>`,
      `shares of the epochs after which it is multiplied by the decay (${defaults.milestones.join(',')})`,
      numbers,
    )
    .option(`${FLAGS.decay} <factor>`, `of the learning rate at each milestone (${defaults.decay})`, number)
    .option(`${FLAGS.momentum} <share>`, `of SGD, or Adam's beta 1 (${defaults.momentum})`, number)
    .option(`${FLAGS.weightDecay} <share>`, `L2 penalty (${defaults.weightDecay})`, number)
    .option(`${FLAGS.seed} <n>`, `seeds weights and the order of images (${defaults.seed})`, number)
    .option(`${FLAGS.space} <name>`, `of a genotype: ${oneOf(Object.keys(SPACES))} (${settings.space})`)
    .option('--workers <n>', 'threads that compute (one for each core)')
    .addOption(
      new Option(
        '--resume <id>',
        'go on with a stopped training, whose model and recipe are as they were',
      ).conflicts(parts),
    )
    .option('--json', 'print one JSON document');
}

interface Flags extends Omit<GivenTraining, 'batchSize' | 'architecture'> {
  readonly architecture?: string;
  readonly batch?: unknown;
  readonly workers?: string;
  readonly resume?: string;
  readonly json?: true;
}

/** A stopped training goes on; one that has completed is shown again. @throws MedNasError NOT_FOUND, INVALID_STATE */
async function resume({ archive, trainings }: Service, named: string): Promise<TrainingRecord> {
  const found = await archive.findTraining(keyOf('TrainingRun', named) as TrainingId);
  if (found === null)
    throw new MedNasError('NOT_FOUND', `There is no training '${named}' in the archive.`, {
      field: 'resume',
    });
  return found.body.status === 'completed' ? found.body : await trainings.resume(found.body.id);
}

const howToGoOn = (id: TrainingId): string => `mednas train --resume ${id}`;

/** Draws the training until it ends or stops; resolves with where it then stands. */
async function follow(service: Service, started: TrainingRecord): Promise<TrainingRecord> {
  const gone = new AbortController();
  // Drawing fails where the archive fails, of which the training has more to say.
  const following = followTraining(service, started, process.stderr, gone.signal).catch(() => undefined);
  const endDrawing = (): Promise<void> => {
    gone.abort();
    return following;
  };
  const pause = (): Promise<unknown> => service.trainings.pause(started.id);
  const unpause = pauseOnSignal(
    pause,
    'Pausing; the epoch under way begins again when it goes on.',
    endDrawing,
  );
  try {
    await service.trainings.settled(started.id);
    await unpause();
    const { body: stored } = await service.archive.getTraining(started.id);
    const body = service.trainings.shown(stored);
    if (isFinal(body.status)) await following;
    return body;
  } finally {
    await endDrawing();
  }
}

async function start(service: Service, { architecture, batch, ...given }: Flags): Promise<TrainingRecord> {
  const { trainings, archive } = service;
  const scored =
    architecture === undefined ? {} : { architecture: await findArchitecture(archive, architecture) };
  return await trainings.start({ ...given, ...scored, batchSize: batch }).catch((error: unknown) => {
    throw inFlags(error, FLAGS);
  });
}

/** Says why a training has not completed. */
async function tellStop({ trainings }: Service, { id, status, failure }: TrainingRecord): Promise<void> {
  if (UNDER_WAY.includes(status)) {
    const by = await trainings.runBy(id);
    process.stderr.write(`Another process has taken over training ${id}${by === null ? '' : `: ${by}`}.\n`);
    return;
  }
  const why = failure === null ? '' : ` ${failure.message} [${failure.code}]`;
  const advice = isFinal(status) ? '' : ` Continue with: ${howToGoOn(id)}`;
  process.stderr.write(`Training ${id} is ${status}.${why}${advice}\n`);
}

export async function runTrain({ workers, resume: resumed, json, ...flags }: Flags): Promise<void> {
  const began = performance.now();
  const config = configWith(workers);
  const service = await compose(config, {
    // The command is its user's own: any file they can read is theirs to give.
    confined: false,
    onDownload: drawDownloads(process.stderr),
    // What a run fails with is in its record.
    onError: () => undefined,
  });
  try {
    const started = await (resumed === undefined ? start(service, flags) : resume(service, resumed));
    // Now, for a process that is killed tells nobody.
    if (!isFinal(started.status)) process.stderr.write(`If it stops: ${howToGoOn(started.id)}\n`);
    const record = await follow(service, started);
    if (record.status !== 'completed') {
      await tellStop(service, record);
      process.exitCode = 1;
      return;
    }
    const report = reportOf(
      record,
      await service.archive.epochs(record.id, record.epoch),
      await service.weightsOf(record.id),
      (performance.now() - began) / 1000,
    );
    await print(json ? JSON.stringify(report) : pageOf(report, placeOf(config)));
  } finally {
    await service.close();
  }
}
