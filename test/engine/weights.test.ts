import { fanIn, weightValues } from '../../src/engine/weights.ts';
import { type Node, startNetwork } from '../../src/search/network.ts';
import { fnv1a32, fmix32 } from '../../src/search/random.ts';

const net = startNetwork([5, 5, 3]);
net.add('conv', [0], { kernel: [3, 3], channels: 8 }, 'stem.conv');
net.add('depthwise', [1], { kernel: [7, 7], dilation: 1 }, 'b0.n1.dw1');
net.add('globalAvgPool', [2], {}, 'head.pool');
net.add('dense', [3], { units: 2 }, 'head.dense');
const network = { nodes: net.nodes, blocks: [] };

test.each([
  { index: 1, shape: [3, 3, 3, 8], inputs: 27 },
  { index: 2, shape: [7, 7, 8, 1], inputs: 49 },
  { index: 4, shape: [8, 2], inputs: 8 },
])('node $index: fan_in is $inputs', ({ index, shape, inputs }) => {
  expect(fanIn(network.nodes[index] as Node, shape)).toBe(inputs);
});

test('a weight is (2u - 1) / sqrt(fan_in), a function of seed, path and index alone (section 2)', () => {
  const seed = 889634094;
  const key = fmix32(fnv1a32('stem.conv') ^ seed);
  const expected = (i: number): number => {
    const u = (fmix32((key + Math.imul(i, 0x9e3779b1)) | 0) >>> 8) * 2 ** -24;
    return Math.fround((2 * u - 1) / Math.sqrt(27));
  };
  const weights = weightValues(network, network.nodes[1] as Node, seed);
  expect(weights).toHaveLength(3 * 3 * 3 * 8);
  expect([...weights]).toEqual(Array.from(weights, (_, i) => expected(i)));
  expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(27));
});

test('an op without weights has none to give', () => {
  expect(() => weightValues(network, network.nodes[3] as Node, 0)).toThrow('head.pool');
});
