// Tiny networks, each about one op or one way in which ops meet.

import { type Builder, type Network, type Shape, startNetwork } from '../../../src/search/network.ts';

export interface Tiny {
  readonly name: string;
  readonly input: Shape;
  readonly classes: number;
  /** Adds nodes to the input, node 0; the index of the last, which the head reads. */
  readonly body: (net: Builder) => number;
}

export function networkOf({ input, classes, body }: Tiny): Network {
  const net = startNetwork(input);
  const pooled = net.add('globalAvgPool', [body(net)], {}, 'head.pool');
  net.add('dense', [pooled], { units: classes }, 'head.dense');
  return { nodes: net.nodes, blocks: [] };
}

const conv = (
  net: Builder,
  x: number,
  kernel: readonly [number, number],
  channels: number,
  path: string,
): number => net.add('conv', [x], { kernel, channels }, path);
const halving = (net: Builder, x: number, k: number, channels: number, path: string): number =>
  net.add('conv', [x], { kernel: [k, k], channels, stride: 2 }, path);
const depthwise = (net: Builder, x: number, k: number, dilation: number, path = 'dw'): number =>
  net.add('depthwise', [x], { kernel: [k, k], dilation }, path);
const norm = (net: Builder, x: number): number => net.add('batchNorm', [x], {}, `bn${x}`);
const relu = (net: Builder, x: number): number => net.add('relu', [x], {}, `relu${x}`);
const stem = (net: Builder, channels = 5): number => norm(net, conv(net, 0, [3, 3], channels, 'stem'));
const tiny = (name: string, input: Shape, body: Tiny['body'], classes = 3): Tiny => ({
  name,
  input,
  classes,
  body,
});

const CONVOLUTIONS = [
  [1, 1],
  [3, 3],
  [7, 1],
  [1, 7],
  [3, 5],
] as const;

