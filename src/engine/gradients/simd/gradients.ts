// Derivatives of the loss on the SIMD kernels, in a memory that others use in between.

import type { Network } from '../../../search/network.ts';
import { ensure } from '../../simd/workspace.ts';
import { type Gradient, type Gradients, targetsOf, type Wanted } from '../gradient.ts';
import { draftGradient } from './backward.ts';
import { draftCurvature } from './curvature.ts';
import type { AllKernels } from '../kernels.ts';
import { type Program, programBytes, type ProgramDemand } from './program.ts';

const NOWHERE: ReadonlyMap<number, Float32Array> = new Map();

const directionsOf = (gradient: Gradient): ReadonlyMap<number, Float32Array> =>
  new Map(gradient.map(({ node, weights }) => [node, weights]));

/** What derivatives of a batch of so many images demand of the memory, pass by pass. */
export function derivativeDemands(
  network: Network,
  images: number,
  wanted: Wanted,
  kernels: AllKernels,
): readonly ProgramDemand[] {
  const programs: Program[] = [];
  if (wanted.size > 0) programs.push(draftGradient(network, images, 0, wanted, kernels));
  if (wanted.has('curvature')) programs.push(draftCurvature(network, images, 0, kernels));
  return programs.map(({ demand }) => demand);
}

/** `limit`: bytes the memory may grow to. */
export function simdGradients(kernels: AllKernels, memory: WebAssembly.Memory, limit: number): Gradients {
  return {
    async gradient(problem, wanted) {
      const targets = targetsOf(problem);
      const { batch, network, seed } = problem;
      const program = draftGradient(network, targets.images, seed, wanted, kernels);
      ensure(memory, programBytes(program.demand), limit);
      program.run(memory, { images: batch.images, targets, directions: NOWHERE });
      return program.gradient();
    },
    async curvature(problem, direction) {
      const targets = targetsOf(problem);
      const { batch, network, seed } = problem;
      // A kernel's ReLU makes 0 of NaN, which would hide it.
      if (!direction.every(({ weights }) => weights.every(Number.isFinite))) return Number.NaN;
      const program = draftCurvature(network, targets.images, seed, kernels);
      ensure(memory, programBytes(program.demand), limit);
      program.run(memory, { images: batch.images, targets, directions: directionsOf(direction) });
      return program.curvature();
    },
  };
}
