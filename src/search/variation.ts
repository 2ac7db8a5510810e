// New genotypes from old ones (spec section 5). Every operator stays within the bounds it is given.

import { pick, type Random, randomInt } from './random.ts';
import type { Genotype } from './space/space.ts';

/** Distribution index of the polynomial mutation, as in NSGA-Net. */
const MUTATION_ETA = 3;

/** Each gene uniform within its bounds. */
export function randomGenotype(random: Random, upperBounds: readonly number[]): Genotype {
  return upperBounds.map((bound) => randomInt(random, bound + 1));
}

/** Two-point crossover: two children that swap the genes between two distinct cuts. */
export function crossover(random: Random, a: Genotype, b: Genotype): readonly [Genotype, Genotype] {
  const cuts = a.length - 1;
  const first = randomInt(random, cuts);
  const second = (first + 1 + randomInt(random, cuts - 1)) % cuts;
  const [from, to] = [1 + Math.min(first, second), 1 + Math.max(first, second)];
  const swapped = (outer: Genotype, inner: Genotype): Genotype => [
    ...outer.slice(0, from),
    ...inner.slice(from, to),
    ...outer.slice(to),
  ];
  return [swapped(a, b), swapped(b, a)];
}

/** One gene's polynomial mutation (Deb and Agrawal 1999) in [-0.5, bound + 0.5], rounded and clipped. */
function mutateGene(gene: number, bound: number, u: number): number {
  const [low, high] = [-0.5, bound + 0.5];
  const width = high - low;
  const power = MUTATION_ETA + 1;
  const step =
    u <= 0.5
      ? (2 * u + (1 - 2 * u) * (1 - (gene - low) / width) ** power) ** (1 / power) - 1
      : 1 - (2 * (1 - u) + 2 * (u - 0.5) * (1 - (high - gene) / width) ** power) ** (1 / power);
  return Math.min(bound, Math.max(0, Math.round(gene + step * width)));
}

/** Polynomial mutation of each gene with probability 1/length. */
export function mutate(random: Random, genotype: Genotype, upperBounds: readonly number[]): Genotype {
  return genotype.map((gene, i) =>
    random() < 1 / genotype.length ? mutateGene(gene, upperBounds[i] as number, random()) : gene,
  );
}

const blockOf = (genotype: Genotype, block: number, length: number): Genotype =>
  genotype.slice(block * length, (block + 1) * length);

/**
 * A source of genotypes: a first-order Markov chain over the blocks of elites. Block 0 comes from a
 * random elite, block j from a random one of the elites whose block j-1 equals the one drawn. The
 * paper: "an exploitation procedure is used to exploit the existing well-constructed structures in a block".
 */
export function blockChain(elites: readonly Genotype[], blockLength: number): (random: Random) => Genotype {
  const keyOf = (elite: Genotype, block: number): string =>
    `${block}: ${String(blockOf(elite, block, blockLength))}`;
  const holders = new Map<string, Genotype[]>();
  for (const elite of elites) {
    for (let block = 0; block * blockLength < elite.length; block++) {
      const key = keyOf(elite, block);
      const equals = holders.get(key);
      if (equals === undefined) holders.set(key, [elite]);
      else equals.push(elite);
    }
  }
  return (random) => {
    let chosen = pick(random, elites);
    const genes = [...blockOf(chosen, 0, blockLength)];
    for (let block = 1; block * blockLength < chosen.length; block++) {
      chosen = pick(random, holders.get(keyOf(chosen, block - 1)) ?? []);
      genes.push(...blockOf(chosen, block, blockLength));
    }
    return genes;
  };
}
