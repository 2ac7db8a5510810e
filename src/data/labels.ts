// A split's labels: checked value by value when a set is opened, and kept, since they are small. The
// scoring loss indexes by them, so one label out of range would spoil every score without a word.

import { corrupt } from './corrupt.ts';
import type { Task } from './dataset.ts';
import { integersOf } from './npy.ts';
import { type NpzArray, readAll } from './npz.ts';

export interface Labels {
  /** [rows, width]. */
  readonly values: Int32Array;
  readonly rows: number;
  readonly width: number;
  readonly where: string;
}

/** Bounds what a hostile file can make us allocate. The largest set has 1.6 million (chestmnist, all splits). */
const MAX_LABELS = 1 << 24;
/** Of a file that brings no class names: the head of every network is this wide. */
const MAX_CLASSES = 10_000;

const noLabels = (where: string): Labels => ({ values: new Int32Array(0), rows: 0, width: 1, where });

/** Labels of a split that a file leaves out. */
export const ABSENT_LABELS: Labels = noLabels('an absent split');

/** Reads labels of shape [rows, width], or [rows], which counts as a width of 1. */
export async function readLabels(array: NpzArray): Promise<Labels> {
  const { where } = array.entry;
  const [rows = 0, width = 1, ...more] = array.header.shape;
  if (more.length > 0 || width === 0)
    throw corrupt(where, `has the shape (${array.header.shape.join(', ')}): wanted images x labels.`);
  if (rows * width > MAX_LABELS)
    throw corrupt(where, `has ${rows} x ${width} labels: at most ${MAX_LABELS} are read.`);
  const values = new Int32Array(rows * width);
  let i = 0;
  for (const value of integersOf(array.header, await readAll(array))) {
    if (value < 0 || value >= MAX_CLASSES)
      throw corrupt(
        where,
        `row ${Math.floor(i / width)} is ${value}: wanted a class from 0 to ${MAX_CLASSES - 1}.`,
      );
    values[i++] = value;
  }
  return { values, rows, width, where };
}

/** CORRUPT_DATASET at the first label that is not one of `classes` (0 or 1 where there are several a row). */
export function checkLabels(labels: Labels, task: Task, classes: number): void {
  const multiLabel = task === 'multi-label, binary-class';
  const width = multiLabel ? classes : 1;
  if (labels.rows > 0 && labels.width !== width)
    throw corrupt(labels.where, `has ${labels.width} labels a row: wanted ${width} for the task ${task}.`);
  const most = multiLabel ? 1 : classes - 1;
  const bad = labels.values.findIndex((value) => value > most);
  if (bad === -1) return;
  const row = Math.floor(bad / labels.width);
  const at = multiLabel ? `row ${row}, label ${bad % labels.width},` : `row ${row}`;
  throw corrupt(labels.where, `${at} is ${labels.values[bad]}: wanted 0 to ${most}.`);
}

/**
 * What a file without a catalogue entry must mean by its labels: several a row are yes/no answers, one
 * a row is a class. Classes are numbered up to the largest label of any split, and at least two.
 */
export function deriveTask(splits: readonly Labels[]): {
  readonly task: Task;
  readonly classes: readonly string[];
} {
  const width = splits.find((labels) => labels.rows > 0)?.width ?? 1;
  const largest = splits.reduce((max, { values }) => values.reduce((a, b) => Math.max(a, b), max), 1);
  const count = width > 1 ? width : largest + 1;
  const classes = Array.from({ length: count }, (_, i) => String(i));
  if (width > 1) return { task: 'multi-label, binary-class', classes };
  return { task: count === 2 ? 'binary-class' : 'multi-class', classes };
}
