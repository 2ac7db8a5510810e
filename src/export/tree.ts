// The tree that the paths of a network's nodes make: b0.n1.dw1 is a leaf of b0.n1, a branch of b0. Where it
// matters how parts are put together and not only what follows what, formats read this: submodules of a source,
// boxes of a drawing.

import type { Network, Node } from '../search/network.ts';

export interface Leaf {
  readonly kind: 'leaf';
  /** The last segment of its path. */
  readonly name: string;
  readonly path: string;
  readonly node: Node;
  /** Indices of the nodes read, each once. */
  readonly reads: readonly number[];
  /** Indices of its own nodes that others read, or that are the network's output. */
  readonly gives: readonly number[];
}

export interface Branch extends Omit<Leaf, 'kind' | 'node'> {
  readonly kind: 'branch';
  /** In topological order. */
  readonly children: readonly Part[];
  /** One child after the other: each reads the one before it and nothing else, once. */
  readonly isChain: boolean;
}

export type Part = Leaf | Branch;

const reads1 = (part: Part): number | null => {
  const count = part.kind === 'leaf' ? part.node.inputs.length : part.reads.length;
  return count === 1 ? (part.reads[0] as number) : null;
};

function isChain(children: readonly Part[]): boolean {
  return children.every((child, i) => {
    const before = children[i - 1];
    const read = reads1(child);
    return read !== null && child.gives.length === 1 && (before === undefined || before.gives[0] === read);
  });
}

/** The root, whose path is ''. */
export function treeOf({ nodes }: Network): Branch {
  const readers = nodes.map((): number[] => []);
  nodes.forEach(({ inputs }, index) => {
    for (const input of inputs) readers[input]?.push(index);
  });
  const indices = nodes.map((_, index) => index);

  const outside = (members: readonly number[]): Pick<Leaf, 'reads' | 'gives'> => {
    const own = new Set(members);
    const read = members.flatMap((index) => (nodes[index] as Node).inputs.filter((from) => !own.has(from)));
    const gives = members.filter(
      (index) => index === nodes.length - 1 || readers[index]?.some((reader) => !own.has(reader)),
    );
    return { reads: [...new Set(read)], gives };
  };

  function grow(members: readonly number[], path: string, depth: number): Part {
    const name = path.split('.').at(-1) as string;
    const [only] = members;
    const node = nodes[only as number] as Node;
    if (members.length === 1 && node.path === path)
      return { kind: 'leaf', name, path, node, ...outside(members) };
    const parts = new Map<string, number[]>();
    for (const index of members) {
      const segments = (nodes[index] as Node).path.split('.').slice(0, depth + 1);
      const inner = segments.join('.');
      parts.set(inner, [...(parts.get(inner) ?? []), index]);
    }
    const children = [...parts].map(([inner, below]) => grow(below, inner, depth + 1));
    return { kind: 'branch', name, path, children, isChain: isChain(children), ...outside(members) };
  }
  return grow(indices, '', 0) as Branch;
}
