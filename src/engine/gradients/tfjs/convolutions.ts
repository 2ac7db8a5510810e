// Derivatives of convolutions of stride 1 with SAME padding, odd filters, made of forward
// convolutions alone: tf.js's WASM backend lacks the kernels that tf.grad would call, and what is made
// of forward kernels runs wherever tf.js does.

import * as tf from '@tensorflow/tfjs-core';
import type { Maps } from '../../forward.ts';

/** Pads height and width by what a filter reaches beyond its centre. */
function padded(x: Maps, [height, width]: readonly [number, number], dilation: number): Maps {
  const [rows, columns] = [height, width].map((n) => (dilation * (n - 1)) / 2) as [number, number];
  return tf.pad(x, [
    [0, 0],
    [rows, rows],
    [columns, columns],
    [0, 0],
  ]);
}

/** A filter as the input's gradient meets it: turned about its centre. */
const turned = (filter: Maps): Maps => tf.reverse(filter, [0, 1]);

/** dL/dx of conv2d(x, filter), from dy = dL/dy. */
export const convInputGradient = (dy: Maps, filter: Maps): Maps =>
  tf.conv2d(dy, tf.transpose(turned(filter), [0, 1, 3, 2]), 1, 'same');

/**
 * dL/dfilter [*size, cin, cout] of conv2d(x, filter). What a filter's gradient sums over is images and
 * positions, so it is itself a convolution: images are its channels, dy is its filter.
 */
export function convFilterGradient(x: Maps, dy: Maps, size: readonly [number, number]): Maps {
  const images = tf.transpose(padded(x, size, 1), [3, 1, 2, 0]);
  return tf.transpose(tf.conv2d(images, tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid'), [1, 2, 0, 3]);
}

/** dL/dx of depthwiseConv2d(x, filter), from dy = dL/dy. */
export const depthwiseInputGradient = (dy: Maps, filter: Maps, dilation: number): Maps =>
  tf.depthwiseConv2d(dy, turned(filter), 1, 'same', 'NHWC', dilation);

/**
 * dL/dfilter [*size, channels, 1] of depthwiseConv2d(x, filter): likewise, where every channel of every
 * image is a channel of its own and the steps of the filter's taps are strides.
 */
export function depthwiseFilterGradient(
  x: Maps,
  dy: Maps,
  size: readonly [number, number],
  dilation: number,
): Maps {
  const [images, height, width, channels] = dy.shape;
  const all = images * channels;
  const wide = padded(x, size, dilation);
  const [, wideHeight, wideWidth] = wide.shape;
  const planes: Maps = tf.reshape(tf.transpose(wide, [1, 2, 0, 3]), [1, wideHeight, wideWidth, all]);
  const filter: Maps = tf.reshape(tf.transpose(dy, [1, 2, 0, 3]), [height, width, all, 1]);
  const byImage = tf.reshape(tf.depthwiseConv2d(planes, filter, dilation, 'valid'), [
    ...size,
    images,
    channels,
  ]);
  return tf.reshape(tf.sum(byImage, 2), [...size, channels, 1]);
}
