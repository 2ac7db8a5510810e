// An .npz in MedMNIST's layout as a Dataset: arrays {train,val,test}_{images,labels}, images uint8
// [N, H, W] (gray) or [N, H, W, 1 or 3], labels integers [N, L] or [N]. `train` has to be there; `val`
// and `test` may be left out, and are then empty, since a search only looks at training images.
// Opening reads and checks all headers and labels, never an image; images are checked by their CRC-32 when
// some are first read.

import type { Shape } from '../search/network.ts';
import { corrupt } from './corrupt.ts';
import { type Dataset, type DatasetInfo, SPLITS, type SplitName } from './dataset.ts';
import type { DataFile } from './file.ts';
import { ABSENT_LABELS, checkLabels, deriveTask, type Labels, readLabels } from './labels.ts';
import { type Npz, type NpzArray, openNpz, readAll, readRows, requireWhole, scanRows } from './npz.ts';

/** One row has to fit in memory many times over. */
const MAX_SIDE = 4096;

interface Split {
  /** null: the file has no such split. */
  readonly images: NpzArray | null;
  readonly labels: Labels;
}

/** [height, width, channels] of an image array. */
function imageShape({ header, entry }: NpzArray): Shape {
  const [, height = 0, width = 0, channels = 1, ...more] = header.shape;
  const got = `has the shape (${header.shape.join(', ')})`;
  if (header.descr.slice(1) !== 'u1')
    throw corrupt(entry.where, `has values of type ${header.descr}: wanted uint8 ("|u1").`);
  if (header.shape.length < 3 || more.length > 0 || (channels !== 1 && channels !== 3))
    throw corrupt(entry.where, `${got}: wanted images x height x width, or with 1 or 3 channels after that.`);
  if (![height, width].every((side) => side >= 1 && side <= MAX_SIDE))
    throw corrupt(entry.where, `${got}: wanted sides from 1 to ${MAX_SIDE} pixels.`);
  return [height, width, channels];
}

async function readSplit(file: DataFile, npz: Npz, split: SplitName): Promise<Split> {
  const images = npz.arrays.get(`${split}_images`);
  const labels = npz.arrays.get(`${split}_labels`);
  if (images === undefined && labels === undefined && split !== 'train')
    return { images: null, labels: ABSENT_LABELS };
  if (images === undefined || labels === undefined) {
    const missing = images === undefined ? `${split}_images` : `${split}_labels`;
    throw corrupt(
      file.label,
      `has no array ${missing}. It has: ${npz.names.join(', ').slice(0, 500) || 'none'}.`,
    );
  }
  if (images.rows !== labels.rows)
    throw corrupt(file.label, `has ${images.rows} ${split}_images but ${labels.rows} ${split}_labels.`);
  imageShape(images);
  return { images, labels: await readLabels(labels) };
}

function sharedShape(splits: readonly Split[]): Shape {
  const present = splits.flatMap(({ images }) => (images === null ? [] : [images]));
  const shape = imageShape(present[0] as NpzArray);
  for (const images of present) {
    const other = imageShape(images);
    if (other.join() !== shape.join())
      throw corrupt(
        images.entry.where,
        `has images of ${other.join(' x ')}, but train_images are ${shape.join(' x ')}.`,
      );
  }
  return shape;
}

function pickLabels({ values, width }: Labels, indices: readonly number[]): Int32Array {
  const picked = new Int32Array(indices.length * width);
  for (const [place, index] of indices.entries())
    picked.set(values.subarray(index * width, (index + 1) * width), place * width);
  return picked;
}

async function* nothing(): AsyncGenerator<never> {
  // An absent split has no rows.
}

/**
 * Opens the file under `name`. Task and classes are `meaning`'s, of a published file whose sum has been
 * checked, and the labels must agree with them; without it they are derived from the labels. CORRUPT_DATASET: not in the layout above.
 */
export async function openMedMnist(
  file: DataFile,
  name: string,
  meaning: Pick<DatasetInfo, 'task' | 'classes'> | null,
): Promise<Dataset> {
  const npz = await openNpz(
    file,
    SPLITS.flatMap((split) => [`${split}_images`, `${split}_labels`]),
  );
  const splits = {
    train: await readSplit(file, npz, 'train'),
    val: await readSplit(file, npz, 'val'),
    test: await readSplit(file, npz, 'test'),
  };
  const all = SPLITS.map((split) => splits[split]);
  const shape = sharedShape(all);
  const { task, classes } = meaning ?? deriveTask(all.map(({ labels }) => labels));
  for (const { labels } of all) checkLabels(labels, task, classes.length);
  const rows = (split: SplitName): number => splits[split].labels.rows;
  return {
    info: {
      name,
      task,
      classes,
      shape,
      samples: { train: rows('train'), val: rows('val'), test: rows('test') },
    },
    async read(split, indices) {
      const { images, labels } = splits[split];
      const labelWidth = labels.width;
      if (images === null) return { images: new Uint8Array(0), labels: new Int32Array(0), labelWidth };
      if (indices === undefined)
        return { images: await readAll(images), labels: labels.values.slice(), labelWidth };
      // Of a published file every byte is known to be right.
      if (meaning === null) await requireWhole(images);
      return { images: await readRows(images, indices), labels: pickLabels(labels, indices), labelWidth };
    },
    scan(split) {
      const { images } = splits[split];
      return images === null ? nothing() : scanRows(images);
    },
  };
}
