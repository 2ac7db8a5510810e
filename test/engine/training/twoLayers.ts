// The training curve of a network of two layers by hand, in float64: z = W2^T max(0, W1^T x) + b, softmax
// cross-entropy, and PyTorch's optimizers in their scalar form.

import type { Step, TrainingBatch } from '../../../src/engine/training/trainer.ts';
import { startNetwork } from '../../../src/search/network.ts';

const [FEATURES, HIDDEN, CLASSES] = [4, 6, 3] as const;

/** The same as a `Network`, of images of one pixel. */
function build() {
  const net = startNetwork([1, 1, FEATURES]);
  const first = net.add('conv', [0], { kernel: [1, 1], channels: HIDDEN }, 'first');
  const pooled = net.add('globalAvgPool', [net.add('relu', [first], {}, 'relu')], {}, 'pool');
  net.add('dense', [pooled], { units: CLASSES }, 'second');
  return { nodes: net.nodes, blocks: [] };
}

export const TWO_LAYERS = { network: build(), input: [1, 1, FEATURES], classes: CLASSES } as const;

interface TwoLayers {
  /** [images][features]. */
  readonly x: readonly (readonly number[])[];
  readonly labels: readonly number[];
  /** [features][hidden], [hidden][classes], [classes]. */
  readonly w1: readonly (readonly number[])[];
  readonly w2: readonly (readonly number[])[];
  readonly b: readonly number[];
}

function rowsOf(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => [
    ...values.subarray(i * width, (i + 1) * width),
  ]);
}

/** From a batch and the parameters in the network's order. */
export function startOf({ images, labels }: TrainingBatch, values: Float32Array): TwoLayers {
  const [second, bias] = [FEATURES * HIDDEN, FEATURES * HIDDEN + HIDDEN * CLASSES];
  return {
    x: rowsOf(images, FEATURES),
    labels: [...labels],
    w1: rowsOf(values.subarray(0, second), HIDDEN),
    w2: rowsOf(values.subarray(second, bias), CLASSES),
    b: [...values.subarray(bias)],
  };
}

interface Entry {
  value: number;
  first: number;
  second: number;
  gradient: number;
}

const entry = (value: number): Entry => ({ value, first: 0, second: 0, gradient: 0 });

function move(one: Entry, { optimizer, learningRate, momentum, weightDecay }: Step, count: number): void {
  const g = one.gradient + weightDecay * one.value;
  one.gradient = 0;
  if (optimizer === 'sgd') {
    one.first = momentum * one.first + g;
    one.value -= learningRate * one.first;
    return;
  }
  one.first = momentum * one.first + (1 - momentum) * g;
  one.second = 0.999 * one.second + 0.001 * g * g;
  const mean = one.first / (1 - momentum ** count);
  const square = one.second / (1 - 0.999 ** count);
  one.value -= (learningRate * mean) / (Math.sqrt(square) + 1e-8);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** The loss before each of `steps` updates. */
export function curveOf({ x, labels, ...start }: TwoLayers, step: Step, steps: number): readonly number[] {
  const [w1, w2] = [start.w1, start.w2].map((rows) => rows.map((row) => row.map(entry))) as [
    Entry[][],
    Entry[][],
  ];
  const b = start.b.map(entry);
  const into = (k: number): Entry[] => w1.map((row) => row[k] as Entry);
  const from = (k: number): Entry[] => w2[k] as Entry[];
  const product = (values: readonly number[], entries: readonly Entry[]): number =>
    sum(entries.map(({ value }, i) => value * (values[i] as number)));
  /** Adds each value's multiple to an entry's gradient. */
  const learn = (entries: readonly Entry[], values: readonly number[], factor: number): void =>
    entries.forEach((one, i) => (one.gradient += factor * (values[i] as number)));

  return Array.from({ length: steps }, (_, t) => {
    const losses = x.map((features, n) => {
      const before = w2.map((_row, k) => product(features, into(k)));
      const hidden = before.map((v) => Math.max(0, v));
      const z = b.map(({ value }, c) => value + sum(hidden.map((v, k) => v * (from(k)[c] as Entry).value)));
      const all = sum(z.map(Math.exp));
      const dz = z.map((v, c) => (Math.exp(v) / all - Number(c === labels[n])) / x.length);
      learn(b, dz, 1);
      hidden.forEach((v, k) => learn(from(k), dz, v));
      before.forEach((v, k) => {
        if (v > 0) learn(into(k), features, product(dz, from(k)));
      });
      return Math.log(all) - (z[labels[n] as number] as number);
    });
    for (const one of [...w1.flat(), ...w2.flat(), ...b]) move(one, step, t + 1);
    return sum(losses) / x.length;
  });
}
