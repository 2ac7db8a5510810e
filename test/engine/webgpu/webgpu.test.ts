// The engine's contracts on WebGPU, wherever there is an adapter, a software one included: `.ci/run` provides
// SwiftShader. It is slow, so there are fewer random networks than on the CPU.

import * as tf from '@tensorflow/tfjs-core';
import type { Engine } from '../../../src/engine/engine.ts';
import { addHamming, packSigns } from '../../../src/engine/codes.ts';
import type { Maps } from '../../../src/engine/forward.ts';
import { openEngine } from '../../../src/engine/pool.ts';
import { selfTest } from '../../../src/engine/selfTest.ts';
import { findAdapter } from '../../../src/engine/webgpu/adapter.ts';
import { openWebgpu } from '../../../src/engine/webgpu/backend.ts';
import { openGpuDistances } from '../../../src/engine/webgpu/distances.ts';
import { findRealGpu } from '../../../src/engine/webgpu/find.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { backendContract, imagesFor } from '../backend.contract.ts';
import { gradientsContract } from '../gradients/gradients.contract.ts';

// Compiling shaders and running them on the CPU: a bound against hanging.
import.meta.jest.setTimeout(600_000);

const found = await findAdapter().catch((error: Error) => error.message);
const suite = typeof found === 'string' ? describe.skip : describe;

suite(typeof found === 'string' ? `WebGPU, skipped: ${found}` : `WebGPU on ${found.name}`, () => {
  backendContract('WebGPU', openWebgpu);
  gradientsContract('WebGPU', openWebgpu, { numRuns: 2, fisher: 1e-3 });

  describe('distances', () => {
    beforeAll(async () => void (await openWebgpu()));

    // Fewer and more units than a word, than a strip of words; several tensors; more pairs than a workgroup.
    test.each([
      [2, [5]],
      [3, [1, 32, 33]],
      [17, [4096, 4097, 7]],
      [64, [9000]],
    ])('of %p images, units %p', async (images, units) => {
      const distances = openGpuDistances(images);
      const wanted = new Float64Array(images * images);
      for (const [k, count] of units.entries()) {
        const values = imagesFor(k, images, [1, 1, count]);
        values[0] = 0;
        const maps: Maps = tf.tensor4d(values, [images, 1, 1, count]);
        distances.add(maps);
        maps.dispose();
        addHamming(wanted, packSigns(values, images), images);
      }
      expect(await distances.take()).toEqual(wanted);
    });
  });

  test('a forward pass reads nothing back before it is over, and keeps no tensor', async () => {
    const backend = await openWebgpu();
    const input = [9, 9, 1] as const;
    const network = mstf.build([0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3], {
      input,
      classes: 2,
      initChannels: 4,
    });
    const batch = { images: imagesFor(1, 4, input), labels: new Int32Array(4) };
    await backend.activity(network, batch, input, 1, false);
    const device = tf.backend();
    const reads: string[] = [];
    const read = device.read.bind(device);
    const readSync = device.readSync.bind(device);
    device.read = (id) => (reads.push('read'), read(id));
    device.readSync = (id) => (reads.push('readSync'), readSync(id));
    const tensors = tf.memory().numTensors;
    try {
      await backend.activity(network, batch, input, 1, false);
      // The matrix of distances.
      expect(reads).toEqual(['read']);
      await backend.activity(network, batch, input, 1, true);
      expect(reads).toEqual(['read', 'read', 'read']);
    } finally {
      device.read = read;
      device.readSync = readSync;
    }
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('a worker thread computes the same, every indicator', async () => {
    const engine: Engine = await openEngine({ backend: 'webgpu', workers: 4 });
    try {
      expect(engine.info).toMatchObject({ backend: 'webgpu', workers: 1, simd: null, workerMemory: null });
      expect(engine.info.numerics).toMatch(/^webgpu-[a-z0-9-]+-1$/u);
      expect((await selfTest(engine)).filter(({ passed }) => !passed)).toEqual([]);
      const huge = {
        space: 'mstf',
        dataset: 'test',
        batch: 'test',
        batchSize: 1024,
        input: [4096, 4096, 3] as const,
        classes: 2,
        multiLabel: false,
        initChannels: 512,
        seed: 1,
        indicators: ['jacobCov', 'synflow'] as const,
        numerics: engine.info.numerics,
      };
      expect(() => engine.requireFit(huge, 4)).toThrow(/one of the GPU's tensors may take \d+ MiB/u);
    } finally {
      await engine.close();
    }
  });

  test('`auto` takes no software adapter', async () => {
    const real = await findRealGpu();
    expect(real === null).toBe(typeof found === 'string' || found.software);
  });
});
