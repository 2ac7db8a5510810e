import fc from 'fast-check';
import { openArena, UNTOUCHED, VARIANTS } from './arena.ts';
import {
  codeOf,
  coarseNoise,
  gathered,
  noise,
  coarseTensor,
  spread,
  type Tensor,
  tensorOf,
  valueAt,
} from './reference.ts';

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly affine: boolean;
  readonly rectify: boolean;
  readonly coded: boolean;
  readonly written: boolean;
  readonly gaps: readonly [number, number];
}

describe.each(VARIANTS)('activation, $build, wide: $wide', (variant) => {
  async function run(x: Tensor, { affine, rectify, coded, written, gaps: [gx, gy] }: Case) {
    const arena = await openArena(variant);
    const { kernels } = arena;
    const [images, height, width, channels] = x.shape;
    const maps = { images, height, width, channels };
    const [scale, shift] = [coarseNoise(channels, 9).map((v) => v + 1.5), coarseNoise(channels, 10)];
    const from = { at: arena.input(spread(x.values, channels, channels + gx, NaN)), stride: channels + gx };
    const codes = { at: arena.scratch(images * kernels.codeBytes(maps)), stride: kernels.codeBytes(maps) };
    const pixels = images * height * width;
    const y = arena.output(pixels * (channels + gy));
    const activation = {
      affine: affine ? { scale: arena.input(scale), shift: arena.input(shift) } : null,
      rectify,
      codes: coded ? codes : null,
    };
    kernels.activate(maps, from, activation, written ? { at: y, stride: channels + gy } : null);
    const raw = arena.floats(y, pixels * (channels + gy)).slice();
    const code = arena.bytes(codes.at, images * codes.stride).slice();
    arena.close();
    const normalised = tensorOf(x.shape, (...place) =>
      affine
        ? valueAt(x, ...place) * (scale[place[3]] as number) + (shift[place[3]] as number)
        : valueAt(x, ...place),
    );
    const expected = tensorOf(x.shape, (...place) => {
      const v = valueAt(normalised, ...place);
      return rectify ? (v > 0 ? v : 0) : v;
    });
    return { raw, result: gathered(raw, channels, channels + gy, UNTOUCHED), code, normalised, expected };
  }

  test('any shape and any part of it', async () => {
    const extent = fc.integer({ min: 1, max: 7 });
    const gap = fc.integer({ min: 0, max: 5 });
    const cases = fc.record({
      x: fc.tuple(fc.integer({ min: 1, max: 4 }), extent, extent, fc.integer({ min: 1, max: 50 })),
      affine: fc.boolean(),
      rectify: fc.boolean(),
      coded: fc.boolean(),
      written: fc.boolean(),
      gaps: fc.tuple(gap, gap),
    });
    await fc.assert(
      fc.asyncProperty(cases, async (case_) => {
        const { raw, code, normalised, expected } = await run(coarseTensor(case_.x, 11), case_);
        const channels = case_.x[3];
        const written = spread(expected.values, channels, channels + case_.gaps[1], UNTOUCHED);
        // The values are coarse enough for every result to be exact.
        expect(raw).toEqual(case_.written ? written : written.fill(UNTOUCHED));
        expect(Array.from(code)).toEqual(case_.coded ? codeOf(normalised) : Array.from(code, () => 0xee));
      }),
      { numRuns: 80 },
    );
  });

  test.each([3, 16, 21])('what is neither above nor below zero, among %i channels', async (channels) => {
    const odd = [0, -0, NaN, Infinity, -Infinity, 1e-45, -1e-45, 1];
    const x: Tensor = {
      shape: [2, 3, 2, channels],
      values: Array.from({ length: 12 * channels }, (_, i) => odd[i % odd.length] as number),
    };
    const plain: Case = {
      x: x.shape,
      affine: false,
      rectify: true,
      coded: true,
      written: true,
      gaps: [0, 0],
    };
    const { result, code } = await run(x, plain);
    expect(Array.from(result, Math.abs)).toEqual(Array.from(x.values, (v) => (v > 0 ? Math.fround(v) : 0)));
    expect(Array.from(code)).toEqual(codeOf(x));
    const copied = await run(x, { ...plain, rectify: false, coded: false });
    expect(Array.from(copied.result)).toEqual(Array.from(x.values, Math.fround));
  });

  test('in place', async () => {
    const arena = await openArena(variant);
    const x = noise(2 * 3 * 19, 4);
    const at = arena.output(x.length);
    arena.floats(at, x.length).set(x);
    const rows = { at, stride: 19 };
    arena.kernels.activate(
      { images: 1, height: 2, width: 3, channels: 19 },
      rows,
      { affine: null, rectify: true, codes: null },
      rows,
    );
    expect(Array.from(arena.floats(at, x.length))).toEqual(Array.from(x, (v) => Math.max(v, 0)));
    arena.close();
  });
});
