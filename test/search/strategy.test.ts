import fc from 'fast-check';
import { architectureId } from '../../src/search/identity.ts';
import type { Candidate, Individual } from '../../src/search/individual.ts';
import { bestFirst } from '../../src/search/nsga2.ts';
import { type Point, scaleOver, toPoints, measureOf } from '../../src/search/objectives.ts';
import { type Random, randomFor } from '../../src/search/random.ts';
import { DEFAULT_SETTINGS } from '../../src/search/settings.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { recombinationOf, type Situation, STRATEGIES } from '../../src/search/strategy.ts';
import { randomGenotype } from '../../src/search/variation.ts';
import { infeasible, landscape } from './landscape.ts';

function individual(genotype: Genotype, feasible = true): Individual {
  const canonical = mstf.canonical(genotype);
  return {
    id: architectureId('mstf', canonical),
    genotype: canonical,
    origin: 'random',
    parents: [],
    born: 0,
    evaluation: feasible ? landscape(canonical) : infeasible(),
  };
}

const pointsOf = (individuals: readonly Individual[]): readonly (Point | null)[] => {
  const measures = individuals.map(({ evaluation }) => measureOf(evaluation, DEFAULT_SETTINGS));
  return toPoints(measures, scaleOver(measures), 'eq5');
};

/** A search whose archive is its population. */
function situation(population: readonly Individual[], changes: Partial<Situation> = {}, seed = 0): Situation {
  const points = pointsOf(population);
  return {
    space: mstf,
    upperBounds: mstf.upperBounds((population[0]?.genotype.length ?? 42) / 14),
    known: new Set(population.map(({ id }) => id)),
    population,
    points,
    recombination: () => recombinationOf(mstf, population, points),
    exploitation: 0.25,
    random: { variation: randomFor(seed, 1, 'variation'), immigrants: randomFor(seed, 1, 'immigrants') },
    ...changes,
  };
}

const randoms = (count: number, blocks = 3, seed = 1): readonly Individual[] => {
  const random = randomFor(seed, 0, 'immigrants');
  return Array.from({ length: count }, () => individual(randomGenotype(random, mstf.upperBounds(blocks))));
};

/** Archives whose blocks recombine: every elite shares its middle block, so exploitation finds new ones. */
const related = (count: number): readonly Individual[] => {
  const all = randoms(count);
  const middle = all[0]!.genotype.slice(14, 28);
  return all.map(({ genotype }) => individual(genotype.toSpliced(14, 14, ...middle)));
};

const originsOf = (candidates: readonly Candidate[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { origin } of candidates) counts[origin] = (counts[origin] ?? 0) + 1;
  return counts;
};

const names = ['nsga2', 'steady', 'random'] as const;

test('the table of strategies is what settings may name', () => {
  expect(Object.keys(STRATEGIES)).toEqual(names);
});

