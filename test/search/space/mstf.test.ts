import fc from 'fast-check';
import { type Network, type Node, reluUnits, type Shape, weightShape } from '../../../src/search/network.ts';
import { mstf } from '../../../src/search/space/mstf.ts';
import type { Genotype } from '../../../src/search/space/space.ts';
import { anyGenotype, block } from '../genotypes.ts';

const DEFAULTS = { input: [28, 28, 1] as Shape, classes: 2, initChannels: 8 };
const build = (genotype: Genotype, options: Partial<typeof DEFAULTS> = {}): Network =>
  mstf.build(genotype, { ...DEFAULTS, ...options });

function nodeAt(network: Network, path: string): Node {
  const node = network.nodes.find((candidate) => candidate.path === path);
  if (node === undefined) throw new Error(`no node at ${path}`);
  return node;
}
const inputsOf = (network: Network, node: Node): readonly string[] =>
  node.inputs.map((i) => (network.nodes[i] as Node).path);

const ZEROS = block([
  [7, 0],
  [7, 0],
  [7, 0],
  [7, 0],
  [7, 0],
]);

describe('the space', () => {
  test('has the paper’s operations in the paper’s order', () => {
    expect(mstf.operations).toEqual({
      normal: [
        'sep_conv_3x3',
        'sep_conv_5x5',
        'sep_conv_7x7',
        'dil_conv_3x3',
        'dil_conv_5x5',
        'conv_7x1_1x7',
        'identity',
        'zero',
      ],
      reduction: [
        'max_pool_2x2',
        'avg_pool_2x2',
        'max_pool_3x3',
        'avg_pool_3x3',
        'max_pool_4x4',
        'avg_pool_4x4',
      ],
    });
  });

  test('bounds each gene, block after block', () => {
    const one = [7, 0, 7, 1, 7, 2, 7, 3, 7, 4, 5, 5, 5, 5];
    expect(mstf.upperBounds(1)).toEqual(one);
    expect(mstf.upperBounds(3)).toEqual([...one, ...one, ...one]);
    expect(mstf.blockLength).toBe(14);
  });

  test.each([
    [1, 5096079360n],
    [2, 5096079360n ** 2n],
    [3, 132345307583229750574841856000n],
    [6, 132345307583229750574841856000n ** 2n],
  ])('of %i blocks holds %d genotypes', (blocks, size) => {
    expect(mstf.size(blocks)).toBe(size);
  });

  test('has three blocks up to 64 px and four above', () => {
    expect([1, 28, 64, 65, 128, 224].map((px) => mstf.defaultBlocks(px))).toEqual([3, 3, 3, 4, 4, 4]);
  });
});

describe('paths and weights (spec section 2)', () => {
  const C = 16; // of block 1 at C0 = 8
  test.each([
    [0, { dw1: [3, 3, C, 1], pw1: [1, 1, C, C], dw2: [3, 3, C, 1], pw2: [1, 1, C, C] }],
    [1, { dw1: [5, 5, C, 1], pw1: [1, 1, C, C], dw2: [5, 5, C, 1], pw2: [1, 1, C, C] }],
    [2, { dw1: [7, 7, C, 1], pw1: [1, 1, C, C], dw2: [7, 7, C, 1], pw2: [1, 1, C, C] }],
    [3, { dw: [3, 3, C, 1], pw: [1, 1, C, C] }],
    [4, { dw: [5, 5, C, 1], pw: [1, 1, C, C] }],
    [5, { conv7x1: [7, 1, C, C], conv1x7: [1, 7, C, C] }],
    [6, {}],
    [7, {}],
  ])('operation %i as node 3 of block 1', (operation, weights) => {
    const second = block([
      [7, 0],
      [7, 0],
      [operation, 1],
      [7, 0],
      [7, 0],
    ]);
    const network = build([...ZEROS, ...second], { input: [28, 28, 3], classes: 5 });
    const found = network.nodes.flatMap((node) => {
      const shape = weightShape(network, node);
      return shape === null ? [] : [[node.path, shape] as const];
    });
    const K1 = 4 * C; // node 1 is read
    expect(found).toEqual([
      ['stem.conv', [3, 3, 3, 8]],
      ['b0.pre.conv', [1, 1, 8, 8]],
      ...[1, 2, 3, 4].map((j) => [`b0.r${j}.conv`, [1, 1, 40, 10]]),
      ['b1.pre.conv', [1, 1, 40, C]],
      ...Object.entries(weights).map(([name, shape]) => [`b1.n3.${name}`, shape]),
      ...[1, 2, 3, 4].map((j) => [`b1.r${j}.conv`, [1, 1, K1, K1 / 4]]),
      ['head.dense', [K1, 5]],
    ]);
  });

  test('no two nodes with weights share a path', () => {
    fc.assert(
      fc.property(anyGenotype(), (genotype) => {
        const network = build(genotype);
        const paths = network.nodes
          .filter((node) => weightShape(network, node) !== null)
          .map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
      }),
    );
  });
});

