// The gradient kernels that tf.js's WASM backend lacks, on our SIMD kernels: with them tf.grad and
// training work there. Of those it has, only Conv2DBackpropInput is replaced, where ours is the faster
// by far (bench/gradients.ts); pools, batch norm and ReLU stay its own.

import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { MedNasError } from '../../../search/errors.ts';
import { openHeap } from '../heap.ts';
import { loadKernels } from '../load.ts';
import { letDilationThrough } from './dilation.ts';
import { convFilterGradient, depthwiseFilterGradient, type FilterCall } from './filters.ts';
import type { Ground } from './ground.ts';
import { convInputGradient, depthwiseInputGradient, type InputCall } from './inputs.ts';

type KernelCall = Parameters<tf.KernelFunc>[0];

/** By kernel; null: tf.js's own is to do it. tf.js types what it calls them with as anything with a name. */
const GRADIENTS: Readonly<Record<string, (ground: Ground, call: KernelCall) => tf.TensorInfo | null>> = {
  [tf.Conv2DBackpropFilter]: (ground, call) => convFilterGradient(ground, call as unknown as FilterCall),
  [tf.Conv2DBackpropInput]: (ground, call) => convInputGradient(ground, call as unknown as InputCall),
  [tf.DepthwiseConv2dNativeBackpropFilter]: (ground, call) =>
    depthwiseFilterGradient(ground, call as unknown as FilterCall),
  [tf.DepthwiseConv2dNativeBackpropInput]: (ground, call) =>
    depthwiseInputGradient(ground, call as unknown as InputCall),
};

/** A backend's kernels are loaded once, however often they are registered. */
const grounds = new WeakMap<BackendWasm, Ground>();

async function groundOf(backend: BackendWasm): Promise<Ground> {
  const known = grounds.get(backend);
  if (known !== undefined) return known;
  const heap = openHeap();
  const ground = { backend, heap, kernels: await loadKernels(heap.memory) };
  grounds.set(backend, ground);
  return ground;
}

/** tf.js's own kernels by those of ours that stand in their place. */
const replaced = new WeakMap<tf.KernelConfig, tf.KernelConfig | undefined>();

function register(ground: Ground, kernelName: string): void {
  const present: tf.KernelConfig | undefined = tf.getKernel(kernelName, 'wasm');
  const stock = present !== undefined && replaced.has(present) ? replaced.get(present) : present;
  const config: tf.KernelConfig = {
    // Its set-up too, which tf.js runs for every new backend.
    ...stock,
    kernelName,
    backendName: 'wasm',
    kernelFunc(call) {
      if (call.backend !== ground.backend) {
        throw new MedNasError(
          'ENGINE_UNAVAILABLE',
          `${kernelName} was registered for a WASM backend that is gone. Call registerGradientKernels again.`,
        );
      }
      const result = GRADIENTS[kernelName]?.(ground, call) ?? stock?.kernelFunc(call);
      if (result === undefined) throw new Error(`${kernelName}: neither ours nor tf.js's`);
      return result;
    },
  };
  replaced.set(config, stock);
  // To register over another warns.
  if (present !== undefined) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel(config);
}

/**
 * Registers Conv2DBackpropFilter, DepthwiseConv2dNativeBackpropFilter and
 * DepthwiseConv2dNativeBackpropInput with tf.js's WASM backend, which must be the current one
 * (`await tf.setBackend('wasm')`), a faster Conv2DBackpropInput, and lets gradients of dilated depthwise
 * convolutions through there. float32 and NHWC. Stride 1, odd filters and SAME padding are fast
 * (depthwise: square filters, one output a channel); everything else is right. To be called again if
 * the backend is made anew. `pairVectors`, called before, makes most of them faster.
 *
 * tf.grad also needs each op's rule, which @tensorflow/tfjs-core comes without. In Node they come with
 * `import '@tensorflow/tfjs'` (the union package), before this is called; its
 * '@tensorflow/tfjs-core/dist/register_all_gradients.js' is for bundlers, since it imports files
 * without their extension, which Node does not resolve.
 * @throws MedNasError ENGINE_UNAVAILABLE when another backend is current or the kernels were not built.
 */
export async function registerGradientKernels(): Promise<void> {
  const ground = await groundOf(tf.backend() as BackendWasm);
  for (const kernelName of Object.keys(GRADIENTS)) register(ground, kernelName);
  letDilationThrough();
}
