// What the outcome of a training depends on beside its model and recipe, and what is measured after each epoch.

import type { Task } from '../data/dataset.ts';
import type { Shape } from '../search/network.ts';

export interface TrainingProtocol {
  readonly dataset: string;
  readonly task: Task;
  /** SHA-256 of shapes, pixels and labels of the three splits. */
  readonly data: string;
  /** Images of each split. */
  readonly samples: Readonly<Record<'train' | 'val' | 'test', number>>;
  /** One image. */
  readonly input: Shape;
  readonly classes: number;
  readonly multiLabel: boolean;
  /** Backend and revision of its arithmetic. */
  readonly numerics: string;
}

/** Measured on the validation split after an epoch. */
export interface Validation {
  /** Mean cross-entropy; null: not finite. */
  readonly loss: number | null;
  readonly auc: number;
  readonly acc: number;
}
