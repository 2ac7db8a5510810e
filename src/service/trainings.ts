// Trainings: what a client may ask for, and what is done for one. How they live is as with all runs (runs.ts).

import { randomUUID } from 'node:crypto';
import { resolve as toAbsolute } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { unlessAborted } from '../abort.ts';
import { type Datasets, isDatasetPath } from '../data/datasets.ts';
import { readSplits, type Splits } from '../learning/splits.ts';
import { MedNasError, shown } from '../search/errors.ts';
import { architectureId } from '../search/identity.ts';
import { BASELINE_NAMES, type BaselineName, type Model } from '../search/model.ts';
import { DEFAULT_SETTINGS } from '../search/settings.ts';
import { parseGenotype } from '../search/space/space.ts';
import { SPACES } from '../search/space/spaces.ts';
import { SupersededError } from '../storage/documents.ts';
import type { ArchitectureRecord, RunId, TrainingId, TrainingRecord } from '../storage/records.ts';
import { type GivenRecipe, parseRecipe } from '../training/recipe.ts';
import { trainingsIn } from './kinds.ts';
import { atWork } from './lifecycle.ts';
import { requireSameProtocol } from './protocol.ts';
import type { RunQueue } from './queue.ts';
import { NO_QUOTA, type Quota, watchTime } from './quota.ts';
import { openRuns } from './runs.ts';
import { runTraining, type TrainingRunParts } from './training.ts';

export interface TrainingParts extends TrainingRunParts {
  readonly datasets: Datasets;
  readonly queue: RunQueue;
  /** How long one may run; as long as it likes unless given. */
  readonly quota?: Quota;
  /** Told of failures no caller waits for. */
  readonly onError: (error: unknown, run: RunId) => void;
}

/** What a client may say of a training: an architecture, a genotype or a baseline, and how it is trained. */
export interface GivenTraining extends GivenRecipe {
  /** A scored one, whose channels and dataset are taken unless given. */
  readonly architecture?: ArchitectureRecord;
  readonly space?: unknown;
  readonly genotype?: unknown;
  readonly baseline?: unknown;
  readonly initChannels?: unknown;
  readonly dataset?: unknown;
}

const refused = (field: string, message: string): MedNasError =>
  new MedNasError('INVALID_ARGUMENT', message, { field });

/** Channels of a baseline's first stage as its paper has them. */
const BASELINE_CHANNELS: Readonly<Record<BaselineName, number>> = { resnet18: 64 };

const MAX_CHANNELS = 512;

function parseChannels(given: unknown, byDefault: number): number {
  const channels = given ?? byDefault;
  const isOne = Number.isInteger(channels) && (channels as number) % 4 === 0;
  if (isOne && (channels as number) >= 4 && (channels as number) <= MAX_CHANNELS) return channels as number;
  throw refused(
    'initChannels',
    `initChannels is a multiple of 4 from 4 to ${MAX_CHANNELS}; got ${shown(given)}.`,
  );
}

/** Ways to say what is trained, of which one is taken. */
const WAYS = ['architecture', 'genotype', 'baseline'] as const;

function parseBaseline(given: unknown, initChannels: unknown): Model {
  const name = BASELINE_NAMES.find((one) => one === given);
  if (name === undefined)
    throw refused('baseline', `baseline is one of ${BASELINE_NAMES.join(', ')}; got ${shown(given)}.`);
  return { kind: 'baseline', name, initChannels: parseChannels(initChannels, BASELINE_CHANNELS[name]) };
}

/** A genotype is trained in its canonical form: the same network, without what nobody reads. */
function parseArchitecture(spaceName: unknown, genotype: unknown, initChannels: unknown): Model {
  const isKnown = typeof spaceName === 'string' && Object.hasOwn(SPACES, spaceName);
  const space = isKnown ? SPACES[spaceName] : undefined;
  if (space === undefined)
    throw refused('space', `space is one of ${Object.keys(SPACES).join(', ')}; got ${shown(spaceName)}.`);
  if (!Array.isArray(genotype))
    throw refused('genotype', `genotype is a list of genes; got ${shown(genotype)}.`);
  return {
    kind: 'architecture',
    space: space.id,
    genotype: space.canonical(parseGenotype(space, genotype)),
    initChannels: parseChannels(initChannels, DEFAULT_SETTINGS.initChannels),
  };
}

function parseModel({ architecture, space, genotype, baseline, initChannels }: GivenTraining): Model {
  const given = { architecture, genotype, baseline };
  const ways = WAYS.filter((way) => given[way] !== undefined);
  if (ways.length !== 1)
    throw refused(
      ways[1] ?? 'genotype',
      `What is trained is said by one of ${WAYS.join(', ')}; got ${ways.join(' and ') || 'none of them'}.`,
    );
  if (baseline !== undefined) return parseBaseline(baseline, initChannels);
  if (architecture === undefined)
    return parseArchitecture(space ?? DEFAULT_SETTINGS.space, genotype, initChannels);
  const { protocol } = architecture;
  return parseArchitecture(protocol.space, architecture.genotype, initChannels ?? protocol.initChannels);
}

