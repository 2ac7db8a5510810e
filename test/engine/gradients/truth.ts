// The loss of a network in float64 and plain loops, and its derivatives from differences of it: the
// truth that gradients are held against. Weights and the outputs of layers can be changed before it is
// taken. Central differences in float64 are good to about 1e-9 here, as long as no ReLU and no maximum
// changes sides in between: which side each is on is noted, and the step is made smaller until none does.

import { type Network, type Node, type NodeOf, type Op, weightShape } from '../../../src/search/network.ts';
import { weightValues } from '../../../src/engine/weights.ts';
import type { TrainerProblem, TrainingBatch } from '../../../src/engine/training/trainer.ts';
import { layoutOf, parametersOf, type Role } from '../../../src/search/parameters.ts';
import { type Problem, type Targets, targetsOf } from '../../../src/engine/gradients/gradient.ts';

/** [image][row][column][channel]. */
type Maps = number[][][][];

/** By node: what is added to the weights. */
export type Direction = ReadonlyMap<number, ArrayLike<number>>;

export interface Change {
  /** weights += by * direction, for each. */
  readonly along?: readonly (readonly [by: number, direction: Direction])[];
  /** A channel of one image of a layer's output times 1 + by. */
  readonly scaled?: {
    readonly node: number;
    readonly image: number;
    readonly channel: number;
    readonly by: number;
  };
}

const grid = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

function build(
  images: number,
  [height, width, channels]: readonly number[],
  at: (n: number, y: number, x: number, c: number) => number,
): Maps {
  return grid(images, (n) =>
    grid(height as number, (y) =>
      grid(width as number, (x) => grid(channels as number, (c) => at(n, y, x, c))),
    ),
  );
}

const pixel = (maps: Maps, n: number, y: number, x: number): number[] | undefined => maps[n]?.[y]?.[x];

interface At<O extends Op> {
  readonly node: NodeOf<O>;
  readonly images: number;
  readonly inputs: readonly Maps[];
  readonly weights: Float64Array;
  /** Those that are learned beside them; none: as before training. */
  readonly own: { readonly [R in Role]?: Float64Array };
  /** Told of a batch norm's statistics: means and biased variances of so many values a channel. */
  readonly tell?: (means: readonly number[], variances: readonly number[], values: number) => void;
  /** Told on which side each ReLU and maximum is. */
  note(side: number): void;
}

function convolve({ node, images, inputs, weights }: At<'conv'>): Maps {
  const {
    kernel: [kh, kw],
    stride = 1,
  } = node.attrs;
  const [x] = inputs as [Maps];
  const cin = x[0]?.[0]?.[0]?.length as number;
  const cout = node.shape[2];
  return build(images, node.shape, (n, row, column, k) => {
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const from = pixel(x, n, stride * row + i - (kh - 1) / 2, stride * column + j - (kw - 1) / 2);
        from?.forEach((v, c) => (sum += v * (weights[((i * kw + j) * cin + c) * cout + k] as number)));
      }
    }
    return sum;
  });
}

