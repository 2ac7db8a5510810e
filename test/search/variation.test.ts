import fc from 'fast-check';
import { type Random, randomFor } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { blockChain, crossover, mutate, randomGenotype } from '../../src/search/variation.ts';
import { anyGenotype, anyRandom, scripted } from './genotypes.ts';

const isWithin = (genotype: Genotype, upperBounds: readonly number[]): boolean =>
  genotype.length === upperBounds.length &&
  genotype.every((gene, i) => Number.isInteger(gene) && gene >= 0 && gene <= (upperBounds[i] as number));

const blocks = fc.integer({ min: 1, max: 6 });
/** Two genotypes of the same number of blocks. */
const anyPair = blocks.chain((n) => fc.tuple(anyGenotype(n, n), anyGenotype(n, n)));

test('operators never leave the bounds', () => {
  fc.assert(
    fc.property(anyPair, anyRandom, ([a, b], random) => {
      const bounds = mstf.upperBounds(a.length / 14);
      const children = [
        randomGenotype(random, bounds),
        ...crossover(random, a, b),
        mutate(random, a, bounds),
        blockChain([a, b], 14)(random),
      ];
      for (const child of children) expect(isWithin(child, bounds)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

describe('randomGenotype', () => {
  test('draws gene after gene', () => {
    expect(randomGenotype(scripted(0, 0.999, 0.5, 0.999), [7, 7, 5, 0])).toEqual([0, 7, 3, 0]);
  });

  test('every value of a gene is as likely, whatever the other genes', () => {
    const random = randomFor(0, 0, 'immigrants');
    const counts = new Map<string, number>();
    for (let i = 0; i < 18_000; i++) {
      const genes = String(randomGenotype(random, [2, 5]));
      counts.set(genes, (counts.get(genes) ?? 0) + 1);
    }
    expect(counts.size).toBe(18);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(160);
  });
});

describe('crossover', () => {
  test('keeps both parents’ genes at every place', () => {
    fc.assert(
      fc.property(anyPair, anyRandom, ([a, b], random) => {
        const [c, d] = crossover(random, a, b);
        const swapped = a.map((gene, i) => (c[i] === gene ? [gene, b[i]] : [b[i], gene]));
        expect(c.map((gene, i) => [gene, d[i]])).toEqual(swapped);
      }),
    );
  });

  test('swaps a middle that is neither empty nor up to an end', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 84 }), anyRandom, (length, random) => {
        const [a, b] = [Array.from({ length }, () => 0), Array.from({ length }, () => 1)];
        const [c, d] = crossover(random, a, b);
        expect(c.join('')).toMatch(/^0+1+0+$/);
        expect(d.join('')).toMatch(/^1+0+1+$/);
      }),
    );
  });

  test('every two cuts are as likely', () => {
    const random = randomFor(0, 0, 'variation');
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const child = crossover(random, [0, 0, 0, 0, 0], [1, 1, 1, 1, 1])[0].join('');
      counts.set(child, (counts.get(child) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted()).toEqual(['00010', '00100', '00110', '01000', '01100', '01110']);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

/**
 * Probability of a mutation with index 3 that goes at least `d` towards an end `farthest` away, all in
 * units of the whole width: u = (q - r) / (2 (1 - r)) with q and r the fourth powers of 1 - d and 1 - farthest.
 */
const tail = (d: number, farthest: number): number =>
  ((1 - d) ** 4 - (1 - farthest) ** 4) / (2 * (1 - (1 - farthest) ** 4));

/**
 * Probability that a gene mutates to at most `to`: the distribution function of the bounded
 * polynomial mutation with index 3 on [-0.5, bound + 0.5], at the upper edge of `to`'s cell.
 */
function atMost(gene: number, bound: number, to: number): number {
  if (to >= bound) return 1;
  const width = bound + 1;
  const delta = (to + 0.5 - gene) / width;
  return delta < 0 ? tail(-delta, (gene + 0.5) / width) : 1 - tail(delta, (bound + 0.5 - gene) / width);
}

describe('mutate', () => {
  test('tries each gene with probability 1/length', () => {
    const bounds = mstf.upperBounds(3);
    const genotype = bounds.map(() => 0);
    const random = randomFor(0, 0, 'variation');
    let draws = 0;
    const counted: Random = () => {
      draws++;
      return random();
    };
    const N = 4000;
    for (let i = 0; i < N; i++) mutate(counted, genotype, bounds);
    // One draw a gene, one more for each that is tried: a mean of 1 with deviation 1 / sqrt(N).
    expect(Math.abs(draws / N - genotype.length - 1)).toBeLessThan(4 / Math.sqrt(N));
  });

  test('the second draw says how far; genes not tried stay', () => {
    const [no, yes] = [1 / 3, 0.333];
    expect(mutate(scripted(no, yes, 0, no), [3, 3, 3], [7, 7, 7])).toEqual([3, 0, 3]);
    expect(mutate(scripted(no, yes, 0.5, no), [3, 3, 3], [7, 7, 7])).toEqual([3, 3, 3]);
    expect(mutate(scripted(no, no, yes, 1 - 2 ** -24), [3, 3, 3], [7, 7, 7])).toEqual([3, 3, 7]);
  });

  test.each([
    [0, 7],
    [3, 7],
    [7, 7],
    [2, 5],
    [1, 1],
    [0, 1],
    [0, 0],
  ])('gene %i of 0..%i goes where the polynomial distribution says', (gene, bound) => {
    const N = 20_000;
    const random = randomFor(gene, bound, 'variation');
    const counts = Array.from({ length: bound + 1 }, () => 0);
    // Of length 1, so that the gene is tried every time.
    for (let i = 0; i < N; i++) counts[mutate(random, [gene], [bound])[0] as number]!++;
    counts.forEach((count, to) => {
      const p = atMost(gene, bound, to) - (to === 0 ? 0 : atMost(gene, bound, to - 1));
      const deviation = Math.sqrt((p * (1 - p)) / N);
      expect(Math.abs(count / N - p)).toBeLessThanOrEqual(4.5 * deviation);
    });
  });

  test('steps along the order: near values are likelier than far ones', () => {
    const chances = [0, 1, 2, 3, 4, 5, 6, 7].map(
      (to) => atMost(3, 7, to) - (to === 0 ? 0 : atMost(3, 7, to - 1)),
    );
    expect(chances.slice(0, 4)).toEqual(chances.slice(0, 4).toSorted((a, b) => a - b));
    expect(chances.slice(3)).toEqual(chances.slice(3).toSorted((a, b) => b - a));
  });
});

describe('blockChain', () => {
  // Blocks of one gene: the chain can be read off.
  test('draws block 0 from an elite, each next from elites that share the block before', () => {
    const elites = [
      [1, 2, 3],
      [4, 2, 5],
      [6, 7, 5],
    ];
    // Elite 0 gives 1; elite 0 alone has 1 in front, gives 2; elites 0 and 1 have 2, the second gives 5.
    const draw = blockChain(elites, 1);
    expect(draw(scripted(0, 0.9, 0.9))).toEqual([1, 2, 5]);
    // Elite 1; itself alone; the first of elites 0 and 1.
    expect(draw(scripted(0.4, 0, 0))).toEqual([4, 2, 3]);
    expect(draw(scripted(0.9, 0.9, 0.9))).toEqual([6, 7, 5]);
  });

  test('an elite among equals is as likely as its share', () => {
    const random = randomFor(0, 0, 'variation');
    const draw = blockChain([[1], [1], [1], [2]], 1);
    const drawn = Array.from({ length: 4000 }, () => draw(random)[0]);
    expect(Math.abs(drawn.filter((gene) => gene === 1).length - 3000)).toBeLessThan(120);
  });

  test('each pair of neighbouring blocks stands side by side, there, in some elite', () => {
    // Few values a block, so that elites share blocks.
    const anyElites = fc.integer({ min: 1, max: 6 }).chain((blocks) =>
      fc.array(
        fc
          .array(fc.constantFrom([0, 0], [0, 1], [1, 0]), { minLength: blocks, maxLength: blocks })
          .map((pairs) => pairs.flat()),
        { minLength: 1, maxLength: 8 },
      ),
    );
    fc.assert(
      fc.property(anyElites, anyRandom, (elites, random) => {
        const drawn = blockChain(elites, 2)(random);
        expect(drawn).toHaveLength(elites[0]!.length);
        for (let i = 0; i < drawn.length; i += 2) {
          const pair = String(drawn.slice(i, i + 4));
          expect(elites.map((elite) => String(elite.slice(i, i + 4)))).toContain(pair);
        }
      }),
    );
  });

  test('equal blocks at other places are not mistaken', () => {
    const elites = [
      [1, 2, 3],
      [2, 1, 4],
    ];
    for (const u of [0, 0.9]) expect(elites).toContainEqual(blockChain(elites, 1)(scripted(u, 0.9, 0.9)));
  });

  test('one elite gives itself; no elite is an error', () => {
    expect(blockChain([[1, 2, 3, 4]], 2)(scripted(0.5, 0.5))).toEqual([1, 2, 3, 4]);
    expect(() => blockChain([], 2)(scripted(0.5))).toThrow('empty');
  });
});