type Asked = Pick<TrainingRecord, 'model' | 'dataset' | 'recipe'>;

/** @throws MedNasError INVALID_ARGUMENT, INVALID_GENOTYPE */
function parseTraining(given: GivenTraining): Asked {
  const dataset = given.dataset ?? given.architecture?.protocol.dataset ?? DEFAULT_SETTINGS.dataset;
  if (typeof dataset !== 'string' || dataset === '')
    throw refused('dataset', `dataset is a dataset name or a path; got ${shown(dataset)}.`);
  return {
    model: parseModel(given),
    // A path becomes absolute: the training may go on in another process, from another folder.
    dataset: isDatasetPath(dataset) ? toAbsolute(dataset) : dataset,
    recipe: parseRecipe(given),
  };
}

export type Trainings = ReturnType<typeof openTrainings>;

export function openTrainings(parts: TrainingParts) {
  const { archive, school, datasets, weights, now, quota = NO_QUOTA } = parts;

  const runs = openRuns<TrainingRecord, Splits>({
    ...parts,
    kind: trainingsIn(archive),
    discard: (id) => weights.remove(id as TrainingId),
    work: ({ store }) =>
      async function train(start, given, fence, signal) {
        const { dataset, protocol } = start.body;
        const trainer = school.trainerFor(protocol?.numerics ?? null);
        const splits = given ?? (await unlessAborted(readSplits(datasets, trainer, dataset), signal));
        if (protocol !== null) requireSameProtocol('training', protocol, splits.protocol);
        const begun =
          protocol === null
            ? await store(start, { protocol: splits.protocol, status: 'running' }, fence)
            : start;
        if (begun === null) throw new SupersededError(start.id);
        const spent = new AbortController();
        const callOff = watchTime(quota, begun.body.seconds ?? 0, (error) => spent.abort(error));
        const until = AbortSignal.any([signal, spent.signal]);
        return await runTraining(parts, splits, begun, fence, until).finally(callOff);
      },
  });

  /** Its splits, unless its dataset has to be downloaded first. */
  async function ready(dataset: string): Promise<Splits | null> {
    const listed = (await datasets.list()).find(({ set }) => set.name === dataset);
    return listed?.location.at === 'web'
      ? null
      : await readSplits(datasets, school.trainerFor(null), dataset);
  }

  /** The training an idempotency key has started, when it is of the same. */
  async function startedBy(key: string | null, asked: Asked): Promise<TrainingRecord | null> {
    const earlier = key === null ? null : await archive.trainingByKey(key);
    if (earlier === null) return null;
    const { model, dataset, recipe } = earlier;
    if (isDeepStrictEqual({ model, dataset, recipe }, JSON.parse(JSON.stringify(asked)))) return earlier;
    throw new MedNasError(
      'CONFLICT',
      `The idempotency key '${key}' has started another training; use a new key for a new training.`,
      { field: 'idempotencyKey' },
    );
  }

  return {
    ...runs,

    /**
     * Does nothing when a dataset can be trained on, or is not here yet.
     * @throws MedNasError INVALID_ARGUMENT, or of the dataset
     */
    async requireFit(dataset: string): Promise<void> {
      await ready(dataset);
    },

    /**
     * Starts a training; the same idempotency key with the same model, dataset and recipe gives the one it started.
     * `client`: whose it is, for whoever waits takes turns with other clients.
     * @throws MedNasError INVALID_ARGUMENT, INVALID_GENOTYPE, CONFLICT, or of the dataset; nothing has been stored then.
     */
    async start(
      given: GivenTraining,
      idempotencyKey: string | null = null,
      client: string | null = null,
    ): Promise<TrainingRecord> {
      const asked = parseTraining(given);
      const earlier = await startedBy(idempotencyKey, asked);
      if (earlier !== null) return earlier;
      const splits = await ready(asked.dataset);
      const id = randomUUID() as TrainingId;
      const protocol = splits?.protocol ?? null;
      const { model } = asked;
      const describe = (isIn: boolean): TrainingRecord => ({
        id,
        ...asked,
        architecture: model.kind === 'architecture' ? architectureId(model.space, model.genotype) : null,
        protocol,
        status: isIn ? atWork({ protocol }) : 'queued',
        failure: null,
        idempotencyKey,
        client,
        createdAt: now().toISOString(),
        finishedAt: null,
        epoch: -1,
        best: null,
        measured: null,
      });
      const record = await runs.begin({ id, client }, describe, splits);
      if (record !== null) return record;
      const winner = await startedBy(idempotencyKey, asked);
      if (winner === null) throw new Error(`training ${id} could not be added`);
      return winner;
    },
  };
}
