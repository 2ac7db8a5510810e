// The phenotype: a small typed graph in topological order, the last node its output. Everything
// that is said about an architecture (shapes, MACs, params, a forward pass, an export, a drawing)
// is a fold over it; each consumer keeps its own table over the same op names.

/** Height, width, channels of one image's feature map; a vector is [1, 1, n]. */
export type Shape = readonly [height: number, width: number, channels: number];

/**
 * Attributes by op. Convolutions and pools have SAME padding, no bias; pools have stride 2. A convolution of
 * stride 2 is every second pixel of the one of stride 1, from the first on (PyTorch's with padding (k-1)/2).
 */
export interface Attrs {
  readonly input: object;
  readonly conv: {
    readonly kernel: readonly [number, number];
    readonly channels: number;
    readonly stride?: 2;
  };
  readonly depthwise: { readonly kernel: readonly [number, number]; readonly dilation: number };
  readonly batchNorm: object;
  readonly relu: object;
  readonly zero: object;
  readonly concat: object;
  /** The sum of inputs of one shape. */
  readonly add: object;
  readonly maxPool: { readonly size: number };
  readonly avgPool: { readonly size: number };
  readonly globalAvgPool: object;
  readonly dense: { readonly units: number };
}
export type Op = keyof Attrs;

export interface NodeOf<O extends Op> {
  readonly op: O;
  /** Indices of the nodes read, all smaller than this node's own. */
  readonly inputs: readonly number[];
  readonly attrs: Attrs[O];
  readonly shape: Shape;
  /** Where in the architecture the node stands, e.g. `b0.n2.dw`; keys its weights (spec section 2). */
  readonly path: string;
}
export type Node = { [O in Op]: NodeOf<O> }[Op];

/** A cell node as a person sees it: one operation on one input, made of a few graph nodes. */
export interface CellNode {
  readonly path: string;
  readonly operation: string;
  /** Path of the cell node, or cell input, it reads. */
  readonly input: string;
  /** Index in `Network.nodes` of its output. */
  readonly output: number;
  /** Whether its output is part of the cell's output. */
  readonly loose: boolean;
}

export interface Block {
  readonly path: string;
  /** Channels C of the normal cell's nodes. */
  readonly channels: number;
  readonly normal: readonly CellNode[];
  readonly reduction: readonly CellNode[];
}

export interface Network {
  readonly nodes: readonly Node[];
  readonly blocks: readonly Block[];
}

interface OpRow<O extends Op> {
  shape(attrs: Attrs[O], inputs: readonly Shape[]): Shape;
  /** The weight tensor's shape, when the op has one: [kh, kw, cin, cout], [kh, kw, C, 1] or [in, out]. */
  weight?(attrs: Attrs[O], input: Shape): readonly number[];
  /** Parameters besides the weight: dense bias, BN gamma and beta. */
  extraParams?(shape: Shape): number;
}

const first = (_: unknown, [input]: readonly Shape[]): Shape => input as Shape;
const halved = (_: unknown, inputs: readonly Shape[]): Shape => {
  const [h, w, c] = inputs[0] as Shape;
  return [Math.ceil(h / 2), Math.ceil(w / 2), c];
};

export const OPS: { readonly [O in Op]: OpRow<O> } = {
  input: {
    shape: () => {
      throw new Error('an input has no inputs to take its shape from');
    },
  },
  conv: {
    shape: ({ channels, stride = 1 }, [input]) => [
      Math.ceil((input as Shape)[0] / stride),
      Math.ceil((input as Shape)[1] / stride),
      channels,
    ],
    weight: ({ kernel, channels }, [, , cin]) => [...kernel, cin, channels],
  },
  depthwise: { shape: first, weight: ({ kernel }, [, , c]) => [...kernel, c, 1] },
  batchNorm: { shape: first, extraParams: ([, , c]) => 2 * c },
  relu: { shape: first },
  zero: { shape: first },
  concat: {
    shape: (_, inputs) => {
      const [h, w] = inputs[0] as Shape;
      return [h, w, inputs.reduce((sum, shape) => sum + shape[2], 0)];
    },
  },
  add: { shape: first },
  maxPool: { shape: halved },
  avgPool: { shape: halved },
  globalAvgPool: { shape: (_, inputs) => [1, 1, (inputs[0] as Shape)[2]] },
  dense: {
    shape: ({ units }) => [1, 1, units],
    weight: ({ units }, [, , c]) => [c, units],
    extraParams: ([, , units]) => units,
  },
};

const rowOf = (op: Op): OpRow<Op> => OPS[op];

export interface Builder {
  /** Appends a node and returns its index. */
  add<O extends Op>(op: O, inputs: readonly number[], attrs: Attrs[O], path: string): number;
  shapeOf(index: number): Shape;
  readonly nodes: readonly Node[];
}

/** Starts a graph with its input at index 0. */
export function startNetwork(input: Shape): Builder {
  const nodes: Node[] = [{ op: 'input', inputs: [], attrs: {}, shape: input, path: 'input' }];
  const shapeOf = (index: number): Shape => (nodes[index] as Node).shape;
  return {
    nodes,
    shapeOf,
    add(op, inputs, attrs, path) {
      const shape = rowOf(op).shape(attrs, inputs.map(shapeOf));
      return nodes.push({ op, inputs, attrs, shape, path } as Node) - 1;
    },
  };
}

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** Shape of a node's weight tensor, or null for an op without one. */
export function weightShape(network: Network, node: Node): readonly number[] | null {
  const input = network.nodes[node.inputs[0] ?? 0] as Node;
  return rowOf(node.op).weight?.(node.attrs, input.shape) ?? null;
}

/** Multiply-accumulates of one node for one image; zero for all but convolutions and dense. */
export function nodeMacs(network: Network, node: Node): number {
  const weight = weightShape(network, node);
  return weight === null ? 0 : product(weight) * node.shape[0] * node.shape[1];
}

export function nodeParams(network: Network, node: Node): number {
  const weight = weightShape(network, node);
  const extra = rowOf(node.op).extraParams?.(node.shape) ?? 0;
  return (weight === null ? 0 : product(weight)) + extra;
}

const total = (network: Network, of: (network: Network, node: Node) => number): number =>
  network.nodes.reduce((sum, node) => sum + of(network, node), 0);

/** Multiply-accumulates of convolutions and the dense layer for one image (spec section 1, the paper's "FLOPs"). */
export const macs = (network: Network): number => total(network, nodeMacs);

/** Conv and dense weights, dense bias, BN gamma and beta (spec section 1). */
export const params = (network: Network): number => total(network, nodeParams);

/** N_A: units over all ReLUs, the length of a code (spec section 3). */
export const reluUnits = (network: Network): number =>
  network.nodes.reduce((sum, node) => sum + (node.op === 'relu' ? product(node.shape) : 0), 0);
