// What a forward pass computes, as terms instead of numbers: of a network by its nodes, and of a plan by
// running its steps on a memory of terms. Equal terms are equal computations, so a plan is right when it
// codes the ReLUs and pools the features that its network does, whatever it shares, fuses or overwrites.
//
// A map is a list of one term a channel; zeros are a term of their own, as they stay zeros on the way.

import type { View } from '../../../src/engine/simd/arena.ts';
import type { Plan, Reading, Step, StepKind, StepOf } from '../../../src/engine/simd/steps.ts';
import type { Network, NodeOf, Op } from '../../../src/search/network.ts';

type Channels = readonly string[];

export interface Meaning {
  /** How often each map is coded, in all; maps of zeros, which tell no image from another, left out. */
  readonly coded: ReadonlyMap<string, number>;
  /** What the head reads; null: nothing leads there. */
  readonly features: string | null;
}

const ZERO = '0';
const isZero = (map: Channels): boolean => map.every((term) => term === ZERO);

/** Short names for terms, which would double with each layer. */
const names = new Map<string, string>();
function named(term: string): string {
  const known = names.get(term) ?? `#${names.size}`;
  names.set(term, known);
  return known;
}

const whole = (map: Channels): string => named(map.join(' '));
const each = (map: Channels, apply: string): Channels =>
  map.map((term) => (term === ZERO ? ZERO : named(`${apply} ${term}`)));
const conv = (map: Channels, path: string, outputs: number): Channels =>
  Array.from({ length: outputs }, (_, k) => (isZero(map) ? ZERO : named(`${path}.${k} ${whole(map)}`)));
const depthwise = (map: Channels, path: string): Channels =>
  map.map((term, c) => (term === ZERO ? ZERO : named(`${path}.${c} ${term}`)));

function count(coded: Map<string, number>, map: Channels, times: number): void {
  if (times > 0 && !isZero(map)) coded.set(whole(map), (coded.get(whole(map)) ?? 0) + times);
}

type Rule<O extends Op> = (inputs: readonly Channels[], node: NodeOf<O>) => Channels;

export function meaningOf({ nodes }: Network): Meaning {
  const coded = new Map<string, number>();
  const sole = ([map]: readonly Channels[]): Channels => map as Channels;
  const rules: { readonly [O in Op]: Rule<O> } = {
    input: (_, { shape }) => Array.from({ length: shape[2] }, (_term, c) => `x${c}`),
    conv: (inputs, { path, shape }) => conv(sole(inputs), path, shape[2]),
    depthwise: (inputs, { path, attrs }) => depthwise(sole(inputs), `${path} ${attrs.dilation}`),
    batchNorm: (inputs) => each(sole(inputs), 'norm'),
    relu(inputs) {
      count(coded, sole(inputs), 1);
      return each(sole(inputs), 'relu');
    },
    zero: (inputs) => sole(inputs).map(() => ZERO),
    concat: (inputs) => inputs.flat(),
    add: () => {
      throw new Error('no search space has sums');
    },
    maxPool: (inputs, { attrs }) => each(sole(inputs), `maxPool ${attrs.size}`),
    avgPool: (inputs, { attrs }) => each(sole(inputs), `avgPool ${attrs.size}`),
    globalAvgPool: (inputs) => sole(inputs),
    dense: (inputs) => sole(inputs),
  };
  const values: Channels[] = [];
  for (const node of nodes) {
    const inputs = node.inputs.map((i) => values[i] as Channels);
    values.push((rules[node.op] as Rule<Op>)(inputs, node));
  }
  const features = values.at(-1) as Channels;
  return { coded, features: isZero(features) ? null : whole(features) };
}

/** @throws Error when a step reads what is not there, or not any more. */
export function meaningOfPlan({ images, input, steps, layout }: Plan): Meaning {
  const memory: (string | undefined)[] = [];
  const coded = new Map<string, number>();
  /** The map that each batch norm was computed of. */
  const norms = new Map<number, string>();
  let features: string | null = null;

  function write(view: View, map: Channels): void {
    const start = (layout.offsets[view.buffer] as number) + view.channel;
    for (let pixel = 0; pixel < images * view.height * view.width; pixel++) {
      map.forEach((term, c) => (memory[start + pixel * view.stride + c] = term));
    }
  }
  function read(view: View): Channels {
    const start = (layout.offsets[view.buffer] as number) + view.channel;
    const map = memory.slice(start, start + view.channels);
    for (let pixel = 0; pixel < images * view.height * view.width; pixel++) {
      for (let c = 0; c < view.channels; c++) {
        const term = memory[start + pixel * view.stride + c];
        if (term === undefined || term !== map[c])
          throw new Error('a map is read of which a part is missing');
      }
    }
    return map as Channels;
  }
  function normed(map: Channels, norm: number | null): Channels {
    if (norm === null) return map;
    if (norms.get(norm) !== whole(map)) throw new Error("a map is read with another's batch norm");
    return each(map, 'norm');
  }
  function reading(map: Channels, { norm, rectify, codes }: Reading): Channels {
    const value = normed(map, norm);
    count(coded, value, codes);
    return rectify ? each(value, 'relu') : value;
  }
  const pool = ({ kind, from, size, norm, to }: StepOf<'maxPool' | 'avgPool'>): void => {
    // Both pools commute with batch norm, so its place is before.
    write(to, each(normed(read(from), norm), `${kind} ${size}`));
  };
  const none = (): void => {
    throw new Error('a step of SynFlow in a forward pass');
  };
  const rules: { readonly [K in StepKind]: (step: StepOf<K>) => void } = {
    conv({ from, to, layer, norm }) {
      const map = conv(read(from), layer.path, to.channels);
      write(to, map);
      if (norm !== null) norms.set(norm, whole(map));
    },
    depthwise: ({ from, reading: how, to, layer, dilation }) =>
      write(to, depthwise(reading(read(from), how), `${layer.path} ${dilation}`)),
    activate({ from, reading: how, to }) {
      const map = reading(read(from), how);
      if (to !== null) write(to, map);
    },
    maxPool: pool,
    avgPool: pool,
    clear: ({ to }) =>
      write(
        to,
        Array.from({ length: to.channels }, () => ZERO),
      ),
    head({ from }) {
      features = whole(read(from));
    },
    maxPoolPair: none,
    addFirst: none,
    scale: none,
  };
  write(
    input,
    Array.from({ length: input.channels }, (_, c) => `x${c}`),
  );
  for (const step of steps) (rules[step.kind] as (step: Step) => void)(step);
  return { coded, features };
}