describe('operations are chains of', () => {
  test.each([
    [0, ['relu', 'depthwise', 'conv', 'batchNorm', 'relu', 'depthwise', 'conv', 'batchNorm'], 1],
    [1, ['relu', 'depthwise', 'conv', 'batchNorm', 'relu', 'depthwise', 'conv', 'batchNorm'], 1],
    [2, ['relu', 'depthwise', 'conv', 'batchNorm', 'relu', 'depthwise', 'conv', 'batchNorm'], 1],
    [3, ['relu', 'depthwise', 'conv', 'batchNorm'], 2],
    [4, ['relu', 'depthwise', 'conv', 'batchNorm'], 2],
    [5, ['relu', 'conv', 'conv', 'batchNorm'], 1],
    [6, [], 1],
    [7, ['zero'], 1],
  ])('%i: %j', (operation, ops, dilation) => {
    const network = build(
      block([
        [operation, 0],
        [7, 0],
        [7, 0],
        [7, 0],
        [7, 0],
      ]),
    );
    const chain: Node[] = [];
    for (let at = network.blocks[0]?.normal[0]?.output as number; ;) {
      const node = network.nodes[at] as Node;
      if (node.path === 'b0.pre.bn') break;
      chain.unshift(node);
      expect(node.inputs).toHaveLength(1);
      expect(node.shape).toEqual([28, 28, 8]);
      at = node.inputs[0] as number;
    }
    expect(chain.map(({ op }) => op)).toEqual(ops);
    for (const node of chain) {
      expect(node.op === 'depthwise' ? node.attrs.dilation : dilation).toBe(dilation);
    }
  });
});

