// Training on tf.js: what it leaves on the device, that it needs no kernel of one backend, and that the SIMD
// kernels, of which it is the specification, come to the same.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { drawBatch } from '../../../src/data/batch.ts';
import { openDatasets } from '../../../src/data/datasets.ts';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { openTfjs } from '../../../src/engine/tfjs.ts';
import { initialValues } from '../../../src/engine/training/state.ts';
import { tfjsTraining } from '../../../src/engine/training/tfjs/trainer.ts';
import type { Step, Training, TrainingState } from '../../../src/engine/training/trainer.ts';
import type { Network } from '../../../src/search/network.ts';
import { layoutOf } from '../../../src/search/parameters.ts';
import { buildResnet18 } from '../../../src/search/resnet18.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { differences, largest } from '../backend.contract.ts';
import { batchOf, saved, stateOf, using } from './trainer.contract.ts';

const ADAM: Step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 1e-4 };
const SGD: Step = { optimizer: 'sgd', learningRate: 1e-2, momentum: 0.9, weightDecay: 1e-4 };

const BLOCK = [0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3];
const task = { input: [12, 10, 3], classes: 3 } as const;
const searched = mstf.build([...BLOCK, ...BLOCK], { ...task, initChannels: 4 });
const small = mstf.build(BLOCK, { ...task, initChannels: 4 });
const resnet18 = buildResnet18({ ...task, initChannels: 4 });

/** Five updates. */
const trained = (training: Training, network: Network, step: Step): Promise<TrainingState> =>
  using(training, { network, multiLabel: false }, stateOf(network, 2), async (trainer) => {
    for (const seed of [1, 2, 3, 4, 5]) await trainer.step(batchOf(task, 16, seed, false), step);
    return saved(trainer, layoutOf(network));
  });

beforeAll(openTfjs);

test('no tensor stays, however many steps, and when one fails', async () => {
  const none = tf.memory().numTensors;
  const batch = batchOf(task, 5, 6, false);
  const trainer = await tfjsTraining.trainer({ network: small, multiLabel: false }, stateOf(small, 6));
  const held = tf.memory().numTensors;
  expect(held - none).toBe(4);
  const nan = { ...batch, images: batch.images.map(() => Number.NaN) };
  for (const step of [ADAM, SGD]) {
    await trainer.step(batch, step);
    expect(await trainer.step(nan, step)).toBe(Number.NaN);
    await expect(trainer.step({ ...batch, labels: Int32Array.of(9, 9, 9, 9, 9) }, step)).rejects.toThrow(
      'label 0 of the batch is 9',
    );
    await expect(
      trainer.step({ images: batch.images.subarray(1), labels: Int32Array.of(0, 1, 2, 0) }, step),
    ).rejects.toThrow('has 4 labels');
    await trainer.predict(batch.images);
    expect(tf.memory().numTensors).toBe(held);
  }
  trainer.close();
  expect(tf.memory().numTensors).toBe(none);
});

test('a state of another network is refused', async () => {
  const { floats } = layoutOf(small);
  const problem = { network: small, multiLabel: false };
  await expect(tfjsTraining.trainer(problem, stateOf(searched, 1))).rejects.toThrow(
    new RegExp(`a state has \\d+ values, want ${floats}$`, 'u'),
  );
});

/** The largest difference of what two states of a network have learned, by the largest change since it began; and of their moments, by the largest. */
function distances(
  network: Network,
  a: TrainingState,
  b: TrainingState,
): Record<'values' | 'moments', number> {
  const { values } = stateOf(network, 2);
  const moments = (['first', 'second'] as const).map(
    // Without Adam there is no second one.
    (part) => largest(differences(a[part], b[part])) / (largest(b[part]) || 1),
  );
  return {
    values: largest(differences(a.values, b.values)) / largest(differences(b.values, values)),
    moments: largest(moments),
  };
}

test('no kernel of one backend is needed: the CPU backend comes to the same', async () => {
  const wasm = await trained(tfjsTraining, small, SGD);
  await tf.setBackend('cpu');
  try {
    const apart = distances(small, await trained(tfjsTraining, small, SGD), wasm);
    expect(apart.values).toBeLessThan(1e-4);
    expect(apart.moments).toBeLessThan(1e-4);
  } finally {
    await openTfjs();
  }
});

describe('after five steps the SIMD kernels have learned the same', () => {
  test.each([
    // Adam divides a gradient by its own size: of one that is next to nothing, what float32 rounds it by remains.
    { optimizer: 'SGD', step: SGD, name: 'a searched network', network: searched, values: 2e-5 },
    { optimizer: 'Adam', step: ADAM, name: 'a searched network', network: searched, values: 2e-2 },
    { optimizer: 'SGD', step: SGD, name: 'ResNet-18', network: resnet18, values: 2e-5 },
    { optimizer: 'Adam', step: ADAM, name: 'ResNet-18', network: resnet18, values: 2e-2 },
  ])('$name, $optimizer', async ({ network, step, values }) => {
    const own = await trained(tfjsTraining, network, step);
    const other = await trained(await openSimd(), network, step);
    expect(other.steps).toBe(5);
    const apart = distances(network, other, own);
    expect(apart.values).toBeLessThan(values);
    expect(apart.moments).toBeLessThan(1e-4);
  });
});

test('64 images of BreastMNIST are learned by heart', async () => {
  const dataset = await openDatasets({ folders: [], dataFolder: '.', download: false }).open('breastmnist');
  const batch = await drawBatch(dataset, { size: 64, seed: 1 });
  const network = mstf.build(BLOCK, { input: batch.shape, classes: 2, initChannels: 4 });
  const from = { ...stateOf(network, 1), values: initialValues(network, 1) };
  const step: Step = { ...ADAM, learningRate: 0.02, weightDecay: 0 };
  await using(tfjsTraining, { network, multiLabel: false }, from, async (trainer) => {
    let [loss, steps] = [Infinity, 0];
    for (; loss >= 0.01 && steps < 300; steps++) loss = await trainer.step(batch, step);
    expect(loss).toBeLessThan(0.01);
    // The running statistics follow within a few batches more.
    for (let i = 0; i < 40; i++) await trainer.step(batch, { ...step, learningRate: 0 });
    const logits = await trainer.predict(batch.images);
    const right = batch.labels.filter((label, i) => {
      const [no, yes] = [logits[2 * i], logits[2 * i + 1]] as [number, number];
      return Number(yes > no) === label;
    });
    expect(right.length).toBeGreaterThanOrEqual(60);
  });
});
