// What happens in the service, told to whoever counts, logs or traces it. Observers are told after the
// fact, are never waited for, and know nothing the archive does not.

import type { Happening, SearchId, SearchStatus } from '../storage/records.ts';

export type Observation =
  /** An architecture was asked for: `seconds` of computing, unless its score was in the archive. */
  | {
      readonly type: 'evaluated';
      /** null: asked for by itself. */
      readonly search: SearchId | null;
      readonly outcome: 'ok' | 'infeasible' | 'reused';
      readonly seconds: number;
    }
  /** An event was appended to a search's journal. */
  | { readonly type: 'event'; readonly search: SearchId; readonly happening: Happening['type'] }
  | {
      readonly type: 'status';
      readonly search: SearchId;
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