describe('wiring', () => {
  // Identity 1 is read by 2 and 3; 2 by 4; 3, 4 and 5 are loose.
  const genotype = [
    ...ZEROS,
    ...block(
      [
        [6, 0],
        [3, 1],
        [7, 1],
        [5, 2],
        [6, 0],
      ],
      [0, 3, 4, 1],
    ),
  ];
  const network = build(genotype);

  test('stem: conv and batch norm, no ReLU', () => {
    expect(network.nodes.slice(0, 3).map(({ op }) => op)).toEqual(['input', 'conv', 'batchNorm']);
    expect(inputsOf(network, nodeAt(network, 'b0.pre.relu'))).toEqual(['stem.bn']);
  });

  test('a block is entered by ReLU, conv 1x1, batch norm', () => {
    expect(inputsOf(network, nodeAt(network, 'b1.pre.relu'))).toEqual(['b0.reduction']);
    expect(inputsOf(network, nodeAt(network, 'b1.pre.conv'))).toEqual(['b1.pre.relu']);
    expect(inputsOf(network, nodeAt(network, 'b1.pre.bn'))).toEqual(['b1.pre.conv']);
  });

  test('an identity is its input', () => {
    expect(inputsOf(network, nodeAt(network, 'b1.n2.relu'))).toEqual(['b1.pre.bn']);
    expect(inputsOf(network, nodeAt(network, 'b1.n3'))).toEqual(['b1.pre.bn']);
    expect(inputsOf(network, nodeAt(network, 'b1.n4.relu'))).toEqual(['b1.n2.bn']);
  });

  test('the cell’s output is its loose ends in node order, never its input', () => {
    expect(inputsOf(network, nodeAt(network, 'b1.normal'))).toEqual(['b1.n3', 'b1.n4.bn', 'b1.pre.bn']);
    expect(nodeAt(network, 'b1.normal').shape).toEqual([14, 14, 48]);
  });

  test('reduction: four pools of the output, each with its conv, side by side', () => {
    expect([1, 2, 3, 4].map((j) => nodeAt(network, `b1.r${j}.pool`))).toMatchObject([
      { op: 'maxPool', attrs: { size: 2 } },
      { op: 'avgPool', attrs: { size: 3 } },
      { op: 'maxPool', attrs: { size: 4 } },
      { op: 'avgPool', attrs: { size: 2 } },
    ]);
    for (const j of [1, 2, 3, 4]) {
      expect(inputsOf(network, nodeAt(network, `b1.r${j}.pool`))).toEqual(['b1.normal']);
      expect(inputsOf(network, nodeAt(network, `b1.r${j}.conv`))).toEqual([`b1.r${j}.pool`]);
      expect(nodeAt(network, `b1.r${j}.conv`).shape).toEqual([7, 7, 12]);
    }
    expect(inputsOf(network, nodeAt(network, 'b1.reduction'))).toEqual(
      [1, 2, 3, 4].map((j) => `b1.r${j}.conv`),
    );
  });

  test('head: global average pool, dense', () => {
    expect(network.nodes.slice(-2)).toMatchObject([
      { op: 'globalAvgPool', shape: [1, 1, 48] },
      { op: 'dense', shape: [1, 1, 2], attrs: { units: 2 } },
    ]);
    expect(inputsOf(network, nodeAt(network, 'head.pool'))).toEqual(['b1.reduction']);
  });

  test('blocks tell it in the genotype’s words', () => {
    const output = (path: string): number => network.nodes.indexOf(nodeAt(network, path));
    expect(network.blocks[1]).toEqual({
      path: 'b1',
      channels: 16,
      normal: [
        { path: 'b1.n1', operation: 'identity', input: 'b1.pre', output: output('b1.pre.bn'), loose: false },
        {
          path: 'b1.n2',
          operation: 'dil_conv_3x3',
          input: 'b1.n1',
          output: output('b1.n2.bn'),
          loose: false,
        },
        { path: 'b1.n3', operation: 'zero', input: 'b1.n1', output: output('b1.n3'), loose: true },
        { path: 'b1.n4', operation: 'conv_7x1_1x7', input: 'b1.n2', output: output('b1.n4.bn'), loose: true },
        { path: 'b1.n5', operation: 'identity', input: 'b1.pre', output: output('b1.pre.bn'), loose: true },
      ],
      reduction: ['max_pool_2x2', 'avg_pool_3x3', 'max_pool_4x4', 'avg_pool_2x2'].map((operation, j) => ({
        path: `b1.r${j + 1}`,
        operation,
        input: 'b1.normal',
        output: output(`b1.r${j + 1}.conv`),
        loose: true,
      })),
    });
  });
});

const blocksOf = (pool: number, blocks: number): Genotype =>
  Array.from({ length: blocks }, () => [...ZEROS.slice(0, 10), pool, pool, pool, pool]).flat();
const sides = (network: Network): readonly (readonly number[])[] =>
  network.blocks.map(({ path }) => nodeAt(network, `${path}.reduction`).shape.slice(0, 2));

