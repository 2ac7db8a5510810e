import * as tf from '@tensorflow/tfjs-core';
import type { Maps } from '../../../src/engine/forward.ts';
import { avgPoolGradient, firstLargest, maxPoolGradient } from '../../../src/engine/gradients/tfjs/pools.ts';
import { openTfjs } from '../../../src/engine/tfjs.ts';

beforeAll(openTfjs);

/** One image of one channel, by rows. */
const image = (...rows: readonly (readonly number[])[]): Maps =>
  tf.tensor4d(rows.flat(), [1, rows.length, rows[0]?.length ?? 0, 1]);
const rowsOf = (maps: Maps): number[][] => {
  const [, height, width] = maps.shape;
  const values = [...maps.dataSync()];
  return Array.from({ length: height }, (_, row) => values.slice(row * width, (row + 1) * width));
};

describe('by hand', () => {
  test('of equal largest values the first takes all', () => {
    const x = image([3, 3, 0, 1], [3, 3, 1, 1]);
    expect(rowsOf(maxPoolGradient(image([5, 7]), x, 2))).toEqual([
      [5, 0, 0, 7],
      [0, 0, 0, 0],
    ]);
  });

  test('windows that overlap add up', () => {
    // Windows of 3, padding after: columns 0 to 2 and 2 to 3, rows 0 to 1.
    const x = image([0, 0, 9, 0], [0, 0, 0, 0]);
    expect(rowsOf(maxPoolGradient(image([5, 7]), x, 3))).toEqual([
      [0, 0, 12, 0],
      [0, 0, 0, 0],
    ]);
    expect(rowsOf(avgPoolGradient(image([6, 8]), x, 3))).toEqual([
      [1, 1, 3, 2],
      [1, 1, 3, 2],
    ]);
  });

  test('values below zero are above the padding', () => {
    const x = image([-5, -2, -7], [-3, -4, -6], [-8, -9, -1]);
    expect(rowsOf(maxPoolGradient(image([1, 2], [3, 4]), x, 4))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 10],
    ]);
    const [topLeft, topRight, bottomLeft, bottomRight] = firstLargest(x, 2).map((chosen) =>
      rowsOf(chosen).flat(),
    );
    expect(topLeft).toEqual([0, 0, 1, 1]);
    expect(topRight).toEqual([1, 0, 0, 0]);
    expect(bottomLeft).toEqual([0, 1, 0, 0]);
    expect(bottomRight).toEqual([0, 0, 0, 0]);
  });

  test('one pixel', () => {
    for (const size of [2, 3, 4]) {
      expect(rowsOf(maxPoolGradient(image([5]), image([-1]), size))).toEqual([[5]]);
      expect(rowsOf(avgPoolGradient(image([5]), image([-1]), size))).toEqual([[5]]);
    }
  });
});
