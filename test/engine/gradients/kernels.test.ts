// The gradient kernels against plain loops, on slices of wider tensors: what lies between the channels
// and around everything must be neither read into a result nor written to.

import type { Rows } from '../../../src/engine/kernels/kernels.ts';
import { convFilter, convFilterScratch } from '../../../src/engine/gradients/simd/filter.ts';
import { type Arena, openArena, UNTOUCHED, VARIANTS } from '../kernels/arena.ts';
import {
  gathered,
  noise,
  noisyTensor,
  spread,
  type Tensor,
  tensorOf,
  valueAt,
  worstError,
} from '../kernels/reference.ts';

type Shape = Tensor['shape'];

const GAP = 3;
const BUILDS = VARIANTS.filter(({ wide }) => !wide);
/** Of float32 sums in another order. */
const CLOSE = 2e-5;

const rowsIn = ([images, height, width]: Shape): number => images * height * width;

interface Written extends Rows {
  readonly values: () => Float32Array;
}

const read = (arena: Arena, values: ArrayLike<number>, columns: number): Rows => ({
  at: arena.input(spread(values, columns, columns + GAP, Number.NaN)),
  stride: columns + GAP,
});

/** Values a kernel changes. */
function changed(arena: Arena, values: ArrayLike<number>, columns: number): Written {
  const stride = columns + GAP;
  const filled = spread(values, columns, stride, UNTOUCHED);
  const at = arena.output(filled.length);
  arena.floats(at, filled.length).set(filled);
  return {
    at,
    stride,
    values: () => gathered(arena.floats(at, filled.length).slice(), columns, stride, UNTOUCHED),
  };
}

const blank = (arena: Arena, rows: number, columns: number): Written =>
  changed(arena, new Float32Array(rows * columns), columns);

const mapsOf = ([images, height, width, channels]: Shape) => ({ images, height, width, channels });
const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

const SHAPES: readonly Shape[] = [
  [1, 1, 1, 1],
  [2, 5, 4, 3],
  [3, 7, 7, 4],
  [2, 9, 8, 17],
  [1, 13, 11, 20],
];

