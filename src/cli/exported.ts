// What is exported, from how a person names it: a genotype, a scored architecture of the archive, or a training and
// the weights it has learned.

import { join } from 'node:path';
import { composeArchive } from '../compose.ts';
import type { Config } from '../config.ts';
import { MEDMNIST } from '../data/catalogue.ts';
import { initialValues } from '../engine/training/state.ts';
import type { DatasetFacts, Metric, Subject } from '../export/subject.ts';
import type { Measured } from '../metrics/measured.ts';
import type { Estimate, Quantity } from '../metrics/quantity.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { type Model, networkOfModel } from '../search/model.ts';
import type { Shape } from '../search/network.ts';
import { layoutOf } from '../search/parameters.ts';
import { mstf } from '../search/space/mstf.ts';
import { parseGenotype } from '../search/space/space.ts';
import { valuesIn } from '../service/training.ts';
import type { Archive } from '../storage/archive.ts';
import type { TrainingId, TrainingRecord } from '../storage/records.ts';
import { openWeights } from '../storage/weights.ts';
import { findArchitecture, keyOf } from './named.ts';
import { readVersion } from './version.ts';

/** What a network is built for, where its origin does not say. */
export interface GivenProblem {
  readonly inputSize?: string;
  readonly inputChannels?: string;
  readonly classes?: string;
  readonly initChannels?: string;
  readonly seed?: string;
}

interface Numbers {
  readonly inputSize: number;
  readonly inputChannels: number;
  readonly classes: number;
  readonly initChannels: number;
  readonly seed: number;
}

/** By flag: what it may be, [smallest, largest, multiple of], and what it is unless given. */
const NUMBERS: {
  readonly [K in keyof Numbers]: readonly [
    flag: string,
    min: number,
    max: number,
    step: number,
    byDefault: number,
  ];
} = {
  inputSize: ['--input-size', 1, 512, 1, 28],
  inputChannels: ['--input-channels', 1, 16, 1, 1],
  classes: ['--classes', 1, 1000, 1, 2],
  initChannels: ['--init-channels', 4, 512, 4, 16],
  seed: ['--seed', 0, 2 ** 32 - 1, 1, 0],
};

function numberOf(name: keyof Numbers, text: string | undefined): number | undefined {
  const [flag, min, max, step] = NUMBERS[name];
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= min && value <= max && value % step === 0) return value;
  const kind = step === 1 ? 'an integer' : `a multiple of ${step}`;
  throw new MedNasError('INVALID_ARGUMENT', `${flag} is ${kind} from ${min} to ${max}; got ${shown(text)}.`, {
    field: name,
  });
}

type Origin = Omit<Subject, 'name' | 'network'>;

/** With the initial weights. */
function untrained(
  model: Model,
  input: Shape,
  classes: number,
  seed: number,
  dataset: DatasetFacts | null,
): Origin {
  const values = initialValues(networkOfModel(model, { input, classes }), seed);
  return { model, input, classes, values, facts: { version: readVersion(), seed, dataset, training: null } };
}

function ofGenotype(text: string, given: GivenProblem): Origin {
  const numbers = Object.fromEntries(
    Object.entries(NUMBERS).map(([name, [, , , , byDefault]]) => [
      name,
      numberOf(name as keyof Numbers, given[name as keyof Numbers]) ?? byDefault,
    ]),
  ) as unknown as Numbers;
  const genes = text
    .trim()
    .split(/[\s,]+/u)
    .map((gene) => (/^\d+$/u.test(gene) ? Number(gene) : gene));
  const genotype = mstf.canonical(parseGenotype(mstf, genes));
  const { inputSize, inputChannels, classes, initChannels, seed } = numbers;
  const model = { kind: 'architecture', space: mstf.id, genotype, initChannels } as const;
  return untrained(model, [inputSize, inputSize, inputChannels], classes, seed, null);
}

/** What is known of a dataset by its name; of one opened by a path, what its protocol says. */
function datasetFacts(
  name: string,
  { task, classes, samples }: Pick<DatasetFacts, 'task' | 'samples'> & { readonly classes: number },
): DatasetFacts {
  const known = MEDMNIST.find((set) => set.name === name);
  return known === undefined
    ? {
        name,
        title: name,
        task,
        classes: Array.from({ length: classes }, (_, i) => String(i)),
        samples,
        licence: null,
        url: null,
      }
    : {
        name,
        title: known.title,
        task: known.task,
        classes: known.classes,
        samples: known.samples,
        licence: known.licence,
        url: known.url,
      };
}

