// How fast are the gradient kernels of tf.js on the WASM backend? GFLOP/s of ours by shape, next to what
// tf.js has: its own WASM kernel where there is one, else the CPU backend, which is what training would
// have to run on. That one takes seconds, so it is given few images and one round. Products on padding
// are not counted.

import { availableParallelism, cpus } from 'node:os';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradientKernels } from '../src/engine/kernels/tfjs/register.ts';
import { pairVectors } from '../src/engine/kernels/load.ts';
import { type KernelsOptions, milliseconds, tapsInside } from './kernels.ts';

const IMAGES = 64;
/** Of the CPU backend. */
const FEW_IMAGES = 4;

/** The blocks of 16 initial channels at 28 px. */
const BLOCKS = [
  { size: 28, channels: 16 },
  { size: 14, channels: 32 },
  { size: 7, channels: 64 },
] as const;

interface Shape {
  readonly size: number;
  readonly channels: number;
  readonly filter: readonly [number, number];
  readonly depthwise: boolean;
}

/** Floating-point operations an image. */
function flopsOf({ size, channels, filter: [kh, kw], depthwise }: Shape): number {
  const inside = tapsInside(size, kh, 1) * tapsInside(size, kw, 1);
  return 2 * inside * channels * (depthwise ? 1 : channels);
}

const KERNELS = {
  false: [tf.Conv2DBackpropFilter, tf.Conv2DBackpropInput],
  true: [tf.DepthwiseConv2dNativeBackpropFilter, tf.DepthwiseConv2dNativeBackpropInput],
};

/** Milliseconds of the best round on the current backend. */
function timed(kernel: string, { size, channels, filter, depthwise }: Shape, images: number, rounds: number) {
  const maps = [images, size, size, channels];
  const filterShape = [...filter, channels, depthwise ? 1 : channels];
  const [x, dy, weights] = [maps, maps, filterShape].map((shape) => tf.randomUniform(shape, -1, 1));
  const inputs = (kernel.endsWith('Filter') ? { x, dy } : { dy, filter: weights }) as tf.NamedTensorMap;
  const attrs = {
    strides: [1, 1],
    dilations: [1, 1],
    pad: 'same',
    dataFormat: 'NHWC',
    filterShape,
    inputShape: maps,
  };
  const run = () => tf.dispose(tf.engine().runKernel(kernel, inputs, attrs));
  // The best of many: the first ones are also what V8 optimises.
  const best = Math.min(...Array.from({ length: rounds }, () => milliseconds(run)));
  tf.dispose([x, dy, weights]);
  return best;
}

const rounded = (value: number): number => Number(value.toPrecision(4));

export async function gradients({ rounds, json }: KernelsOptions): Promise<void> {
  pairVectors();
  const shapes = BLOCKS.flatMap((block): readonly Shape[] => [
    ...(
      [
        [1, 1],
        [7, 1],
        [1, 7],
      ] as const
    ).map((filter) => ({ ...block, filter, depthwise: false })),
    ...([3, 5, 7] as const).map((k) => ({ ...block, filter: [k, k] as const, depthwise: true })),
  ]);
  const cases = shapes.flatMap((shape) => KERNELS[`${shape.depthwise}`].map((kernel) => ({ kernel, shape })));
  await tf.setBackend('wasm');
  const stock = cases.map(({ kernel, shape }) =>
    tf.getKernel(kernel, 'wasm') === undefined ? null : timed(kernel, shape, IMAGES, rounds),
  );
  await registerGradientKernels();
  const ours = cases.map(({ kernel, shape }) => timed(kernel, shape, IMAGES, rounds * 10));
  await tf.setBackend('cpu');
  const results = cases.map(({ kernel, shape }, i) => {
    const flops = flopsOf(shape) / 1e6;
    const wasm = stock[i] ?? null;
    const [milliseconds, cpu] = [ours[i] as number, timed(kernel, shape, FEW_IMAGES, 1)];
    const cpuSpeed = (flops * FEW_IMAGES) / cpu;
    const speed = (flops * IMAGES) / milliseconds;
    return {
      kernel,
      shape: `${shape.filter.join('x')} of ${shape.size}x${shape.size}x${shape.channels}`,
      milliseconds: rounded(milliseconds),
      gflops: rounded(speed),
      wasmGflops: wasm === null ? null : rounded((flops * IMAGES) / wasm),
      cpuGflops: rounded(cpuSpeed),
      overCpu: rounded(speed / cpuSpeed),
    };
  });
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  if (json) console.log(JSON.stringify({ machine, rounds, results }));
  else console.table(results);
}