describe.each(BUILDS)('$build build', (variant) => {
  test.each(SHAPES)('batch norm and back, of %p', async (...shape) => {
    const arena = await openArena(variant);
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const [x, dy] = [noise(rows * columns, 1), noise(rows * columns, 2)];
    const [scale, shift, coefficients] = [noise(columns, 3), noise(columns, 4), noise(3 * columns, 5)];
    const from = read(arena, x, columns);
    const d = changed(arena, dy, columns);
    const sums = arena.doubles(2 * columns);
    const affine = { scale: arena.input(scale), shift: arena.input(shift) };
    const { gradient } = arena.kernels;
    gradient.normGradientSums(rows, columns, from, affine, d, sums);
    const wanted = new Float64Array(2 * columns);
    dy.forEach((v, i) => {
      const c = i % columns;
      wanted[c] = at(wanted, c) + v;
      wanted[columns + c] = at(wanted, columns + c) + v * (at(x, i) * at(scale, c) + at(shift, c));
    });
    expect(worstError(arena.float64s(sums, 2 * columns), wanted)).toBeLessThan(CLOSE);
    gradient.combine(rows, columns, from, arena.input(coefficients), d);
    const combined = Array.from(dy, (v, i) => {
      const [a, b, c] = [0, 1, 2].map((k) => at(coefficients, k * columns + (i % columns))) as [
        number,
        number,
        number,
      ];
      return a * v + b * at(x, i) + c;
    });
    expect(worstError(d.values(), combined)).toBeLessThan(CLOSE);
    arena.close();
  });

  test.each(SHAPES.flatMap((shape) => [false, true].map((scaled) => ({ shape, scaled }))))(
    'what passes a ReLU of $shape, scaled: $scaled',
    async ({ shape, scaled }) => {
      const arena = await openArena(variant);
      const [rows, columns] = [rowsIn(shape), shape[3]];
      // Zeros are closed, and so is what is no number.
      const x = noise(rows * columns, 1).map((v, i) => (i % 5 === 1 ? 0 : i % 7 === 2 ? Number.NaN : v));
      const dy = noise(rows * columns, 2);
      const [scale, shift] = [noise(columns, 3), noise(columns, 4)];
      const affine = scaled ? { scale: arena.input(scale), shift: arena.input(shift) } : null;
      const from = read(arena, x, columns);
      const d = changed(arena, dy, columns);
      arena.kernels.gradient.rectifyGradient(rows, columns, from, affine, d);
      const wanted = Array.from(dy, (v, i) => {
        const value = scaled ? at(x, i) * at(scale, i % columns) + at(shift, i % columns) : at(x, i);
        return value > 0 ? v : 0;
      });
      expect([...d.values()]).toEqual(wanted);
      arena.close();
    },
  );

  test.each(SHAPES)('dot products by image, of %p', async (...shape) => {
    const arena = await openArena(variant);
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const [x, y] = [noise(rows * columns, 1), noise(rows * columns, 2)];
    const dots = arena.doubles(shape[0] * columns);
    arena.kernels.gradient.imageDots(mapsOf(shape), read(arena, x, columns), read(arena, y, columns), dots);
    const wanted = new Float64Array(shape[0] * columns);
    x.forEach((v, i) => {
      const k = Math.floor(i / (shape[1] * shape[2] * columns)) * columns + (i % columns);
      wanted[k] = at(wanted, k) + v * at(y, i);
    });
    expect(worstError(arena.float64s(dots, wanted.length), wanted)).toBeLessThan(CLOSE);
    arena.close();
  });

  /** Each window's pixels, as indices of x, by index of y. */
  function windowsOf([images, height, width, channels]: Shape, size: number): readonly (readonly number[])[] {
    const before = (n: number): number => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0) >> 1;
    const windows: number[][] = [];
    tensorOf([images, Math.ceil(height / 2), Math.ceil(width / 2), channels], (n, row, column, c) => {
      const window: number[] = [];
      for (let k = 0; k < size * size; k++) {
        const y = 2 * row - before(height) + Math.floor(k / size);
        const x = 2 * column - before(width) + (k % size);
        if (y >= 0 && y < height && x >= 0 && x < width)
          window.push(((n * height + y) * width + x) * channels + c);
      }
      return windows.push(window);
    });
    return windows;
  }

  const POOLS = SHAPES.flatMap((shape) => [2, 3, 4].map((size) => ({ shape, size })));

  test.each(POOLS)('pools of $shape, windows of $size, back', async ({ shape, size }) => {
    const arena = await openArena(variant);
    const channels = shape[3];
    const windows = windowsOf(shape, size);
    // Few different values, so that most windows have several largest ones.
    const x = noise(rowsIn(shape) * channels, 1).map((v) => Math.round(v));
    const [dy, before] = [noise(windows.length, 2), noise(x.length, 3)];
    const d = read(arena, dy, channels);
    const [max, average] = [changed(arena, before, channels), changed(arena, before, channels)];
    arena.kernels.gradient.maxPoolGradient(mapsOf(shape), size, read(arena, x, channels), d, max);
    arena.kernels.gradient.avgPoolGradient(mapsOf(shape), size, d, average);
    const [wantedMax, wantedAverage] = [Float64Array.from(before), Float64Array.from(before)];
    windows.forEach((window, i) => {
      const values = window.map((k) => at(x, k));
      const first = at(window, values.indexOf(Math.max(...values)));
      wantedMax[first] = at(wantedMax, first) + at(dy, i);
      for (const k of window) wantedAverage[k] = at(wantedAverage, k) + at(dy, i) / window.length;
    });
    expect(worstError(max.values(), wantedMax)).toBeLessThan(CLOSE);
    expect(worstError(average.values(), wantedAverage)).toBeLessThan(CLOSE);
    arena.close();
  });

  test.each([
    ...SHAPES.map((shape) => ({ shape, k: 3, dilation: 2 })),
    { shape: [2, 6, 5, 5] as const, k: 5, dilation: 1 },
    { shape: [2, 6, 5, 5] as const, k: 7, dilation: 1 },
    { shape: [1, 4, 3, 2] as const, k: 7, dilation: 3 },
    { shape: [1, 6, 5, 33] as const, k: 1, dilation: 1 },
    { shape: [1, 12, 5, 6] as const, k: 9, dilation: 1 },
    // More pixels than one run of sums, and lines longer than one.
    { shape: [2, 45, 37, 3] as const, k: 3, dilation: 1 },
    { shape: [1, 3, 1100, 2] as const, k: 5, dilation: 2 },
  ])('depthwise filter $k x $k, dilation $dilation, of $shape', async ({ shape, k, dilation }) => {
    const arena = await openArena(variant);
    const channels = shape[3];
    const [x, dy] = [noisyTensor(shape, 1), noisyTensor(shape, 2)];
    const [scale, shift] = [noise(channels, 3), noise(channels, 4)];
    const entry = { affine: { scale: arena.input(scale), shift: arena.input(shift) }, rectify: true };
    const [from, d] = [read(arena, x.values, channels), read(arena, dy.values, channels)];
    const out = arena.output(k * k * channels);
    const { gradient } = arena.kernels;
    const maps = mapsOf(shape);
    const scratch = arena.scratch(gradient.depthwiseFilterScratch(maps, k, dilation));
    gradient.depthwiseFilter(maps, k, dilation, from, entry, d, out, scratch);
    const entered: Tensor = {
      shape,
      values: Float64Array.from(x.values, (v, i) =>
        Math.max(0, v * at(scale, i % channels) + at(shift, i % channels)),
      ),
    };
    const wanted = new Float64Array(k * k * channels);
    const reach = (dilation * (k - 1)) / 2;
    tensorOf(shape, (n, row, column, c) => {
      for (let tap = 0; tap < k * k; tap++) {
        const [y, z] = [row - reach + dilation * Math.floor(tap / k), column - reach + dilation * (tap % k)];
        const i = tap * channels + c;
        wanted[i] = at(wanted, i) + valueAt(entered, n, y, z, c) * valueAt(dy, n, row, column, c);
      }
      return 0;
    });
    expect(worstError(arena.floats(out, wanted.length), wanted)).toBeLessThan(CLOSE);
    arena.close();
  });
});

