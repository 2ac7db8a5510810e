// The way to a GPU: Dawn (the npm package `webgpu`) in the place of a browser's navigator.gpu, where
// tf.js's WebGPU backend looks for it.

import * as tf from '@tensorflow/tfjs-core';
import { MedNasError } from '../../search/errors.ts';

/** What a person wants to know of an adapter, and what the engine has to. */
export interface Adapter {
  /** As the driver says: vendor, architecture, device. */
  readonly name: string;
  /** Computes on the CPU: SwiftShader, llvmpipe and their like. */
  readonly software: boolean;
  /** Bytes of the largest tensor. */
  readonly largestTensor: number;
}

/** The part of the WebGPU API that is used here. */
interface DawnAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
}
interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<DawnAdapter | null>;
}
interface Dawn {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: object;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render/i;

async function loadDawn(): Promise<Dawn> {
  try {
    return (await import('webgpu')) as unknown as Dawn;
  } catch (cause) {
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      "WebGPU needs the npm package 'webgpu', which is not installed or has no build for this platform. Run 'npm install webgpu', or set MEDNAS_BACKEND=wasm.",
      { cause },
    );
  }
}

/** The GPU, kept: Dawn's objects die with it. */
let gpu: Gpu | null = null;

/** Puts Dawn where tf.js looks. */
async function provideGpu(): Promise<Gpu> {
  if (gpu !== null) return gpu;
  const { create, globals } = await loadDawn();
  gpu = create([]);
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/** @throws MedNasError ENGINE_UNAVAILABLE when there is no adapter, and says what to do. */
export async function findAdapter(): Promise<Adapter> {
  const adapter = await (await provideGpu()).requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new MedNasError(
      'ENGINE_UNAVAILABLE',
      'WebGPU finds no GPU on this machine. On Linux it needs a Vulkan driver and libvulkan1, in a container the device too. Set MEDNAS_BACKEND=wasm to compute on the CPU.',
    );
  }
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const name = [vendor, architecture, device || description].filter((part) => part !== '').join(' ');
  return {
    name,
    software: isFallbackAdapter === true || SOFTWARE.test(`${name} ${description}`),
    largestTensor: Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
  };
}

/** Makes WebGPU the backend of tf.js. @throws MedNasError ENGINE_UNAVAILABLE */
export async function startWebgpu(): Promise<void> {
  await provideGpu();
  await import('@tensorflow/tfjs-backend-webgpu');
  // Else tf.js computes what is small on the host, with a read from the device each time.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  const started = await tf.setBackend('webgpu').catch(() => false);
  if (!started) throw new MedNasError('ENGINE_UNAVAILABLE', 'tf.js cannot start its WebGPU backend here.');
  await tf.ready();
}