async function ofArchitecture(archive: Archive, named: string, given: GivenProblem): Promise<Origin> {
  const { genotype, protocol } = await findArchitecture(archive, named);
  const [height, width, channels] = protocol.input;
  const size = numberOf('inputSize', given.inputSize);
  const classes = numberOf('classes', given.classes) ?? protocol.classes;
  const model = {
    kind: 'architecture',
    space: protocol.space,
    genotype: mstf.canonical(genotype),
    initChannels: numberOf('initChannels', given.initChannels) ?? protocol.initChannels,
  } as const;
  const input: Shape = [
    size ?? height,
    size ?? width,
    numberOf('inputChannels', given.inputChannels) ?? channels,
  ];
  const isOfDataset = classes === protocol.classes && input.every((side, i) => side === protocol.input[i]);
  const task = protocol.multiLabel ? 'multi-label, binary-class' : 'multi-class';
  const dataset = isOfDataset ? datasetFacts(protocol.dataset, { task, classes, samples: {} }) : null;
  return untrained(model, input, classes, numberOf('seed', given.seed) ?? protocol.seed, dataset);
}

const metric = (split: string, name: string, { value }: Quantity, interval: Metric['interval']): Metric => ({
  split,
  name,
  value,
  interval,
});

const estimate = (split: string, name: string, given: Estimate): Metric =>
  metric(split, name, given, given.interval && [given.interval.low, given.interval.high]);

const metricsOf = (split: string, measured: Measured): readonly Metric[] => [
  estimate(split, 'AUC', measured.auc),
  estimate(split, 'ACC', measured.acc),
  metric(split, 'balanced accuracy', measured.balancedAccuracy, null),
  ...(measured.quadraticKappa === null
    ? []
    : [metric(split, 'quadratic kappa', measured.quadraticKappa, null)]),
  ...measured.classes.flatMap(({ name, sensitivityAt }) =>
    sensitivityAt.map(({ leastSpecificity, sensitivity }) =>
      estimate(split, `sensitivity for ${name} at specificity >= ${leastSpecificity}`, sensitivity),
    ),
  ),
];

function trainedMetrics({ measured, best }: TrainingRecord): readonly Metric[] {
  if (measured !== null)
    return [...metricsOf('validation', measured.validation), ...metricsOf('test', measured.test)];
  return best === null
    ? []
    : [
        { split: 'validation', name: 'AUC', value: best.auc, interval: null },
        { split: 'validation', name: 'ACC', value: best.acc, interval: null },
      ];
}

async function ofRun(archive: Archive, config: Config, named: string): Promise<Origin> {
  const found = await archive.findTraining(keyOf('TrainingRun', named) as TrainingId);
  if (found === null)
    throw new MedNasError('NOT_FOUND', `The archive has no training ${shown(named)}.`, { field: 'run' });
  const { body } = found;
  const { model, recipe, protocol, best, id } = body;
  if (protocol === null || best === null)
    throw new MedNasError(
      'INVALID_STATE',
      `Training ${id} has no weights yet: it is ${body.status}, and no epoch is finished. Wait for its first one, or ` +
        'export the architecture with its initial weights by --architecture or --genotype.',
      { field: 'run' },
    );
  const { input, classes } = protocol;
  const file = await openWeights(join(config.dataDir, 'weights')).readBest(body);
  return {
    model,
    input,
    classes,
    values: valuesIn(file, layoutOf(networkOfModel(model, { input, classes }))),
    facts: {
      version: readVersion(),
      seed: recipe.seed,
      dataset: datasetFacts(protocol.dataset, protocol),
      training: { id, recipe, epoch: best.epoch, metrics: trainedMetrics(body) },
    },
  };
}

export interface Named extends GivenProblem {
  readonly genotype?: string;
  readonly architecture?: string;
  readonly run?: string;
}

const WAYS = ['genotype', 'architecture', 'run'] as const;

async function withArchive<T>(config: Config, use: (archive: Archive) => Promise<T>): Promise<T> {
  const archive = await composeArchive(config);
  try {
    return await use(archive);
  } finally {
    await archive.close();
  }
}

async function originOf(named: Named, config: Config): Promise<Origin> {
  const { genotype, architecture, run, ...given } = named;
  const ways = WAYS.filter((way) => named[way] !== undefined);
  if (ways.length !== 1)
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `What is exported is said by one of --genotype, --architecture and --run; got ` +
        `${ways.map((way) => `--${way}`).join(' and ') || 'none of them'}.`,
      { field: ways[1] ?? 'genotype' },
    );
  if (genotype !== undefined) return ofGenotype(genotype, given);
  if (architecture !== undefined)
    return withArchive(config, (archive) => ofArchitecture(archive, architecture, given));
  const fixed = (Object.keys(NUMBERS) as (keyof Numbers)[]).find((name) => given[name] !== undefined);
  if (fixed !== undefined)
    throw new MedNasError(
      'INVALID_ARGUMENT',
      `${NUMBERS[fixed][0]} is given with --run, whose network is as it was trained. Leave it out.`,
      { field: fixed },
    );
  return withArchive(config, (archive) => ofRun(archive, config, run as string));
}

/**
 * Files are to be called `name`.
 * @throws MedNasError INVALID_ARGUMENT, INVALID_GENOTYPE, NOT_FOUND; INVALID_STATE: a run without weights; STORAGE_*
 */
export async function subjectOf(name: string, named: Named, config: Config): Promise<Subject> {
  const origin = await originOf(named, config);
  return { ...origin, name, network: networkOfModel(origin.model, origin) };
}
