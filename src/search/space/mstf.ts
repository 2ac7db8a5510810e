// The multiscale macro search space of MSTF-NAS (Wang et al. 2024, section III-A and fig. 2; spec
// section 1): a stem, blocks that are each searched on their own, global pooling, a linear head.

import { type Block, type Builder, type CellNode, type Network, startNetwork } from '../network.ts';
import { canonicalBlock } from './canonical.ts';
import type { BuildOptions, Genotype, SearchSpace } from './space.ts';

const NORMAL_NODES = 5;
const REDUCTION_NODES = 4;
const BLOCK_LENGTH = 2 * NORMAL_NODES + REDUCTION_NODES;

interface NormalOperation {
  readonly name: string;
  /** Adds the operation reading node `input`, C -> C channels, and returns its output's index. */
  build(net: Builder, input: number, path: string): number;
}

const sepConv = (k: number): NormalOperation => ({
  name: `sep_conv_${k}x${k}`,
  build: (net, input, path) =>
    [1, 2].reduce((x, i) => {
      const channels = net.shapeOf(x)[2];
      const active = net.add('relu', [x], {}, `${path}.relu${i}`);
      const depthwise = net.add('depthwise', [active], { kernel: [k, k], dilation: 1 }, `${path}.dw${i}`);
      const pointwise = net.add('conv', [depthwise], { kernel: [1, 1], channels }, `${path}.pw${i}`);
      return net.add('batchNorm', [pointwise], {}, `${path}.bn${i}`);
    }, input),
});

const dilConv = (k: number): NormalOperation => ({
  name: `dil_conv_${k}x${k}`,
  build(net, input, path) {
    const channels = net.shapeOf(input)[2];
    const active = net.add('relu', [input], {}, `${path}.relu`);
    const depthwise = net.add('depthwise', [active], { kernel: [k, k], dilation: 2 }, `${path}.dw`);
    const pointwise = net.add('conv', [depthwise], { kernel: [1, 1], channels }, `${path}.pw`);
    return net.add('batchNorm', [pointwise], {}, `${path}.bn`);
  },
});

const factorisedConv: NormalOperation = {
  name: 'conv_7x1_1x7',
  build(net, input, path) {
    const channels = net.shapeOf(input)[2];
    const active = net.add('relu', [input], {}, `${path}.relu`);
    const tall = net.add('conv', [active], { kernel: [7, 1], channels }, `${path}.conv7x1`);
    const wide = net.add('conv', [tall], { kernel: [1, 7], channels }, `${path}.conv1x7`);
    return net.add('batchNorm', [wide], {}, `${path}.bn`);
  },
};

/** In the paper's order (Table II): mutation steps along it. */
const NORMAL: readonly NormalOperation[] = [
  sepConv(3),
  sepConv(5),
  sepConv(7),
  dilConv(3),
  dilConv(5),
  factorisedConv,
  { name: 'identity', build: (_, input) => input },
  { name: 'zero', build: (net, input, path) => net.add('zero', [input], {}, path) },
];

const REDUCTION = [2, 3, 4].flatMap((size) => [
  { name: `max_pool_${size}x${size}`, op: 'maxPool' as const, size },
  { name: `avg_pool_${size}x${size}`, op: 'avgPool' as const, size },
]);

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new Error(`gene ${index} was not checked against its bounds`);
  return item;
};

interface Cell {
  readonly nodes: readonly CellNode[];
  readonly output: number;
}

function buildNormalCell(net: Builder, genes: Genotype, input: number, path: string): Cell {
  const reads = Array.from({ length: NORMAL_NODES }, (_, i) => at(genes, 2 * i + 1));
  const outputs = [input];
  const nodes = reads.map((read, i): CellNode => {
    const operation = at(NORMAL, at(genes, 2 * i));
    const own = `${path}.n${i + 1}`;
    const output = operation.build(net, at(outputs, read), own);
    outputs.push(output);
    return {
      path: own,
      operation: operation.name,
      input: read === 0 ? `${path}.pre` : `${path}.n${read}`,
      output,
      loose: !reads.includes(i + 1),
    };
  });
  const loose = nodes.filter((node) => node.loose).map((node) => node.output);
  return { nodes, output: net.add('concat', loose, {}, `${path}.normal`) };
}

