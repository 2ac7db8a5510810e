// What happens in the service, told to whoever counts, logs or traces it. Observers are told after the
// fact, are never waited for, and know nothing the archive does not.

import type { Happening, RunId, SearchId, SearchStatus, TrainingId } from '../storage/records.ts';
import type { KindName } from './kinds.ts';

export type Observation =
  /** An architecture was asked for: `seconds` of computing, unless its score was in the archive. */
  | {
      readonly type: 'evaluated';
      /** null: asked for by itself. */
      readonly search: SearchId | null;
      readonly outcome: 'ok' | 'infeasible' | 'reused';
      readonly seconds: number;
    }
  /** An event was appended to a journal. */
  | {
      readonly type: 'event';
      readonly kind: KindName;
      readonly run: RunId;
      readonly happening: Happening['type'];
    }
  | {
      readonly type: 'status';
      readonly kind: KindName;
      readonly run: RunId;
      readonly status: SearchStatus;
      readonly failure: string | null;
    }
  | {
      readonly type: 'generation';
      readonly search: SearchId;
      readonly generation: number;
      /** Scored in it. */
      readonly evaluations: number;
      readonly seconds: number;
    }
  /** Of a training, one that is stored. */
  | {
      readonly type: 'epoch';
      readonly training: TrainingId;
      readonly epoch: number;
      /** Images its updates were made of. */
      readonly images: number;
      readonly seconds: number;
    };

export type Observer = (observation: Observation) => void;

/** One function for each type of observation. */
export type Observers = {
  readonly [T in Observation['type']]: (observation: Extract<Observation, { readonly type: T }>) => void;
};

/** An observer that is a table. */
export const observerOf =
  (observers: Partial<Observers>): Observer =>
  (observation) =>
    (observers[observation.type] as Observer | undefined)?.(observation);

export interface Observatory {
  readonly tell: Observer;
  /** From now on told of everything. */
  readonly observe: (observer: Observer) => void;
}

export function openObservatory(): Observatory {
  const observers = new Set<Observer>();
  return {
    tell: (observation) => observers.forEach((observer) => observer(observation)),
    observe: (observer) => void observers.add(observer),
  };
}

/** For parts that nobody watches. */
export const UNOBSERVED: Observer = () => undefined;
