// What is drawn of a network: sections of nodes and what reads what, at the level of cells or of all operations.
// Nothing here knows where on the page it goes.

import type { GraphOp } from '../api/generated/graphql.ts';
import { type Architecture, graphNodeLabel, operationLabel } from './labels.ts';

export type Kind = 'data' | 'conv' | 'pool' | 'pass';

export interface DrawnNode {
  /** Its path in the architecture. */
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly shape: readonly number[];
  readonly macs: number;
  readonly params: number;
  /** Its output is part of the cell's output. */
  readonly loose: boolean;
}

export interface Group {
  readonly title: string;
  readonly members: readonly string[];
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly macs: number;
  readonly params: number;
  readonly nodes: readonly DrawnNode[];
  readonly groups: readonly Group[];
}

/** Sections in the order in which an image passes them; edges are pairs of ids, within and between sections. */
export interface Drawing {
  readonly sections: readonly Section[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

type Network = Pick<Architecture, 'blocks' | 'nodes' | 'edges'>;
type CellNode = Network['blocks'][number]['normal'][number];

export type Level = 'cells' | 'operations';

const POOL = /^(max|avg)_pool/;
const PASS = /^(identity|zero)$/;
const kindOf = (operation: string): Kind =>
  POOL.test(operation) ? 'pool' : PASS.test(operation) ? 'pass' : 'conv';

const KINDS: Readonly<Record<GraphOp, Kind>> = {
  INPUT: 'data',
  CONV: 'conv',
  DEPTHWISE: 'conv',
  BATCH_NORM: 'pass',
  RELU: 'pass',
  CONCAT: 'data',
  ADD: 'data',
  MAX_POOL: 'pool',
  AVG_POOL: 'pool',
  GLOBAL_AVG_POOL: 'pool',
  DENSE: 'conv',
  ZERO: 'pass',
};

const isAtOrBelow = (path: string, root: string): boolean => path === root || path.startsWith(`${root}.`);

/** One drawn node for all graph nodes at or below a path: their costs, and the shape of the last. */
function folded(network: Network, id: string, title: string, kind: Kind = 'data'): DrawnNode {
  const inside = network.nodes.filter(({ path }) => isAtOrBelow(path, id));
  return {
    id,
    title,
    kind,
    shape: inside.at(-1)?.shape ?? [],
    macs: inside.reduce((sum, { macs }) => sum + macs, 0),
    params: inside.reduce((sum, { params }) => sum + params, 0),
    loose: false,
  };
}

const section = (
  id: string,
  title: string,
  nodes: readonly DrawnNode[],
  groups: readonly Group[] = [],
): Section => ({
  id,
  title,
  macs: nodes.reduce((sum, { macs }) => sum + macs, 0),
  params: nodes.reduce((sum, { params }) => sum + params, 0),
  nodes,
  groups: groups.filter(({ members }) => members.length > 0),
});

const blockTitle = (path: string, channels: number): string =>
  `Block ${Number(path.slice(1)) + 1} · ${channels} channels`;

const NORMAL_CELL = 'normal cell';
const POOLS = 'multiscale pools';

const cell = ({ path, operation, shape, macs, params, loose }: CellNode): DrawnNode => ({
  id: path,
  title: `${path.split('.').at(-1)} ${operationLabel(operation)}`,
  kind: kindOf(operation),
  shape,
  macs,
  params,
  loose,
});

/** One node for each cell node, as the paper draws it. */
function cellsOf(network: Network): Drawing {
  const blocks = network.blocks.map(({ path, channels, normal, reduction }) =>
    section(
      path,
      blockTitle(path, channels),
      [
        folded(network, `${path}.pre`, 'block input', 'conv'),
        ...normal.map(cell),
        folded(network, `${path}.normal`, 'concat'),
        ...reduction.map((node) => ({ ...cell(node), loose: false })),
        folded(network, `${path}.reduction`, 'concat'),
      ],
      [
        { title: NORMAL_CELL, members: normal.map(({ path }) => path) },
        { title: POOLS, members: reduction.map(({ path }) => path) },
      ],
    ),
  );
  const edges = network.blocks.flatMap(({ path, normal, reduction }, i) => {
    const before = network.blocks[i - 1];
    return [
      [before === undefined ? 'stem' : `${before.path}.reduction`, `${path}.pre`] as const,
      ...[...normal, ...reduction].map(({ input, path }) => [input, path] as const),
      ...normal.filter(({ loose }) => loose).map((node) => [node.path, `${path}.normal`] as const),
      ...reduction.map((node) => [node.path, `${path}.reduction`] as const),
    ];
  });
  const last = network.blocks.at(-1);
  return {
    sections: [
      section('stem', 'Stem', [folded(network, 'input', 'image'), folded(network, 'stem', 'stem', 'conv')]),
      ...blocks,
      section('head', 'Head', [
        folded(network, 'head.pool', 'global avg pool', 'pool'),
        folded(network, 'head.dense', 'dense', 'conv'),
      ]),
    ],
    edges: [
      ['input', 'stem'],
      ...edges,
      [last === undefined ? 'stem' : `${last.path}.reduction`, 'head.pool'],
      ['head.pool', 'head.dense'],
    ],
  };
}

/** Every node of the graph. */
function operationsOf(network: Network): Drawing {
  const loose = new Set(
    network.blocks.flatMap(({ normal }) => normal.filter((node) => node.loose).map(({ output }) => output)),
  );
  const drawn = network.nodes.map((node): DrawnNode => {
    const [first = '', ...below] = node.path.split('.');
    const place = below.length > 1 ? `${below[0]} ` : '';
    return {
      id: node.path,
      title: `${first.startsWith('b') ? place : ''}${graphNodeLabel(node)}`,
      kind: KINDS[node.op],
      shape: node.shape,
      macs: node.macs,
      params: node.params,
      loose: loose.has(node.index),
    };
  });
  const within = (root: string) => drawn.filter(({ id }) => isAtOrBelow(id, root));
  const below = (nodes: readonly CellNode[]): readonly string[] =>
    nodes.flatMap(({ path }) => within(path).map(({ id }) => id));
  return {
    sections: [
      section('stem', 'Stem', [...within('input'), ...within('stem')]),
      ...network.blocks.map(({ path, channels, normal, reduction }) =>
        section(path, blockTitle(path, channels), within(path), [
          { title: NORMAL_CELL, members: below(normal) },
          { title: POOLS, members: below(reduction) },
        ]),
      ),
      section('head', 'Head', within('head')),
    ],
    edges: network.edges.map(
      ({ source, target }) => [drawn[source]?.id ?? '', drawn[target]?.id ?? ''] as const,
    ),
  };
}

const LEVELS: Readonly<Record<Level, (network: Network) => Drawing>> = {
  cells: cellsOf,
  operations: operationsOf,
};

export const drawingOf = (network: Network, level: Level): Drawing => LEVELS[level](network);
