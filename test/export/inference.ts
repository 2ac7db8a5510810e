// A network's logits in float64 and plain loops, with the running statistics: the truth that what is exported is
// held against.

import type { Network, Node, NodeOf, Op, Shape } from '../../src/search/network.ts';
import { layoutOf, parametersOf, type Role, valuesOf } from '../../src/search/parameters.ts';

/** [height, width, channels], row-major. */
type Maps = Float64Array;

interface At<O extends Op> {
  readonly node: NodeOf<O>;
  readonly inputs: readonly Maps[];
  /** Of the inputs. */
  readonly shapes: readonly Shape[];
  of(role: Role): Float32Array;
}

function build([height, width, channels]: Shape, at: (y: number, x: number, c: number) => number): Maps {
  const out = new Float64Array(height * width * channels);
  let next = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < channels; c++) out[next++] = at(y, x, c);
    }
  }
  return out;
}

/** undefined outside. */
const reader =
  (maps: Maps, [height, width, channels]: Shape) =>
  (y: number, x: number, c: number): number | undefined =>
    y < 0 || x < 0 || y >= height || x >= width ? undefined : maps[(y * width + x) * channels + c];

function convolve({ node, inputs, shapes, of }: At<'conv'>): Maps {
  const {
    kernel: [kh, kw],
    stride = 1,
    channels,
  } = node.attrs;
  const [shape] = shapes as [Shape];
  const [, , cin] = shape;
  const weight = of('weight');
  const read = reader(inputs[0] as Maps, shape);
  return build(node.shape, (y, x, k) => {
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        for (let c = 0; c < cin; c++) {
          const value = read(stride * y + i - (kh - 1) / 2, stride * x + j - (kw - 1) / 2, c) ?? 0;
          sum += value * (weight[((i * kw + j) * cin + c) * channels + k] as number);
        }
      }
    }
    return sum;
  });
}

function convolveDepthwise({ node, inputs, of }: At<'depthwise'>): Maps {
  const {
    kernel: [kh, kw],
    dilation,
  } = node.attrs;
  const [, , channels] = node.shape;
  const weight = of('weight');
  const read = reader(inputs[0] as Maps, node.shape);
  return build(node.shape, (y, x, c) => {
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const value = read(y + dilation * (i - (kh - 1) / 2), x + dilation * (j - (kw - 1) / 2), c) ?? 0;
        sum += value * (weight[(i * kw + j) * channels + c] as number);
      }
    }
    return sum;
  });
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const poolWith =
  (reduce: (values: readonly number[]) => number) =>
  ({ node, inputs, shapes }: At<'maxPool' | 'avgPool'>): Maps => {
    const [shape] = shapes as [Shape];
    const { size } = node.attrs;
    const before = (n: number): number => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0) >> 1;
    const read = reader(inputs[0] as Maps, shape);
    return build(node.shape, (row, column, c) => {
      const taps = Array.from({ length: size * size }, (_, k) =>
        read(
          2 * row - before(shape[0]) + Math.floor(k / size),
          2 * column - before(shape[1]) + (k % size),
          c,
        ),
      );
      return reduce(taps.filter((tap) => tap !== undefined));
    });
  };

const RULES: { readonly [O in Op]: (at: At<O>) => Maps } = {
  input: () => {
    throw new Error('an input is given');
  },
  conv: convolve,
  depthwise: convolveDepthwise,
  batchNorm({ node, inputs, of }) {
    const [gamma, beta, middle, variance] = (['gamma', 'beta', 'mean', 'variance'] as const).map(of);
    const at = (values: Float32Array | undefined, c: number): number => values?.[c] as number;
    return inputs[0]?.map((value, i) => {
      const c = i % node.shape[2];
      return (at(gamma, c) * (value - at(middle, c))) / Math.sqrt(at(variance, c) + 1e-5) + at(beta, c);
    }) as Maps;
  },
  relu: ({ inputs: [x] }) => (x as Maps).map((value) => Math.max(0, value)),
  zero: ({ inputs: [x] }) => (x as Maps).map(() => 0),
  concat({ node, inputs, shapes }) {
    const sources = inputs.flatMap((maps, i) => {
      const shape = shapes[i] as Shape;
      const read = reader(maps, shape);
      return Array.from({ length: shape[2] }, (_, c) => (y: number, x: number) => read(y, x, c) as number);
    });
    return build(node.shape, (y, x, c) => (sources[c] as (y: number, x: number) => number)(y, x));
  },
  add: ({ inputs: [first, ...rest] }) =>
    (first as Maps).map((value, i) => rest.reduce((sum, maps) => sum + (maps[i] as number), value)),
  maxPool: poolWith((values) => Math.max(...values)),
  avgPool: poolWith(mean),
  globalAvgPool({ node, inputs, shapes }) {
    const [, , channels] = shapes[0] as Shape;
    return build(node.shape, (_y, _x, c) =>
      mean([...(inputs[0] as Maps)].filter((_, i) => i % channels === c)),
    );
  },
  dense({ node, inputs, of }) {
    const [weight, bias] = [of('weight'), of('bias')];
    return build(node.shape, (_y, _x, k) =>
      [...(inputs[0] as Maps)].reduce(
        (sum, value, c) => sum + value * (weight[c * node.shape[2] + k] as number),
        bias[k] as number,
      ),
    );
  },
};

function inferOne(network: Network, all: Float32Array, image: Maps): readonly number[] {
  const layout = layoutOf(network);
  const made: Maps[] = [];
  network.nodes.forEach((node, index) => {
    if (index === 0) {
      made.push(image);
      return;
    }
    const parameters = parametersOf(layout, index);
    const of = (role: Role): Float32Array => {
      const parameter = parameters[role];
      if (parameter === undefined) throw new Error(`${node.path} has no ${role}`);
      return valuesOf(all, parameter);
    };
    const inputs = node.inputs.map((i) => made[i] as Maps);
    const shapes = node.inputs.map((i) => (network.nodes[i] as Node).shape);
    made.push((RULES[node.op] as (at: At<Op>) => Maps)({ node, inputs, shapes, of }));
  });
  return [...(made.at(-1) as Maps)];
}

/** [images][classes] from images as [images, height, width, channels]. */
export function infer(
  network: Network,
  values: Float32Array,
  images: Float32Array,
): readonly (readonly number[])[] {
  const [height, width, channels] = (network.nodes[0] as Node).shape;
  const size = height * width * channels;
  return Array.from({ length: images.length / size }, (_, n) =>
    inferOne(network, values, Float64Array.from(images.subarray(n * size, (n + 1) * size))),
  );
}
