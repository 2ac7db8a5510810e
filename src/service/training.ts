// One training from its last finished epoch to its end: lessons until an epoch's batches are done, then
// the validation split, the checkpoint, the record, and only then the event. The epoch with the strictly best
// validation AUC is tested at the end (MedMNIST's experiments).

import { basename } from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { emptyState } from '../engine/training/state.ts';
import type { Measured } from '../metrics/measured.ts';
import { MedNasError } from '../search/errors.ts';
import { type ParameterLayout, valuesOf } from '../search/parameters.ts';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { BestWeights, EpochRecord, TrainingRecord, Validation } from '../storage/records.ts';
import type { Weights } from '../storage/weights.ts';
import { learningRateAt } from '../training/recipe.ts';
import type { TensorFile } from '../training/safetensors.ts';
import { type Course, courseOf, diverged, examine, type Learner, learnEpoch, newLearner } from './epoch.ts';
import type { Journal } from './journal.ts';
import type { Observer } from './observer.ts';
import type { Splits } from './splits.ts';

export interface TrainingRunParts {
  readonly archive: Archive;
  readonly weights: Weights;
  readonly journal: Journal;
  readonly engine: Engine;
  readonly now: () => Date;
  readonly tell: Observer;
}

/** Of the intervals that are shown with what is measured at the end. */
const RESAMPLES = 1000;

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

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

/** What a run begins or goes on with. @throws MedNasError INVALID_STATE: its checkpoint is elsewhere. */
async function learnerOf(weights: Weights, { id, epoch }: TrainingRecord, course: Course): Promise<Learner> {
  if (epoch < 0) return newLearner(course);
  const found = await weights.readCheckpoint(id, epoch);
  if (found === null)
    throw new MedNasError(
      'INVALID_STATE',
      `The checkpoint of epoch ${epoch + 1} is not on this machine (in ${weights.folder}), so the training cannot go on here. ` +
        'Resume it where it ran, or on a service that shares that folder; or start it anew.',
    );
  const state = emptyState(course.layout);
  if (found.values.length !== state.values.length || found.first.length !== state.first.length)
    throw new MedNasError('STORAGE_CORRUPT', `The checkpoint of training ${id} is of another network.`);
  for (const name of ['values', 'first', 'second'] as const) state[name].set(found[name]);
  return newLearner(course, { ...state, steps: found.steps });
}

/**
 * Trains to the last epoch and returns the record then stored, with what the best one measures. `fence`: of the
 * lease it is run under.
 * @throws MedNasError DIVERGED, INVALID_STATE, STORAGE_*, BATCH_TOO_LARGE; SupersededError; the signal's reason.
 */
export async function runTraining(
  { archive, weights, journal, engine, now, tell }: TrainingRunParts,
  splits: Splits,
  start: Stored<TrainingRecord>,
  fence: number,
  signal: AbortSignal,
): Promise<Stored<TrainingRecord>> {
  let { version, body: record } = start;
  const { id, recipe, model } = record;
  const { samples } = splits.protocol;
  const course = courseOf(model, splits, recipe);
  let learner = await learnerOf(weights, record, course);
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

  /** At each lesson, for epochs can be long. */
  async function requireOurs(): Promise<void> {
    if ((await archive.findTraining(id))?.version !== version) throw new SupersededError(id);
  }

  async function validate(epoch: number): Promise<Validation> {
    const answer = await examine(engine, course, 'val', learner.state.values, 0, signal);
    const { auc, acc } = answer?.measured ?? {};
    if (answer === null || typeof auc?.value !== 'number' || typeof acc?.value !== 'number')
      throw diverged(epoch, 'An answer for the validation images', recipe);
    return { loss: finite(answer.loss), auc: auc.value, acc: acc.value };
  }

  async function keepBest(epoch: number, validation: Validation): Promise<BestWeights | null> {
    if (record.best !== null && !(validation.auc > record.best.auc)) return record.best;
    const written = await weights.writeBest(
      id,
      epoch,
      toFile(record, course.layout, learner.state.values, epoch),
    );
    return { epoch, ...validation, ...written };
  }

  const ran = record.seconds ?? 0;
  const startedAt = now().getTime();
  for (let epoch = record.epoch + 1; epoch < recipe.epochs; epoch++) {
    const begunAt = now().getTime();
    const learned = await learnEpoch(engine, course, epoch, learner, signal, requireOurs);
    ({ learner } = learned);
    const validation = await validate(epoch);
    await weights.writeCheckpoint(id, epoch, learner.state);
    const best = await keepBest(epoch, validation);
    const at = now();
    const seconds = (at.getTime() - begunAt) / 1000;
    const finished: EpochRecord = {
      training: id,
      epoch,
      trainingLoss: learned.loss,
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
  const final = async (split: 'val' | 'test'): Promise<Measured> => {
    const answer = await examine(engine, course, split, values, RESAMPLES, signal);
    if (answer === null)
      throw diverged(record.best?.epoch ?? 0, `An answer for the images of ${split}`, recipe);
    return answer.measured;
  };
  const measured = { validation: await final('val'), test: await final('test') };
  await store({ measured, seconds: ran + (now().getTime() - startedAt) / 1000 });
  return { id: start.id, version, body: record };
}
