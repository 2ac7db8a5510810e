// A network as Keras layers, in the JSON that Keras 2 and TF.js's layers read. A layer a node, called as the node.
// Strided convolutions have a layer of padding before them, for what Keras calls 'same' there begins elsewhere.
// Dilated ones have a larger kernel with zeros in it: TF.js 4.22 reads a depthwise layer's dilation, and then
// convolves without it.

import type { Network, Node, NodeOf } from '../../search/network.ts';
import { layoutOf, type Role, valuesOf } from '../../search/parameters.ts';
import type { NamedTensor } from '../../training/safetensors.ts';
import { convPads } from '../padding.ts';
import { BN_EPSILON, mapNodes, type Rules } from '../subject.ts';

export interface Layer {
  readonly class_name: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** One call: of each input, its layer, which of its calls, which of its outputs, and keywords. */
  readonly inbound_nodes: readonly (readonly (readonly [string, 0, 0, object])[])[];
}

const layer = (
  kind: string,
  name: string,
  reads: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
): Layer => ({
  class_name: kind,
  name,
  config: { name, trainable: true, dtype: 'float32', ...config },
  inbound_nodes: reads.length === 0 ? [] : [reads.map((read) => [read, 0, 0, {}] as const)],
});

/** Side of a kernel with its dilation as zeros. */
const spread = (size: number, dilation: number): number => dilation * (size - 1) + 1;

const CHANNELS_LAST = { data_format: 'channels_last' } as const;

const pool =
  (kind: string) =>
  ({ attrs: { size }, path }: NodeOf<'maxPool' | 'avgPool'>, reads: readonly string[]): readonly Layer[] => [
    layer(kind, path, reads, {
      pool_size: [size, size],
      strides: [2, 2],
      padding: 'same',
      ...CHANNELS_LAST,
    }),
  ];

const RULES: Rules<readonly string[], readonly Layer[]> = {
  input: ({ path, shape }) => [
    {
      ...layer('InputLayer', path, []),
      config: { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false, name: path },
    },
  ],
  conv({ attrs: { kernel, channels, stride = 1 }, path }, reads) {
    const config = { filters: channels, kernel_size: kernel, use_bias: false, ...CHANNELS_LAST };
    if (stride === 1) return [layer('Conv2D', path, reads, { ...config, strides: [1, 1], padding: 'same' })];
    const { top, left, bottom, right } = convPads(kernel);
    const pad = `${path}.pad`;
    const padding = [
      [top, bottom],
      [left, right],
    ];
    return [
      layer('ZeroPadding2D', pad, reads, { padding, ...CHANNELS_LAST }),
      layer('Conv2D', path, [pad], { ...config, strides: [stride, stride], padding: 'valid' }),
    ];
  },
  depthwise: ({ attrs: { kernel, dilation }, path }, reads) => [
    layer('DepthwiseConv2D', path, reads, {
      kernel_size: kernel.map((size) => spread(size, dilation)),
      depth_multiplier: 1,
      strides: [1, 1],
      padding: 'same',
      use_bias: false,
      ...CHANNELS_LAST,
    }),
  ],
  batchNorm: ({ path }, reads) => [
    layer('BatchNormalization', path, reads, {
      axis: -1,
      momentum: 0.9,
      epsilon: BN_EPSILON,
      center: true,
      scale: true,
    }),
  ],
  relu: ({ path }, reads) => [layer('Activation', path, reads, { activation: 'relu' })],
  zero: ({ path }, reads) => [layer('Rescaling', path, reads, { scale: 0, offset: 0 })],
  // Keras joins two or more.
  concat: ({ path }, reads) => [
    reads.length === 1
      ? layer('Activation', path, reads, { activation: 'linear' })
      : layer('Concatenate', path, reads, { axis: -1 }),
  ],
  add: ({ path }, reads) => [layer('Add', path, reads)],
  maxPool: pool('MaxPooling2D'),
  avgPool: pool('AveragePooling2D'),
  globalAvgPool: ({ path }, reads) => [layer('GlobalAveragePooling2D', path, reads, CHANNELS_LAST)],
  dense: ({ attrs: { units }, path }, reads) => [
    layer('Dense', path, reads, { units, activation: 'linear', use_bias: true }),
  ],
};

export const layersOf = (network: Network): readonly Layer[] =>
  mapNodes(network, RULES, (index) =>
    (network.nodes[index] as Node).inputs.map((input) => (network.nodes[input] as Node).path),
  ).flat();

const NAMES: Readonly<Record<Role, string>> = {
  weight: 'kernel',
  bias: 'bias',
  gamma: 'gamma',
  beta: 'beta',
  mean: 'moving_mean',
  variance: 'moving_variance',
};

/** A kernel [kh, kw, C, 1] with zeros between its rows and columns. */
function spreadKernel(
  { attrs: { kernel, dilation } }: NodeOf<'depthwise'>,
  { shape, values }: Omit<NamedTensor, 'name'>,
): Omit<NamedTensor, 'name'> {
  const [kh, kw] = kernel;
  const channels = shape[2] as number;
  const [height, width] = [spread(kh, dilation), spread(kw, dilation)];
  const out = new Float32Array(height * width * channels);
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const from = (i * kw + j) * channels;
      out.set(values.subarray(from, from + channels), dilation * (i * width + j) * channels);
    }
  }
  return { shape: [height, width, channels, 1], values: out };
}

/** Under Keras' names. Its layouts are ours. */
export const weightsOf = (network: Network, all: Float32Array): readonly NamedTensor[] =>
  layoutOf(network).parameters.map((parameter) => {
    const node = network.nodes[parameter.node] as Node;
    const { role, shape } = parameter;
    const tensor = { shape, values: valuesOf(all, parameter) };
    return node.op === 'depthwise'
      ? { name: `${node.path}/depthwise_kernel`, ...spreadKernel(node, tensor) }
      : { name: `${node.path}/${NAMES[role]}`, ...tensor };
  });
