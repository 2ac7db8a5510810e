// ResNet-18 (He et al., CVPR 2016) on the graph that searched architectures are built on: what MedMNIST
// compares with (Yang et al. 2023). For small images it begins with a convolution 3 x 3 of stride 1 and has no
// max pool, as in MedMNIST's experiments on 28 x 28; for larger ones with 7 x 7 of stride 2 and a max pool.

import { type Builder, type Network, startNetwork } from './network.ts';
import type { BuildOptions } from './space/space.ts';

/** Blocks of each stage; a stage has twice the channels of the one before, and half its height and width. */
const STAGES = [2, 2, 2, 2] as const;

/** Largest image side that begins without halving. */
const SMALL = 64;

const convNorm = (
  net: Builder,
  input: number,
  path: string,
  {
    kernel,
    channels,
    halve,
  }: { readonly kernel: number; readonly channels: number; readonly halve: boolean },
): number => {
  const attrs = { kernel: [kernel, kernel] as const, channels, ...(halve && { stride: 2 as const }) };
  return net.add('batchNorm', [net.add('conv', [input], attrs, `${path}.conv`)], {}, `${path}.bn`);
};

/** Two convolutions and the way around them, which has one of 1 x 1 where the shape changes. */
function basicBlock(net: Builder, input: number, path: string, channels: number, halve: boolean): number {
  const first = convNorm(net, input, `${path}.1`, { kernel: 3, channels, halve });
  const active = net.add('relu', [first], {}, `${path}.1.relu`);
  const second = convNorm(net, active, `${path}.2`, { kernel: 3, channels, halve: false });
  const isSame = !halve && net.shapeOf(input)[2] === channels;
  const around = isSame ? input : convNorm(net, input, `${path}.shortcut`, { kernel: 1, channels, halve });
  const sum = net.add('add', [second, around], {}, `${path}.add`);
  return net.add('relu', [sum], {}, `${path}.relu`);
}

/** `initChannels`: of the first stage, 64 in the paper. */
export function buildResnet18({ input, classes, initChannels }: BuildOptions): Network {
  const net = startNetwork(input);
  const isSmall = Math.max(input[0], input[1]) <= SMALL;
  const stem = convNorm(net, 0, 'stem', { kernel: isSmall ? 3 : 7, channels: initChannels, halve: !isSmall });
  let x = net.add('relu', [stem], {}, 'stem.relu');
  if (!isSmall) x = net.add('maxPool', [x], { size: 3 }, 'stem.pool');
  STAGES.forEach((blocks, stage) => {
    for (let block = 0; block < blocks; block++) {
      x = basicBlock(net, x, `s${stage}.b${block}`, initChannels * 2 ** stage, stage > 0 && block === 0);
    }
  });
  const pooled = net.add('globalAvgPool', [x], {}, 'head.pool');
  net.add('dense', [pooled], { units: classes }, 'head.dense');
  return { nodes: net.nodes, blocks: [] };
}
