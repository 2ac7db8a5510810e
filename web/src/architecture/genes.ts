// Genes as people read them, and which of them an architecture has from its parents.

import { operationLabel } from './labels.ts';

export interface Form {
  readonly blockLength: number;
  /** Normal nodes of a block; each takes two genes, its operation and the node it reads. */
  readonly normal: number;
  readonly operations: { readonly normal: readonly string[]; readonly reduction: readonly string[] };
}

/** A gene with its place: node `n2`'s operation, say. */
export interface Gene {
  readonly node: string;
  readonly role: 'operation' | 'input';
  readonly label: string;
}

/** Which parents have a gene. */
export type Heritage = 'both' | 'first' | 'second' | 'neither';

export interface Inherited extends Gene {
  readonly from: Heritage;
  readonly first: string;
  readonly second: string;
}

export const blocksOf = (genotype: readonly number[], length: number): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(genotype.length / length) }, (_, b) =>
    genotype.slice(b * length, (b + 1) * length),
  );

/** Genes of one block, in order. */
export const genesOf = (block: readonly number[], { normal, operations }: Form): readonly Gene[] =>
  block.map((gene, i): Gene => {
    if (i >= 2 * normal) {
      const label = operationLabel(operations.reduction[gene] ?? String(gene));
      return { node: `r${i - 2 * normal + 1}`, role: 'operation', label };
    }
    const node = `n${Math.floor(i / 2) + 1}`;
    if (i % 2 === 1) return { node, role: 'input', label: gene === 0 ? 'input' : `n${gene}` };
    return { node, role: 'operation', label: operationLabel(operations.normal[gene] ?? String(gene)) };
  });

const heritage = (first: boolean, second: boolean): Heritage =>
  first ? (second ? 'both' : 'first') : second ? 'second' : 'neither';

/** Whether each gene is among some others, each of which answers for one gene only. */
function amongst(genes: readonly number[], others: readonly number[]): readonly boolean[] {
  const left = [...others];
  return genes.map((gene) => {
    const at = left.indexOf(gene);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

/** Genes of normal nodes are compared place by place; pools stand side by side, so they have no places. */
export function heritageOf(
  child: readonly number[],
  first: readonly number[],
  second: readonly number[],
  { normal }: Pick<Form, 'normal'>,
): readonly Heritage[] {
  const pools = (block: readonly number[]) => block.slice(2 * normal);
  const [ofFirst, ofSecond] = [first, second].map((parent) => amongst(pools(child), pools(parent)));
  return child.map((gene, i) =>
    i < 2 * normal
      ? heritage(gene === first[i], gene === second[i])
      : heritage(ofFirst?.[i - 2 * normal] ?? false, ofSecond?.[i - 2 * normal] ?? false),
  );
}

/** Block by block: each gene, which parents have it, and what they have in its place. */
export function inherited(
  child: readonly number[],
  parents: readonly [first: readonly number[], second: readonly number[]],
  form: Form,
): readonly (readonly Inherited[])[] {
  const [firsts, seconds] = parents.map((genotype) => blocksOf(genotype, form.blockLength));
  return blocksOf(child, form.blockLength).map((block, b) => {
    const [first, second] = [firsts?.[b] ?? [], seconds?.[b] ?? []];
    const from = heritageOf(block, first, second, form);
    const [ofFirst, ofSecond] = [genesOf(first, form), genesOf(second, form)];
    return genesOf(block, form).map((gene, i) => ({
      ...gene,
      from: from[i] ?? 'neither',
      first: ofFirst[i]?.label ?? '–',
      second: ofSecond[i]?.label ?? '–',
    }));
  });
}

export const tally = (blocks: readonly (readonly Inherited[])[]): Readonly<Record<Heritage, number>> => {
  const counts = { both: 0, first: 0, second: 0, neither: 0 };
  for (const { from } of blocks.flat()) counts[from]++;
  return counts;
};
