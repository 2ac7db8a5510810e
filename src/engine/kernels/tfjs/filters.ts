// dL/dfilter as tf.js kernels: Conv2DBackpropFilter and DepthwiseConv2dNativeBackpropFilter.

import * as tf from '@tensorflow/tfjs-core';
import { convFilter, convFilterScratch } from '../../gradients/simd/filter.ts';
import {
  type Attributes,
  type Geometry,
  geometryOf,
  isCentred,
  isCentredDepthwise,
  mapsOf,
} from './geometry.ts';
import { floatsOf, type Ground, produce, rowsOf, valuesOf, withScratch } from './ground.ts';
import { convFilterByLoops, depthwiseFilterByLoops } from './loops.ts';

/** What tf.js calls either with. */
export interface FilterCall {
  readonly inputs: { readonly x: tf.TensorInfo; readonly dy: tf.TensorInfo };
  readonly attrs: Attributes & { readonly filterShape: readonly number[] };
}

const AS_IT_IS = { affine: null, rectify: false };

const geometryOfCall = (kernel: string, { inputs, attrs }: FilterCall): Geometry =>
  geometryOf({ kernel, input: inputs.x.shape, filter: attrs.filterShape, attributes: attrs }, { ...inputs });

const byLoops = (
  ground: Ground,
  { inputs: { x, dy } }: FilterCall,
  geometry: Geometry,
  sumsOf: typeof convFilterByLoops,
): tf.TensorInfo =>
  produce(ground, geometry.filterShape, (out) => {
    floatsOf(ground).set(sumsOf(geometry, valuesOf(ground, x), valuesOf(ground, dy)), out / 4);
  });

export function convFilterGradient(ground: Ground, call: FilterCall): tf.TensorInfo {
  const geometry = geometryOfCall(tf.Conv2DBackpropFilter, call);
  if (!isCentred(geometry)) return byLoops(ground, call, geometry, convFilterByLoops);
  const { heap, kernels } = ground;
  const { filterHeight, filterWidth, inChannels: channels, outChannels: outputs } = geometry;
  const convolution = { maps: mapsOf(geometry), filter: [filterHeight, filterWidth], outputs } as const;
  return produce(ground, geometry.filterShape, (out) =>
    withScratch(heap, convFilterScratch(convolution, kernels), (scratch) => {
      const x = { rows: rowsOf(ground, call.inputs.x, channels), entry: AS_IT_IS, channel: 0, channels };
      const dy = rowsOf(ground, call.inputs.dy, outputs);
      convFilter(convolution, [x], dy, out, scratch, floatsOf(ground), kernels);
    }),
  );
}

export function depthwiseFilterGradient(ground: Ground, call: FilterCall): tf.TensorInfo {
  const geometry = geometryOfCall(tf.DepthwiseConv2dNativeBackpropFilter, call);
  if (!isCentredDepthwise(geometry)) return byLoops(ground, call, geometry, depthwiseFilterByLoops);
  const { heap, kernels } = ground;
  const { filterHeight: size, dilationHeight: dilation, inChannels: channels } = geometry;
  const maps = mapsOf(geometry);
  return produce(ground, geometry.filterShape, (out) =>
    withScratch(heap, kernels.gradient.depthwiseFilterScratch(maps, size, dilation), (scratch) => {
      const [x, dy] = [rowsOf(ground, call.inputs.x, channels), rowsOf(ground, call.inputs.dy, channels)];
      kernels.gradient.depthwiseFilter(maps, size, dilation, x, AS_IT_IS, dy, out, scratch);
    }),
  );
}
