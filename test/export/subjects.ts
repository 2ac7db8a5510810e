// Networks to export, with numbers in them that show what is confused: negative gammas, statistics unlike 0 and 1.

import { type Model, networkOfModel } from '../../src/search/model.ts';
import type { Network, Shape } from '../../src/search/network.ts';
import { layoutOf, type Role } from '../../src/search/parameters.ts';
import { streamKey, uniformAt } from '../../src/search/random.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Subject } from '../../src/export/subject.ts';

/** From low to high, by seed and path. */
export const drawn = (count: number, seed: number, path: string, low: number, high: number): Float32Array => {
  const key = streamKey(seed, path);
  return Float32Array.from({ length: count }, (_, i) => low + (high - low) * uniformAt(key, i));
};

const RANGES: Readonly<Record<Exclude<Role, 'weight' | 'gamma'>, readonly [number, number]>> = {
  bias: [-1, 1],
  beta: [-0.3, 0.3],
  mean: [-0.3, 0.3],
  variance: [0.5, 2],
};

/** As training might leave them. Weights keep the scale of what passes. */
export function trainedValues(network: Network, seed: number): Float32Array {
  const { parameters, floats } = layoutOf(network);
  const values = new Float32Array(floats);
  for (const { name, node, role, shape, size, offset } of parameters) {
    // What meets in one output: all axes but the last, of a depthwise convolution the first two.
    const meeting = network.nodes[node]?.op === 'depthwise' ? shape.slice(0, 2) : shape.slice(0, -1);
    const bound = Math.sqrt(6 / meeting.reduce((a, b) => a * b, 1));
    const [low, high] = role === 'weight' ? [-bound, bound] : role === 'gamma' ? [0.5, 1.5] : RANGES[role];
    const sign = role === 'gamma' ? drawn(size, seed, `${name}.sign`, -1, 2).map(Math.sign) : null;
    values.set(
      drawn(size, seed, name, low, high).map((value, i) => value * (sign?.[i] ?? 1)),
      offset,
    );
  }
  return values;
}

export interface SubjectCase {
  readonly title: string;
  readonly model: Model;
  readonly input: Shape;
  readonly classes: number;
}

const architecture = (genotype: readonly number[], initChannels: number): Model => ({
  kind: 'architecture',
  space: 'mstf',
  genotype: mstf.canonical(genotype),
  initChannels,
});

/** Each normal operation and each pool is in some; sizes 28, 14, 7, 4 and 64 to 4, and odd ones. */
export const CASES: readonly SubjectCase[] = [
  {
    title: 'every operation, 28 px grey',
    model: architecture(
      [
        0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 1, 2, 3, 5, 0, 6, 0, 7, 0, 0, 0, 3, 0, 4, 5, 0, 1, 2, 0, 5, 1, 6, 1,
        1, 2, 4, 0, 2, 2, 5, 4,
      ],
      8,
    ),
    input: [28, 28, 1],
    classes: 9,
  },
  {
    title: 'zeros and identities alone, RGB',
    model: architecture(
      [
        7, 0, 7, 0, 7, 0, 7, 0, 6, 0, 0, 1, 2, 3, 6, 0, 6, 0, 6, 0, 6, 0, 6, 0, 4, 5, 4, 5, 7, 0, 5, 1, 7, 2,
        5, 0, 6, 3, 3, 3, 1, 1,
      ],
      8,
    ),
    input: [28, 28, 3],
    classes: 2,
  },
  {
    title: 'dilated and factorised, a chain of cells, odd and oblong',
    model: architecture(
      [3, 0, 4, 1, 5, 2, 3, 3, 4, 4, 4, 5, 2, 3, 5, 0, 4, 1, 3, 2, 0, 3, 1, 4, 0, 1, 4, 5],
      12,
    ),
    input: [29, 19, 3],
    classes: 5,
  },
  {
    title: 'four blocks, 64 px',
    model: architecture(
      [
        1, 0, 3, 0, 5, 1, 7, 1, 6, 2, 0, 1, 2, 3, 2, 0, 4, 0, 6, 0, 0, 3, 5, 2, 4, 5, 3, 1, 0, 0, 7, 0, 7, 1,
        3, 1, 4, 4, 5, 5, 1, 0, 5, 0, 6, 1, 2, 0, 1, 1, 4, 2, 2, 2, 5, 4,
      ],
      4,
    ),
    input: [64, 64, 3],
    classes: 11,
  },
  {
    title: 'three blocks of many pools, 28 px RGB, one class',
    model: architecture(
      [
        2, 0, 0, 0, 6, 0, 7, 2, 1, 0, 5, 4, 3, 2, 4, 0, 1, 1, 3, 2, 5, 3, 0, 4, 1, 0, 3, 5, 6, 0, 6, 1, 6, 2,
        6, 3, 2, 4, 4, 5, 0, 2,
      ],
      4,
    ),
    input: [28, 28, 3],
    classes: 1,
  },
  {
    title: 'a narrow ResNet-18, 28 px',
    model: { kind: 'baseline', name: 'resnet18', initChannels: 8 },
    input: [28, 28, 1],
    classes: 2,
  },
  {
    title: 'a narrow ResNet-18 that begins by halving, 72 px',
    model: { kind: 'baseline', name: 'resnet18', initChannels: 4 },
    input: [72, 72, 3],
    classes: 4,
  },
];

export function subjectOf({ model, input, classes }: SubjectCase, seed = 7): Subject {
  const network = networkOfModel(model, { input, classes });
  return {
    name: 'model',
    network,
    model,
    input,
    classes,
    values: trainedValues(network, seed),
    facts: { version: '0.1.0', seed, dataset: null, training: null },
  };
}

/** uint8 [images, height, width, channels]: a pattern each, finer from one to the next, and noise; in shared memory. */
export function pixelsFor([height, width, channels]: Shape, images: number): Uint8Array {
  const size = height * width * channels;
  const noise = drawn(images * size, 1, 'images', -25, 25);
  const pixels = new Uint8Array(new SharedArrayBuffer(images * size));
  noise.forEach((value, i) => {
    const [n, c] = [Math.floor(i / size), i % channels];
    const [y, x] = [Math.floor(i / (width * channels)) % height, Math.floor(i / channels) % width];
    const wave = Math.cos(((n + 1) * (3 * x + 2 * y + 5 * c)) / (height + width));
    pixels[i] = Math.round(128 + value + 64 * wave + (n % 2 === 0 ? -38 : 38));
  });
  return pixels;
}

/** As networks read them: (x / 255 - 0.5) / 0.5. */
export const scaled = (pixels: Uint8Array): Float32Array =>
  Float32Array.from(pixels, (x) => (x / 255 - 0.5) / 0.5);
