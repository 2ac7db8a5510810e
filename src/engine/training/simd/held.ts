// Parameters that lie in the executor's memory from a step to the next: the vectors of `layoutOf`, at the start of
// every program of a network, so that all of its programs find them at one place.

import type { Op } from '../../../search/network.ts';
import { type Parameter, type ParameterLayout, parametersOf, type Role } from '../../../search/parameters.ts';
import type { At, Bias, LayerWeights } from '../../gradients/simd/pass.ts';
import type { Draft, Fixed, Place } from '../../gradients/simd/program.ts';

/** Where each vector lies. */
export interface Held {
  readonly layout: ParameterLayout;
  /** [floats]. */
  readonly values: Fixed;
  /** [learned], as are both moments. */
  readonly gradient: Fixed;
  readonly first: Fixed;
  readonly second: Fixed;
  /** [floats - learned]: the last batch's statistics, the variance unbiased, in the order of the running ones. */
  readonly batch: Fixed;
}

/** To be called before anything else lives throughout. */
export function hold(draft: Pick<Draft, 'fixed'>, layout: ParameterLayout): Held {
  const { floats, learned } = layout;
  return {
    layout,
    values: draft.fixed(floats),
    gradient: draft.fixed(learned),
    first: draft.fixed(learned),
    second: draft.fixed(learned),
    batch: draft.fixed(floats - learned),
  };
}

export function parameterOf({ layout }: Held, { node, index }: At<Op>, role: Role): Parameter {
  const parameter = parametersOf(layout, index)[role];
  if (parameter === undefined) throw new Error(`${node.op} at ${node.path} has no ${role}`);
  return parameter;
}

/** Address of a parameter's floats in a vector. */
export const addressOf = (place: Place, vector: Fixed, { offset }: Parameter): number =>
  place.fixed(vector) + 4 * offset;

export function heldWeights(held: Held, at: At<'conv' | 'depthwise' | 'dense'>): LayerWeights {
  const { kernels } = at.pass;
  const parameter = parameterOf(held, at, 'weight');
  const { shape, size } = parameter;
  const columns = shape.at(-1) as number;
  const read = (place: Place): number => addressOf(place, held.values, parameter);
  return {
    shape,
    count: size,
    scratch: 0,
    read,
    pack: (place, packed) =>
      kernels.pack(size / columns, columns, { at: read(place), stride: columns }, packed),
    gradientScratch: 0,
    gradientAt: (place) => addressOf(place, held.gradient, parameter),
    keep: () => undefined,
  };
}

export function heldBias(held: Held, at: At<'dense'>): Bias {
  const parameter = parameterOf(held, at, 'bias');
  return {
    at: (place) => addressOf(place, held.values, parameter),
    gradientAt: (place) => addressOf(place, held.gradient, parameter),
  };
}