function convolveDepthwise({ node, images, inputs, weights }: At<'depthwise'>): Maps {
  const {
    kernel: [kh, kw],
    dilation,
  } = node.attrs;
  const channels = node.shape[2];
  return build(images, node.shape, (n, row, column, c) => {
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const [y, x] = [row + dilation * (i - (kh - 1) / 2), column + dilation * (j - (kw - 1) / 2)];
        sum +=
          (pixel(inputs[0] as Maps, n, y, x)?.[c] ?? 0) * (weights[(i * kw + j) * channels + c] as number);
      }
    }
    return sum;
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function normalise({ node, images, inputs, own, tell }: At<'batchNorm'>): Maps {
  const [x] = inputs as [Maps];
  const moments = grid(node.shape[2], (c) => {
    const values = x.flat(2).map((channels) => channels[c] as number);
    const middle = mean(values);
    return [middle, mean(values.map((v) => (v - middle) ** 2)), values.length] as const;
  });
  tell?.(
    moments.map(([middle]) => middle),
    moments.map(([, variance]) => variance),
    moments[0]?.[2] ?? 0,
  );
  return build(images, node.shape, (n, y, column, c) => {
    const [ofBatch, spread] = moments[c] as readonly [number, number, number];
    const [middle, variance] = [own.mean?.[c] ?? ofBatch, own.variance?.[c] ?? spread];
    const normal = ((pixel(x, n, y, column)?.[c] as number) - middle) / Math.sqrt(variance + 1e-5);
    return (own.gamma?.[c] ?? 1) * normal + (own.beta?.[c] ?? 0);
  });
}

const poolWith =
  (reduce: (values: readonly number[], note: (side: number) => void) => number) =>
  ({ node, images, inputs, note }: At<'maxPool' | 'avgPool'>): Maps => {
    const [x] = inputs as [Maps];
    const { size } = node.attrs;
    const before = (n: number): number => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0) >> 1;
    const [image] = x as [number[][][]];
    const [line] = image as [number[][]];
    const [top, left] = [before(image.length), before(line.length)];
    return build(images, node.shape, (n, row, column, c) => {
      const taps = grid(size * size, (k) =>
        pixel(x, n, 2 * row - top + Math.floor(k / size), 2 * column - left + (k % size)),
      );
      const values = taps.flatMap((tap) => (tap === undefined ? [] : [tap[c] as number]));
      return reduce(values, note);
    });
  };

const RULES: { readonly [O in Op]: (at: At<O>) => Maps } = {
  input: () => [],
  conv: convolve,
  depthwise: convolveDepthwise,
  batchNorm: normalise,
  relu: ({ node, images, inputs, note }) =>
    build(images, node.shape, (n, y, x, c) => {
      const value = pixel(inputs[0] as Maps, n, y, x)?.[c] as number;
      note(Number(value > 0));
      return Math.max(0, value);
    }),
  zero: ({ node, images }) => build(images, node.shape, () => 0),
  concat: ({ node, images, inputs }) =>
    build(
      images,
      node.shape,
      (n, y, x, c) => inputs.flatMap((maps) => pixel(maps, n, y, x) ?? [])[c] as number,
    ),
  add: ({ node, images, inputs }) =>
    build(images, node.shape, (n, y, x, c) =>
      inputs.reduce((sum, maps) => sum + (pixel(maps, n, y, x)?.[c] as number), 0),
    ),
  maxPool: poolWith((values, note) => {
    const largest = Math.max(...values);
    note(values.indexOf(largest));
    return largest;
  }),
  avgPool: poolWith(mean),
  globalAvgPool: ({ node, images, inputs }) =>
    build(images, node.shape, (n, _y, _x, c) =>
      mean((inputs[0] as Maps)[n]?.flat().map((at) => at[c] as number) ?? []),
    ),
  dense: ({ node, images, inputs, weights, own }) =>
    build(images, node.shape, (n, _y, _x, k) =>
      (pixel(inputs[0] as Maps, n, 0, 0) as number[]).reduce(
        (sum, v, c) => sum + v * (weights[c * node.shape[2] + k] as number),
        own.bias?.[k] ?? 0,
      ),
    ),
};

function lossOf(logits: readonly number[], target: ArrayLike<number>, multiLabel: boolean): number {
  if (multiLabel) return mean(logits.map((z, c) => Math.log1p(Math.exp(z)) - z * (target[c] as number)));
  const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
  return logits.reduce((total, z, c) => total + (target[c] as number) * (Math.log(sum) - z), 0);
}

interface Taken {
  readonly loss: number;
  /** Equal when every ReLU and maximum is on the same side. */
  readonly sides: number;
}

interface Run extends Taken {
  /** [images][classes]. */
  readonly logits: readonly (readonly number[])[];
}

