import fc from 'fast-check';
import { openArena, slice } from '../../../src/engine/simd/arena.ts';

/** Buffers as a draft asks for them: born at a step, kept until a later one. */
const lives = fc.array(
  fc.record({
    height: fc.integer({ min: 1, max: 4 }),
    width: fc.integer({ min: 1, max: 4 }),
    channels: fc.integer({ min: 1, max: 9 }),
    first: fc.integer({ min: 0, max: 12 }),
    steps: fc.integer({ min: 0, max: 6 }),
  }),
  { maxLength: 14 },
);

test('what lives at once lies apart; the whole is no more than the sum and no less than the most that live', () => {
  fc.assert(
    fc.property(lives, fc.integer({ min: 1, max: 3 }), (asked, images) => {
      const arena = openArena(images);
      const order = asked.toSorted((a, b) => a.first - b.first);
      const placed = order.map(({ height, width, channels, first, steps }) => {
        const view = arena.map(first, height, width, channels);
        arena.keep(slice(view, 0, 1), first + steps);
        // What was kept longer stays so.
        arena.keep(view, first);
        const floats = 4 * Math.ceil((images * height * width * channels) / 4);
        return { buffer: view.buffer, first, last: first + steps, floats };
      });
      const { offsets, floats } = arena.layout();
      const from = ({ buffer }: { buffer: number }): number => offsets[buffer] as number;
      placed.forEach((a, i) => {
        expect(from(a) % 4).toBe(0);
        expect(from(a) + a.floats).toBeLessThanOrEqual(floats);
        for (const b of placed.slice(i + 1)) {
          const together = a.first <= b.last && b.first <= a.last;
          const apart = from(a) + a.floats <= from(b) || from(b) + b.floats <= from(a);
          expect(apart || !together).toBe(true);
        }
      });
      const sum = (some: typeof placed): number => some.reduce((total, life) => total + life.floats, 0);
      expect(floats).toBeLessThanOrEqual(sum(placed));
      for (let now = 0; now <= 18; now++) {
        const living = placed.filter(({ first, last }) => first <= now && now <= last);
        expect(floats).toBeGreaterThanOrEqual(sum(living));
      }
    }),
    { numRuns: 300 },
  );
});

test('buffers whose lives do not meet share their place', () => {
  const arena = openArena(2);
  const [a, b] = [arena.map(0, 3, 3, 4), arena.map(2, 3, 3, 4)];
  arena.keep(a, 1);
  arena.keep(b, 3);
  expect(arena.layout()).toEqual({ offsets: [0, 0], floats: 72 });
});

test('a buffer read in the step that writes another is not in its place', () => {
  const arena = openArena(1);
  const a = arena.map(0, 1, 1, 4);
  arena.map(1, 1, 1, 4);
  arena.keep(a, 1);
  expect(new Set(arena.layout().offsets)).toEqual(new Set([0, 4]));
});

test('no buffers take nothing', () => {
  expect(openArena(4).layout()).toEqual({ offsets: [], floats: 0 });
});

test('a slice is those channels of the same buffer', () => {
  const view = openArena(1).map(0, 2, 3, 8);
  expect(slice(slice(view, 2, 6), 1, 3)).toEqual({ ...view, channel: 3, channels: 3, stride: 8 });
});
