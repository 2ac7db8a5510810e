import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Derivative } from '../../../src/engine/gradients/gradient.ts';
import { derivativeDemands } from '../../../src/engine/gradients/simd/gradients.ts';
import { programBytes } from '../../../src/engine/gradients/simd/program.ts';
import { tfjsGradients } from '../../../src/engine/gradients/tfjs/gradients.ts';
import { OutOfMemoryError } from '../../../src/engine/backend.ts';
import { loadKernels, pairVectors } from '../../../src/engine/kernels/load.ts';
import { openSimd } from '../../../src/engine/simd/backend.ts';
import { openTfjs } from '../../../src/engine/tfjs.ts';
import type { Shape } from '../../../src/search/network.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { imagesFor } from '../backend.contract.ts';
import { gradientsContract } from './gradients.contract.ts';

pairVectors();
const ALL: ReadonlySet<Derivative> = new Set(['weights', 'fisher']);

// One ReLU of golden 2 has an input that is 5e-6 of its deviation from 0, and is worth 1.7e-3 of its fisher.
// Float32 rounds it to either side: to the other one without fused multiply-add.
gradientsContract('tf.js', openTfjs, { numRuns: 10, fisher: 1e-3 });
gradientsContract('SIMD, relaxed build', () => openSimd({ build: 'relaxed' }), { numRuns: 60, fisher: 1e-3 });
gradientsContract('SIMD, simd build', () => openSimd({ build: 'simd' }), { numRuns: 60, fisher: 2e-3 });

const BLOCK = [0, 0, 5, 1, 3, 1, 2, 3, 6, 2, 0, 1, 2, 3];
const input: Shape = [9, 11, 3];
const problem = {
  network: mstf.build([...BLOCK, ...BLOCK], { input, classes: 3, initChannels: 8 }),
  batch: { images: imagesFor(1, 6, input), labels: Int32Array.of(0, 1, 2, 0, 1, 2) },
  input,
  seed: 6,
  multiLabel: false,
};

test('tf.js keeps no tensor, however often, and when it fails', async () => {
  await openTfjs();
  const layers = await tfjsGradients.gradient(problem, ALL);
  await tfjsGradients.curvature(problem, layers);
  const before = tf.memory().numTensors;
  for (let i = 0; i < 3; i++)
    await tfjsGradients.curvature(problem, await tfjsGradients.gradient(problem, ALL));
  await expect(tfjsGradients.curvature(problem, layers.slice(1))).rejects.toThrow('no direction is given');
  expect(tf.memory().numTensors).toBe(before);
});

test('tf.js needs no kernel of one backend: the CPU backend comes to the same', async () => {
  await openTfjs();
  const wasm = await tfjsGradients.gradient(problem, ALL);
  const bent = await tfjsGradients.curvature(problem, wasm);
  await tf.setBackend('cpu');
  try {
    const cpu = await tfjsGradients.gradient(problem, ALL);
    cpu.forEach(({ weights, fisher }, i) => {
      const other = wasm[i] as (typeof wasm)[number];
      const scale = Math.hypot(...other.weights);
      const worst = Math.max(...Array.from(weights, (g, k) => Math.abs(g - (other.weights[k] as number))));
      expect(worst).toBeLessThanOrEqual(1e-4 * scale);
      expect(Math.abs(fisher / other.fisher - 1)).toBeLessThanOrEqual(1e-3);
    });
    expect(Math.abs((await tfjsGradients.curvature(problem, wasm)) / bent - 1)).toBeLessThanOrEqual(1e-3);
  } finally {
    await openTfjs();
  }
});

test('SIMD: both widths of the kernels give the same bits', async () => {
  const [narrow, wide] = await Promise.all([false, true].map((wide) => openSimd({ build: 'relaxed', wide })));
  const layers = await narrow!.gradient(problem, ALL);
  expect(await wide!.gradient(problem, ALL)).toEqual(layers);
  expect(await wide!.curvature(problem, layers)).toBe(await narrow!.curvature(problem, layers));
});

test('SIMD: takes the memory that was computed beforehand, and is refused without', async () => {
  const kernels = await loadKernels(new WebAssembly.Memory({ initial: 1 }), {
    build: 'relaxed',
    wide: false,
  });
  const demandsFor = (...wanted: readonly Derivative[]) =>
    derivativeDemands(problem.network, 6, new Set(wanted), kernels);
  const bytesFor = (...wanted: readonly Derivative[]): number => programBytes(...demandsFor(...wanted));
  expect(demandsFor()).toEqual([]);
  const enough = await openSimd({ build: 'relaxed', wide: false }, bytesFor('weights', 'fisher'));
  const layers = await enough.gradient(problem, ALL);
  const tight = await openSimd({ build: 'relaxed', wide: false }, bytesFor('weights', 'fisher') - 1);
  await expect(tight.gradient(problem, ALL)).rejects.toThrow(OutOfMemoryError);
  expect(bytesFor('weights', 'curvature')).toBeGreaterThanOrEqual(bytesFor('weights'));
  const both = await openSimd({ build: 'relaxed', wide: false }, bytesFor('weights', 'curvature'));
  expect(Number.isFinite(await both.curvature(problem, layers))).toBe(true);
});

test('SIMD: reads nothing it has not written', async () => {
  const free = await openSimd({ build: 'relaxed', wide: false });
  const layers = await free.gradient(problem, ALL);
  const bent = await free.curvature(problem, layers);
  const images = problem.batch.images.map(() => Number.NaN);
  const spoilt = { ...problem, batch: { ...problem.batch, images } };
  const fouled = await openSimd({ build: 'relaxed', wide: false });
  // Leaves NaN in most of the memory.
  const useless = await fouled.gradient(spoilt, ALL);
  await fouled.curvature(spoilt, layers);
  expect(useless.some(({ weights }) => weights.some(Number.isNaN))).toBe(true);
  expect(await fouled.gradient(problem, ALL)).toEqual(layers);
  expect(await fouled.curvature(problem, layers)).toBe(bent);
});

test('SIMD: a direction that does not fit the weights is refused', async () => {
  const backend = await openSimd({ build: 'relaxed', wide: false });
  const fisherOnly = await backend.gradient(problem, new Set<Derivative>(['fisher']));
  await expect(backend.curvature(problem, fisherOnly)).rejects.toThrow(
    'the direction has 0 weights for stem.conv',
  );
});
