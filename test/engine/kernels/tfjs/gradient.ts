// One gradient kernel of tf.js on one shape, on the WASM backend with ours and on tf.js's CPU backend.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { noise } from '../reference.ts';

export interface Case {
  /** Images, height, width, channels. */
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number];
  /** Of a dense convolution; of a depthwise one, outputs a channel. */
  readonly outputs: number;
  readonly stride?: number | readonly [number, number];
  readonly pad?: 'same' | 'valid' | number | readonly (readonly [number, number])[];
  readonly dilation?: number | readonly [number, number];
}

const pairOf = (value: number | readonly [number, number] = 1): [number, number] =>
  typeof value === 'number' ? [value, value] : [...value];

function extentsOf({ x, filter, outputs, stride, pad = 'same', dilation }: Case, depthwise: boolean) {
  const shape = [...filter, x[3], outputs] as [number, number, number, number];
  const [strides, dilations] = [pairOf(stride), pairOf(dilation)];
  type Pad = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  const info = tf.backend_util.computeConv2DInfo(
    [...x],
    shape,
    strides,
    dilations,
    pad as Pad,
    undefined,
    depthwise,
  );
  return { shape, strides, dilations, pad: pad as tf.Attribute, dy: info.outShape };
}

const filled = (shape: readonly number[], key: number): tf.Tensor =>
  tf.tensor(
    noise(
      shape.reduce((a, b) => a * b, 1),
      key,
    ),
    [...shape],
  );

const dense = { strides: [1, 1], dataFormat: 'NHWC' };

/** Each kernel as [kernel, inputs, attributes] of a case, made on the current backend. */
export const CALLS = {
  convFilter(c: Case) {
    const { shape, strides, pad, dy } = extentsOf(c, false);
    const inputs = { x: filled(c.x, 1), dy: filled(dy, 2) };
    return [tf.Conv2DBackpropFilter, inputs, { ...dense, strides, pad, filterShape: shape }] as const;
  },
  convInput(c: Case) {
    const { shape, strides, pad, dy } = extentsOf(c, false);
    const inputs = { dy: filled(dy, 2), filter: filled(shape, 3) };
    return [tf.Conv2DBackpropInput, inputs, { ...dense, strides, pad, inputShape: [...c.x] }] as const;
  },
  depthwiseFilter(c: Case) {
    const { shape, strides, dilations, pad, dy } = extentsOf(c, true);
    const inputs = { x: filled(c.x, 1), dy: filled(dy, 2) };
    const attrs = { strides, dilations, pad, filterShape: shape };
    return [tf.DepthwiseConv2dNativeBackpropFilter, inputs, attrs] as const;
  },
  depthwiseInput(c: Case) {
    const { shape, strides, dilations, pad, dy } = extentsOf(c, true);
    const inputs = { dy: filled(dy, 2), filter: filled(shape, 3) };
    const attrs = { strides, dilations, pad, inputShape: [...c.x] };
    return [tf.DepthwiseConv2dNativeBackpropInput, inputs, attrs] as const;
  },
};

export type Gradient = keyof typeof CALLS;

/** On the current backend, of tensors that are kept. */
export function prepare(gradient: Gradient, c: Case): () => tf.Tensor {
  const [kernel, inputs, attrs] = CALLS[gradient](c);
  return () => tf.engine().runKernel<tf.Tensor>(kernel, inputs, attrs);
}

/** [height, width, ...] with zeros between the taps, so that what dilated the filter no longer need. */
export function spreadTaps(filter: tf.Tensor, dilation: readonly [number, number]): tf.Tensor {
  const [height = 1, width = 1, ...rest] = filter.shape;
  const [kh, kw] = [(height - 1) * dilation[0] + 1, (width - 1) * dilation[1] + 1];
  const places = new Float32Array(kh * kw * height * width);
  for (let tap = 0; tap < height * width; tap++) {
    const to = Math.floor(tap / width) * dilation[0] * kw + (tap % width) * dilation[1];
    places[to * height * width + tap] = 1;
  }
  const matrix = tf.tensor2d(places, [kh * kw, height * width]);
  return tf.reshape(tf.matMul(matrix, tf.reshape(filter, [height * width, -1])), [kh, kw, ...rest]);
}

/** The same on the CPU backend, whose kernels overlook dilation: the taps are spread instead. */
export const reference = (gradient: Gradient, c: Case): tf.Tensor =>
  tf.tidy(() => {
    const [kernel, inputs, attrs] = CALLS[gradient](c);
    const dilation = pairOf(c.dilation);
    const undilated = { ...attrs, dilations: [1, 1] };
    const engine = tf.engine();
    if ('filter' in inputs) {
      const { filter } = inputs;
      return engine.runKernel<tf.Tensor>(
        kernel,
        { ...inputs, filter: spreadTaps(filter, dilation) },
        undilated,
      );
    }
    const [height, width] = c.filter.map((n, i) => (n - 1) * (dilation[i] as number) + 1);
    const filterShape = [height, width, c.x[3], c.outputs] as number[];
    const spread = engine.runKernel<tf.Tensor>(kernel, inputs, { ...undilated, filterShape });
    return tf.stridedSlice(spread, [0, 0, 0, 0], filterShape, [...dilation, 1, 1]);
  });

/** What both make of a case; nothing is left behind. */
export async function both(
  gradient: Gradient,
  c: Case,
): Promise<{ readonly got: tf.TypedArray; readonly due: tf.TypedArray }> {
  await tf.setBackend('cpu');
  const expected = reference(gradient, c);
  await tf.setBackend('wasm');
  const actual = tf.tidy(() => prepare(gradient, c)());
  expect(actual.shape).toEqual(expected.shape);
  const [got, due] = [actual.dataSync(), expected.dataSync()];
  tf.dispose([actual, expected]);
  return { got, due };
}
