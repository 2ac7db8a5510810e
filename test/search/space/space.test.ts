import fc from 'fast-check';
import { MedNasError } from '../../../src/search/errors.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { parseGenotype } from '../../../src/search/space/space.ts';
import { SPACES } from '../../../src/search/space/spaces.ts';
import { anyGenotype } from '../genotypes.ts';

test('the table of spaces goes by id', () => {
  expect(Object.entries(SPACES).map(([id, space]) => [id, space.id])).toEqual([['mstf', 'mstf']]);
});

function failure(genes: unknown, field?: string): MedNasError {
  try {
    parseGenotype(mstf, genes, field);
  } catch (error) {
    if (error instanceof MedNasError) return error;
    throw error;
  }
  throw new Error('was taken for a genotype');
}

describe('parseGenotype', () => {
  const fine = mstf.upperBounds(3);

  test('takes what is within bounds, as a frozen copy', () => {
    fc.assert(
      fc.property(anyGenotype(), (genes) => {
        const given = [...genes];
        const genotype = parseGenotype(mstf, given);
        expect(genotype).toEqual(genes);
        expect(genotype).not.toBe(given);
        expect(Object.isFrozen(genotype)).toBe(true);
      }),
    );
  });

  test.each([0, 1, 13, 15, 41, 43, 7 * 14])('refuses %i genes', (length) => {
    const { code, field, message } = failure(Array.from({ length }, () => 0));
    expect({ code, field }).toEqual({ code: 'INVALID_GENOTYPE', field: 'genotype' });
    expect(message).toContain(`got ${length} genes`);
  });

  test.each([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a string', '0'.repeat(14), "'00000000000000'"],
    ['an object with a length', { length: 14 }, 'length: 14'],
    ['typed genes', new Uint8Array(14), 'Uint8Array'],
  ])('refuses %s for a list', (_, genes, shown) => {
    const { code, field, message } = failure(genes);
    expect({ code, field }).toEqual({ code: 'INVALID_GENOTYPE', field: 'genotype' });
    expect(message).toContain(shown);
  });

  const replaced = (i: number, gene: unknown): readonly unknown[] => (fine as unknown[]).with(i, gene);

  test.each([
    ['an operation too many', 0, 8, 'from 0 to 7; got 8'],
    ['an input of node 1 other than the cell’s', 1, 1, 'from 0 to 0; got 1'],
    ['a node that reads itself', 17, 2, 'from 0 to 1; got 2'],
    ['a pool too many', 41, 6, 'from 0 to 5; got 6'],
    ['a negative gene', 0, -1, 'got -1'],
    ['a fraction', 2, 1.5, 'got 1.5'],
    ['NaN', 2, NaN, 'got NaN'],
    ['infinity', 2, Infinity, 'got Infinity'],
    ['a string', 2, '1', "got '1'"],
    ['null', 2, null, 'got null'],
    ['a big integer', 2, 1n, 'got 1n'],
    ['nothing', 2, undefined, 'got undefined'],
    ['a list', 2, [1], 'got [ 1 ]'],
  ])('refuses %s', (_, i, gene, shown) => {
    const { code, field, message } = failure(replaced(i, gene), 'cases.0.genotype');
    expect({ code, field }).toEqual({ code: 'INVALID_GENOTYPE', field: `cases.0.genotype.${i}` });
    expect(message).toContain(`Gene ${i} `);
    expect(message).toContain(shown);
  });

  test('refuses a list with a hole', () => {
    const genes: unknown[] = fine.slice(0, 5);
    genes.length = 14;
    expect(failure(genes).field).toBe('genotype.5');
  });

  test('names the first gene at fault', () => {
    expect(failure([9, 9, ...fine.slice(2)]).field).toBe('genotype.0');
  });

  test('names each gene that is out of its bounds', () => {
    fc.assert(
      fc.property(anyGenotype(), fc.nat(), fc.integer({ min: 1 }), fc.boolean(), (genes, at, by, above) => {
        const i = at % genes.length;
        const bound = mstf.upperBounds(genes.length / 14)[i] as number;
        const outside = genes.with(i, above ? bound + by : -by);
        expect(failure(outside).field).toBe(`genotype.${i}`);
      }),
    );
  });
});