describe('shapes', () => {
  describe.each([0, 1, 2, 3, 4, 5])('pool %i', (pool) => {
    test.each([
      [
        [28, 28],
        [14, 14],
        [7, 7],
        [4, 4],
      ],
      [
        [17, 17],
        [9, 9],
        [5, 5],
        [3, 3],
      ],
      [
        [224, 224],
        [112, 112],
        [56, 56],
        [28, 28],
      ],
      [
        [5, 9],
        [3, 5],
        [2, 3],
        [1, 2],
      ],
      [
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    ])('%j -> %j -> %j -> %j', (from, ...to) => {
      const network = build(blocksOf(pool, 3), { input: [from[0] as number, from[1] as number, 1] });
      expect(sides(network)).toEqual(to);
    });
  });

  test.each([
    ['a chain', [0, 1, 2, 3, 4], 1],
    ['a fan', [0, 0, 0, 0, 0], 5],
    ['a fork', [0, 1, 1, 1, 0], 4],
    ['two chains', [0, 0, 1, 2, 3], 2],
    ['a tree', [0, 1, 1, 2, 2], 3],
  ])('%s: inputs %j leave %i loose ends', (_, reads, loose) => {
    const network = build(block(reads.map((read) => [6, read] as const)));
    expect(nodeAt(network, 'b0.normal').shape).toEqual([28, 28, loose * 8]);
    expect(nodeAt(network, 'b0.reduction').shape).toEqual([14, 14, loose * 8]);
    expect(network.blocks[0]?.normal.filter((node) => node.loose)).toHaveLength(loose);
  });

  test('channels double from block to block', () => {
    const network = build(blocksOf(0, 6), { initChannels: 12 });
    expect(network.blocks.map(({ channels }) => channels)).toEqual([12, 24, 48, 96, 192, 384]);
  });
});

/** ReLU units of a genotype, straight from the spec's words: entries, and two of a sep_conv, one of other convs. */
function reluUnitsBySpec(genotype: Genotype, size: number, initChannels: number): number {
  const relus = [2, 2, 2, 1, 1, 1, 0, 0];
  let [units, side, width] = [0, size, initChannels];
  for (let b = 0; b < genotype.length / 14; b++) {
    const genes = genotype.slice(14 * b, 14 * b + 10);
    const C = initChannels * 2 ** b;
    const reads = new Set([1, 3, 5, 7, 9].map((i) => genes[i]));
    units += side * side * (width + C * [0, 2, 4, 6, 8].reduce((n, i) => n + relus[genes[i] as number]!, 0));
    width = C * [1, 2, 3, 4, 5].filter((node) => !reads.has(node)).length;
    side = Math.ceil(side / 2);
  }
  return units;
}

test('any genotype within bounds builds a well-formed network', () => {
  fc.assert(
    fc.property(
      anyGenotype(),
      fc.integer({ min: 1, max: 64 }),
      fc.constantFrom(1, 3),
      fc.integer({ min: 1, max: 128 }).map((n) => 4 * n),
      fc.integer({ min: 1, max: 14 }),
      (genotype, size, channels, initChannels, classes) => {
        const network = build(genotype, { input: [size, size, channels], initChannels, classes });
        const read = new Set(network.nodes.flatMap(({ inputs }) => inputs));
        expect(network.nodes.every(({ inputs }, i) => inputs.every((input) => input < i))).toBe(true);
        expect(network.nodes.every(({ shape }) => shape.every((n) => Number.isInteger(n) && n > 0))).toBe(
          true,
        );
        // Nothing hangs loose: all but the last node is read.
        expect(network.nodes.flatMap((_, i) => (read.has(i) ? [] : [i]))).toEqual([network.nodes.length - 1]);
        expect(network.nodes.at(-1)?.shape).toEqual([1, 1, classes]);
        expect(network.blocks).toHaveLength(genotype.length / 14);
        expect(reluUnits(network)).toBe(reluUnitsBySpec(genotype, size, initChannels));
      },
    ),
  );
});

test('a gene that nobody checked is refused, not misread', () => {
  expect(() => build(ZEROS.with(0, 8))).toThrow('bounds');
});
