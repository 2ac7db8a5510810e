import fc from 'fast-check';
import { macs, type Network, params, reluUnits } from '../../../src/search/network.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import { type Genotype, parseGenotype } from '../../../src/search/space/space.ts';
import { anyGenotype, block } from '../genotypes.ts';

const IDENTITY = 6;
const NODES = [1, 2, 3, 4, 5];

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

/** A cell as a list of nodes that name what they read; 'input' is the cell's. */
interface CellNode {
  readonly name: string;
  readonly op: number;
  readonly reads: string;
}

const toCell = (normal: Genotype): readonly CellNode[] =>
  NODES.map((node) => ({
    name: String(node),
    op: normal[2 * node - 2] as number,
    reads: normal[2 * node - 1] === 0 ? 'input' : String(normal[2 * node - 1]),
  }));

/** Genes of a cell in this order of nodes; null unless each node comes after the one it reads. */
function toGenes(order: readonly CellNode[]): Genotype | null {
  const numbers = new Map([['input', 0]]);
  const genes: number[] = [];
  for (const { name, op, reads } of order) {
    const read = numbers.get(reads);
    if (read === undefined) return null;
    genes.push(op, read);
    numbers.set(name, numbers.size);
  }
  return genes;
}

/** Every genotype of one cell. */
const numberings = (cell: readonly CellNode[]): readonly Genotype[] =>
  permutations(cell)
    .map(toGenes)
    .filter((genes) => genes !== null);

/**
 * The cell without identities that are read, whose readers read what they read, or that alone read a
 * node, which is then the loose end that they were.
 */
function contracted(cell: readonly CellNode[]): readonly CellNode[] {
  const readersOf = (node: string): number => cell.filter(({ reads }) => reads === node).length;
  const found = cell.find(
    ({ op, name, reads }) =>
      op === IDENTITY && (readersOf(name) > 0 || (reads !== 'input' && readersOf(reads) === 1)),
  );
  if (found === undefined) return cell;
  return contracted(
    cell
      .filter((node) => node !== found)
      .map((node) => (node.reads === found.name ? { ...node, reads: found.reads } : node)),
  );
}

const NAMINGS = [0, 1, 2, 3, 4, 5].map((n) => permutations(NODES.slice(0, n)));

/**
 * Equal exactly for cells with the same graph, by brute force: the least of all ways of writing the
 * contracted cell down with its nodes named 1..n in some order.
 */
function oracle(normal: Genotype): string {
  const cell = contracted(toCell(normal));
  const indexOf = new Map(cell.map(({ name }, i) => [name, i]));
  const reads = cell.map((node) => indexOf.get(node.reads) ?? -1);
  const written = (NAMINGS[cell.length] as readonly (readonly number[])[]).map((naming) => {
    const rows = Array.from({ length: cell.length }, () => 0);
    cell.forEach(({ op }, i) => {
      const read = reads[i] === -1 ? 0 : (naming[reads[i] as number] as number);
      rows[(naming[i] as number) - 1] = op * 6 + read;
    });
    return String.fromCharCode(...rows);
  });
  return written.reduce((least, way) => (way < least ? way : least));
}

const canonicalNormal = (normal: Genotype): string =>
  String(mstf.canonical([...normal, 0, 0, 0, 0]).slice(0, 10));

const anyNormal = (ops: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7]): fc.Arbitrary<Genotype> =>
  fc
    .tuple(...NODES.map((node) => fc.tuple(fc.constantFrom(...ops), fc.nat({ max: node - 1 }))))
    .map((pairs) => pairs.flat());