function buildReductionCell(net: Builder, genes: Genotype, input: number, path: string): Cell {
  const channels = net.shapeOf(input)[2] / REDUCTION_NODES;
  const nodes = genes.map((gene, j): CellNode => {
    const { name, op, size } = at(REDUCTION, gene);
    const own = `${path}.r${j + 1}`;
    const pooled = net.add(op, [input], { size }, `${own}.pool`);
    const output = net.add('conv', [pooled], { kernel: [1, 1], channels }, `${own}.conv`);
    return { path: own, operation: name, input: `${path}.normal`, output, loose: true };
  });
  return {
    nodes,
    output: net.add(
      'concat',
      nodes.map((node) => node.output),
      {},
      `${path}.reduction`,
    ),
  };
}

/** Decodes a genotype within bounds; never fails on one (spec section 1, "Network"). */
function build(genotype: Genotype, { input, classes, initChannels }: BuildOptions): Network {
  const net = startNetwork(input);
  const stem = net.add('conv', [0], { kernel: [3, 3], channels: initChannels }, 'stem.conv');
  let x = net.add('batchNorm', [stem], {}, 'stem.bn');
  const blocks: Block[] = [];
  for (let b = 0; b * BLOCK_LENGTH < genotype.length; b++) {
    const genes = genotype.slice(b * BLOCK_LENGTH, (b + 1) * BLOCK_LENGTH);
    const path = `b${b}`;
    const channels = initChannels * 2 ** b;
    const active = net.add('relu', [x], {}, `${path}.pre.relu`);
    const widened = net.add('conv', [active], { kernel: [1, 1], channels }, `${path}.pre.conv`);
    const entry = net.add('batchNorm', [widened], {}, `${path}.pre.bn`);
    const normal = buildNormalCell(net, genes, entry, path);
    const reduction = buildReductionCell(net, genes.slice(2 * NORMAL_NODES), normal.output, path);
    blocks.push({ path, channels, normal: normal.nodes, reduction: reduction.nodes });
    x = reduction.output;
  }
  const pooled = net.add('globalAvgPool', [x], {}, 'head.pool');
  net.add('dense', [pooled], { units: classes }, 'head.dense');
  return { nodes: net.nodes, blocks };
}

const BLOCK_BOUNDS: readonly number[] = [
  ...Array.from({ length: NORMAL_NODES }, (_, i) => [NORMAL.length - 1, i]).flat(),
  ...Array.from({ length: REDUCTION_NODES }, () => REDUCTION.length - 1),
];

const repeat = (blocks: number): readonly number[] =>
  Array.from({ length: blocks }, () => BLOCK_BOUNDS).flat();

const IDENTITY = NORMAL.findIndex(({ name }) => name === 'identity');

export const mstf: SearchSpace = {
  id: 'mstf',
  description:
    'Multiscale macro space of MSTF-NAS: every block has a normal cell of five nodes (operation and input ' +
    'searched) and a reduction cell of four pools of several scales.',
  operations: { normal: NORMAL.map(({ name }) => name), reduction: REDUCTION.map(({ name }) => name) },
  blockLength: BLOCK_LENGTH,
  maxBlocks: 6,
  defaultBlocks: (imageSize) => (imageSize <= 64 ? 3 : 4),
  upperBounds: repeat,
  size: (blocks) => repeat(blocks).reduce((size, bound) => size * BigInt(bound + 1), 1n),
  canonical: (genotype) =>
    Object.freeze(
      Array.from({ length: genotype.length / BLOCK_LENGTH }, (_, b) =>
        canonicalBlock(genotype.slice(b * BLOCK_LENGTH, (b + 1) * BLOCK_LENGTH), NORMAL_NODES, IDENTITY),
      ).flat(),
    ),
  build,
};
