// A dataset as a training needs it: its three splits in memory that threads share, and found fit to train, to
// choose and to test on before anything runs.

import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Dataset, DatasetInfo, Rows, SplitName } from '../data/dataset.ts';
import { SPLITS } from '../data/dataset.ts';
import type { Datasets } from '../data/datasets.ts';
import type { EngineInfo, LearningImages } from '../engine/engine.ts';
import { MedNasError } from '../search/errors.ts';
import type { TrainingProtocol } from '../training/protocol.ts';

export interface Splits extends Readonly<Record<SplitName, LearningImages>> {
  readonly protocol: TrainingProtocol;
  /** Class names by label index. */
  readonly classes: readonly string[];
}

/** For people. */
const CALLED: Readonly<Record<SplitName, string>> = {
  train: 'training',
  val: 'validation',
  test: 'test',
};

const PURPOSE: Readonly<Record<SplitName, string>> = {
  train: 'to learn from',
  val: 'to choose the best epoch by',
  test: 'to test the best epoch on',
};

const refused = (message: string): MedNasError =>
  new MedNasError('INVALID_ARGUMENT', message, { field: 'dataset' });

/** @throws MedNasError INVALID_ARGUMENT: a split is missing or too small, or the whole too large. */
function requireSplits({ name, samples, shape }: DatasetInfo, memory: number): void {
  for (const split of SPLITS)
    if (samples[split] === 0)
      throw refused(
        `${name} has no ${CALLED[split]} images ${PURPOSE[split]}: its file needs ${split}_images and ${split}_labels.`,
      );
  if (samples.train < 2)
    throw refused(`${name} has a single training image; at least 2 are needed for batch statistics.`);
  const bytes = SPLITS.reduce((sum, split) => sum + samples[split], 0) * shape[0] * shape[1] * shape[2];
  // While they are read they are there twice.
  if (2 * bytes > memory / 2)
    throw refused(
      `The images of ${name} take ${(bytes / 2 ** 30).toFixed(1)} GiB, all of which a training holds in memory; this machine has ` +
        `${(memory / 2 ** 30).toFixed(1)} GiB. Train on a smaller size of it.`,
    );
}

/** How many rows of a split are of each class. */
function countsOf(labels: Int32Array, classes: number, multiLabel: boolean): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const [i, label] of labels.entries()) {
    const at = multiLabel ? i % classes : label;
    counts[at] = (counts[at] as number) + (multiLabel ? label : 1);
  }
  return counts;
}

/**
 * A class that is in no image cannot be learned; where it is in none or in all, there is no AUC.
 * @throws MedNasError INVALID_ARGUMENT
 */
function requireClasses(info: DatasetInfo, split: SplitName, labels: Int32Array, multiLabel: boolean): void {
  const { name, classes, samples } = info;
  const counts = countsOf(labels, classes.length, multiLabel);
  const missing = counts.indexOf(0);
  // Where two classes exclude each other, that all are of one says the same of the other.
  const at = missing >= 0 || split === 'train' ? missing : counts.indexOf(samples[split]);
  if (at === -1) return;
  const which = counts[at] === 0 ? 'No image' : 'Every image';
  const so = split === 'train' ? 'it cannot be learned' : `there is no AUC ${PURPOSE[split]}`;
  throw refused(
    `${which} of the ${CALLED[split]} split of ${name} is of class ${at} ("${classes[at]}"), so ${so}. ` +
      'Move images between its splits, or number its classes without gaps.',
  );
}

/** @throws MedNasError INVALID_ARGUMENT when all images are equal. */
function requireVariety({ name }: DatasetInfo, images: Uint8Array, rowBytes: number): void {
  const first = Buffer.from(images.buffer, images.byteOffset, rowBytes);
  for (let at = rowBytes; at < images.length; at += rowBytes)
    if (first.compare(images, at, at + rowBytes) !== 0) return;
  throw refused(`All training images of ${name} are the same: there is nothing to learn from them.`);
}

function shared({ images, labels }: Rows): LearningImages {
  const pixels = new Uint8Array(new SharedArrayBuffer(images.length));
  pixels.set(images);
  const truth = new Int32Array(new SharedArrayBuffer(4 * labels.length));
  truth.set(labels);
  return { images: pixels, labels: truth };
}

/** Bytes that are hashed before others have their turn. */
const CHUNK = 2 ** 24;

async function addTo(hash: Hash, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    hash.update(bytes.subarray(at, at + CHUNK));
    await setImmediate();
  }
}

async function readSplit(dataset: Dataset, split: SplitName, hash: Hash): Promise<LearningImages> {
  const { info } = dataset;
  const { shape, task } = info;
  const rows = await dataset.read(split);
  requireClasses(info, split, rows.labels, task === 'multi-label, binary-class');
  if (split === 'train') requireVariety(info, rows.images, shape[0] * shape[1] * shape[2]);
  hash.update(Int32Array.of(info.samples[split], ...shape, rows.labelWidth));
  await addTo(hash, rows.images);
  await addTo(hash, new Uint8Array(rows.labels.buffer, rows.labels.byteOffset, rows.labels.byteLength));
  return shared(rows);
}

/**
 * `trainer`: what is to train on them.
 * @throws MedNasError of the dataset (unknown, corrupt, ...); INVALID_ARGUMENT: not fit to train on.
 */
export async function readSplits(
  datasets: Pick<Datasets, 'open'>,
  trainer: Pick<EngineInfo, 'memory' | 'numerics'>,
  name: string,
): Promise<Splits> {
  const dataset = await datasets.open(name);
  const { info } = dataset;
  requireSplits(info, trainer.memory);
  const hash = createHash('sha256');
  const train = await readSplit(dataset, 'train', hash);
  const val = await readSplit(dataset, 'val', hash);
  const test = await readSplit(dataset, 'test', hash);
  return {
    train,
    val,
    test,
    classes: info.classes,
    protocol: {
      dataset: info.name,
      task: info.task,
      data: hash.digest('hex'),
      samples: info.samples,
      input: info.shape,
      classes: info.classes.length,
      multiLabel: info.task === 'multi-label, binary-class',
      numerics: trainer.numerics,
    },
  };
}