interface Given {
  readonly network: Problem['network'];
  readonly images: Float32Array;
  readonly targets: Targets;
  /** A node's parameters. */
  readonly own: (index: number, node: Node) => At<Op>['own'];
  readonly tell?: (index: number) => NonNullable<At<Op>['tell']>;
  readonly scaled?: Change['scaled'];
}

const NOTHING = new Float64Array();

/** All of a network, from its input on. */
function run({ network, images: pixels, targets, own: parameters, tell, scaled }: Given): Run {
  const { images, classes, multiLabel, values: labels } = targets;
  const input = network.nodes[0] as Node;
  const [height, width, channels] = input.shape;
  const values: Maps[] = [];
  let sides = 0;
  const note = (side: number): void => {
    sides = (Math.imul(sides, 31) + side + 1) | 0;
  };
  network.nodes.forEach((node, i) => {
    if (i === 0) {
      values.push(
        build(
          images,
          node.shape,
          (n, y, x, c) => pixels[((n * height + y) * width + x) * channels + c] as number,
        ),
      );
      return;
    }
    const own = parameters(i, node);
    const inputs = node.inputs.map((j) => values[j] as Maps);
    const at: At<Op> = {
      node,
      images,
      inputs,
      weights: own.weight ?? NOTHING,
      own,
      note,
      ...(tell && { tell: tell(i) }),
    };
    const output = (RULES[node.op] as (at: At<Op>) => Maps)(at);
    if (scaled?.node === i) {
      for (const pixelOf of output[scaled.image]?.flat() ?? []) {
        pixelOf[scaled.channel] = (pixelOf[scaled.channel] as number) * (1 + scaled.by);
      }
    }
    values.push(output);
  });
  const logits = (values.at(-1) as Maps).map((image) => image[0]?.[0] as number[]);
  const losses = logits.map((z, n) => lossOf(z, labels.subarray(n * classes, (n + 1) * classes), multiLabel));
  return { loss: mean(losses), sides, logits };
}

/** L, with the changes made. */
function take(problem: Problem, { along = [], scaled }: Change): Taken {
  const { network, batch, seed } = problem;
  return run({
    network,
    images: batch.images,
    targets: targetsOf(problem),
    own(i, node) {
      if (weightShape(network, node) === null) return {};
      const weight = Float64Array.from(weightValues(network, node, seed), (w, k) =>
        along.reduce((sum, [by, direction]) => sum + by * (direction.get(i)?.[k] ?? 0), w),
      );
      return { weight };
    },
    ...(scaled && { scaled }),
  });
}

/** What a step sees of a batch: its loss by the batch's statistics, and those statistics. */
export interface Seen extends Taken {
  /** In the order of values' statistics, the variance unbiased (n - 1). */
  readonly statistics: Float64Array;
}

const inputOf = ({ nodes }: Problem['network']): Problem['input'] => (nodes[0] as Node).shape;

/** `values` as `layoutOf` lays them out. */
export function see(
  { network, multiLabel }: TrainerProblem,
  batch: TrainingBatch,
  values: Float64Array,
): Seen {
  const layout = layoutOf(network);
  const statistics = new Float64Array(layout.floats - layout.learned);
  const taken = run({
    network,
    images: batch.images,
    targets: targetsOf({ network, batch, input: inputOf(network), multiLabel }),
    own(index) {
      const { mean: _mean, variance: _variance, ...own } = parametersOf(layout, index);
      return Object.fromEntries(
        Object.entries(own).map(([role, { offset, size }]) => [role, values.subarray(offset, offset + size)]),
      );
    },
    tell: (index) => (means, variances, count) => {
      const own = parametersOf(layout, index);
      statistics.set(means, (own.mean?.offset ?? 0) - layout.learned);
      statistics.set(
        variances.map((variance) => (variance * count) / Math.max(1, count - 1)),
        (own.variance?.offset ?? 0) - layout.learned,
      );
    },
  });
  return { ...taken, statistics };
}

