// What a search space is to the rest: gene bounds, a canonical form and a way to build networks.

import type { Network, Shape } from '../network.ts';
import { MedNasError, shown } from '../errors.ts';

/** An architecture's genes, integers within the bounds of its space. A value: never mutated. */
export type Genotype = readonly number[];

/** What a network is built for. */
export interface BuildOptions {
  /** One image: height, width, channels. */
  readonly input: Shape;
  readonly classes: number;
  /** C0, a multiple of 4 (each reduction node makes a quarter of the channels). */
  readonly initChannels: number;
}

export interface SearchSpace {
  readonly id: string;
  readonly description: string;
  /** Operation names by the gene that chooses them. */
  readonly operations: { readonly normal: readonly string[]; readonly reduction: readonly string[] };
  /** Genes of one block; a genotype is a whole number of blocks. */
  readonly blockLength: number;
  readonly maxBlocks: number;
  /** Blocks for images of this height (paper IV-B.1). */
  defaultBlocks(imageSize: number): number;
  /** The largest value of each gene (the smallest is 0). */
  upperBounds(blocks: number): readonly number[];
  /** Number of genotypes. */
  size(blocks: number): bigint;
  /** The representative of all genotypes that build the same graph (spec section 5). */
  canonical(genotype: Genotype): Genotype;
  build(genotype: Genotype, options: BuildOptions): Network;
}

/**
 * The genotype, frozen, when it is a list of a whole number of blocks and every gene is within its bounds.
 * @throws MedNasError INVALID_GENOTYPE naming the gene, what it is and what it may be.
 */
export function parseGenotype(space: SearchSpace, genes: unknown, field = 'genotype'): Genotype {
  if (!Array.isArray(genes)) {
    throw new MedNasError('INVALID_GENOTYPE', `A genotype is a list of integers; got ${shown(genes)}.`, {
      field,
    });
  }
  const blocks = genes.length / space.blockLength;
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > space.maxBlocks) {
    throw new MedNasError(
      'INVALID_GENOTYPE',
      `A genotype of '${space.id}' has ${space.blockLength} genes a block and 1 to ${space.maxBlocks} blocks; got ${genes.length} genes.`,
      { field },
    );
  }
  space.upperBounds(blocks).forEach((bound, i) => {
    const gene: unknown = genes[i];
    if (!Number.isInteger(gene) || (gene as number) < 0 || (gene as number) > bound) {
      throw new MedNasError(
        'INVALID_GENOTYPE',
        `Gene ${i} of a '${space.id}' genotype is an integer from 0 to ${bound}; got ${shown(gene)}.`,
        { field: `${field}.${i}` },
      );
    }
  });
  return Object.freeze(genes.slice() as number[]);
}
