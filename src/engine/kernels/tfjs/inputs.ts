// dL/dx as tf.js kernels: DepthwiseConv2dNativeBackpropInput and Conv2DBackpropInput. Where a filter has
// a centre it is the convolution of dy with the filter turned about it.

import * as tf from '@tensorflow/tfjs-core';
import { turn } from '../../gradients/simd/layers.ts';
import { pieces } from '../../gradients/simd/program.ts';
import {
  type Attributes,
  type Geometry,
  geometryOf,
  isCentred,
  isCentredDepthwise,
  mapsOf,
} from './geometry.ts';
import { floatsOf, type Ground, produce, rowsOf, valuesOf, withScratch } from './ground.ts';
import { depthwiseInputByLoops } from './loops.ts';

/** What tf.js calls either with. */
export interface InputCall {
  readonly inputs: { readonly dy: tf.TensorInfo; readonly filter: tf.TensorInfo };
  readonly attrs: Attributes & { readonly inputShape: readonly number[] };
}

const AS_IT_IS = { affine: null, rectify: false, codes: null };

const geometryOfCall = (kernel: string, { inputs, attrs }: InputCall): Geometry =>
  geometryOf(
    { kernel, input: attrs.inputShape, filter: inputs.filter.shape, attributes: attrs },
    { ...inputs },
  );

export function depthwiseInputGradient(ground: Ground, call: InputCall): tf.TensorInfo {
  const geometry = geometryOfCall(tf.DepthwiseConv2dNativeBackpropInput, call);
  const { dy, filter } = call.inputs;
  if (!isCentredDepthwise(geometry)) {
    return produce(ground, geometry.inShape, (out) => {
      const sums = depthwiseInputByLoops(geometry, valuesOf(ground, dy), valuesOf(ground, filter));
      floatsOf(ground).set(sums, out / 4);
    });
  }
  const { heap, kernels } = ground;
  const { filterHeight: size, dilationHeight: dilation, inChannels: channels } = geometry;
  const maps = mapsOf(geometry);
  const scratch = pieces(4 * size * size * channels, kernels.depthwiseScratch(maps, size, dilation));
  return produce(ground, geometry.inShape, (out) =>
    withScratch(heap, scratch.bytes, (start) => {
      const [turned = 0, work = 0] = scratch.at.map((piece) => start + piece);
      turn(kernels, heap.offsetOf(filter), turned, [size, size, 1, channels]);
      const [from, to] = [rowsOf(ground, dy, channels), { at: out, stride: channels }];
      kernels.depthwise(maps, size, dilation, from, AS_IT_IS, turned, to, work);
    }),
  );
}

/** Null for what is left to tf.js's own kernel, a plain loop in C++ that does every convolution. */
export function convInputGradient(ground: Ground, call: InputCall): tf.TensorInfo | null {
  if (call.attrs.dataFormat === 'NCHW') return null;
  const geometry = geometryOfCall(tf.Conv2DBackpropInput, call);
  if (!isCentred(geometry)) return null;
  const { heap, kernels } = ground;
  const { dy, filter } = call.inputs;
  const { filterHeight, filterWidth, inChannels: channels, outChannels: outputs } = geometry;
  const [maps, size] = [{ ...mapsOf(geometry), channels: outputs }, [filterHeight, filterWidth] as const];
  const depth = filterHeight * filterWidth * outputs;
  const scratch = pieces(
    4 * depth * channels,
    kernels.packedBytes(depth, channels),
    kernels.convScratch(maps, size, channels),
  );
  return produce(ground, geometry.inShape, (out) =>
    withScratch(heap, scratch.bytes, (start) => {
      const [turned = 0, packed = 0, work = 0] = scratch.at.map((piece) => start + piece);
      turn(kernels, heap.offsetOf(filter), turned, filter.shape);
      kernels.pack(depth, channels, { at: turned, stride: channels }, packed);
      const [from, to] = [rowsOf(ground, dy, outputs), { at: out, stride: channels }];
      kernels.conv(maps, size, channels, from, packed, to, null, work);
    }),
  );
}
