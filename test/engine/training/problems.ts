// Small problems of training, and their truth in float64: L and what follows from it, for given parameters.

import { liveNodes } from '../../../src/engine/gradients/graph.ts';
import type { TrainingBatch, TrainingState, TrainerProblem } from '../../../src/engine/training/trainer.ts';
import { weightValues } from '../../../src/engine/weights.ts';
import { type Builder, type Network, type Node, type Shape } from '../../../src/search/network.ts';
import { layoutOf, parametersOf, type Role, valuesOf } from '../../../src/search/parameters.ts';
import { buildResnet18 } from '../../../src/search/resnet18.ts';
import { streamKey, uniformAt } from '../../../src/search/random.ts';
import { imagesFor } from '../backend.contract.ts';
import { networkOf, TINY, type Tiny } from '../gradients/networks.ts';
import { type Maps, measure, momentsOf, type Parameters, slopeBy, type Taken } from '../gradients/truth.ts';

export interface Problem extends TrainerProblem {
  readonly batch: TrainingBatch;
  readonly from: TrainingState;
}

const conv = (net: Builder, x: number, kernel: readonly [number, number], path: string, stride?: 2): number =>
  net.add('conv', [x], { kernel, channels: 3, ...(stride !== undefined && { stride }) }, path);
const norm = (net: Builder, x: number): number => net.add('batchNorm', [x], {}, `bn${x}`);
const relu = (net: Builder, x: number): number => net.add('relu', [x], {}, `relu${x}`);
const tiny = (name: string, input: Shape, body: Tiny['body']): Tiny => ({ name, input, classes: 3, body });

/** What no search space has. */
const OTHERS: readonly Tiny[] = [
  ...(
    [
      [1, 1],
      [3, 3],
      [7, 7],
      [1, 5],
    ] as const
  ).flatMap((kernel) =>
    (
      [
        [6, 8, 2],
        [7, 5, 2],
        [6, 7, 1],
        [1, 4, 3],
        [1, 1, 2],
      ] as const
    ).map((input) =>
      tiny(`a convolution ${kernel.join(' x ')} of stride 2 of ${input.join(' x ')}`, input, (net) =>
        relu(net, norm(net, conv(net, norm(net, conv(net, 0, [3, 3], 'stem')), kernel, 'conv', 2))),
      ),
    ),
  ),
  tiny('a sum', [4, 5, 2], (net) => {
    const x = norm(net, conv(net, 0, [3, 3], 'stem'));
    const y = conv(net, relu(net, x), [3, 3], 'a');
    return relu(net, net.add('add', [norm(net, y), x], {}, 'add'));
  }),
  tiny('a sum of a tensor and itself', [4, 5, 2], (net) => {
    const x = norm(net, conv(net, 0, [3, 3], 'stem'));
    return conv(net, net.add('add', [x, relu(net, x), x], {}, 'add'), [3, 3], 'after');
  }),
  tiny('a sum with nothing', [4, 5, 2], (net) => {
    const x = conv(net, 0, [3, 3], 'stem');
    const sum = net.add('add', [net.add('zero', [x], {}, 'zero'), x], {}, 'add');
    return relu(net, norm(net, sum));
  }),
  tiny('a norm of nothing', [3, 4, 2], (net) => {
    const x = conv(net, 0, [3, 3], 'stem');
    const nothing = norm(net, net.add('zero', [x], {}, 'zero'));
    return conv(net, relu(net, net.add('concat', [nothing, norm(net, x)], {}, 'concat')), [3, 3], 'after');
  }),
  tiny('a max pool of a norm, read raw too', [5, 6, 2], (net) => {
    const x = norm(net, conv(net, 0, [3, 3], 'stem'));
    const pools = [net.add('maxPool', [x], { size: 3 }, 'max'), net.add('avgPool', [x], { size: 2 }, 'avg')];
    return net.add('add', pools, {}, 'add');
  }),
];

/** [name, network]: each about one op or one way in which ops meet, with learned norms and biases. */
export const NETWORKS: readonly (readonly [string, Network])[] = [...TINY, ...OTHERS].map((one) => [
  one.name,
  networkOf(one),
]);

export const resnet18 = (input: Shape, initChannels: number): Network =>
  buildResnet18({ input, classes: 3, initChannels });

export const inputOf = ({ nodes }: Network): Shape => (nodes[0] as Node).shape;
export const classesOf = ({ nodes }: Network): number => nodes.at(-1)?.shape[2] as number;

