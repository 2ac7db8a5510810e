// What is exported: a network, with or without the numbers it has learned, and what is known of both. Formats
// are folds over its graph, each with a table over the same op names.

import { MedNasError } from '../search/errors.ts';
import type { Model } from '../search/model.ts';
import type { Network, NodeOf, Op, Shape } from '../search/network.ts';
import type { Recipe } from '../training/recipe.ts';

/** What batch norm adds to a variance (spec section 1). */
export const BN_EPSILON = 1e-5;

/** A measure of a trained network on a split, with its 95 % interval where one was taken. */
export interface Metric {
  readonly split: string;
  readonly name: string;
  readonly value: number | null;
  readonly interval: readonly [low: number, high: number] | null;
}

export interface TrainingFacts {
  /** Of the run. */
  readonly id: string;
  readonly recipe: Recipe;
  /** Whose weights these are, from 0. */
  readonly epoch: number;
  readonly metrics: readonly Metric[];
}

export interface DatasetFacts {
  readonly name: string;
  readonly title: string;
  readonly task: string;
  /** Class names by index. */
  readonly classes: readonly string[];
  readonly samples: Readonly<Record<string, number>>;
  readonly licence: string | null;
  /** Where it was published. */
  readonly url: string | null;
}

export interface Facts {
  /** Of MedNAS. */
  readonly version: string;
  /** What the initial weights were drawn from. */
  readonly seed: number;
  readonly dataset: DatasetFacts | null;
  /** null: the weights, if any, are the initial ones. */
  readonly training: TrainingFacts | null;
}

export interface Subject {
  /** What its files are called, without an extension. */
  readonly name: string;
  readonly network: Network;
  readonly model: Model;
  /** One image. */
  readonly input: Shape;
  readonly classes: number;
  /** Laid out as `layoutOf(network)` says; null: the graph alone. */
  readonly values: Float32Array | null;
  readonly facts: Facts;
}

export interface ExportedFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly mediaType: string;
}

/** A row per op: what it becomes. */
export type Rules<C, R> = { readonly [O in Op]: (node: NodeOf<O>, context: C) => R };

/** Each node of a network by its op's rule, in topological order. */
export const mapNodes = <C, R>(network: Network, rules: Rules<C, R>, contextOf: (index: number) => C): R[] =>
  network.nodes.map((node, index) => rules[node.op](node as never, contextOf(index)));

/** @throws MedNasError INVALID_STATE for a format that cannot do without. */
export function valuesIn({ values }: Subject, format: string): Float32Array {
  if (values !== null) return values;
  throw new MedNasError(
    'INVALID_STATE',
    `A file of format ${format} holds weights, and there are none yet. Train the architecture first, export it with ` +
      'its initial weights, or choose json, svg or dot, which hold the graph alone.',
    { field: 'format' },
  );
}
