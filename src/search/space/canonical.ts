// The canonical genes of a block: one representative for all genotypes that build the same graph.
//
// Every normal node reads one tensor, so the nodes of a cell are a rooted tree whose edges may be
// listed in any topological order; an identity node that somebody reads is its own input, so it may
// sit anywhere; and one that nobody reads is a loose end in the place of its input, when that is a node
// which nothing else reads. Trees are compared by the classic sorted nested form (Aho, Hopcroft, Ullman
// 1974, example 3.2). Reduction nodes are parallel: sorted. Loose ends, hence channels, MACs and
// params, are those of the original.

import type { Genotype } from './space.ts';

interface Tree {
  readonly op: number;
  readonly children: readonly Tree[];
}

/** Total order on trees whose children are already sorted: by operation, then children in turn, shorter first. */
function compareTrees(a: Tree, b: Tree): number {
  if (a.op !== b.op) return a.op - b.op;
  for (const [i, child] of a.children.entries()) {
    const other = b.children[i];
    if (other === undefined) return 1;
    const order = compareTrees(child, other);
    if (order !== 0) return order;
  }
  return a.children.length - b.children.length;
}

/** Whether all that reads a node is one identity, a loose end since those that are read are left out. */
const isCopied = (readers: readonly Tree[], identity: number): boolean =>
  readers.length === 1 && readers[0]?.op === identity;

/** The sorted trees hanging from node `root` (0 is the cell's input); identities without effect are left out. */
function treesFrom(root: number, ops: Genotype, reads: Genotype, identity: number): readonly Tree[] {
  const children = reads.flatMap((read, i) => (read === root ? [i] : []));
  return children
    .flatMap((i): readonly Tree[] => {
      const op = ops[i] as number;
      const below = treesFrom(i + 1, ops, reads, identity);
      if (op === identity && below.length > 0) return below;
      return [{ op, children: isCopied(below, identity) ? [] : below }];
    })
    .toSorted(compareTrees);
}

/** Genes of nodes in preorder, the trees reading node `parent`, the first numbered `next`. */
function flatten(trees: readonly Tree[], parent: number, next: number): readonly number[] {
  const genes: number[] = [];
  for (const tree of trees) {
    const own = next + genes.length / 2;
    genes.push(tree.op, parent, ...flatten(tree.children, own, own + 1));
  }
  return genes;
}

/**
 * Canonical genes of one block of `nodes` normal nodes. Left-out identities come back as a chain at
 * the cell's input, where each is read by the next and the last by the rest of the cell.
 */
export function canonicalBlock(genes: Genotype, nodes: number, identity: number): Genotype {
  const ops = genes.slice(0, 2 * nodes).filter((_, i) => i % 2 === 0);
  const reads = genes.slice(0, 2 * nodes).filter((_, i) => i % 2 === 1);
  const trees = treesFrom(0, ops, reads, identity);
  const kept = flatten(trees, 0, 1).length / 2;
  const chain = Array.from({ length: nodes - kept }, (_, i) => [identity, i]).flat();
  return [
    ...chain,
    ...flatten(trees, nodes - kept, nodes - kept + 1),
    ...genes.slice(2 * nodes).toSorted((a, b) => a - b),
  ];
}
