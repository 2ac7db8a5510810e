// What a run begins with, and the memory that its states lie in.

import { type Network, type Node } from '../../search/network.ts';
import { layoutOf, type ParameterLayout, type Role, valuesOf } from '../../search/parameters.ts';
import { networkOfModel } from '../../search/model.ts';
import type { LearningProblem } from '../engine.ts';
import { weightValues } from '../weights.ts';
import type { TrainingState } from './trainer.ts';

const sharedFloats = (count: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * count));

/** Zeros, in shared memory. */
export const emptyState = ({ floats, learned }: ParameterLayout): TrainingState => ({
  values: sharedFloats(floats),
  first: sharedFloats(learned),
  second: sharedFloats(learned),
  steps: 0,
});

/** What a parameter is before training; weights are drawn. */
const CONSTANTS: Readonly<Record<Exclude<Role, 'weight'>, number>> = {
  bias: 0,
  gamma: 1,
  beta: 0,
  mean: 0,
  variance: 1,
};

/** Values of a network before training, its weights drawn as those of a score under the seed (spec section 2). */
export function initialValues(network: Network, seed: number): Float32Array {
  const layout = layoutOf(network);
  const values = sharedFloats(layout.floats);
  for (const parameter of layout.parameters) {
    const own = valuesOf(values, parameter);
    if (parameter.role === 'weight')
      own.set(weightValues(network, network.nodes[parameter.node] as Node, seed));
    else own.fill(CONSTANTS[parameter.role]);
  }
  return values;
}

/** In shared memory. */
export function initialState({ model, input, classes }: LearningProblem, seed: number): TrainingState {
  const network = networkOfModel(model, { input, classes });
  return { ...emptyState(layoutOf(network)), values: initialValues(network, seed) };
}

/** A copy in shared memory; null: it is of another network. */
export function sharedState(layout: ParameterLayout, given: TrainingState): TrainingState | null {
  const state = emptyState(layout);
  for (const name of ['values', 'first', 'second'] as const) {
    if (given[name].length !== state[name].length) return null;
    state[name].set(given[name]);
  }
  return { ...state, steps: given.steps };
}
