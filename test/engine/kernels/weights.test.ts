import fc from 'fast-check';
import { streamKey, uniformAt } from '../../../src/search/random.ts';
import { openArena, VARIANTS } from './arena.ts';

const slow = (count: number, key: number, divisor: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.fround((2 * uniformAt(key, i) - 1) / divisor));

const KEYS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, streamKey(889634094, 'b0.n1.dw1')];
const FANS = [1, 9, 25, 49, 3, 27, 896, 4608];

describe.each(VARIANTS)('weights, $build, wide: $wide', (variant) => {
  test.each(KEYS.flatMap((key) => FANS.map((fan) => ({ key, fan }))))(
    'equal the slow ones bit for bit: key $key, fan-in $fan',
    async ({ key, fan }) => {
      const arena = await openArena(variant);
      const count = 1003;
      const out = arena.output(count);
      arena.kernels.weights(count, { key, divisor: Math.sqrt(fan), absolute: false }, out);
      expect(Array.from(arena.floats(out, count))).toEqual(slow(count, key, Math.sqrt(fan)));
      arena.close();
    },
  );

  test('any count, absolute and scaled by a power of two', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 70 }),
      key: fc.integer({ min: 0, max: 0xffffffff }),
      fan: fc.integer({ min: 1, max: 5000 }),
      gain: fc.integer({ min: -3, max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, key, fan, gain }) => {
        const arena = await openArena(variant);
        const out = arena.output(count);
        const divisor = Math.sqrt(fan) * 2 ** gain;
        arena.kernels.weights(count, { key, divisor, absolute: true }, out);
        const expected = slow(count, key, Math.sqrt(fan)).map((w) => Math.abs(w) * 2 ** -gain);
        expect(Array.from(arena.floats(out, count))).toEqual(expected);
        arena.close();
      }),
    );
  });

  test('packed as they are generated: the same bytes as packed afterwards', async () => {
    const cases = fc.record({
      k: fc.integer({ min: 1, max: 20 }),
      n: fc.integer({ min: 1, max: 50 }),
      key: fc.integer({ min: 0, max: 0xffffffff }),
      absolute: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ k, n, key, absolute }) => {
        const arena = await openArena(variant);
        const { kernels } = arena;
        const stream = { key, divisor: Math.sqrt(k), absolute };
        const bytes = kernels.packedBytes(k, n);
        const [matrix, afterwards, directly] = [
          arena.output(k * n),
          arena.scratch(bytes),
          arena.scratch(bytes),
        ];
        kernels.weights(k * n, stream, matrix);
        kernels.pack(k, n, { at: matrix, stride: n }, afterwards);
        kernels.packedWeights(k, n, stream, directly);
        expect(arena.bytes(directly, bytes)).toEqual(arena.bytes(afterwards, bytes));
        arena.close();
      }),
    );
  });
});
