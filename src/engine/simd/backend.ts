// The default backend: our SIMD kernels on a WebAssembly memory of their own.

import type { Backend } from '../backend.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { loadKernels } from '../kernels/load.ts';
import { simdGradients } from '../gradients/simd/gradients.ts';
import { MOST_BYTES } from '../memory.ts';
import { simdTraining } from '../training/simd/trainer.ts';
import { planActivity } from './activity.ts';
import { openMachine } from './machine.ts';
import { planSensitivity } from './sensitivity.ts';

/** Which kernels to load; what is left out is found out. */
export type KernelChoice = Partial<Pick<Kernels, 'build' | 'wide'>>;

/** The builds differ in their last bits; the number counts changes of our own arithmetic. */
export const numericsOf = (build: Kernels['build']): string => `wasm-${build}-2`;

/** `limit`: bytes of WebAssembly memory it may take. @throws MedNasError ENGINE_UNAVAILABLE when the kernels cannot be loaded. */
export async function openSimd(choice: KernelChoice = {}, limit = MOST_BYTES): Promise<Backend> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const kernels = await loadKernels(memory, choice);
  const machine = openMachine(kernels, memory, limit);
  return {
    numerics: numericsOf(kernels.build),
    ...simdGradients(kernels, memory, limit),
    ...simdTraining(kernels, memory, limit),
    async activity(network, { images }, [height, width, channels], seed, logits) {
      const count = images.length / (height * width * channels);
      const plan = planActivity(network, count, logits);
      const { distances, head } = machine.run(plan, images, { seed, absolute: false });
      // Without a head nothing leads to the logits: they are the dense layer's bias, zero.
      const silent = new Float32Array(logits ? count * (network.nodes.at(-1)?.shape[2] ?? 0) : 0);
      return { distances: Float64Array.from(distances), logits: head.length > 0 ? head : silent };
    },
    async sensitivity(network, [height, width, channels], seed) {
      const { plan, exponent } = planSensitivity(network);
      if (exponent === null) return { mantissa: 0, exponent: 0 };
      const ones = new Float32Array(2 * height * width * channels).fill(1);
      const { head } = machine.run(plan, ones, { seed, absolute: true });
      return { mantissa: head.subarray(head.length / 2).reduce((sum, t) => sum + t, 0), exponent };
    },
  };
}
