// SAME padding in numbers, for formats that know no such word, or mean another thing by it.

import type { Shape } from '../search/network.ts';

export interface Pads {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Round a pool of stride 2: the smaller half first (spec section 1). */
export function poolPads([height, width]: Shape, size: number): Pads {
  const total = (n: number): number => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0);
  const [rows, columns] = [total(height), total(width)];
  const [top, left] = [rows >> 1, columns >> 1];
  return { top, left, bottom: rows - top, right: columns - left };
}

/** Round a convolution, of whatever stride. */
export function convPads([kh, kw]: readonly [number, number], dilation = 1): Pads {
  const [rows, columns] = [(dilation * (kh - 1)) / 2, (dilation * (kw - 1)) / 2];
  return { top: rows, left: columns, bottom: rows, right: columns };
}
