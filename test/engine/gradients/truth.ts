// The loss of a network in float64 and plain loops, and its derivatives from differences of it: the
// truth that gradients are held against. Weights and the outputs of layers can be changed before it is
// taken. Central differences in float64 are good to about 1e-9 here, as long as no ReLU and no maximum
// changes sides in between: which side each is on is noted, and the step is made smaller until none does.

import { type Network, type Node, type NodeOf, type Op, weightShape } from '../../../src/search/network.ts';
import type { Role } from '../../../src/search/parameters.ts';
import { weightValues } from '../../../src/engine/weights.ts';
import { type Problem, targetsOf } from '../../../src/engine/gradients/gradient.ts';

/** [image][row][column][channel]. */
export type Maps = number[][][][];

/** A node's; a norm without mean and variance takes those of the batch. */
export type Parameters = { readonly [R in Role]?: Float64Array };

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
  readonly parameters: Parameters;
  /** Told on which side each ReLU and maximum is. */
  note(side: number): void;
}

const weightsOf = ({ weight }: Parameters): Float64Array => weight as Float64Array;

function convolve({ node, images, inputs, parameters }: At<'conv'>): Maps {
  const weights = weightsOf(parameters);
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

function convolveDepthwise({ node, images, inputs, parameters }: At<'depthwise'>): Maps {
  const weights = weightsOf(parameters);
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

/** Mean and (biased) variance of each channel. */
export const momentsOf = (x: Maps): readonly (readonly [mean: number, variance: number])[] =>
  grid(x[0]?.[0]?.[0]?.length ?? 0, (c) => {
    const values = x.flat(2).map((channels) => channels[c] as number);
    const middle = mean(values);
    return [middle, mean(values.map((v) => (v - middle) ** 2))];
  });

function normalise({ node, images, inputs, parameters }: At<'batchNorm'>): Maps {
  const [x] = inputs as [Maps];
  const moments = momentsOf(x);
  return build(images, node.shape, (n, y, column, c) => {
    const middle = parameters.mean?.[c] ?? (moments[c]?.[0] as number);
    const variance = parameters.variance?.[c] ?? (moments[c]?.[1] as number);
    const normal = ((pixel(x, n, y, column)?.[c] as number) - middle) / Math.sqrt(variance + 1e-5);
    return normal * (parameters.gamma?.[c] ?? 1) + (parameters.beta?.[c] ?? 0);
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
  dense: ({ node, images, inputs, parameters }) =>
    build(images, node.shape, (n, _y, _x, k) =>
      (pixel(inputs[0] as Maps, n, 0, 0) as number[]).reduce(
        (sum, v, c) => sum + v * (weightsOf(parameters)[c * node.shape[2] + k] as number),
        parameters.bias?.[k] ?? 0,
      ),
    ),
};

function lossOf(logits: readonly number[], target: ArrayLike<number>, multiLabel: boolean): number {
  if (multiLabel) return mean(logits.map((z, c) => Math.log1p(Math.exp(z)) - z * (target[c] as number)));
  const sum = logits.reduce((total, z) => total + Math.exp(z), 0);
  return logits.reduce((total, z, c) => total + (target[c] as number) * (Math.log(sum) - z), 0);
}

export interface Taken {
  readonly loss: number;
  /** Equal when every ReLU and maximum is on the same side. */
  readonly sides: number;
  /** Each node's output. */
  readonly outputs: readonly Maps[];
}

/** L with given parameters, and a layer's output scaled. */
export function measure(
  problem: Omit<Problem, 'seed'>,
  parametersOf: (node: number) => Parameters,
  scaled?: Change['scaled'],
): Taken {
  const { network, batch, input, multiLabel } = problem;
  const { images, classes, values: targets } = targetsOf(problem);
  const [height, width, channels] = input;
  const outputs: Maps[] = [];
  let sides = 0;
  const note = (side: number): void => {
    sides = (Math.imul(sides, 31) + side + 1) | 0;
  };
  network.nodes.forEach((node, i) => {
    if (i === 0) {
      outputs.push(
        build(
          images,
          input,
          (n, y, x, c) => batch.images[((n * height + y) * width + x) * channels + c] as number,
        ),
      );
      return;
    }
    const inputs = node.inputs.map((j) => outputs[j] as Maps);
    const at = { node, images, inputs, parameters: parametersOf(i), note };
    const output = (RULES[node.op] as (at: At<Op>) => Maps)(at);
    if (scaled?.node === i) {
      for (const at of output[scaled.image]?.flat() ?? []) {
        at[scaled.channel] = (at[scaled.channel] as number) * (1 + scaled.by);
      }
    }
    outputs.push(output);
  });
  const logits = (outputs.at(-1) as Maps).map((image) => image[0]?.[0] as number[]);
  const losses = logits.map((z, n) =>
    lossOf(z, targets.subarray(n * classes, (n + 1) * classes), multiLabel),
  );
  return { loss: mean(losses), sides, outputs };
}

/** L at drawn weights, with the changes made. */
function take(problem: Problem, { along = [], scaled }: Change): Taken {
  const { network, seed } = problem;
  const parametersOf = (i: number): Parameters => {
    const node = network.nodes[i] as Node;
    if (weightShape(network, node) === null) return {};
    const weight = Float64Array.from(weightValues(network, node, seed), (w, k) =>
      along.reduce((sum, [by, direction]) => sum + by * (direction.get(i)?.[k] ?? 0), w),
    );
    return { weight };
  };
  return measure(problem, parametersOf, scaled);
}

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

/** A difference quotient: of what is taken with changes that depend on a step, the first step that crosses no side. */
function quotient(
  steps: readonly number[],
  takeWith: (step: number) => readonly Taken[],
  combine: (losses: readonly number[], step: number) => number,
): number {
  for (const step of steps) {
    const taken = takeWith(step);
    const [one] = taken as [Taken];
    if (taken.every(({ sides }) => sides === one.sides))
      return combine(
        taken.map(({ loss }) => loss),
        step,
      );
  }
  throw new Error('a ReLU or a maximum is too close to changing sides for a difference to be taken');
}

/** dL by what is changed by a little, at 0. */
export const slopeBy = (takeWith: (by: number) => Taken): number =>
  quotient(
    [1e-5, 1e-6, 1e-7],
    (step) => [takeWith(step), takeWith(-step)],
    ([above = 0, below = 0], step) => (above - below) / (2 * step),
  );

const slopeOf = (problem: Problem, change: (by: number) => Change): number =>
  slopeBy((by) => take(problem, change(by)));

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