describe.each(names)('%s', (name) => {
  test('puts forward as many new, distinct, canonical genotypes within bounds as asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat({ max: 25 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (seed, blocks, count, exploitation) => {
          const population = randoms(8, blocks, seed);
          const candidates = STRATEGIES[name](situation(population, { exploitation }, seed), count);
          expect(candidates).toHaveLength(count);
          const ids = new Set([...population, ...candidates].map(({ id }) => id));
          expect(ids.size).toBe(population.length + count);
          for (const { id, genotype } of candidates) {
            expect(genotype).toEqual(mstf.canonical(genotype));
            expect(id).toBe(architectureId('mstf', genotype));
            expect(genotype.every((gene, i) => gene >= 0 && gene <= mstf.upperBounds(blocks)[i]!)).toBe(true);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('draws the same from the same streams', () => {
    const population = related(8);
    const draw = () => STRATEGIES[name](situation(population), 12);
    expect(draw()).toEqual(draw());
  });
});

test('random search has no parents and never evolves', () => {
  const candidates = STRATEGIES.random(situation(related(12)), 20);
  expect(originsOf(candidates)).toEqual({ random: 20 });
  expect(candidates.flatMap(({ parents }) => parents)).toEqual([]);
});

test('random search starts from nothing', () => {
  expect(originsOf(STRATEGIES.random(situation([]), 12))).toEqual({ random: 12 });
});

describe('evolution', () => {
  test.each([
    [0, 20, { mating: 20 }],
    [0.25, 20, { exploitation: 5, mating: 15 }],
    [0.5, 5, { exploitation: 3, mating: 2 }],
    [1, 20, { exploitation: 20 }],
  ])('a share of %f of %i candidates is %j', (exploitation, count, origins) => {
    expect(originsOf(STRATEGIES.nsga2(situation(related(24), { exploitation }), count))).toEqual(origins);
  });

  test('mated candidates name two members of the population and hold mostly their genes', () => {
    const population = randoms(8);
    const members = new Map(population.map(({ id, genotype }) => [id, genotype]));
    // A space that leaves genotypes as they are, to see the genes inherited.
    const space = { ...mstf, canonical: (genotype: Genotype) => genotype };
    const candidates = STRATEGIES.nsga2(situation(population, { exploitation: 0, space }), 60);
    const foreign = candidates.flatMap(({ genotype, parents }) => {
      expect(parents).toHaveLength(2);
      const [a, b] = parents.map((id) => members.get(id)) as [Genotype, Genotype];
      return genotype.filter((gene, i) => gene !== a[i] && gene !== b[i]);
    });
    // One mutation a child, and not every one shows.
    expect(foreign.length).toBeGreaterThan(10);
    expect(foreign.length).toBeLessThan(90);
  });

  test('who wins tournaments mates', () => {
    const population = randoms(10).map(({ genotype }, i) => individual(genotype, i < 5));
    const parents = STRATEGIES.nsga2(situation(population, { exploitation: 0 }), 1000).flatMap(
      (candidate) => candidate.parents,
    );
    const feasible = new Set(population.slice(0, 5).map(({ id }) => id));
    // A feasible one loses to none of the other half: it is picked unless both drawn are infeasible.
    const share = parents.filter((id) => feasible.has(id)).length / parents.length;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.05);
  });

  test('exploitation recombines blocks of the archive’s better half alone', () => {
    const archive = related(24);
    const elites = bestFirst(pointsOf(archive))
      .slice(0, 12)
      .map((i) => archive[i]!.genotype);
    const blocksAt = (block: number) =>
      elites.map((genotype) => String(genotype.slice(14 * block, 14 * block + 14)));
    const candidates = STRATEGIES.nsga2(situation(archive, { exploitation: 1 }), 30);
    for (const { genotype, parents } of candidates) {
      expect(parents).toEqual([]);
      for (const block of [0, 1, 2]) {
        expect(blocksAt(block)).toContain(String(genotype.slice(14 * block, 14 * block + 14)));
      }
    }
  });

  test('the infeasible are no elite', () => {
    const dead = related(20).map(({ genotype }) => individual(genotype, false));
    expect(originsOf(STRATEGIES.nsga2(situation(dead, { exploitation: 1 }), 10))).toEqual({ mating: 10 });
  });

  test('mating fills in where exploitation finds nothing new', () => {
    // One block: a chain of blocks is an elite itself.
    const candidates = STRATEGIES.nsga2(situation(randoms(10, 1), { exploitation: 0.5 }), 10);
    expect(originsOf(candidates)).toEqual({ mating: 10 });
  });

  test('random immigrants fill in where mating finds nothing new, after a hundred rounds', () => {
    // One member that never mutates: 1 - 2^-24 is beyond any rate.
    let draws = 0;
    const variation: Random = () => {
      draws++;
      return 1 - 2 ** -24;
    };
    const random = { variation, immigrants: randomFor(0, 1, 'immigrants') };
    const candidates = STRATEGIES.nsga2(situation(randoms(1), { exploitation: 0, random }), 6);
    expect(originsOf(candidates)).toEqual({ random: 6 });
    // A round is 3 pairs: two tournaments of 3 draws, 2 cuts, and 42 genes for each of two children.
    expect(draws).toBe(100 * 3 * (2 * 3 + 2 + 2 * 42));
  });
});