/** Logits by the running statistics, [images, classes]. */
export function foresee(network: Problem['network'], images: Float32Array, values: Float64Array): number[] {
  const layout = layoutOf(network);
  const [height, width, channels] = inputOf(network);
  const count = images.length / (height * width * channels);
  const classes = network.nodes.at(-1)?.shape[2] ?? 0;
  const targets = { values: new Float32Array(count * classes), images: count, classes, multiLabel: false };
  const { logits } = run({
    network,
    images,
    targets,
    own: (index) =>
      Object.fromEntries(
        Object.entries(parametersOf(layout, index)).map(([role, { offset, size }]) => [
          role,
          values.subarray(offset, offset + size),
        ]),
      ),
  });
  return logits.flat();
}

/** dL along a direction of the learned values. */
export const learnedSlope = (
  problem: TrainerProblem,
  batch: TrainingBatch,
  values: Float64Array,
  direction: ArrayLike<number>,
): number =>
  quotient(
    [1e-5, 1e-6, 1e-7],
    (step) =>
      [step, -step].map((by) =>
        see(
          problem,
          batch,
          values.map((v, i) => v + by * (direction[i] ?? 0)),
        ),
      ),
    ([above = 0, below = 0], step) => (above - below) / (2 * step),
  );

export interface Layer {
  readonly index: number;
  readonly node: Node;
  readonly count: number;
}

export const layersOf = (network: Network): readonly Layer[] =>
  network.nodes.flatMap((node, index) => {
    const shape = weightShape(network, node);
    return shape === null ? [] : [{ index, node, count: shape.reduce((a, b) => a * b, 1) }];
  });

/** The weights as a direction: where grasp's theta points. */
export const thetaOf = ({ network, seed }: Problem): Direction =>
  new Map(layersOf(network).map(({ index, node }) => [index, weightValues(network, node, seed)]));

/** A difference quotient: of the losses at places that depend on a step, the first step that crosses no side. */
function quotient(
  steps: readonly number[],
  takenAt: (step: number) => readonly Taken[],
  combine: (losses: readonly number[], step: number) => number,
): number {
  for (const step of steps) {
    const taken = takenAt(step);
    const [one] = taken as [Taken];
    if (taken.every(({ sides }) => sides === one.sides))
      return combine(
        taken.map(({ loss }) => loss),
        step,
      );
  }
  throw new Error('a ReLU or a maximum is too close to changing sides for a difference to be taken');
}

const slopeOf = (problem: Problem, change: (by: number) => Change): number =>
  quotient(
    [1e-5, 1e-6, 1e-7],
    (step) => [take(problem, change(step)), take(problem, change(-step))],
    ([above = 0, below = 0], step) => (above - below) / (2 * step),
  );

/** dL along a direction. */
export const slope = (problem: Problem, direction: Direction): number =>
  slopeOf(problem, (by) => ({ along: [[by, direction]] }));

const CORNERS = [
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
] as const;

/** d1^T H d2. */
export const curvature = (problem: Problem, d1: Direction, d2: Direction): number =>
  quotient(
    [2e-5, 4e-6],
    (step) =>
      CORNERS.map(([s, t]) =>
        take(problem, {
          along: [
            [s * step, d1],
            [t * step, d2],
          ],
        }),
      ),
    (losses, step) =>
      losses.reduce((sum, l, i) => sum + (i === 1 || i === 2 ? -l : l), 0) / (4 * step * step),
  );

/** 0.5 * mean over images of (sum over space of z * dL/dz)^2, over channels, by node. */
export function fisher(problem: Problem): ReadonlyMap<number, number> {
  const { images } = targetsOf(problem);
  return new Map(
    layersOf(problem.network).map(({ index, node }) => {
      const squares = grid(images * node.shape[2], (k) => {
        const [image, channel] = [Math.floor(k / node.shape[2]), k % node.shape[2]];
        return slopeOf(problem, (by) => ({ scaled: { node: index, image, channel, by } })) ** 2;
      });
      return [index, (0.5 / images) * squares.reduce((a, b) => a + b, 0)];
    }),
  );
}
