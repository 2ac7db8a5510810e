// The trainer's contract on WebGPU, wherever there is an adapter, a software one included: `.ci/run` provides
// SwiftShader. It is slow, so some of the small networks must do.

import * as tf from '@tensorflow/tfjs-core';
import type { LearningProblem } from '../../../src/engine/engine.ts';
import { openEngine } from '../../../src/engine/pool.ts';
import { initialState } from '../../../src/engine/training/state.ts';
import { findAdapter } from '../../../src/engine/webgpu/adapter.ts';
import { openWebgpu } from '../../../src/engine/webgpu/backend.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { batchOf, stateOf, trainerContract, using } from './trainer.contract.ts';

// Compiling shaders and running them on the CPU: a bound against hanging.
import.meta.jest.setTimeout(600_000);

const found = await findAdapter().catch((error: Error) => error.message);
const suite = typeof found === 'string' ? describe.skip : describe;

suite(typeof found === 'string' ? `WebGPU, skipped: ${found}` : `WebGPU on ${found.name}`, () => {
  trainerContract('WebGPU', openWebgpu, { every: 8, updates: 5 });

  test('a step reads two small tensors of the device, and keeps no tensor', async () => {
    const training = await openWebgpu();
    const task = { input: [9, 9, 1], classes: 2 } as const;
    const network = mstf.build([0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3], { ...task, initChannels: 4 });
    const batch = batchOf(task, 4, 1, false);
    const step = { optimizer: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0 } as const;
    await using(training, { network, multiLabel: false }, stateOf(network, 1), async (trainer) => {
      await trainer.step(batch, step);
      const device = tf.backend();
      const reads: string[] = [];
      const read = device.read.bind(device);
      const readSync = device.readSync.bind(device);
      device.read = (id) => (reads.push('read'), read(id));
      device.readSync = (id) => (reads.push('readSync'), readSync(id));
      const tensors = tf.memory().numTensors;
      try {
        await trainer.step(batch, step);
        // The logits, and whether everything is finite.
        expect(reads).toEqual(['read', 'read']);
      } finally {
        device.read = read;
        device.readSync = readSync;
      }
      expect(tf.memory().numTensors).toBe(tensors);
    });
  });

  test('a worker thread trains and predicts, on states in shared memory', async () => {
    const problem: LearningProblem = {
      model: { kind: 'baseline', name: 'resnet18', initChannels: 2 },
      input: [6, 6, 1],
      classes: 2,
      multiLabel: false,
    };
    const never = new AbortController().signal;
    const images = Uint8Array.from({ length: 8 * 36 }, (_, i) => (i * 37) % 256);
    const data = { images, labels: Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1) };
    const batches = [0, 4].map((first) => Uint32Array.of(first, first + 1, first + 2, first + 3));
    const step = { optimizer: 'adam', learningRate: 1e-2, momentum: 0.9, weightDecay: 0 } as const;
    const [from, to] = [initialState(problem, 1), initialState(problem, 1)];
    const engine = await openEngine({ backend: 'webgpu', workers: 2 });
    try {
      const learned = await engine.train({ problem, data, batches, step, from, to }, never);
      expect(learned.losses.every(Number.isFinite)).toBe(true);
      // A lesson may end before all its batches.
      expect(learned.steps).toBe(learned.losses.length);
      expect(to.values).not.toEqual(from.values);
      const logits = await engine.predict(problem, to.values, images, never);
      expect(logits).toHaveLength(16);
      expect(logits.every(Number.isFinite)).toBe(true);
    } finally {
      await engine.close();
    }
  });
});
