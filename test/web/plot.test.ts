import fc from 'fast-check';
import {
  dragged,
  type Grip,
  gripOf,
  inside,
  nearestLine,
  pixelsOf,
  type Span,
  spanOf,
  stepped,
  toValue,
} from '../../web/src/plot/brush.ts';
import { type Axis, rangeOf, type ScaleKind, ticksOf, toPixel } from '../../web/src/plot/scale.ts';

const KINDS = ['linear', 'log'] as const satisfies readonly ScaleKind[];

/** Values of a kind: positive where the axis is logarithmic; none that differ in their last digits alone. */
const anyValue = (kind: ScaleKind): fc.Arbitrary<number> =>
  kind === 'log'
    ? fc.double({ min: -9, max: 12, noNaN: true }).map((exponent) => 10 ** exponent)
    : fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000);

/** An axis over some values, in either direction. */
const anyAxis = (kind: ScaleKind): fc.Arbitrary<Axis> =>
  fc.tuple(fc.array(anyValue(kind), { minLength: 1, maxLength: 8 }), fc.boolean()).map(([values, isDown]) => {
    const [min, max] = rangeOf(values, kind);
    return isDown ? { kind, min, max, from: 300, to: 20 } : { kind, min, max, from: 20, to: 300 };
  });

const anyAxisOfAnyKind = fc.constantFrom(...KINDS).chain(anyAxis);
const vertical: Axis = { kind: 'linear', min: 0, max: 100, from: 200, to: 0 };

describe('rangeOf', () => {
  test.each<readonly [string, readonly number[], ScaleKind, readonly [number, number]]>([
    ['nothing', [], 'linear', [0, 1]],
    ['nothing, log', [], 'log', [1, 10]],
    ['what is not finite', [NaN, Infinity, -Infinity], 'linear', [0, 1]],
    ['what a log axis has no place for', [0, -3], 'log', [1, 10]],
    ['two values', [0, 100], 'linear', [-6, 106]],
    ['one value', [50], 'linear', [47, 53]],
    ['zero alone', [0], 'linear', [-1, 1]],
    ['one negative value', [-50], 'linear', [-53, -47]],
  ])('of %s', (_, values, kind, expected) => {
    expect(rangeOf(values, kind)).toEqual(expected);
  });

  test.each(KINDS)('holds all values, with min < max, on a %s axis', (kind) => {
    fc.assert(
      fc.property(fc.array(anyValue(kind), { minLength: 1 }), (values) => {
        const [min, max] = rangeOf(values, kind);
        expect(min).toBeLessThan(max);
        expect(min).toBeLessThanOrEqual(Math.min(...values));
        expect(max).toBeGreaterThanOrEqual(Math.max(...values));
      }),
    );
  });

  test('of a log axis passes over what is not positive', () => {
    fc.assert(
      fc.property(fc.array(anyValue('log')), fc.array(fc.double({ max: 0 })), (values, others) => {
        expect(rangeOf([...others, ...values], 'log')).toEqual(rangeOf(values, 'log'));
      }),
    );
  });
});

describe('toPixel', () => {
  test.each<readonly [ScaleKind, number, number]>([
    ['linear', 1, 0],
    ['linear', 100, 200],
    ['linear', 50.5, 100],
    ['log', 1, 0],
    ['log', 10, 100],
    ['log', 100, 200],
  ])('on a %s axis from 1 to 100 of %d is %d', (kind, value, pixel) => {
    expect(toPixel({ kind, min: 1, max: 100, from: 0, to: 200 }, value)).toBeCloseTo(pixel, 9);
  });

  test('is nowhere for what a log axis has no place for', () => {
    const axis: Axis = { kind: 'log', min: 1, max: 100, from: 0, to: 200 };
    expect(toPixel(axis, -1)).toBeNaN();
    expect(Number.isFinite(toPixel(axis, 0))).toBe(false);
  });

  test.each(KINDS)('keeps order and ends, on a %s axis', (kind) => {
    fc.assert(
      fc.property(anyAxis(kind), anyValue(kind), anyValue(kind), (axis, a, b) => {
        const along = Math.sign(axis.to - axis.from);
        const [first, second] = a < b ? [a, b] : [b, a];
        expect(along * (toPixel(axis, second) - toPixel(axis, first))).toBeGreaterThanOrEqual(0);
        expect(toPixel(axis, axis.min)).toBeCloseTo(axis.from, 6);
        expect(toPixel(axis, axis.max)).toBeCloseTo(axis.to, 6);
      }),
    );
  });
});