test.each([
  [
    'independent nodes are sorted by operation',
    block([
      [3, 0],
      [1, 0],
      [7, 0],
      [0, 0],
      [2, 0],
    ]),
    block([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [7, 0],
    ]),
  ],
  [
    'a node comes right after what it reads',
    block([
      [0, 0],
      [1, 0],
      [2, 2],
      [3, 1],
      [4, 0],
    ]),
    block([
      [0, 0],
      [3, 1],
      [1, 0],
      [2, 3],
      [4, 0],
    ]),
  ],
  [
    'of equal operations, the one less read first',
    block([
      [0, 0],
      [0, 0],
      [1, 1],
      [5, 0],
      [5, 0],
    ]),
    block([
      [0, 0],
      [0, 0],
      [1, 2],
      [5, 0],
      [5, 0],
    ]),
  ],
  [
    'an identity that is read goes to the cell’s input',
    block([
      [0, 0],
      [6, 1],
      [1, 2],
      [2, 2],
      [3, 0],
    ]),
    block([
      [6, 0],
      [0, 1],
      [1, 2],
      [2, 2],
      [3, 1],
    ]),
  ],
  [
    'an identity that nobody reads stays where others read what it reads, and at the input',
    block([
      [0, 0],
      [6, 1],
      [1, 1],
      [6, 0],
      [2, 0],
    ]),
    block([
      [0, 0],
      [1, 1],
      [6, 1],
      [2, 0],
      [6, 0],
    ]),
  ],
  [
    'an identity that alone reads a node is that node',
    block([
      [0, 0],
      [6, 1],
      [1, 0],
      [2, 0],
      [3, 0],
    ]),
    block([
      [6, 0],
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
    ]),
  ],
  [
    'a chain of identities keeps its loose end',
    block([
      [6, 0],
      [6, 1],
      [6, 2],
      [6, 3],
      [6, 4],
    ]),
    block([
      [6, 0],
      [6, 1],
      [6, 2],
      [6, 3],
      [6, 4],
    ]),
  ],
  [
    'identities that fan out stay loose',
    block([
      [6, 0],
      [6, 1],
      [6, 1],
      [6, 2],
      [6, 3],
    ]),
    block([
      [6, 0],
      [6, 1],
      [6, 2],
      [6, 3],
      [6, 3],
    ]),
  ],
  [
    'reduction nodes are sorted',
    block(
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [5, 0, 3, 0],
    ),
    block(
      [
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ],
      [0, 0, 3, 5],
    ),
  ],
])('%s', (_, genotype, canonical) => {
  expect(mstf.canonical(genotype)).toEqual(canonical);
});

describe('the canonical genotype', () => {
  test('is its own, within bounds, of the same length and frozen', () => {
    fc.assert(
      fc.property(anyGenotype(), (genotype) => {
        const canonical = mstf.canonical(genotype);
        expect(mstf.canonical(canonical)).toEqual(canonical);
        expect(parseGenotype(mstf, canonical)).toEqual(canonical);
        expect(canonical).toHaveLength(genotype.length);
        expect(Object.isFrozen(canonical)).toBe(true);
      }),
    );
  });

  test('is made block by block', () => {
    fc.assert(
      fc.property(anyGenotype(1, 1), anyGenotype(1, 1), (a, b) => {
        expect(mstf.canonical([...a, ...b])).toEqual([...mstf.canonical(a), ...mstf.canonical(b)]);
      }),
    );
  });

  /** What each node computes, written out to the input, order of concatenation aside. */
  function computed({ nodes }: Network): readonly string[] {
    const terms: string[] = [];
    for (const { op, inputs, attrs, shape } of nodes) {
      const read = inputs.map((i) => terms[i] as string).toSorted();
      // Shared terms grow from block to block: number them instead of repeating them.
      const term = `${op}${JSON.stringify([attrs, shape, read])}`;
      terms.push(term.length > 60 ? String(numberOf(term)) : term);
    }
    return terms.toSorted();
  }
  const numbered = new Map<string, number>();
  const numberOf = (term: string): number => {
    if (!numbered.has(term)) numbered.set(term, numbered.size);
    return numbered.get(term) as number;
  };

  test('builds the same network: every node computes the same, as often', () => {
    fc.assert(
      fc.property(anyGenotype(1, 4), fc.constantFrom(4, 12), (genotype, initChannels) => {
        const options = { input: [9, 9, 3] as const, classes: 3, initChannels };
        const [original, canonical] = [genotype, mstf.canonical(genotype)].map((g) =>
          mstf.build(g, options),
        ) as [Network, Network];
        expect(computed(canonical)).toEqual(computed(original));
        expect([macs, params, reluUnits].map((of) => of(canonical))).toEqual(
          [macs, params, reluUnits].map((of) => of(original)),
        );
      }),
    );
  });
});

