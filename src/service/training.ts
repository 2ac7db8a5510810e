// One training from its last finished epoch to its end: an epoch and what it is worth on the validation split, then
// the checkpoint, the record, and only then the event. The epoch with the strictly best
// validation AUC is tested at the end (MedMNIST's experiments).

import { basename } from 'node:path';
import { emptyState, sharedState } from '../engine/training/state.ts';
import type { TrainingState } from '../engine/training/trainer.ts';
import { type Course, courseOf } from '../learning/epoch.ts';
import type { School } from '../learning/school.ts';
import type { Splits } from '../learning/splits.ts';
import { MedNasError } from '../search/errors.ts';
import { type ParameterLayout, valuesOf } from '../search/parameters.ts';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { BestWeights, EpochRecord, TrainingRecord } from '../storage/records.ts';
import type { Weights } from '../storage/weights.ts';
import type { Validation } from '../training/protocol.ts';
import { learningRateAt } from '../training/recipe.ts';
import type { TensorFile } from '../training/safetensors.ts';
import type { Journal } from './journal.ts';
import type { Observer } from './observer.ts';

export interface TrainingRunParts {
  readonly archive: Archive;
  readonly weights: Weights;
  readonly journal: Journal;
  readonly school: School;
  readonly now: () => Date;
  readonly tell: Observer;
}

/** Of the intervals that are shown with what is measured at the end. */
const RESAMPLES = 1000;

/** JSON whose keys are in one order, whatever order an archive gives them back in. */
const inOrder = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/**
 * Values by the names of their parameters, with what they are the outcome of: equal trainings, equal bytes. Of a
 * dataset's path it has the last name alone: files of weights are passed on.
 */
function toFile(
  { model, recipe, protocol }: TrainingRecord,
  { parameters }: ParameterLayout,
  values: Float32Array,
  epoch: number,
): TensorFile {
  return {
    tensors: parameters.map((one) => ({ name: one.name, shape: one.shape, values: valuesOf(values, one) })),
    metadata: {
      format: 'mednas',
      epoch: String(epoch),
      model: inOrder(model),
      recipe: inOrder(recipe),
      protocol: inOrder(protocol && { ...protocol, dataset: basename(protocol.dataset) }),
    },
  };
}

/** The values of such a file, laid out as the network's. @throws MedNasError STORAGE_CORRUPT */
export function valuesIn({ tensors }: TensorFile, layout: ParameterLayout): Float32Array {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor.values]));
  const { values } = emptyState(layout);
  for (const parameter of layout.parameters) {
    const own = byName.get(parameter.name);
    if (own?.length !== parameter.size)
      throw new MedNasError('STORAGE_CORRUPT', `The weights lack ${parameter.name} as this model has it.`);
    values.set(own, parameter.offset);
  }
  return values;
}

/** What a run goes on with; null: it begins. @throws MedNasError INVALID_STATE: its checkpoint is elsewhere. */
async function stateOf(
  weights: Weights,
  { id, epoch }: TrainingRecord,
  { layout }: Course,
): Promise<TrainingState | null> {
  if (epoch < 0) return null;
  const found = await weights.readCheckpoint(id, epoch);
  if (found === null)
    throw new MedNasError(
      'INVALID_STATE',
      `The checkpoint of epoch ${epoch + 1} is not on this machine (in ${weights.folder}), so the training cannot go on here. ` +
        'Resume it where it ran, or on a service that shares that folder; or start it anew.',
    );
  const state = sharedState(layout, found);
  if (state === null)
    throw new MedNasError('STORAGE_CORRUPT', `The checkpoint of training ${id} is of another network.`);
  return state;
}

/**
 * Trains to the last epoch and returns the record then stored, with what the best one measures. `fence`: of the
 * lease it is run under.
 * @throws MedNasError DIVERGED, INVALID_STATE, STORAGE_*, BATCH_TOO_LARGE; SupersededError; the signal's reason.
 */
export async function runTraining(
  { archive, weights, journal, school, now, tell }: TrainingRunParts,
  splits: Splits,
  start: Stored<TrainingRecord>,
  fence: number,
  signal: AbortSignal,
): Promise<Stored<TrainingRecord>> {
  let { version, body: record } = start;
  const { id, recipe, model } = record;
  const { samples } = splits.protocol;
  const course = courseOf(model, splits, recipe);
  let state = await stateOf(weights, record, course);
  const announce = (epoch: number): Promise<boolean> =>
    journal.append(id, `epoch:${epoch}`, { type: 'epoch', epoch }, fence);
  // Again, in case a crash came between the record and its event, or the record and the files it no longer needs.
  if (record.epoch >= 0) await announce(record.epoch);

  async function store(change: Partial<TrainingRecord>): Promise<void> {
    // What is written to an archive that has been deleted is lost without a word.
    await archive.check();
    record = { ...record, ...change };
    if (!(await archive.replaceTraining(version, record, fence))) throw new SupersededError(id);
    version += 1;
  }

  /** Every second or so, for epochs can be long. */
  async function requireOurs(): Promise<void> {
    if ((await archive.findTraining(id))?.version !== version) throw new SupersededError(id);
  }

  async function keepBest(
    epoch: number,
    validation: Validation,
    values: Float32Array,
  ): Promise<BestWeights | null> {
    if (record.best !== null && !(validation.auc > record.best.auc)) return record.best;
    const written = await weights.writeBest(id, epoch, toFile(record, course.layout, values, epoch));
    return { epoch, ...validation, ...written };
  }

  const ran = record.seconds ?? 0;
  const startedAt = now().getTime();
  for (let epoch = record.epoch + 1; epoch < recipe.epochs; epoch++) {
    const begunAt = now().getTime();
    const learned = await school.learn(course, epoch, state, signal, requireOurs);
    const { loss, validation } = learned;
    ({ state } = learned);
    await weights.writeCheckpoint(id, epoch, state);
    const best = await keepBest(epoch, validation, state.values);
    const at = now();
    const seconds = (at.getTime() - begunAt) / 1000;
    const finished: EpochRecord = {
      training: id,
      epoch,
      trainingLoss: loss,
      validation,
      learningRate: learningRateAt(recipe, epoch),
      seconds,
      finishedAt: at.toISOString(),
    };
    await archive.addEpoch(finished, fence);
    await store({ epoch, best, seconds: ran + (at.getTime() - startedAt) / 1000 });
    await announce(epoch);
    tell({ type: 'epoch', training: id, epoch, images: samples.train, seconds });
    await weights.prune(id, { checkpoint: epoch, best: best?.epoch ?? null });
  }

  const values = valuesIn(await weights.readBest(record), course.layout);
  const measured = await school.examine(course, record.best?.epoch ?? 0, values, RESAMPLES, signal);
  await store({ measured, seconds: ran + (now().getTime() - startedAt) / 1000 });
  return { id: start.id, version, body: record };
}
