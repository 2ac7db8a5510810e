// Networks with their exact values, from a float64 PyTorch implementation scored by the reference
// code of zero-cost-nas and NASWOT (spec section 3): the acceptance figures of network and engine.

import { readFileSync } from 'node:fs';

export interface Golden {
  readonly genotype: readonly number[];
  /** Of the weights and the input. */
  readonly seed: number;
  readonly initChannels: number;
  readonly inputChannels: number;
  readonly classes: number;
  readonly batch: number;
  /** Height and width of the images. */
  readonly size: number;
  readonly macs: number;
  readonly params: number;
  /** N_A, the length of a ReLU code. */
  readonly reluUnits: number;
  /** First row of K_H. */
  readonly kernelRow0: readonly number[];
  /** null, here and below: not finite. */
  readonly jacobCov: number | null;
  readonly gradNorm: number | null;
  readonly snip: number | null;
  readonly grasp: number | null;
  readonly synflow: number | null;
  readonly logSynflow: number | null;
  readonly fisher: number | null;
  readonly fisherBroadcast: number | null;
  /** The first image's logits. */
  readonly logits0: readonly number[];
}

export const GOLDENS = JSON.parse(
  readFileSync(new URL('networks.json', import.meta.url), 'utf8'),
) as readonly Golden[];
