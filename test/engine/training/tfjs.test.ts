// Training on tf.js: what it leaves on the device, that it needs no kernel of one backend, and that the SIMD
// kernels, of which it is the specification, come to the same.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { openTfjs } from '../../../src/engine/tfjs.ts';
import { tfjsTraining } from '../../../src/engine/training/tfjs/trainer.ts';
import type { Step, Training, TrainingState } from '../../../src/engine/training/trainer.ts';
import type { Network } from '../../../src/search/network.ts';
import { layoutOf } from '../../../src/search/parameters.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { differences, largest } from '../backend.contract.ts';
import { batchFor, problemOf, resnet18, stateOf } from './problems.ts';

const ADAM: Step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 1e-4 };
const SGD: Step = { optimizer: 'sgd', learningRate: 1e-2, momentum: 0.9, weightDecay: 1e-4 };

const BLOCK = [0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3];
const searched = mstf.build([...BLOCK, ...BLOCK], { input: [12, 10, 3], classes: 3, initChannels: 4 });
const small = mstf.build(BLOCK, { input: [9, 11, 3], classes: 3, initChannels: 4 });
const problem = problemOf(small, 5, 6, false);

/** Five updates. */
async function trained(training: Training, network: Network, step: Step): Promise<TrainingState> {
  const from = stateOf(network, 2);
  const trainer = await training.trainer({ network, multiLabel: false }, from);
  for (const seed of [1, 2, 3, 4, 5]) await trainer.step(batchFor(network, 16, seed, false), step);
  const state = { ...from, steps: await trainer.save(from) };
  trainer.close();
  return state;
}

beforeAll(openTfjs);

test('no tensor stays, however many steps, and when one fails', async () => {
  const none = tf.memory().numTensors;
  const trainer = await tfjsTraining.trainer(problem, problem.from);
  const held = tf.memory().numTensors;
  expect(held - none).toBe(4);
  const nan = { ...problem.batch, images: problem.batch.images.map(() => Number.NaN) };
  for (const step of [ADAM, SGD]) {
    await trainer.step(problem.batch, step);
    expect(await trainer.step(nan, step)).toBe(Number.NaN);
    await expect(
      trainer.step({ ...problem.batch, labels: Int32Array.of(9, 9, 9, 9, 9) }, step),
    ).rejects.toThrow('label 0 of the batch is 9');
    await expect(
      trainer.step({ images: problem.batch.images.subarray(1), labels: Int32Array.of(0, 1, 2, 0) }, step),
    ).rejects.toThrow();
    await trainer.predict(problem.batch.images);
    expect(tf.memory().numTensors).toBe(held);
  }
  trainer.close();
  expect(tf.memory().numTensors).toBe(none);
});

test('a state of another network is refused', async () => {
  const { floats } = layoutOf(small);
  await expect(tfjsTraining.trainer(problem, stateOf(searched, 1))).rejects.toThrow(
    new RegExp(`a state has \\d+ values, want ${floats}$`, 'u'),
  );
});

/** The largest difference of two states of a network, by the largest change of any value since it began, and by the largest moment. */
function distance(network: Network, a: TrainingState, b: TrainingState): number {
  const { values } = stateOf(network, 2);
  const scales = {
    values: largest(differences(b.values, values)),
    first: largest(b.first),
    // Without Adam there is none.
    second: largest(b.second) || 1,
  };
  const parts = ['values', 'first', 'second'] as const;
  return Math.max(...parts.map((part) => largest(differences(a[part], b[part])) / scales[part]));
}

test('no kernel of one backend is needed: the CPU backend comes to the same', async () => {
  const wasm = await trained(tfjsTraining, small, SGD);
  await tf.setBackend('cpu');
  try {
    expect(distance(small, await trained(tfjsTraining, small, SGD), wasm)).toBeLessThan(1e-4);
  } finally {
    await openTfjs();
  }
});

describe('after five steps the SIMD kernels have learned the same', () => {
  test.each([
    ['a searched network', searched],
    ['ResNet-18', resnet18([12, 14, 1], 4)],
  ])('%s', async (_, network) => {
    const simd = await openSimd();
    for (const step of [SGD, ADAM]) {
      const [own, other] = [
        await trained(tfjsTraining, network, step),
        await trained(simd, network, step),
      ] as const;
      expect(other.steps).toBe(5);
      expect(distance(network, other, own)).toBeLessThan(1e-4);
    }
  });
});