export const TINY: readonly Tiny[] = [
  tiny('the dense layer alone', [2, 3, 4], () => 0),
  tiny('one class', [4, 4, 2], (net) => stem(net), 1),
  ...CONVOLUTIONS.flatMap((kernel) => [
    tiny(`a convolution ${kernel.join(' x ')}`, [6, 5, 3], (net) => conv(net, 0, kernel, 5, 'conv')),
    tiny(`a convolution ${kernel.join(' x ')} of a ReLU`, [5, 9, 1], (net) =>
      conv(net, relu(net, stem(net, 9)), kernel, 4, 'conv'),
    ),
  ]),
  ...([1, 3, 7] as const).flatMap((k) => [
    tiny(`a convolution ${k} x ${k} of stride 2`, [6, 5, 3], (net) => halving(net, 0, k, 5, 'conv')),
    tiny(`a convolution ${k} x ${k} of stride 2 of a ReLU`, [5, 9, 1], (net) =>
      halving(net, relu(net, stem(net, 9)), k, 4, 'conv'),
    ),
  ]),
  tiny('a convolution of stride 2 of one pixel, beside another reader', [1, 1, 3], (net) => {
    const x = stem(net, 4);
    return net.add('concat', [halving(net, x, 3, 2, 'half'), conv(net, x, [1, 1], 2, 'whole')], {}, 'concat');
  }),
  tiny('a residual block that halves', [5, 6, 2], (net) => {
    const x = relu(net, stem(net, 3));
    const inner = relu(net, norm(net, halving(net, x, 3, 5, 'first')));
    const second = norm(net, conv(net, inner, [3, 3], 5, 'second'));
    const around = norm(net, halving(net, x, 1, 5, 'around'));
    return relu(net, net.add('add', [second, around], {}, 'add'));
  }),
  tiny('a residual block around which nothing is', [4, 5, 2], (net) => {
    const x = relu(net, stem(net));
    const inner = norm(net, conv(net, relu(net, norm(net, conv(net, x, [3, 3], 5, 'a'))), [3, 3], 5, 'b'));
    const sum = relu(net, net.add('add', [inner, x], {}, 'add'));
    return relu(net, net.add('add', [norm(net, conv(net, sum, [1, 1], 5, 'c')), sum], {}, 'again'));
  }),
  tiny('sums of what is zero, joined, there twice and read elsewhere', [4, 5, 2], (net) => {
    const x = stem(net, 4);
    const zero = net.add('zero', [x], {}, 'zero');
    const joined = net.add(
      'concat',
      [conv(net, x, [1, 1], 3, 'a'), norm(net, conv(net, x, [1, 1], 1, 'b'))],
      {},
      'ab',
    );
    const sum = net.add('add', [x, zero, joined, x], {}, 'sum');
    const none = net.add('add', [zero, zero], {}, 'none');
    return net.add(
      'concat',
      [relu(net, sum), none, x, net.add('add', [relu(net, x), x, none], {}, 'own')],
      {},
      'all',
    );
  }),
  ...[3, 5, 7].flatMap((k) =>
    [1, 2].map((dilation) =>
      tiny(`a depthwise convolution ${k} x ${k}, dilation ${dilation}`, [6, 7, 2], (net) =>
        depthwise(net, relu(net, stem(net, 6)), k, dilation),
      ),
    ),
  ),
  tiny('a filter larger than the image', [2, 3, 2], (net) =>
    depthwise(net, conv(net, 0, [7, 1], 3, 'conv'), 7, 2),
  ),
  tiny('batch norm', [3, 3, 2], (net) => stem(net)),
  tiny('batch norm twice', [3, 3, 2], (net) => norm(net, stem(net))),
  tiny('batch norm of a pool', [5, 4, 2], (net) =>
    norm(net, net.add('avgPool', [stem(net)], { size: 3 }, 'pool')),
  ),
  tiny('batch norm of a ReLU', [3, 4, 2], (net) => norm(net, relu(net, conv(net, 0, [3, 3], 5, 'conv')))),
  tiny('a ReLU of the raw input', [3, 4, 2], (net) => conv(net, relu(net, 0), [1, 1], 3, 'conv')),
  tiny('a ReLU of a ReLU', [3, 4, 2], (net) => relu(net, relu(net, stem(net)))),
  ...(['maxPool', 'avgPool'] as const).flatMap((op) =>
    [2, 3, 4].flatMap((size) =>
      [[6, 6, 2] as const, [5, 7, 3] as const, [1, 4, 1] as const].map((input) =>
        tiny(`${op} ${size} x ${size} of ${input.join(' x ')}`, input, (net) =>
          conv(net, net.add(op, [stem(net)], { size }, 'pool'), [1, 1], 3, 'conv'),
        ),
      ),
    ),
  ),
  ...(['maxPool', 'avgPool'] as const).map((op) =>
    tiny(`${op} of a ReLU`, [5, 5, 2], (net) =>
      conv(net, net.add(op, [relu(net, stem(net))], { size: 3 }, 'pool'), [1, 1], 3, 'conv'),
    ),
  ),
  tiny('a pool of the input', [5, 5, 2], (net) =>
    conv(net, net.add('maxPool', [0], { size: 3 }, 'pool'), [3, 3], 3, 'conv'),
  ),
  tiny('a tensor read by many', [4, 5, 2], (net) => {
    const x = stem(net);
    const [a, b] = [relu(net, x), net.add('relu', [x], {}, 'other')];
    const parts = [x, conv(net, a, [3, 3], 2, 'a'), depthwise(net, b, 3, 1, 'b'), x];
    return net.add('concat', parts, {}, 'concat');
  }),
  tiny('a tensor read raw and through batch norm', [4, 5, 2], (net) => {
    const x = conv(net, 0, [3, 3], 4, 'conv');
    return net.add('concat', [relu(net, x), norm(net, x), x], {}, 'concat');
  }),
  tiny('layers of a concatenation', [4, 5, 2], (net) => {
    const x = stem(net, 3);
    const joined = net.add('concat', [x, conv(net, relu(net, x), [1, 1], 2, 'a')], {}, 'concat');
    const parts = [conv(net, relu(net, joined), [3, 3], 3, 'b'), depthwise(net, relu(net, joined), 3, 1)];
    return net.add('concat', [norm(net, net.add('concat', parts, {}, 'again')), joined], {}, 'last');
  }),
  tiny('pools of a concatenation, and its parts read elsewhere', [5, 5, 2], (net) => {
    const x = stem(net, 3);
    const y = norm(net, conv(net, relu(net, x), [3, 3], 2, 'a'));
    const joined = net.add('concat', [x, y, x], {}, 'concat');
    const pools = [
      net.add('maxPool', [joined], { size: 3 }, 'max'),
      net.add('avgPool', [joined], { size: 4 }, 'avg'),
      net.add('maxPool', [y], { size: 2 }, 'part'),
    ];
    return net.add('concat', pools, {}, 'pools');
  }),
  tiny('a ReLU of a concatenation whose parts are read after it', [4, 5, 2], (net) => {
    const x = stem(net, 3);
    const joined = net.add('concat', [x, conv(net, 0, [1, 1], 2, 'a')], {}, 'concat');
    const parts = [conv(net, relu(net, joined), [3, 3], 3, 'b'), conv(net, x, [1, 1], 2, 'c')];
    return net.add('concat', parts, {}, 'last');
  }),
  tiny('zero beside others', [5, 4, 2], (net) => {
    const x = stem(net);
    const zero = net.add('zero', [conv(net, x, [3, 3], 2, 'unseen')], {}, 'zero');
    const fed = norm(net, conv(net, relu(net, zero), [3, 3], 4, 'fed'));
    const joined = net.add('concat', [zero, x, fed], {}, 'concat');
    return conv(net, relu(net, net.add('maxPool', [joined], { size: 2 }, 'pool')), [3, 1], 4, 'after');
  }),
  tiny('nothing but zero', [5, 4, 2], (net) => {
    const zero = net.add('zero', [stem(net)], {}, 'zero');
    return depthwise(net, norm(net, conv(net, zero, [3, 3], 4, 'fed')), 3, 1);
  }),
  tiny('batch norm without deviation', [1, 1, 2], (net) => {
    const zero = net.add('zero', [0], {}, 'zero');
    const joined = net.add('concat', [zero, 0], {}, 'concat');
    return norm(net, conv(net, norm(net, joined), [1, 1], 3, 'conv'));
  }),
  tiny('21 channels to 18', [7, 6, 1], (net) => {
    const wide = norm(net, conv(net, relu(net, stem(net, 21)), [1, 1], 18, 'wide'));
    return conv(net, depthwise(net, relu(net, wide), 5, 1), [7, 1], 3, 'tall');
  }),
];
