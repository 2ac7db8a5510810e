// The network of a scored architecture, told as blocks of cell nodes and as a graph. It is rebuilt from
// the genotype when it is asked for, never stored.

import type { Block, CellNode, GraphEdge, GraphNode } from '../schema/graph.ts';
import { type CellNode as Cell, type Network, type Node, nodeMacs, nodeParams } from '../search/network.ts';
import { SPACES } from '../search/space/spaces.ts';
import type { ArchitectureRecord } from '../storage/records.ts';

const built = new WeakMap<ArchitectureRecord, Network>();

/** Built once for all fields of one record. */
function networkOf(record: ArchitectureRecord): Network {
  const known = built.get(record);
  if (known !== undefined) return known;
  const space = SPACES[record.protocol.space];
  if (space === undefined)
    throw new Error(`the archive names a space that does not exist: ${record.protocol.space}`);
  const network = space.build(record.genotype, record.protocol);
  built.set(record, network);
  return network;
}

interface Cost {
  readonly macs: number;
  readonly params: number;
}

const FREE: Cost = { macs: 0, params: 0 };

/** What all graph nodes at or below a path cost together, by path: `b0` sums up `b0.n1` and `b0.n1.dw1`. */
function costsByPath(network: Network): ReadonlyMap<string, Cost> {
  const costs = new Map<string, Cost>();
  for (const node of network.nodes) {
    const macs = nodeMacs(network, node);
    const params = nodeParams(network, node);
    const steps = node.path.split('.');
    for (let depth = 1; depth <= steps.length; depth++) {
      const path = steps.slice(0, depth).join('.');
      const cost = costs.get(path) ?? FREE;
      costs.set(path, { macs: cost.macs + macs, params: cost.params + params });
    }
  }
  return costs;
}

export function blocksOf(record: ArchitectureRecord): readonly Block[] {
  const network = networkOf(record);
  const costs = costsByPath(network);
  const toCellNode = (cell: Cell): CellNode => ({
    ...cell,
    shape: (network.nodes[cell.output] as Node).shape,
    ...(costs.get(cell.path) ?? FREE),
  });
  return network.blocks.map(({ path, channels, normal, reduction }) => ({
    path,
    channels,
    normal: normal.map(toCellNode),
    reduction: reduction.map(toCellNode),
    ...(costs.get(path) ?? FREE),
  }));
}

export function graphNodesOf(record: ArchitectureRecord): readonly GraphNode[] {
  const network = networkOf(record);
  return network.nodes.map((node, index) => ({
    index,
    path: node.path,
    op: node.op,
    attributes: Object.entries(node.attrs).map(([name, value]: [string, number | readonly number[]]) => ({
      name,
      values: [value].flat(),
    })),
    shape: node.shape,
    macs: nodeMacs(network, node),
    params: nodeParams(network, node),
  }));
}

export function graphEdgesOf(record: ArchitectureRecord): readonly GraphEdge[] {
  const { nodes } = networkOf(record);
  return nodes.flatMap(({ inputs }, target) =>
    inputs.map((source) => ({ source, target, shape: (nodes[source] as Node).shape })),
  );
}