/** Ranges that parameters are drawn from: some gammas are negative, no variance is small. */
const RANGES: Readonly<Record<Exclude<Role, 'weight'>, readonly [number, number]>> = {
  bias: [-0.5, 0.5],
  gamma: [-1.5, 1.5],
  beta: [-0.5, 0.5],
  mean: [-0.3, 0.3],
  variance: [0.5, 1.5],
};

/** Before any update; weights are drawn as for a score. */
export function stateOf(network: Network, seed: number): TrainingState {
  const layout = layoutOf(network);
  const values = new Float32Array(layout.floats);
  for (const parameter of layout.parameters) {
    const { role, node, name } = parameter;
    const own = valuesOf(values, parameter);
    if (role === 'weight') own.set(weightValues(network, network.nodes[node] as Node, seed));
    else {
      const [from, to] = RANGES[role];
      own.forEach((_, i) => (own[i] = from + (to - from) * uniformAt(streamKey(seed, name), i)));
    }
  }
  const [first, second] = [new Float32Array(layout.learned), new Float32Array(layout.learned)];
  return { values, first, second, steps: 0 };
}

export const copyOf = ({ values, first, second, steps }: TrainingState): TrainingState => ({
  values: values.slice(),
  first: first.slice(),
  second: second.slice(),
  steps,
});

export function batchFor(network: Network, images: number, seed: number, multiLabel: boolean): TrainingBatch {
  const classes = classesOf(network);
  const key = streamKey(seed, 'labels');
  const labels = Int32Array.from({ length: multiLabel ? images * classes : images }, (_, i) =>
    Math.floor(uniformAt(key, i) * (multiLabel ? 2 : classes)),
  );
  return { images: imagesFor(seed, images, inputOf(network)), labels };
}

export const problemOf = (network: Network, images: number, seed: number, multiLabel: boolean): Problem => ({
  network,
  multiLabel,
  batch: batchFor(network, images, seed, multiLabel),
  from: stateOf(network, seed),
});

/** L of the problem's batch; `running`: with the running statistics. */
function takenAt(
  { network, multiLabel, batch }: Problem,
  values: Float64Array,
  wanted: (role: Role) => boolean,
): Taken {
  const layout = layoutOf(network);
  const ofNode = (node: number): Parameters =>
    Object.fromEntries(
      Object.values(parametersOf(layout, node))
        .filter(({ role }) => wanted(role))
        .map(({ role, offset, size }) => [role, values.subarray(offset, offset + size)]),
    );
  return measure({ network, multiLabel, batch, input: inputOf(network) }, ofNode);
}

const isLearned = (role: Role): boolean => role !== 'mean' && role !== 'variance';

export const trueLoss = (problem: Problem): number =>
  takenAt(problem, Float64Array.from(problem.from.values), isLearned).loss;

/** dL along a direction [learned]. */
export function trueSlope(problem: Problem, direction: ArrayLike<number>): number {
  const values = Float64Array.from(problem.from.values);
  return slopeBy((by) =>
    takenAt(
      problem,
      values.map((value, i) => value + by * (direction[i] ?? 0)),
      isLearned,
    ),
  );
}

/** Logits with the running statistics, row by row. */
export const trueLogits = (problem: Problem): readonly number[] =>
  takenAt(problem, Float64Array.from(problem.from.values), () => true)
    .outputs.at(-1)
    ?.flat(3) as number[];

/** What the statistics of a norm, `mean` and `variance`, are after the batch: those of one that nothing depends on stay. */
export function trueStatistics(
  problem: Problem,
): ReadonlyMap<number, { readonly mean: readonly number[]; readonly variance: readonly number[] }> {
  const { network, from } = problem;
  const { outputs } = takenAt(problem, Float64Array.from(from.values), isLearned);
  const layout = layoutOf(network);
  const live = liveNodes(network);
  return new Map(
    network.nodes.flatMap((node, i) => {
      const { mean, variance } = parametersOf(layout, i);
      if (mean === undefined || variance === undefined) return [];
      const x = outputs[node.inputs[0] as number] as Maps;
      const count = x.flat(2).length;
      const moments = momentsOf(x);
      const old = [mean, variance].map((parameter) => [...valuesOf(from.values, parameter)]) as [
        number[],
        number[],
      ];
      const moved = (was: number, is: number): number => (live[i] === true ? 0.9 * was + 0.1 * is : was);
      return [
        [
          i,
          {
            mean: moments.map(([middle], c) => moved(old[0][c] as number, middle)),
            variance: moments.map(([, own], c) =>
              moved(old[1][c] as number, (own * count) / Math.max(1, count - 1)),
            ),
          },
        ],
      ];
    }),
  );
}
