// What is drawn of a network: boxes, in groups, in sections, and what reads what. A box is a chain of nodes that
// a person takes for one thing: a cell's operation, a convolution with its norm and ReLU. Nothing here knows where
// on the page it goes.

import {
  type CellNode,
  type Network,
  type Node,
  nodeMacs,
  nodeParams,
  type NodeOf,
  type Op,
  type Shape,
} from '../../search/network.ts';
import { type Leaf, type Part, treeOf } from '../tree.ts';
import { type Kind, KINDS, OP_LABELS, operationLabel } from './labels.ts';

export interface Box {
  /** Its path in the network. */
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  /** Of its output. */
  readonly shape: Shape;
  readonly params: number;
  readonly macs: number;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  /** Ids of boxes. */
  readonly members: readonly string[];
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly boxes: readonly Box[];
  readonly groups: readonly Group[];
}

export interface Drawing {
  /** In the order in which an image passes them. */
  readonly sections: readonly Section[];
  /** Pairs of ids, within sections and between them. */
  readonly edges: readonly (readonly [from: string, to: string])[];
}

const leavesOf = (part: Part): readonly Leaf[] =>
  part.kind === 'leaf' ? [part] : part.children.flatMap(leavesOf);

const labelOf = (node: Node): string => OP_LABELS[node.op](node as never, null);

/** What is one box: a leaf, or leaves one after the other. */
const isBox = (part: Part): boolean =>
  part.kind === 'leaf' || (part.isChain && part.children.every(({ kind }) => kind === 'leaf'));

const partsToDraw = (part: Part): readonly Part[] =>
  isBox(part) || part.kind === 'leaf' ? [part] : part.children.flatMap(partsToDraw);

/** The most telling of its operations' kinds. */
const kindOf = (nodes: readonly Node[]): Kind => {
  const kinds = nodes.map(({ op }) => KINDS[op]);
  return (['conv', 'pool', 'data', 'pass'] as const).find((kind) => kinds.includes(kind)) ?? 'pass';
};

const CELL_KINDS: readonly (readonly [RegExp, Kind])[] = [
  [/_pool_/u, 'pool'],
  [/^(identity|zero)$/u, 'pass'],
];

const sum = (network: Network, nodes: readonly Node[], of: typeof nodeMacs): number =>
  nodes.reduce((total, node) => total + of(network, node), 0);

const sizes = (network: Network, nodes: readonly Node[]): Pick<Box, 'params' | 'macs'> => ({
  params: sum(network, nodes, nodeParams),
  macs: sum(network, nodes, nodeMacs),
});

const partBox = (network: Network, part: Part): Box => {
  const nodes = leavesOf(part).map(({ node }) => node);
  return {
    id: part.path,
    title: nodes.map(labelOf).join(' · '),
    kind: kindOf(nodes),
    shape: (nodes.at(-1) as NodeOf<Op>).shape,
    ...sizes(network, nodes),
  };
};

const cellBox = (network: Network, { path, operation, output }: CellNode): Box => ({
  id: path,
  title: `${path.split('.').at(-1)}  ${operationLabel(operation)}`,
  kind: CELL_KINDS.find(([pattern]) => pattern.test(operation))?.[1] ?? 'conv',
  shape: (network.nodes[output] as Node).shape,
  ...sizes(
    network,
    network.nodes.filter((node) => node.path === path || node.path.startsWith(`${path}.`)),
  ),
});

/** Branches within that are more than a box, e.g. the blocks of a ResNet's stage. */
function groupsIn(part: Part): readonly Group[] {
  if (part.kind === 'leaf' || isBox(part)) return [];
  return part.children.flatMap((child) =>
    isBox(child)
      ? []
      : [
          { id: child.path, title: child.path, members: partsToDraw(child).map(({ path }) => path) },
          ...groupsIn(child),
        ],
  );
}

type Edge = Drawing['edges'][number];

/** Edges between boxes, as the nodes in them read each other. */
function edgesBetween(parts: readonly Part[], { nodes }: Network): readonly Edge[] {
  const home = new Map(parts.flatMap((part) => leavesOf(part).map(({ path }) => [path, part.path] as const)));
  return parts.flatMap((part) =>
    part.reads.map((index) => [home.get((nodes[index] as Node).path) ?? '', part.path] as const),
  );
}

/** A block's edges as its cells tell them: identity has no node, and is drawn all the same. */
function cellEdges({ blocks }: Network): readonly Edge[] {
  return blocks.flatMap(({ path, normal, reduction }) => [
    ...[...normal, ...reduction].map(({ input, path }) => [input, path] as const),
    ...normal.filter(({ loose }) => loose).map((node) => [node.path, `${path}.normal`] as const),
    ...reduction.map((node) => [node.path, `${path}.reduction`] as const),
  ]);
}

function blockSections(network: Network, parts: readonly Part[]): ReadonlyMap<string, Section> {
  const one = (path: string, title: string): Box => ({
    ...partBox(network, parts.find((part) => part.path === path) as Part),
    title,
  });
  return new Map(
    network.blocks.map(({ path, channels, normal, reduction }, i) => [
      path,
      {
        id: path,
        title: `Block ${i + 1} · ${channels} channels`,
        boxes: [
          one(`${path}.pre`, 'ReLU · conv 1×1 · BN'),
          ...normal.map((cell) => cellBox(network, cell)),
          one(`${path}.normal`, 'concat'),
          ...reduction.map((cell) => cellBox(network, cell)),
          one(`${path}.reduction`, 'concat'),
        ],
        groups: [
          { id: `${path}.cell`, title: 'normal cell', members: normal.map(({ path }) => path) },
          { id: `${path}.pools`, title: 'multiscale pools', members: reduction.map(({ path }) => path) },
        ],
      },
    ]),
  );
}

const SECTION_TITLES: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^stem$/u, () => 'Stem'],
  [/^head$/u, () => 'Head'],
  [/^s\d+$/u, (name) => `Stage ${Number(name.slice(1)) + 1}`],
];

const sectionTitle = (path: string): string =>
  SECTION_TITLES.find(([pattern]) => pattern.test(path))?.[1](path) ?? path;

export function drawingOf(network: Network): Drawing {
  const { children } = treeOf(network);
  const [input, ...rest] = children as readonly [Part, ...Part[]];
  const parts = children.flatMap(partsToDraw);
  const blocks = blockSections(network, parts);
  const sections = rest.map((part, i): Section => {
    const block = blocks.get(part.path);
    if (block !== undefined) return block;
    const drawn = [...(i === 0 ? [input] : []), ...partsToDraw(part)];
    return {
      id: part.path,
      title: sectionTitle(part.path),
      boxes: drawn.map((one) => partBox(network, one)),
      groups: groupsIn(part),
    };
  });
  const cells = cellEdges(network);
  const told = new Set(cells.map(([, to]) => to));
  const edges = edgesBetween(parts, network).filter(([, to]) => !told.has(to));
  return { sections, edges: [...edges, ...cells] };
}