describe.each(VARIANTS)('dense filters, $build, wide: $wide', (variant) => {
  test.each<{ readonly shape: Shape; readonly filter: readonly [number, number]; readonly outputs: number }>([
    { shape: [1, 1, 1, 1], filter: [1, 1], outputs: 1 },
    { shape: [3, 5, 4, 6], filter: [1, 1], outputs: 9 },
    { shape: [3, 5, 4, 6], filter: [7, 1], outputs: 9 },
    { shape: [3, 5, 4, 6], filter: [1, 7], outputs: 17 },
    { shape: [2, 6, 7, 3], filter: [3, 3], outputs: 4 },
    { shape: [2, 6, 7, 3], filter: [5, 3], outputs: 2 },
    // More images than are taken at once, and an image that is more than that.
    { shape: [7, 31, 29, 13], filter: [7, 1], outputs: 11 },
    { shape: [2, 91, 97, 9], filter: [1, 3], outputs: 8 },
  ])('$filter of $shape to $outputs', async ({ shape, filter, outputs }) => {
    const arena = await openArena(variant);
    const [images, height, width, channels] = shape;
    const dyShape: Shape = [images, height, width, outputs];
    const [x, dy] = [noisyTensor(shape, 1), noisyTensor(dyShape, 2)];
    // Two sources, the first as it is, the second through batch norm and ReLU; the last channel is of neither.
    const first = Math.ceil(channels / 3);
    const second = Math.max(0, channels - 1 - first);
    const [scale, shift] = [noise(Math.max(1, second), 3), noise(Math.max(1, second), 4)];
    const rows = read(arena, x.values, channels);
    const affine = { scale: arena.input(scale), shift: arena.input(shift) };
    const sources = [
      { rows, entry: { affine: null, rectify: false }, channel: 0, channels: first },
      {
        rows: { ...rows, at: rows.at + 4 * first },
        entry: { affine, rectify: true },
        channel: first,
        channels: second,
      },
    ];
    const convolution = { maps: mapsOf(shape), filter, outputs };
    const [kh, kw] = filter;
    const count = kh * kw * channels * outputs;
    const out = arena.output(count);
    const d = read(arena, dy.values, outputs);
    const scratch = arena.scratch(convFilterScratch(convolution, arena.kernels));
    const memory = new Float32Array(arena.floats(0, 0).buffer);
    convFilter(convolution, sources, d, out, scratch, memory, arena.kernels);
    const entered = (c: number, v: number): number => {
      if (c < first) return v;
      return c < first + second ? Math.max(0, v * at(scale, c - first) + at(shift, c - first)) : 0;
    };
    const seen: Tensor = { shape, values: Float64Array.from(x.values, (v, i) => entered(i % channels, v)) };
    const wanted = new Float64Array(count);
    tensorOf(dyShape, (n, row, column, o) => {
      const own = valueAt(dy, n, row, column, o);
      for (let tap = 0; tap < kh * kw; tap++) {
        const [y, z] = [row + Math.floor(tap / kw) - (kh - 1) / 2, column + (tap % kw) - (kw - 1) / 2];
        for (let c = 0; c < channels; c++) {
          const i = (tap * channels + c) * outputs + o;
          wanted[i] = at(wanted, i) + valueAt(seen, n, y, z, c) * own;
        }
      }
      return 0;
    });
    expect(worstError(arena.floats(out, count), wanted)).toBeLessThan(CLOSE);
    arena.close();
  });
});

