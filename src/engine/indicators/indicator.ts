// What an indicator is: a name's worth of arithmetic on one architecture.

import type { Network } from '../../search/network.ts';
import type { Protocol } from '../../search/evaluation.ts';
import type { Backend } from '../backend.ts';
import type { EngineBatch } from '../engine.ts';
import type { Derivative, Gradient, Problem } from '../gradients/gradient.ts';

/** An architecture about to be judged. */
export interface Subject {
  readonly network: Network;
  readonly protocol: Protocol;
  readonly batch: EngineBatch;
  readonly backend: Backend;
  /** What the gradient indicators differentiate. */
  readonly problem: Problem;
  /** The loss's gradient, one for all indicators of the protocol: computed when first asked for. */
  readonly gradient: () => Promise<Gradient>;
}

export interface Reading {
  /** null: not finite. */
  readonly value: number | null;
  /** Natural log, of indicators whose values leave the range of floats. */
  readonly log?: number | null;
  /** Why the architecture is infeasible; null: it is not. */
  readonly flaw: string | null;
}

export interface Indicator {
  /** What it reads of the loss's derivatives, and so what it costs. */
  readonly derivatives: readonly Derivative[];
  read(subject: Subject): Promise<Reading>;
}

/** null for what JSON cannot hold. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
