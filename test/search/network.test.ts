import {
  type Attrs,
  macs,
  type Network,
  type Node,
  nodeMacs,
  nodeParams,
  type Op,
  OPS,
  params,
  reluUnits,
  type Shape,
  startNetwork,
  weightShape,
} from '../../src/search/network.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import { GOLDENS } from '../golden/goldens.ts';

test.each(GOLDENS.map((golden, i) => [i, golden] as const))(
  'golden %i: MACs, params and N_A are exact',
  (_, { genotype, size, inputChannels, classes, initChannels, ...exact }) => {
    const network = mstf.build(genotype, { input: [size, size, inputChannels], classes, initChannels });
    expect({ macs: macs(network), params: params(network), reluUnits: reluUnits(network) }).toEqual({
      macs: exact.macs,
      params: exact.params,
      reluUnits: exact.reluUnits,
    });
  },
);

describe('one op on 7 x 5 x 8', () => {
  const input: Shape = [7, 5, 8];
  const cases: readonly {
    readonly [O in Op]: readonly [O, Attrs[O], Shape, readonly number[] | null, number, number];
  }[Op][] = [
    // op, attributes, shape, weight, MACs, params
    ['conv', { kernel: [3, 3], channels: 4 }, [7, 5, 4], [3, 3, 8, 4], 288 * 35, 288],
    ['conv', { kernel: [3, 3], channels: 4, stride: 2 }, [4, 3, 4], [3, 3, 8, 4], 288 * 12, 288],
    ['conv', { kernel: [7, 1], channels: 8 }, [7, 5, 8], [7, 1, 8, 8], 448 * 35, 448],
    ['depthwise', { kernel: [5, 5], dilation: 2 }, [7, 5, 8], [5, 5, 8, 1], 200 * 35, 200],
    ['batchNorm', {}, [7, 5, 8], null, 0, 16],
    ['relu', {}, [7, 5, 8], null, 0, 0],
    ['zero', {}, [7, 5, 8], null, 0, 0],
    ['concat', {}, [7, 5, 8], null, 0, 0],
    ['add', {}, [7, 5, 8], null, 0, 0],
    ['maxPool', { size: 3 }, [4, 3, 8], null, 0, 0],
    ['avgPool', { size: 4 }, [4, 3, 8], null, 0, 0],
    ['globalAvgPool', {}, [1, 1, 8], null, 0, 0],
  ];

  test.each(cases)('%s %j', (op, attrs, shape, weight, nodeMacsWanted, nodeParamsWanted) => {
    const net = startNetwork(input);
    const index = net.add(op, [0], attrs, 'here');
    const node = net.nodes[index] as Node;
    const network: Network = { nodes: net.nodes, blocks: [] };
    expect(node).toEqual({ op, inputs: [0], attrs, shape, path: 'here' });
    expect(weightShape(network, node)).toEqual(weight);
    expect(nodeMacs(network, node)).toBe(nodeMacsWanted);
    expect(nodeParams(network, node)).toBe(nodeParamsWanted);
  });

  test('dense reads a vector and has a bias', () => {
    const net = startNetwork(input);
    const dense = net.add('dense', [net.add('globalAvgPool', [0], {}, 'pool')], { units: 3 }, 'head');
    const node = net.nodes[dense] as Node;
    const network: Network = { nodes: net.nodes, blocks: [] };
    expect(node.shape).toEqual([1, 1, 3]);
    expect(weightShape(network, node)).toEqual([8, 3]);
    expect([nodeMacs(network, node), nodeParams(network, node)]).toEqual([24, 27]);
  });

  test('concat adds up channels, also of one tensor read twice', () => {
    const net = startNetwork(input);
    const narrow = net.add('conv', [0], { kernel: [1, 1], channels: 4 }, 'narrow');
    expect(net.shapeOf(net.add('concat', [0, narrow, 0], {}, 'both'))).toEqual([7, 5, 20]);
  });

  test('an input takes its shape from nobody', () => {
    expect(() => OPS.input.shape({}, [])).toThrow('input');
  });
});

test('the graph starts with its input', () => {
  expect(startNetwork([28, 28, 3]).nodes).toEqual([
    { op: 'input', inputs: [], attrs: {}, shape: [28, 28, 3], path: 'input' },
  ]);
});

describe('complexity by hand, C0 = 4, one block on 4 x 4 x 1, two classes', () => {
  // Stem 36 weights + BN 8, entry 16 weights + BN 8, both on 16 pixels; K = 20 channels; four
  // reduction convs of 20 * 5 weights on 4 pixels; dense 20 * 2 + 2. Entry ReLU: 4 * 16 units.
  const base = { macs: (36 + 16) * 16 + 400 * 4 + 40, params: 36 + 8 + 16 + 8 + 400 + 42, reluUnits: 64 };

  test.each([
    // operation, weights, BN parameters, ReLU units
    [0, 2 * (9 * 4 + 16), 16, 128],
    [1, 2 * (25 * 4 + 16), 16, 128],
    [2, 2 * (49 * 4 + 16), 16, 128],
    [3, 9 * 4 + 16, 8, 64],
    [4, 25 * 4 + 16, 8, 64],
    [5, 2 * 7 * 16, 8, 64],
    [6, 0, 0, 0],
    [7, 0, 0, 0],
  ])('five parallel nodes of operation %i', (operation, weights, bn, units) => {
    const genotype = [...Array.from({ length: 5 }, () => [operation, 0]).flat(), 0, 1, 2, 3];
    const network = mstf.build(genotype, { input: [4, 4, 1], classes: 2, initChannels: 4 });
    expect({ macs: macs(network), params: params(network), reluUnits: reluUnits(network) }).toEqual({
      macs: base.macs + 5 * weights * 16,
      params: base.params + 5 * (weights + bn),
      reluUnits: base.reluUnits + 5 * units,
    });
  });
});