describe('ticksOf', () => {
  test.each<readonly [ScaleKind, number, number, number, readonly number[]]>([
    ['linear', 0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    ['linear', -1, 1, 4, [-1, -0.5, 0, 0.5, 1]],
    ['linear', 0.3, 0.72, 4, [0.4, 0.6]],
    ['linear', 3e8, 5.2e8, 5, [3e8, 3.5e8, 4e8, 4.5e8, 5e8]],
    ['log', 1, 100, 3, [1, 10, 100]],
    ['log', 1, 10, 3, [1, 2, 5, 10]],
    ['log', 3, 80, 3, [5, 10, 20, 50]],
    ['log', 2.1, 4.2, 4, [3, 4]],
    ['linear', 0.05, 0.46, 2, [0.2, 0.4]],
    ['log', 3e-9, 4e9, 2, [1e-5, 1, 1e5]],
  ])('of a %s axis from %d to %d, about %d', (kind, min, max, wanted, expected) => {
    expect(ticksOf({ kind, min, max }, wanted)).toEqual(expected);
  });

  test.each(KINDS)('lie on a %s axis, ascending, neither too few nor too many', (kind) => {
    fc.assert(
      fc.property(anyAxis(kind), fc.integer({ min: 2, max: 12 }), (axis, wanted) => {
        const ticks = ticksOf(axis, wanted);
        // Rounding to 12 digits may push a tick a hair beyond an end.
        for (const tick of ticks) {
          const share = (toPixel(axis, tick) - axis.from) / (axis.to - axis.from);
          expect(share).toBeGreaterThanOrEqual(-1e-6);
          expect(share).toBeLessThanOrEqual(1 + 1e-6);
        }
        expect(ticks.every((tick, i) => i === 0 || tick > (ticks[i - 1] ?? Infinity))).toBe(true);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(3 * wanted + 1);
      }),
    );
  });
});

describe('inside', () => {
  const brushes = new Map<string, Span>([
    ['a', [1, 2]],
    ['b', [0, 0]],
  ]);
  test.each<readonly [Record<string, number | null>, boolean]>([
    [{ a: 1, b: 0 }, true],
    [{ a: 2, b: 0, c: 99 }, true],
    [{ a: 0.99, b: 0 }, false],
    [{ a: 2.01, b: 0 }, false],
    [{ a: 1.5, b: 0.01 }, false],
    [{ a: 1.5, b: null }, false],
    [{ a: 1.5 }, false],
  ])('%j is %j', (values, expected) => {
    expect(inside(values, brushes)).toBe(expected);
  });

  test('without a brush everything is, even nothing', () => {
    expect(inside({}, new Map())).toBe(true);
  });
});

describe('toValue and spans', () => {
  test('toValue undoes toPixel', () => {
    fc.assert(
      fc.property(anyAxisOfAnyKind, fc.double({ min: 0, max: 1, noNaN: true }), (axis, share) => {
        const pixel = axis.from + share * (axis.to - axis.from);
        expect(toPixel(axis, toValue(axis, pixel))).toBeCloseTo(pixel, 3);
      }),
    );
  });

  test('toValue stays on the axis, whatever the pixel, and knows its ends', () => {
    fc.assert(
      fc.property(anyAxisOfAnyKind, fc.double({ min: -1e6, max: 1e6, noNaN: true }), (axis, pixel) => {
        const value = toValue(axis, pixel);
        expect(value).toBeGreaterThanOrEqual(axis.min);
        expect(value).toBeLessThanOrEqual(axis.max);
        expect([toValue(axis, axis.from), toValue(axis, axis.to)]).toEqual([axis.min, axis.max]);
      }),
    );
  });

  test('on an axis that goes up, the least is below', () => {
    expect(pixelsOf(vertical, [25, 75])).toEqual([50, 150]);
    expect(spanOf(vertical, [50, 150])).toEqual([25, 75]);
  });
});

describe('dragging', () => {
  test.each<readonly [string, readonly [number, number] | null, number, Grip]>([
    ['no range', null, 30, { kind: 'new', start: 30 }],
    ['outside of the range', [50, 150], 30, { kind: 'new', start: 30 }],
    ['its upper end', [50, 150], 54, { kind: 'edge', fixed: 150 }],
    ['its lower end', [50, 150], 154, { kind: 'edge', fixed: 50 }],
    ['its middle', [50, 150], 100, { kind: 'whole', start: 100, low: 50, high: 150 }],
  ])('takes hold of %s', (_, range, at, expected) => {
    expect(gripOf(range, at)).toEqual(expected);
  });

  test.each<readonly [string, Grip, number, readonly [number, number]]>([
    ['makes a range', { kind: 'new', start: 30 }, 70, [30, 70]],
    ['makes it upwards too', { kind: 'new', start: 30 }, 10, [10, 30]],
    ['stops at the end of the axis', { kind: 'new', start: 30 }, 999, [30, 200]],
    ['starts at the end of the axis', { kind: 'new', start: -20 }, 50, [0, 50]],
    ['moves an end', { kind: 'edge', fixed: 150 }, 90, [90, 150]],
    ['moves an end past the other', { kind: 'edge', fixed: 150 }, 180, [150, 180]],
    ['moves all of it', { kind: 'whole', start: 100, low: 50, high: 150 }, 120, [70, 170]],
    ['keeps its length at the end', { kind: 'whole', start: 100, low: 50, high: 150 }, 999, [100, 200]],
  ])('%s', (_, grip, at, expected) => {
    expect(dragged(grip, at, vertical)).toEqual(expected);
  });
});

describe('stepped', () => {
  test.each<readonly [string, Span | null, 0 | 1, string, Span | null | undefined]>([
    ['narrows from below', null, 0, 'ArrowUp', [1, 100]],
    ['narrows from above', null, 1, 'ArrowDown', [0, 99]],
    ['goes further by page', [20, 80], 0, 'PageUp', [30, 80]],
    ['does not pass the other end', [20, 25], 0, 'PageUp', [25, 25]],
    ['does not pass the other end from above', [20, 25], 1, 'PageDown', [20, 20]],
    ['goes to the end of the axis', [20, 80], 1, 'End', [20, 100]],
    ['ends where all is in range', [0, 80], 1, 'End', null],
    ['stays where nothing is left', null, 0, 'ArrowDown', null],
    ['leaves other keys alone', [20, 80], 0, 'Tab', undefined],
  ])('%s', (_, span, end, key, expected) => {
    const next = stepped(vertical, span, end, key);
    const rounded = next?.map((value) => Number(value.toFixed(9)));
    expect(next === null ? null : rounded).toEqual(expected);
  });

  test('keeps a range on its axis and in order', () => {
    fc.assert(
      fc.property(
        anyAxisOfAnyKind,
        fc.array(
          fc.tuple(fc.constantFrom(0, 1), fc.constantFrom('ArrowUp', 'ArrowDown', 'PageUp', 'Home', 'End')),
        ),
        (axis, keys) => {
          let span: Span | null = null;
          for (const [end, key] of keys) {
            span = stepped(axis, span, end, key) ?? null;
            if (span === null) continue;
            expect(span[0]).toBeLessThanOrEqual(span[1]);
            expect(span[0]).toBeGreaterThanOrEqual(axis.min);
            expect(span[1]).toBeLessThanOrEqual(axis.max);
          }
        },
      ),
    );
  });
});

describe('nearestLine', () => {
  const xs = [0, 100, 200];
  const lines = [
    [0, 100, 0],
    [50, 50, 50],
    [100, NaN, 100],
  ];
  test.each<readonly [string, number, number, number]>([
    ['on a line', 50, 48, 0],
    ['near the other', 80, 52, 1],
    ['on an axis', 100, 98, 0],
    ['before the first axis', -4, 1, 0],
    ['after the last axis', 204, 49, 1],
    ['too far from all', 50, 80, -1],
    ['where a line is broken', 50, 100, -1],
  ])('%s', (_, px, py, expected) => {
    expect(nearestLine(lines, xs, px, py, 10)).toBe(expected);
  });

  test('of equals takes the later, which is drawn on top', () => {
    expect(nearestLine([lines[1] ?? [], lines[1] ?? []], xs, 30, 50, 10)).toBe(1);
  });

  test('of no lines is none', () => {
    expect(nearestLine([], xs, 30, 50, 10)).toBe(-1);
  });

  test('a place on a line is never nearer to none', () => {
    const anyLine = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(anyLine, { minLength: 1, maxLength: 9 }),
        fc.nat(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 1),
        (all, which, share, segment) => {
          const line = all[which % all.length] ?? [];
          const [a = 0, b = 0] = line.slice(segment);
          const found = all[nearestLine(all, xs, 100 * (segment + share), a + share * (b - a), 1)] ?? [];
          const [c = NaN, d = NaN] = found.slice(segment);
          // What was found passes within reach, whichever it is.
          expect(Math.abs(c + share * (d - c) - (a + share * (b - a)))).toBeLessThan(4);
        },
      ),
    );
  });
});
