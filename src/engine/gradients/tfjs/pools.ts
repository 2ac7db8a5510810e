// Pools of stride 2 with SAME padding, window by window: which tap a maximum was taken from, and the
// way back from windows to pixels.

import * as tf from '@tensorflow/tfjs-core';
import type { Maps } from '../../forward.ts';

/** Below every finite float. */
const LOWEST = -Infinity;

interface Axis {
  /** Pixels of the input, windows over them. */
  readonly pixels: number;
  readonly windows: number;
  /** Padding before the first pixel. */
  readonly before: number;
}

/** SAME padding: the smaller half first (spec section 1). */
function axisOf(pixels: number, size: number): Axis {
  const windows = Math.ceil(pixels / 2);
  const total = 2 * (windows - 1) + size - pixels;
  return { pixels, windows, before: total >> 1 };
}

const axesOf = ({ shape: [, height, width] }: Maps, size: number): readonly [Axis, Axis] => [
  axisOf(height, size),
  axisOf(width, size),
];

/** [row, column] of each tap of a window, in the order they are read. */
const tapsOf = (size: number): readonly (readonly [number, number])[] =>
  Array.from({ length: size * size }, (_, k) => [Math.floor(k / size), k % size]);

/** Every other pixel along an axis of even length, from the first or from the second on. */
function everyOther(x: Maps, axis: 1 | 2, from: number): Maps {
  const [images, height, width, channels] = x.shape;
  // Two neighbours are halves of one longer row. (tf.stridedSlice is slow on the WASM backend.)
  const paired: Maps =
    axis === 1
      ? tf.reshape(x, [images, height / 2, 2, width * channels])
      : tf.reshape(x, [images, height, width / 2, 2 * channels]);
  const half = axis === 1 ? 2 : 3;
  const size = [...paired.shape] as [number, number, number, number];
  size[half] /= 2;
  const begin: [number, number, number, number] = [0, 0, 0, 0];
  begin[half] = from * size[half];
  const rows = axis === 1 ? height / 2 : height;
  const columns = axis === 2 ? width / 2 : width;
  return tf.reshape(tf.slice(paired, begin, size), [images, rows, columns, channels]);
}

/** Each tap's values, [images, windows, windows, channels]. */
export function windowsOf(x: Maps, size: number, padding: number): readonly Maps[] {
  const [rows, columns] = axesOf(x, size);
  const reach = Math.ceil(size / 2) - 1;
  const after = ({ pixels, windows, before }: Axis): number => 2 * (windows + reach) - pixels - before;
  const padded = tf.pad(
    x,
    [
      [0, 0],
      [rows.before, after(rows)],
      [columns.before, after(columns)],
      [0, 0],
    ],
    padding,
  );
  const planes = [0, 1].map((row) => {
    const half = everyOther(padded, 1, row);
    return [0, 1].map((column) => everyOther(half, 2, column));
  });
  const [images, , , channels] = x.shape;
  return tapsOf(size).map(([row, column]) =>
    tf.slice(
      planes[row % 2]?.[column % 2] as Maps,
      [0, row >> 1, column >> 1, 0],
      [images, rows.windows, columns.windows, channels],
    ),
  );
}

/** For each tap, 1 where it is its window's first largest value, else 0. */
export function firstLargest(x: Maps, size: number): readonly Maps[] {
  const taps = windowsOf(x, size, LOWEST);
  const largest = taps.reduce((a, b) => tf.maximum(a, b));
  let open: Maps = tf.onesLike(largest);
  return taps.map((tap) => {
    const chosen: Maps = tf.mul(open, tf.cast(tf.equal(tap, largest), 'float32'));
    open = tf.sub(open, chosen);
    return chosen;
  });
}

/** Every other pixel from each of two: [a0, b0, a1, b1, ...] along an axis. */
function interleave(a: Maps, b: Maps, axis: 1 | 2): Maps {
  const shape = [...a.shape];
  shape[axis] = 2 * (shape[axis] as number);
  return tf.reshape(tf.stack([a, b], axis + 1), shape as Maps['shape']);
}

/** Adds what each tap has of each window to the pixel of `like` it was read from; the padding's share is dropped. */
function scatter(taps: readonly Maps[], size: number, like: Maps): Maps {
  const [rows, columns] = axesOf(like, size);
  const reach = Math.ceil(size / 2) - 1;
  // Taps of one parity fall on every other pixel: shifted by half their index they add up.
  const ofParity = (row: number, column: number): Maps => {
    const shifted = tapsOf(size).flatMap(([r, c], k) => {
      if (r % 2 !== row || c % 2 !== column) return [];
      const [down, right] = [r >> 1, c >> 1];
      return tf.pad(taps[k] as Maps, [
        [0, 0],
        [down, reach - down],
        [right, reach - right],
        [0, 0],
      ]);
    });
    return tf.addN(shifted);
  };
  const [even, odd] = [0, 1].map((row) => interleave(ofParity(row, 0), ofParity(row, 1), 2)) as [Maps, Maps];
  const [images, , , channels] = like.shape;
  return tf.slice(
    interleave(even, odd, 1),
    [0, rows.before, columns.before, 0],
    [images, rows.pixels, columns.pixels, channels],
  );
}

/** dL/dx of a max pool, from dy = dL/dy: to the first largest value of each window. */
export const maxPoolGradient = (dy: Maps, x: Maps, size: number): Maps =>
  scatter(
    firstLargest(x, size).map((chosen) => tf.mul(chosen, dy)),
    size,
    x,
  );

/** 1 / pixels in each window, [1, windows, windows, 1]. */
function shares(x: Maps, size: number): Maps {
  const [rows, columns] = axesOf(x, size).map(({ pixels, windows, before }) =>
    Array.from({ length: windows }, (_, i) => {
      const start = 2 * i - before;
      return Math.min(start + size, pixels) - Math.max(start, 0);
    }),
  ) as [number[], number[]];
  const values = rows.flatMap((row) => columns.map((column) => 1 / (row * column)));
  return tf.tensor4d(values, [1, rows.length, columns.length, 1]);
}

/** dL/dx of an average pool that leaves the padding out, from dy = dL/dy. */
export function avgPoolGradient(dy: Maps, x: Maps, size: number): Maps {
  const share: Maps = tf.mul(dy, shares(x, size));
  return scatter(
    tapsOf(size).map(() => share),
    size,
    x,
  );
}
