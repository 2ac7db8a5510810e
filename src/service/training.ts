// One training from its last finished epoch to its end: lessons until an epoch's batches are done, then
// the validation split, the checkpoint, the record, and only then the event. The epoch with the strictly best
// validation AUC is tested at the end (MedMNIST's experiments).

import { basename } from 'node:path';
import type { Engine, LearningProblem, Lesson } from '../engine/engine.ts';
import { emptyState, initialState } from '../engine/training/state.ts';
import type { TrainingState } from '../engine/training/trainer.ts';
import { measure, type Measured } from '../metrics/measured.ts';
import { MedNasError } from '../search/errors.ts';
import { networkOfModel } from '../search/model.ts';
import { layoutOf, valuesOf } from '../search/parameters.ts';
import type { Archive } from '../storage/archive.ts';
import { type Stored, SupersededError } from '../storage/documents.ts';
import type { BestWeights, EpochRecord, TrainingRecord, Validation } from '../storage/records.ts';
import type { Weights } from '../storage/weights.ts';
import { batchesOf } from '../training/order.ts';
import { learningRateAt, type Recipe } from '../training/recipe.ts';
import type { TensorFile } from '../training/safetensors.ts';
import { lossOf, scoresOf } from '../training/scores.ts';
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

const diverged = (epoch: number, what: string, { learningRate }: Recipe): MedNasError =>
  new MedNasError(
    'DIVERGED',
    `${what} in epoch ${epoch + 1} is not a finite number: the training has diverged. ` +
      `A learning rate below ${learningRate} may help; what came of the epochs before is kept.`,
  );

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
  problem: LearningProblem,
  values: Float32Array,
  epoch: number,
): TensorFile {
  const { parameters } = layoutOf(networkOfModel(model, problem));
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
export function valuesIn({ tensors }: TensorFile, model: LearningProblem): Float32Array {
  const layout = layoutOf(networkOfModel(model.model, model));
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
async function stateOf(
  weights: Weights,
  { id, epoch, recipe }: TrainingRecord,
  problem: LearningProblem,
): Promise<TrainingState> {
  if (epoch < 0) return initialState(problem, recipe.seed);
  const found = await weights.readCheckpoint(id, epoch);
  if (found === null)
    throw new MedNasError(
      'INVALID_STATE',
      `The checkpoint of epoch ${epoch + 1} is not on this machine (in ${weights.folder}), so the training cannot go on here. ` +
        'Resume it where it ran, or on a service that shares that folder; or start it anew.',
    );
  const state = emptyState(layoutOf(networkOfModel(problem.model, problem)));
  if (found.values.length !== state.values.length || found.first.length !== state.first.length)
    throw new MedNasError('STORAGE_CORRUPT', `The checkpoint of training ${id} is of another network.`);
  for (const name of ['values', 'first', 'second'] as const) state[name].set(found[name]);
  return { ...state, steps: found.steps };
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
  const { input, classes, multiLabel, task, samples } = splits.protocol;
  const problem: LearningProblem = { model, input, classes, multiLabel };
  let state = await stateOf(weights, record, problem);
  let spare = emptyState(layoutOf(networkOfModel(model, problem)));
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

  /** Mean loss over the epoch's images; moves the state. */
  async function learn(epoch: number): Promise<number> {
    const { optimizer, momentum, weightDecay } = recipe;
    const step = { optimizer, momentum, weightDecay, learningRate: learningRateAt(recipe, epoch) };
    const batches = batchesOf(recipe, epoch, samples.train);
    let sum = 0;
    for (let done = 0; done < batches.length;) {
      const lesson: Lesson = {
        problem,
        data: splits.train,
        batches: batches.slice(done),
        step,
        from: state,
        to: spare,
      };
      const { losses, steps } = await engine.train(lesson, signal);
      for (const [i, loss] of losses.entries()) {
        if (!Number.isFinite(loss)) throw diverged(epoch, 'The loss of a batch', recipe);
        sum += loss * (batches[done + i] as Uint32Array).length;
      }
      done += losses.length;
      [state, spare] = [{ ...spare, steps }, state];
      // At each lesson, for epochs can be long.
      if ((await archive.findTraining(id))?.version !== version) throw new SupersededError(id);
    }
    return sum / samples.train;
  }

  async function ask(split: 'val' | 'test', values: Float32Array, resamples: number) {
    const logits = await engine.predict(problem, values, splits[split].images, signal);
    if (!logits.every(Number.isFinite)) return null;
    const { labels } = splits[split];
    const scores = scoresOf(logits, splits.protocol);
    const measured = measure(task, splits.classes, scores, labels, { seed: recipe.seed, resamples });
    return { measured, loss: lossOf(logits, labels, splits.protocol) };
  }

  async function validate(epoch: number): Promise<Validation> {
    const answer = await ask('val', state.values, 0);
    const { auc, acc } = answer?.measured ?? {};
    if (answer === null || typeof auc?.value !== 'number' || typeof acc?.value !== 'number')
      throw diverged(epoch, 'An answer for the validation images', recipe);
    return { loss: finite(answer.loss), auc: auc.value, acc: acc.value };
  }

  async function keepBest(epoch: number, validation: Validation): Promise<BestWeights | null> {
    if (record.best !== null && !(validation.auc > record.best.auc)) return record.best;
    const written = await weights.writeBest(id, epoch, toFile(record, problem, state.values, epoch));
    return { epoch, ...validation, ...written };
  }

  const ran = record.seconds ?? 0;
  const startedAt = now().getTime();
  for (let epoch = record.epoch + 1; epoch < recipe.epochs; epoch++) {
    const begunAt = now().getTime();
    const trainingLoss = await learn(epoch);
    const validation = await validate(epoch);
    await weights.writeCheckpoint(id, epoch, state);
    const best = await keepBest(epoch, validation);
    const at = now();
    const seconds = (at.getTime() - begunAt) / 1000;
    const finished: EpochRecord = {
      training: id,
      epoch,
      trainingLoss,
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

  const values = valuesIn(await weights.readBest(record), problem);
  const final = async (split: 'val' | 'test'): Promise<Measured> => {
    const answer = await ask(split, values, RESAMPLES);
    if (answer === null)
      throw diverged(record.best?.epoch ?? 0, `An answer for the images of ${split}`, recipe);
    return answer.measured;
  };
  const measured = { validation: await final('val'), test: await final('test') };
  await store({ measured, seconds: ran + (now().getTime() - startedAt) / 1000 });
  return { id: start.id, version, body: record };
}
