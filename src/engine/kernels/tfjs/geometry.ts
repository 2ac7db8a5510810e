// The extents of a convolution as a gradient kernel of tf.js is told them, checked: our kernels check
// nothing, and a wrong size would read or write someone else's memory.

import * as tf from '@tensorflow/tfjs-core';
import { MedNasError } from '../../../search/errors.ts';
import type { Maps } from '../kernels.ts';

export type Geometry = tf.backend_util.Conv2DInfo;

type Shape = [number, number, number, number];
type Call = Parameters<typeof tf.backend_util.computeConv2DInfo>;

/** What the attributes of the three kernels have in common. */
export interface Attributes {
  readonly strides: Call[2];
  /** Depthwise kernels only: tf.js's dense ones know no dilation. */
  readonly dilations?: Call[3];
  readonly pad: Call[4];
  readonly dimRoundingMode?: Exclude<Call[5], undefined>;
  /** Dense kernels only: tf.js's depthwise ones are NHWC. */
  readonly dataFormat?: 'NHWC' | 'NCHW';
}

export interface Wanted {
  readonly kernel: string;
  readonly input: readonly number[];
  /** [height, width, channels in, channels out or a channel]. */
  readonly filter: readonly number[];
  readonly attributes: Attributes;
}

/**
 * @param operands Among them `dy`, which must have the shape of the convolution's output.
 * @throws MedNasError INVALID_ARGUMENT for what the kernels cannot do.
 */
export function geometryOf(
  { kernel, input, filter, attributes }: Wanted,
  operands: Readonly<Record<string, tf.TensorInfo>> & { readonly dy: tf.TensorInfo },
): Geometry {
  const refuse = (message: string): never => {
    throw new MedNasError('INVALID_ARGUMENT', `${kernel} on the WASM backend: ${message}`);
  };
  const { strides, dilations = 1, pad, dimRoundingMode, dataFormat = 'NHWC' } = attributes;
  if (dataFormat !== 'NHWC') refuse(`only NHWC, not ${dataFormat}. Transpose to [0, 2, 3, 1] first.`);
  for (const [name, { dtype }] of Object.entries(operands)) {
    if (dtype !== 'float32') refuse(`${name} must be float32, not ${dtype}. Cast it first.`);
  }
  const geometry = tf.backend_util.computeConv2DInfo(
    input as Shape,
    filter as Shape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    kernel.startsWith('Depthwise'),
  );
  const [, , depth] = filter;
  if (depth !== geometry.inChannels)
    refuse(`a filter of ${depth} channels, an input of ${geometry.inChannels}.`);
  const [got, due] = [operands.dy.shape, geometry.outShape].map((shape) => `[${shape.join(', ')}]`);
  if (got !== due) refuse(`dy must be of shape ${due}, not ${got}.`);
  return geometry;
}

export const mapsOf = ({ batchSize, inHeight, inWidth, inChannels }: Geometry): Maps => ({
  images: batchSize,
  height: inHeight,
  width: inWidth,
  channels: inChannels,
});

/** The SIMD kernels count bytes of scratch in 32 bits: a padded image of more floats is left to the loops. */
const MOST_FLOATS = 2 ** 29;
/** Least channels that count, since kernels round up, and hold several planes. */
const LEAST_CHANNELS = 32;

/**
 * Whether the SIMD kernels can do it: stride 1, and filters with a centre that the padding, by whatever
 * name, lets stand on every pixel.
 */
export function isCentred(geometry: Geometry): boolean {
  const { batchSize, inHeight, inWidth, inChannels, outChannels, strideHeight, strideWidth } = geometry;
  const { filterHeight, filterWidth, effectiveFilterHeight, effectiveFilterWidth, padInfo } = geometry;
  const [lines, columns] = [(effectiveFilterHeight - 1) / 2, (effectiveFilterWidth - 1) / 2];
  const { top, bottom, left, right } = padInfo;
  const channels = Math.max(LEAST_CHANNELS, inChannels, outChannels);
  const padded = (inHeight + 2 * lines) * (inWidth + 2 * columns) * channels;
  return (
    batchSize * inHeight * inWidth * inChannels * outChannels > 0 &&
    strideHeight === 1 &&
    strideWidth === 1 &&
    filterHeight % 2 === 1 &&
    filterWidth % 2 === 1 &&
    [top, bottom].every((pad) => pad === lines) &&
    [left, right].every((pad) => pad === columns) &&
    padded <= MOST_FLOATS
  );
}

/** The same of a depthwise convolution: a square filter, one output a channel. */
export const isCentredDepthwise = (geometry: Geometry): boolean =>
  isCentred(geometry) &&
  geometry.filterHeight === geometry.filterWidth &&
  geometry.dilationHeight === geometry.dilationWidth &&
  geometry.inChannels === geometry.outChannels;
