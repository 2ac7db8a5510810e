// What is known of an architecture once it has been scored, and under which protocol.

import type { Shape } from './network.ts';

/**
 * Training-free indicators (spec section 3), larger is better, and what each measures; the last one, to compare them
 * with, takes training.
 */
export const INDICATOR_DESCRIPTIONS = {
  jacobCov:
    'Log-determinant of the kernel of ReLU codes over the batch (NASWOT; equations 3 and 4 of MSTF-NAS): how well the untrained network tells images apart.',
  synflow:
    'Synaptic flow: sum over weights of weight times gradient, of a network that sees ones through absolute weights.',
  gradNorm: "Sum over layers of the L2 norm of the loss's gradient (Abdelfattah et al. 2021).",
  snip: "Connection sensitivity: sum over weights of |weight times the loss's gradient| (SNIP).",
  grasp:
    "Gradient signal preservation: sum over weights of -weight times the Hessian's product with the gradient, signed (GraSP).",
  fisher:
    'Fisher saliency: sum over channels of 0.5 times the mean over images of (activation times gradient, summed over space) squared.',
  validAuc:
    'Validation AUC after a few epochs of training, in place of an indicator: the estimator of training-based search (NSGA-Net), to compare with.',
} as const;
export type IndicatorName = keyof typeof INDICATOR_DESCRIPTIONS;
export const INDICATORS = Object.keys(INDICATOR_DESCRIPTIONS) as readonly IndicatorName[];

/** Those that one minibatch and a network as it is drawn suffice for. */
export type TrainingFreeName = Exclude<IndicatorName, 'validAuc'>;
export const isTrainingFree = (name: IndicatorName): name is TrainingFreeName => name !== 'validAuc';
export const TRAINING_FREE = INDICATORS.filter(isTrainingFree);

/** One indicator's raw value. */
export interface Score {
  /** null: not finite. */
  readonly value: number | null;
  /** Natural log of the value, of indicators whose values leave the range of floats; null: not finite. */
  readonly log?: number | null;
  /** Time spent on this indicator alone, in seconds. */
  readonly seconds: number;
}
export type Scores = { readonly [I in IndicatorName]?: Score };

/** Raw measurements only: objectives, rank and crowding are derived from them, never stored. */
export type Evaluation =
  | { readonly status: 'ok'; readonly scores: Scores; readonly macs: number; readonly params: number }
  | {
      readonly status: 'infeasible';
      /** For a person: which indicator failed and how. */
      readonly reason: string;
      /**
       * The machine's verdict, not the architecture's: its memory was too small, or workers died. On
       * another machine, or another day, it may be scored.
       */
      readonly machine?: true;
      readonly scores: Scores;
      readonly macs: number;
      readonly params: number;
    };

/** Whether it may stand for good: another try would come to the same. */
export const isLasting = (evaluation: Evaluation): boolean =>
  evaluation.status === 'ok' || evaluation.machine !== true;

/** Everything a score depends on besides the genotype: equal protocols give equal scores. */
export interface Protocol {
  readonly space: string;
  readonly dataset: string;
  /** SHA-256 of the batch's pixels and labels. */
  readonly batch: string;
  readonly batchSize: number;
  readonly input: Shape;
  readonly classes: number;
  readonly multiLabel: boolean;
  readonly initChannels: number;
  /** Seeds the weights. */
  readonly seed: number;
  readonly indicators: readonly IndicatorName[];
  /** Backend and revision of its arithmetic. */
  readonly numerics: string;
  /**
   * Of `validAuc`: SHA-256 of all splits and the recipe, as JSON; missing unless it is asked for. One text, so that the
   * protocol's hash does not depend on the order of keys.
   */
  readonly training?: string;
}
