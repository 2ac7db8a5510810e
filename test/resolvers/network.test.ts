// The network as clients see it: whatever way it is summed up, it is the same network.

import fc from 'fast-check';
import { blocksOf, graphEdgesOf, graphNodesOf } from '../../src/resolvers/network.ts';
import { architectureId, protocolId } from '../../src/search/identity.ts';
import { macs, params } from '../../src/search/network.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { ArchitectureRecord } from '../../src/storage/records.ts';
import { anyGenotype, block } from '../search/genotypes.ts';
import { formula } from '../support/service.ts';

const PROTOCOL = {
  space: 'mstf',
  dataset: 'breastmnist',
  batch: 'x',
  batchSize: 4,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 8,
  seed: 0,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'x',
} as const;

const recordOf = (genotype: Genotype): ArchitectureRecord => ({
  architecture: architectureId('mstf', genotype),
  protocolId: protocolId(PROTOCOL),
  protocol: PROTOCOL,
  genotype,
  evaluation: formula(genotype, PROTOCOL),
  scoredAt: '2024-01-01T00:00:00.000Z',
});

const sum = (items: readonly { readonly macs: number; readonly params: number }[]) => ({
  macs: items.reduce((total, item) => total + item.macs, 0),
  params: items.reduce((total, item) => total + item.params, 0),
});
const below = (path: string) => (node: { readonly path: string }) =>
  node.path === path || node.path.startsWith(`${path}.`);

test('nodes, cells and blocks add up', () => {
  fc.assert(
    fc.property(anyGenotype(1, 4), (genotype) => {
      const record = recordOf(genotype);
      const network = mstf.build(genotype, PROTOCOL);
      const nodes = graphNodesOf(record);
      expect(sum(nodes)).toEqual({ macs: macs(network), params: params(network) });
      for (const block of blocksOf(record)) {
        expect({ macs: block.macs, params: block.params }).toEqual(sum(nodes.filter(below(block.path))));
        for (const cell of [...block.normal, ...block.reduction]) {
          const own = nodes.filter(below(cell.path));
          expect({ macs: cell.macs, params: cell.params }).toEqual(sum(own));
          expect(cell.shape).toEqual(nodes[cell.output]?.shape);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('edges carry the shape of what is read, from earlier nodes to later ones', () => {
  fc.assert(
    fc.property(anyGenotype(1, 3), (genotype) => {
      const record = recordOf(genotype);
      const nodes = graphNodesOf(record);
      const edges = graphEdgesOf(record);
      for (const { source, target, shape } of edges) {
        expect(source).toBeLessThan(target);
        expect(shape).toEqual(nodes[source]?.shape);
      }
      // Every node but the image reads something; concatenation is of all channels it reads.
      for (const { index, op, shape } of nodes) {
        const read = edges.filter(({ target }) => target === index);
        expect(read.length > 0).toBe(op !== 'input');
        const channels = read.reduce((total, edge) => total + (edge.shape[2] as number), 0);
        expect(op !== 'concat' || channels === shape[2]).toBe(true);
      }
    }),
    { numRuns: 30 },
  );
});

test('one block, by hand', () => {
  // sep 3x3 of the input, identity of that, max pool 2x2 four times; the other nodes are zero.
  const genotype = block([
    [0, 0],
    [6, 1],
    [7, 0],
    [7, 0],
    [7, 0],
  ]);
  const record = recordOf(genotype);
  const [only, ...more] = blocksOf(record);
  expect(more).toEqual([]);
  expect(only).toMatchObject({ path: 'b0', channels: 8 });
  // Twice a depthwise 3x3 over 8 channels and a pointwise 8 to 8, each with batch norm, on 28 x 28.
  const pair = 9 * 8 + 8 * 8;
  expect(only?.normal[0]).toEqual({
    path: 'b0.n1',
    operation: 'sep_conv_3x3',
    input: 'b0.pre',
    loose: false,
    output: expect.any(Number),
    shape: [28, 28, 8],
    macs: 2 * pair * 28 * 28,
    params: 2 * (pair + 2 * 8),
  });
  expect(only?.normal[1]).toMatchObject({
    operation: 'identity',
    input: 'b0.n1',
    loose: true,
    macs: 0,
    params: 0,
  });
  expect(only?.normal[1]?.output).toBe(only?.normal[0]?.output);
  expect(only?.normal[2]).toMatchObject({ operation: 'zero', loose: true, shape: [28, 28, 8], macs: 0 });
  // Four loose ends of 8 channels, halved in size; each pool makes a quarter of them.
  expect(only?.reduction).toHaveLength(4);
  expect(only?.reduction[3]).toMatchObject({
    path: 'b0.r4',
    input: 'b0.normal',
    shape: [14, 14, 8],
    macs: 32 * 8 * 14 * 14,
  });

  const nodes = graphNodesOf(record);
  expect(nodes[0]).toEqual({
    index: 0,
    path: 'input',
    op: 'input',
    attributes: [],
    shape: [28, 28, 1],
    macs: 0,
    params: 0,
  });
  expect(nodes.find(({ path }) => path === 'b0.n1.dw2')).toMatchObject({
    op: 'depthwise',
    attributes: [
      { name: 'kernel', values: [3, 3] },
      { name: 'dilation', values: [1] },
    ],
    macs: 9 * 8 * 28 * 28,
    params: 9 * 8,
  });
  expect(nodes.at(-1)).toMatchObject({
    path: 'head.dense',
    op: 'dense',
    attributes: [{ name: 'units', values: [2] }],
    params: 32 * 2 + 2,
  });
});
