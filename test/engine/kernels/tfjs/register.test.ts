// How the gradient kernels live in tf.js: what they refuse, what they keep, and with which backend.

import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { openHeap } from '../../../../src/engine/kernels/heap.ts';
import { loadKernels } from '../../../../src/engine/kernels/load.ts';
import {
  convFilterGradient,
  depthwiseFilterGradient,
  type FilterCall,
} from '../../../../src/engine/kernels/tfjs/filters.ts';
import { type Ground, produce, withScratch } from '../../../../src/engine/kernels/tfjs/ground.ts';
import {
  convInputGradient,
  depthwiseInputGradient,
  type InputCall,
} from '../../../../src/engine/kernels/tfjs/inputs.ts';
import { registerGradientKernels } from '../../../../src/engine/kernels/tfjs/register.ts';
import { worstError } from '../reference.ts';
import { both, CALLS, type Case, type Gradient, prepare } from './gradient.ts';

const SIMD = 1e-5;
const GRADIENTS: readonly Gradient[] = ['convFilter', 'convInput', 'depthwiseFilter', 'depthwiseInput'];

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerGradientKernels();
});

beforeEach(() => tf.setBackend('wasm'));

describe('what is refused', () => {
  const x = () => tf.ones([1, 4, 4, 2]);
  const attrs = { strides: [1, 1], dilations: [1, 1], pad: 'same', filterShape: [3, 3, 2, 1] };
  const filterOf = (inputs: tf.NamedTensorMap, more: tf.NamedAttrMap = {}) => {
    const kernel = 'dataFormat' in more ? tf.Conv2DBackpropFilter : tf.DepthwiseConv2dNativeBackpropFilter;
    return () => tf.tidy(() => tf.engine().runKernel(kernel, inputs, { ...attrs, ...more }));
  };

  test.each<readonly [string, () => () => unknown, string]>([
    ['NCHW', () => filterOf({ x: x(), dy: x() }, { dataFormat: 'NCHW' }), 'only NHWC, not NCHW'],
    ['integers', () => filterOf({ x: tf.cast(x(), 'int32'), dy: x() }), 'x must be float32, not int32'],
    [
      'another dy',
      () => filterOf({ x: x(), dy: tf.ones([1, 4, 3, 2]) }),
      'of shape [1, 4, 4, 2], not [1, 4, 3, 2]',
    ],
    [
      'another depth',
      () => filterOf({ x: x(), dy: x() }, { filterShape: [3, 3, 1, 2] }),
      'a filter of 1 channels, an input of 2',
    ],
  ])('%s', (_, call, message) => {
    const refused = call();
    const before = tf.memory();
    expect(refused).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
    expect(tf.memory()).toEqual(before);
  });

  test('nothing that tf.js did before: its own kernel takes NCHW', () => {
    const [dy, filter] = [tf.ones([1, 2, 4, 4]), tf.ones([1, 1, 3, 2])];
    const more = { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', inputShape: [1, 3, 4, 4] };
    const dx = tf.engine().runKernel<tf.Tensor>(tf.Conv2DBackpropInput, { dy, filter }, more);
    expect(dx.shape).toEqual([1, 3, 4, 4]);
    expect([...dx.dataSync()]).toEqual(Array.from({ length: 48 }, () => 2));
  });

  test('another backend', async () => {
    await tf.setBackend('cpu');
    await expect(registerGradientKernels()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
  });
});

test('to register again is harmless, one after another or at once', async () => {
  const { warn } = console;
  const warnings: unknown[] = [];
  console.warn = (...parts) => warnings.push(parts);
  await registerGradientKernels();
  await Promise.all([registerGradientKernels(), registerGradientKernels()]);
  console.warn = warn;
  expect(warnings).toEqual([]);
  const { got, due } = await both('depthwiseInput', { x: [1, 4, 5, 3], filter: [3, 3], outputs: 1 });
  expect(worstError(got, due)).toBeLessThan(SIMD);
});

describe('memory', () => {
  test.each(GRADIENTS)('%s leaves nothing behind, in tf.js or on the heap', (gradient) => {
    const { memory } = openHeap();
    const x = [8, 56, 56, 16] as const;
    const calls = [1, 2].map((stride) => prepare(gradient, { x, filter: [3, 3], outputs: 1, stride }));
    const round = () => calls.forEach((call) => call().dispose());
    round();
    const [before, bytes] = [tf.memory(), memory.buffer.byteLength];
    // Scratch is some 400 KiB, the heap 30 MiB.
    for (let i = 0; i < 100; i++) round();
    expect(tf.memory()).toEqual(before);
    expect(memory.buffer.byteLength).toBe(bytes);
  });

  const RUNS = {
    convFilter: (ground: Ground, call: object) => convFilterGradient(ground, call as FilterCall),
    convInput: (ground: Ground, call: object) => convInputGradient(ground, call as InputCall),
    depthwiseFilter: (ground: Ground, call: object) => depthwiseFilterGradient(ground, call as FilterCall),
    depthwiseInput: (ground: Ground, call: object) => depthwiseInputGradient(ground, call as InputCall),
  };

  // A dense convolution without a centre is none of ours in dL/dx.
  test.each(
    GRADIENTS.flatMap((gradient) => [3, 2].map((k) => ({ gradient, k }))).filter(
      ({ gradient, k }) => k === 3 || gradient !== 'convInput',
    ),
  )('$gradient when each of its allocations makes the heap grow, filter $k x $k', async ({ gradient, k }) => {
    const heap = openHeap();
    const backend = tf.backend() as BackendWasm;
    const taken: number[] = [];
    const grow = () => {
      const { buffer } = heap.memory;
      while (heap.memory.buffer === buffer) taken.push(heap.allocate(2 ** 22));
    };
    const growing: Ground = {
      kernels: await loadKernels(heap.memory, { wide: false }),
      heap: {
        ...heap,
        allocate(bytes) {
          const at = heap.allocate(bytes);
          grow();
          return at;
        },
      },
      backend: Object.assign(Object.create(backend) as BackendWasm, {
        makeOutput(shape: number[], dtype: tf.DataType) {
          const out = backend.makeOutput(shape, dtype);
          grow();
          return out;
        },
      }),
    };
    const c: Case = { x: [2, 9, 8, 5], filter: [k, k], outputs: 1 };
    const [, inputs, attrs] = CALLS[gradient](c);
    const { due } = await both(gradient, c);
    const out = RUNS[gradient](growing, { inputs, attrs }) as tf.TensorInfo;
    expect(worstError(backend.readSync(out.dataId) as Float32Array, due)).toBeLessThan(SIMD);
    for (const at of taken) heap.free(at);
  });

  test('nothing is kept when a kernel throws', async () => {
    const heap = openHeap();
    const held = new Set<number>();
    const counted = {
      ...heap,
      allocate(bytes: number) {
        const at = heap.allocate(bytes);
        held.add(at);
        return at;
      },
      free(at: number) {
        held.delete(at);
        heap.free(at);
      },
    };
    const backend = tf.backend() as BackendWasm;
    const kernels = await loadKernels(heap.memory, { wide: false });
    const tensors = backend.numDataIds();
    const failing = () =>
      produce({ backend, heap: counted, kernels }, [3, 3], () =>
        withScratch(counted, 1000, () => {
          expect(held.size).toBe(1);
          throw new Error('in the middle');
        }),
      );
    expect(failing).toThrow('in the middle');
    expect(backend.numDataIds()).toBe(tensors);
    expect(held.size).toBe(0);
  });
});

// Last, since tensors of the backend before are lost.
test('a backend made anew needs them registered anew, and says so', async () => {
  const open = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', open);
  await tf.setBackend('wasm');
  const c: Case = { x: [2, 5, 4, 9], filter: [3, 3], outputs: 1 };
  expect(prepare('depthwiseFilter', c)).toThrow('Call registerGradientKernels again');
  await registerGradientKernels();
  for (const stride of [1, 2]) {
    for (const gradient of GRADIENTS) {
      const { got, due } = await both(gradient, { ...c, stride });
      expect(worstError(got, due)).toBeLessThan(SIMD);
    }
  }
});
