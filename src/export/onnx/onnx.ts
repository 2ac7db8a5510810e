// A network as an ONNX model of operator set 17, which every runtime since 2022 reads: channels first, any number
// of images, names as in our graph. Batch norm stays what it is; runtimes fold it themselves.

import type { Network, Node, NodeOf, Op, Shape } from '../../search/network.ts';
import { type Pads, convPads, poolPads } from '../padding.ts';
import { factsAsText, INPUT_RANGE } from '../facts.ts';
import { BN_EPSILON, type ExportedFile, mapNodes, type Rules, type Subject, valuesIn } from '../subject.ts';
import { outputFirstTensors } from '../tensors.ts';
import { ATTRIBUTE, type Attribute, encodeModel, FLOAT, type OnnxNode, type ValueInfo } from './schema.ts';

const OPSET = 17;
const IR_VERSION = 8;
const INPUT = 'images';
const OUTPUT = 'logits';
/** Name of the batch dimension, which has no size. */
const BATCH = 'N';

interface Context {
  /** Names of the values read, and of the one made. */
  readonly reads: readonly string[];
  readonly makes: string;
  /** Shape of the first input. */
  readonly from: Shape;
}

const ints = (name: string, values: readonly number[]): Attribute => ({
  name,
  type: ATTRIBUTE.ints,
  ints: values,
});
const int = (name: string, value: number): Attribute => ({ name, type: ATTRIBUTE.int, i: value });
const float = (name: string, value: number): Attribute => ({ name, type: ATTRIBUTE.float, f: value });
const padding = ({ top, left, bottom, right }: Pads): Attribute => ints('pads', [top, left, bottom, right]);

const op = (
  type: string,
  { path }: Node,
  input: readonly string[],
  output: string,
  attribute: readonly Attribute[] = [],
): OnnxNode => ({ name: path, op_type: type, input, output: [output], attribute });

/** Parameters are called as in our layout. */
const of = ({ path }: Node, ...roles: readonly string[]): readonly string[] =>
  roles.map((role) => `${path}.${role}`);

const pool =
  (type: string, attributes: readonly Attribute[] = []) =>
  (node: NodeOf<'maxPool' | 'avgPool'>, { reads, makes, from }: Context): readonly OnnxNode[] => {
    const { size } = node.attrs;
    return [
      op(type, node, reads, makes, [
        ints('kernel_shape', [size, size]),
        ints('strides', [2, 2]),
        padding(poolPads(from, size)),
        ...attributes,
      ]),
    ];
  };

const plain =
  (type: string, attributes: readonly Attribute[] = []) =>
  (node: Node, { reads, makes }: Context): readonly OnnxNode[] => [op(type, node, reads, makes, attributes)];

const RULES: Rules<Context, readonly OnnxNode[]> = {
  input: () => [],
  conv: (node, { reads, makes }) => {
    const { kernel, stride = 1 } = node.attrs;
    return [
      op('Conv', node, [...reads, ...of(node, 'weight')], makes, [
        ints('kernel_shape', kernel),
        ints('strides', [stride, stride]),
        padding(convPads(kernel)),
      ]),
    ];
  },
  depthwise: (node, { reads, makes }) => {
    const { kernel, dilation } = node.attrs;
    return [
      op('Conv', node, [...reads, ...of(node, 'weight')], makes, [
        int('group', node.shape[2]),
        ints('kernel_shape', kernel),
        ints('dilations', [dilation, dilation]),
        padding(convPads(kernel, dilation)),
      ]),
    ];
  },
  batchNorm: (node, { reads, makes }) => [
    op('BatchNormalization', node, [...reads, ...of(node, 'gamma', 'beta', 'mean', 'variance')], makes, [
      float('epsilon', BN_EPSILON),
    ]),
  ],
  relu: plain('Relu'),
  // Zeros of the shape of what is read; 0 times it would be NaN where that is infinite.
  zero: (node, { reads, makes }) => {
    const shape = `${node.path}.shape`;
    return [{ ...op('Shape', node, reads, shape), name: shape }, op('ConstantOfShape', node, [shape], makes)];
  },
  concat: plain('Concat', [int('axis', 1)]),
  add: plain('Sum'),
  maxPool: pool('MaxPool'),
  avgPool: pool('AveragePool', [int('count_include_pad', 0)]),
  globalAvgPool: plain('GlobalAveragePool'),
  dense: (node, { reads, makes }) => {
    const flat = `${node.path}.flat`;
    return [
      { ...op('Flatten', node, reads, flat), name: flat },
      op('Gemm', node, [flat, ...of(node, 'weight', 'bias')], makes, [int('transB', 1)]),
    ];
  },
};

const valueInfo = (name: string, doc: string, dims: readonly number[]): ValueInfo => ({
  name,
  doc_string: doc,
  type: {
    tensor_type: {
      elem_type: FLOAT,
      shape: { dim: [{ dim_param: BATCH }, ...dims.map((dim) => ({ dim_value: dim }))] },
    },
  },
});

function nodesOf(network: Network): readonly OnnxNode[] {
  const last = network.nodes.length - 1;
  const nameOf = (index: number): string => {
    if (index === last) return OUTPUT;
    return index === 0 ? INPUT : (network.nodes[index] as Node).path;
  };
  return mapNodes(network, RULES, (index) => {
    const { inputs } = network.nodes[index] as Node;
    return {
      reads: inputs.map(nameOf),
      makes: nameOf(index),
      from: (network.nodes[inputs[0] ?? 0] as NodeOf<Op>).shape,
    };
  }).flat();
}

/** @throws MedNasError INVALID_STATE without weights. */
export function writeOnnx(subject: Subject): readonly ExportedFile[] {
  const { name, network, input, classes, facts } = subject;
  const [height, width, channels] = input;
  const texts = factsAsText(subject);
  const model = encodeModel({
    ir_version: IR_VERSION,
    producer_name: 'mednas',
    producer_version: facts.version,
    doc_string: Object.entries(texts)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n'),
    opset_import: [{ domain: '', version: OPSET }],
    metadata_props: Object.entries(texts).map(([key, value]) => ({ key, value })),
    graph: {
      name,
      doc_string: '',
      node: nodesOf(network),
      initializer: outputFirstTensors(network, valuesIn(subject, 'onnx')).map(({ name, shape, values }) => ({
        name,
        dims: shape,
        data_type: FLOAT,
        raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
      input: [valueInfo(INPUT, `float32, channels first; ${INPUT_RANGE}`, [channels, height, width])],
      output: [valueInfo(OUTPUT, 'before softmax, or sigmoid of a multi-label task', [classes])],
    },
  });
  return [{ name: `${name}.onnx`, content: model, mediaType: 'application/octet-stream' }];
}
