// A labelled image set with splits, read by rows so that a 16 GB archive never has to fit in memory.

import type { Shape } from '../search/network.ts';

/** MedMNIST's own words for what the labels mean. */
export type Task = 'binary-class' | 'multi-class' | 'multi-label, binary-class' | 'ordinal-regression';
export const SPLITS = ['train', 'val', 'test'] as const;
export type SplitName = (typeof SPLITS)[number];

export interface DatasetInfo {
  /** What a search asks for: a registered name (`breastmnist`, `pathmnist_64`) or a path. */
  readonly name: string;
  readonly task: Task;
  /** Class names by label index. */
  readonly classes: readonly string[];
  /** One image. */
  readonly shape: Shape;
  readonly samples: Readonly<Record<SplitName, number>>;
}

export interface Rows {
  /** uint8, [rows, height, width, channels]. */
  readonly images: Uint8Array;
  /** [rows, labelWidth]: one class index a row, or for multi-label one 0/1 a class. */
  readonly labels: Int32Array;
  readonly labelWidth: number;
}

/** Reading rejects with CORRUPT_DATASET when the data turn out to be damaged, or changed since they were opened. */
export interface Dataset {
  readonly info: DatasetInfo;
  /** Rows in the order asked for, repeats allowed; all rows of the split without `indices`. */
  read(split: SplitName, indices?: readonly number[]): Promise<Rows>;
  /** The split's images in file order, one at a time, each valid until the next: uint8, [height, width, channels]. */
  scan(split: SplitName): AsyncIterable<Uint8Array>;
}
