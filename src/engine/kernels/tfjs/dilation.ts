// tf.js's rule for the gradient of a depthwise convolution refuses dilation, since its own kernels
// overlook it. Ours do not, so on the WASM backend the rule may let it through.

import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from './geometry.ts';

type Attrs = Attributes & tf.NamedAttrMap;

const isDilated = ({ dilations = 1 }: Attributes): boolean => [dilations].flat().some((step) => step !== 1);

function gradientOf(dy: tf.Tensor, saved: readonly tf.Tensor[], attrs: Attrs): ReturnType<tf.GradFunc> {
  const [x, filter] = saved as readonly [tf.Tensor, tf.Tensor];
  const run = (kernel: string, inputs: tf.NamedTensorMap, own: tf.NamedAttrMap): tf.Tensor =>
    tf.engine().runKernel<tf.Tensor>(kernel, inputs, { ...attrs, ...own });
  return {
    x: () => run(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter }, { inputShape: x.shape }),
    filter: () => run(tf.DepthwiseConv2dNativeBackpropFilter, { x, dy }, { filterShape: filter.shape }),
  };
}

/** The rules that are ours. */
const ours = new WeakSet<tf.GradConfig>();

/** Lets the rule registered now pass dilation on to the WASM backend; without a rule it does nothing. */
export function letDilationThrough(): void {
  const stock: tf.GradConfig | undefined = tf.getGradient(tf.DepthwiseConv2dNative);
  if (stock === undefined || ours.has(stock)) return;
  const rule: tf.GradConfig = {
    ...stock,
    gradFunc: (dy, saved, attrs) =>
      tf.getBackend() === 'wasm' && isDilated(attrs as Attrs)
        ? gradientOf(dy as tf.Tensor, saved, attrs as Attrs)
        : stock.gradFunc(dy, saved, attrs),
  };
  ours.add(rule);
  tf.registerGradient(rule);
}