describe('one canonical genotype for', () => {
  test('every numbering of a cell’s nodes', () => {
    fc.assert(
      fc.property(anyNormal(), (normal) => {
        const all = numberings(toCell(normal));
        expect(all).toContainEqual(normal);
        expect(new Set(all.map(canonicalNormal)).size).toBe(1);
      }),
    );
  });

  test('every order of the reduction nodes', () => {
    fc.assert(
      fc.property(anyNormal(), fc.tuple(...[1, 2, 3, 4].map(() => fc.nat({ max: 5 }))), (normal, pools) => {
        const all = permutations(pools).map((order) => String(mstf.canonical([...normal, ...order])));
        expect(new Set(all).size).toBe(1);
      }),
    );
  });

  test('every place of an identity that is read', () => {
    const anyFour = anyNormal().map((normal) => toCell(normal).slice(0, 4));
    fc.assert(
      fc.property(anyFour, (four) => {
        // The identity reads any node that is read, or the input, for any of its readers.
        const places = ['input', ...four.map(({ name }) => name)].flatMap((reads) => {
          const readers = four.filter((node) => node.reads === reads);
          const subsets = readers.reduce<readonly (readonly CellNode[])[]>(
            (all, reader) => [...all, ...all.map((subset) => [...subset, reader])],
            [[]],
          );
          return subsets
            .filter((subset) => subset.length > 0)
            .map((moved) => [
              { name: 'identity', op: IDENTITY, reads },
              ...four.map((node) => (moved.includes(node) ? { ...node, reads: 'identity' } : node)),
            ]);
        });
        expect(places.length).toBeGreaterThan(0);
        expect(new Set(places.flatMap(numberings).map(canonicalNormal)).size).toBe(1);
      }),
      { numRuns: 50 },
    );
  });
});

const distinct = (values: readonly string[]): number => new Set(values).size;

/** How many graphs, canonical genotypes, and pairs of the two there are: equal when one tells the other. */
function kinds(cells: readonly Genotype[]): readonly [graphs: number, canonical: number, pairs: number] {
  const pairs = cells.map((cell) => [oracle(cell), canonicalNormal(cell)] as const);
  return [
    distinct(pairs.map(([graph]) => graph)),
    distinct(pairs.map(([, canonical]) => canonical)),
    distinct(pairs.map(String)),
  ];
}

describe('canonical genotypes are equal exactly when graphs are', () => {
  test('over all 3,840 cells of one operation and identity', () => {
    const cells = Array.from({ length: 120 }, (_, shape) =>
      Array.from({ length: 32 }, (_, ops) =>
        NODES.map((node) => [(ops >> (node - 1)) & 1 ? IDENTITY : 0, 0]),
      ).map((pairs) => {
        let left = shape;
        return pairs.flatMap(([op], i) => {
          const read = left % (i + 1);
          left = Math.floor(left / (i + 1));
          return [op as number, read];
        });
      }),
    ).flat();
    expect(new Set(cells.map(String)).size).toBe(3840);
    const [graphs, canonical, both] = kinds(cells);
    expect([canonical, both]).toEqual([graphs, graphs]);
    // Rooted trees of six nodes: 20 (OEIS A000081).
    const plain = cells.filter((cell) => cell.every((gene, i) => i % 2 === 1 || gene === 0));
    expect(kinds(plain)).toEqual([20, 20, 20]);
  });

  test('over cells alike enough to be mistaken', () => {
    const alike = fc
      .uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 2, maxLength: 3 })
      .chain((ops) => fc.array(anyNormal(ops), { minLength: 50, maxLength: 50 }));
    fc.assert(
      fc.property(alike, (cells) => {
        const [graphs, canonical, both] = kinds(cells);
        expect([canonical, both]).toEqual([graphs, graphs]);
      }),
      { numRuns: 40 },
    );
  });
});