describe.each(BUILDS)('jets, $build build', (variant) => {
  const jetOf = (
    arena: Arena,
    shape: Shape,
    of: (arena: Arena, values: Float32Array, columns: number) => Written,
    key: number,
  ) => {
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const values = noise(4 * rows * columns, key);
    const placed = of(arena, values, columns);
    return { ...placed, start: values, part: rows * placed.stride };
  };
  /** v, b, a, ab of a place. */
  const partsAt = (values: ArrayLike<number>, i: number): readonly [number, number, number, number] => {
    const part = values.length / 4;
    return [at(values, i), at(values, part + i), at(values, 2 * part + i), at(values, 3 * part + i)];
  };
  /** From v, b, a and ab of every place. */
  const jetFrom = (length: number, of: (i: number) => readonly number[]): Float64Array => {
    const out = new Float64Array(4 * length);
    for (let i = 0; i < length; i++) of(i).forEach((value, k) => (out[k * length + i] = value));
    return out;
  };

  test.each(SHAPES)('a layer of %p', async (...shape) => {
    const arena = await openArena(variant);
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const y = jetOf(arena, shape, changed, 1);
    const along = noise(2 * rows * columns, 2);
    const d = { ...read(arena, along, columns), part: rows * (columns + GAP) };
    arena.kernels.gradient.jetLayer(rows, columns, y, d);
    const length = rows * columns;
    const wanted = jetFrom(length, (i) => {
      const [v, b, a, ab] = partsAt(y.start, i);
      return [v, b + v, a + at(along, i), ab + a + at(along, length + i)];
    });
    expect(worstError(y.values(), wanted)).toBeLessThan(CLOSE);
    arena.close();
  });

  test.each(SHAPES)('batch norm of %p', async (...shape) => {
    const arena = await openArena(variant);
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const x = jetOf(arena, shape, changed, 1);
    const [means, scales] = [noise(4 * columns, 2), noise(4 * columns, 3)];
    const meansAt = arena.input(means);
    const sums = arena.doubles(4 * columns);
    const { gradient } = arena.kernels;
    gradient.jetSums(rows, columns, x, meansAt, sums);
    const length = rows * columns;
    const centred = (i: number) =>
      partsAt(x.start, i).map((value, k) => value - at(means, k * columns + (i % columns))) as [
        number,
        number,
        number,
        number,
      ];
    const wantedSums = new Float64Array(4 * columns);
    for (let i = 0; i < length; i++) {
      const [v, b, a, ab] = centred(i);
      [v * v, v * b, v * a, b * a + v * ab].forEach((value, k) => {
        const c = k * columns + (i % columns);
        wantedSums[c] = at(wantedSums, c) + value;
      });
    }
    expect(worstError(arena.float64s(sums, 4 * columns), wantedSums)).toBeLessThan(CLOSE);
    gradient.jetScale(rows, columns, x, meansAt, arena.input(scales));
    const wanted = jetFrom(length, (i) => {
      const [v, b, a, ab] = centred(i);
      const [s, sb, sa, sab] = [0, 1, 2, 3].map((k) => at(scales, k * columns + (i % columns))) as [
        number,
        number,
        number,
        number,
      ];
      return [v * s, b * s + v * sb, a * s + v * sa, ab * s + b * sa + a * sb + v * sab];
    });
    expect(worstError(x.values(), wanted)).toBeLessThan(CLOSE);
    arena.close();
  });

  test.each(SHAPES)('a ReLU of %p', async (...shape) => {
    const arena = await openArena(variant);
    const [rows, columns] = [rowsIn(shape), shape[3]];
    const x = jetOf(arena, shape, changed, 1);
    const y = { ...blank(arena, 4 * rows, columns), part: rows * (columns + GAP) };
    arena.kernels.gradient.jetRectify(rows, columns, x, y);
    const wanted = jetFrom(rows * columns, (i) => {
      const parts = partsAt(x.start, i);
      return parts.map((value) => (parts[0] > 0 ? value : 0));
    });
    expect([...y.values()]).toEqual([...wanted]);
    arena.kernels.gradient.jetRectify(rows, columns, x, x);
    expect(x.values()).toEqual(y.values());
    arena.close();
  });

  test.each(SHAPES.flatMap((shape) => [2, 3, 4].map((size) => ({ shape, size }))))(
    'a max pool of $shape, windows of $size',
    async ({ shape, size }) => {
      const arena = await openArena(variant);
      const [images, height, width, channels] = shape;
      const pooled: Shape = [images, Math.ceil(height / 2), Math.ceil(width / 2), channels];
      const values = noise(4 * rowsIn(shape) * channels, 1).map((v, i) =>
        i < rowsIn(shape) * channels ? Math.round(v) : v,
      );
      const x = { ...read(arena, values, channels), part: rowsIn(shape) * (channels + GAP) };
      const y = { ...blank(arena, 4 * rowsIn(pooled), channels), part: rowsIn(pooled) * (channels + GAP) };
      arena.kernels.gradient.jetMaxPool(mapsOf(shape), size, x, y);
      const before = (n: number): number => Math.max((Math.ceil(n / 2) - 1) * 2 + size - n, 0) >> 1;
      const wanted: (readonly number[])[] = [];
      tensorOf(pooled, (n, row, column, c) => {
        let chosen: readonly number[] = [-Infinity];
        for (let k = 0; k < size * size; k++) {
          const i = 2 * row - before(height) + Math.floor(k / size);
          const j = 2 * column - before(width) + (k % size);
          if (i < 0 || i >= height || j < 0 || j >= width) continue;
          const parts = partsAt(values, ((n * height + i) * width + j) * channels + c);
          if (parts[0] > (chosen[0] as number)) chosen = parts;
        }
        return wanted.push(chosen);
      });
      expect([...y.values()]).toEqual([...jetFrom(wanted.length, (i) => wanted[i] as readonly number[])]);
      arena.close();
    },
  );
});
