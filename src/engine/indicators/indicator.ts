// What an indicator is: a name's worth of arithmetic on one architecture.

import type { Network } from '../../search/network.ts';
import type { Protocol } from '../../search/evaluation.ts';
import type { Backend } from '../backend.ts';
import type { EngineBatch } from '../engine.ts';

/** An architecture about to be judged. */
export interface Subject {
  readonly network: Network;
  readonly protocol: Protocol;
  readonly batch: EngineBatch;
  readonly backend: Backend;
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
  /** For the API's users: what it measures, and the source. */
  readonly description: string;
  read(subject: Subject): Reading;
}

/** null for what JSON cannot hold. */
export const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
