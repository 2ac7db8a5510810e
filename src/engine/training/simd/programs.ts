// The programs of a network's training, each for so many images: one leaves the gradient of a batch's loss, one
// makes predictions. Both begin with what is held, so that it lies at the same place for all.

import type { Network } from '../../../search/network.ts';
import { layoutOf } from '../../../search/parameters.ts';
import type { AllKernels } from '../../gradients/kernels.ts';
import { learningNodes } from '../../gradients/graph.ts';
import { lossOf } from '../../gradients/loss.ts';
import { addBack, addForward } from '../../gradients/simd/backward.ts';
import type { Pass } from '../../gradients/simd/pass.ts';
import { openDraft, type Program } from '../../gradients/simd/program.ts';
import { type Held, heldBias, heldWeights, hold } from './held.ts';
import { batchNorms, runningNorms } from './norms.ts';

/** Ops that have parameters. */
const LEARNERS: ReadonlySet<string> = new Set(['conv', 'depthwise', 'dense', 'batchNorm']);

function openPass(
  network: Network,
  images: number,
  kernels: AllKernels,
  norms: (held: Held) => Pass['parameters']['batchNorm'],
): Pass {
  const draft = openDraft(images);
  const held = hold(draft, layoutOf(network));
  return {
    network,
    images,
    parameters: {
      weights: (at) => heldWeights(held, at),
      bias: (at) => heldBias(held, at),
      batchNorm: norms(held),
    },
    kernels,
    draft,
    wanted: new Set(['weights']),
    learning: learningNodes(network, ({ op }) => LEARNERS.has(op)),
    values: [],
    gradients: [],
    found: new Map(),
  };
}

/** Leaves the gradient and the batch's statistics where they are held. */
export interface StepProgram extends Program {
  /** L of the batch, once it has run. */
  loss(): number;
}

export function draftStep(network: Network, images: number, kernels: AllKernels): StepProgram {
  const pass = openPass(network, images, kernels, batchNorms);
  const logits = addForward(pass);
  let loss = Number.NaN;
  // The dense layer has a bias, so there are always logits.
  if (logits !== null) addBack(pass, logits, (z, targets) => (loss = lossOf(z, targets)));
  return { ...pass.draft.finish(), loss: () => loss };
}

export interface PredictionProgram extends Program {
  /** [images, classes], once it has run. */
  logits(): Float32Array;
}

export function draftPrediction(network: Network, images: number, kernels: AllKernels): PredictionProgram {
  const pass = openPass(network, images, kernels, runningNorms);
  const logits = addForward(pass);
  let read = new Float32Array();
  if (logits !== null)
    pass.draft.add([logits], 0, ({ floats, rows }) => {
      const from = rows(logits).at / 4;
      read = floats.slice(from, from + images * logits.channels);
    });
  return { ...pass.draft.finish(), logits: () => read };
}
