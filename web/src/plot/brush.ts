// Brushes over axes, and which line a pointer means: what parallel coordinates do without drawing.

import { type Axis, toPixel } from './scale.ts';

/** Of values, min <= max. */
export type Span = readonly [min: number, max: number];

/** Ranges by the key of their axis. */
export type Brushes = ReadonlyMap<string, Span>;

/** By the key of an axis; null: no value there. */
export type Values = Readonly<Record<string, number | null>>;

/** Whether a line passes every brush; where it has no value it passes none. */
export function inside(values: Values, brushes: Brushes): boolean {
  for (const [key, [min, max]] of brushes) {
    const value = values[key];
    if (value === null || value === undefined || value < min || value > max) return false;
  }
  return true;
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** The value at a pixel, kept on the axis. */
export function toValue({ kind, min, max, from, to }: Axis, pixel: number): number {
  const share = clamp((pixel - from) / (to - from), 0, 1);
  if (share === 0 || share === 1) return share === 0 ? min : max;
  const value = kind === 'log' ? min * (max / min) ** share : min + share * (max - min);
  return clamp(value, min, max);
}

/** Pixels of a range, the smaller first. */
export function pixelsOf(axis: Axis, [min, max]: Span): readonly [low: number, high: number] {
  const [a, b] = [toPixel(axis, min), toPixel(axis, max)];
  return [Math.min(a, b), Math.max(a, b)];
}

export function spanOf(axis: Axis, [a, b]: readonly [number, number]): Span {
  const [p, q] = [toValue(axis, a), toValue(axis, b)];
  return [Math.min(p, q), Math.max(p, q)];
}

/** What a pointer that goes down on an axis has taken hold of; in pixels. */
export type Grip =
  | { readonly kind: 'new'; readonly start: number }
  | { readonly kind: 'edge'; readonly fixed: number }
  | { readonly kind: 'whole'; readonly start: number; readonly low: number; readonly high: number };

/** Pixels around an end of a range that belong to it. */
const EDGE = 6;

export function gripOf(range: readonly [low: number, high: number] | null, at: number): Grip {
  if (range === null) return { kind: 'new', start: at };
  const [low, high] = range;
  const [toLow, toHigh] = [Math.abs(at - low), Math.abs(at - high)];
  if (Math.min(toLow, toHigh) <= EDGE) return { kind: 'edge', fixed: toLow < toHigh ? high : low };
  if (at < low || at > high) return { kind: 'new', start: at };
  return { kind: 'whole', start: at, low, high };
}

/** The range in pixels when what was taken hold of is dragged to a place, kept within the axis. */
export function dragged(grip: Grip, at: number, { from, to }: Axis): readonly [low: number, high: number] {
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  if (grip.kind === 'whole') {
    const by = clamp(at - grip.start, first - grip.low, last - grip.high);
    return [grip.low + by, grip.high + by];
  }
  const still = clamp(grip.kind === 'new' ? grip.start : grip.fixed, first, last);
  const moved = clamp(at, first, last);
  return [Math.min(still, moved), Math.max(still, moved)];
}

/** Hundredths of the axis a key moves an end by. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: 1,
  ArrowRight: 1,
  ArrowDown: -1,
  ArrowLeft: -1,
  PageUp: 10,
  PageDown: -10,
  Home: -100,
  End: 100,
};

/**
 * The range after a key on one of its ends, which cannot pass the other; `span` null: all of the axis. Answers
 * undefined where the key means nothing here, null where all of the axis is in range again.
 */
export function stepped(axis: Axis, span: Span | null, end: 0 | 1, key: string): Span | null | undefined {
  const step = STEPS[key];
  if (step === undefined) return undefined;
  const [min, max] = span ?? [axis.min, axis.max];
  const pixel = toPixel(axis, end === 0 ? min : max) + ((axis.to - axis.from) * step) / 100;
  const value = toValue(axis, pixel);
  const moved: Span = end === 0 ? [Math.min(value, max), max] : [min, Math.max(value, min)];
  return moved[0] <= axis.min && moved[1] >= axis.max ? null : moved;
}

/** Squared distance of a point to a segment. */
function distance2(px: number, py: number, ax: number, ay: number, bx: number, by: number): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length2 = dx * dx + dy * dy;
  const share = length2 === 0 ? 0 : clamp(((px - ax) * dx + (py - ay) * dy) / length2, 0, 1);
  return (px - ax - share * dx) ** 2 + (py - ay - share * dy) ** 2;
}

/**
 * Index of the line nearest to a point, at most `reach` away, the later of equals, since it is drawn on top;
 * -1: none. A line is its pixels over `xs`, which ascend; NaN: it is broken there.
 */
export function nearestLine(
  lines: readonly ArrayLike<number>[],
  xs: readonly number[],
  px: number,
  py: number,
  reach: number,
): number {
  const right = xs.findIndex((x) => x >= px);
  const near = right < 0 ? xs.length - 1 : right;
  let [found, least] = [-1, reach * reach];
  lines.forEach((ys, index) => {
    // Only the segment over the point: a neighbour is nearer at an axis at most, where they meet.
    const [left, at] = [Math.max(0, near - 1), near];
    const away = distance2(px, py, xs[left] ?? NaN, ys[left] ?? NaN, xs[at] ?? NaN, ys[at] ?? NaN);
    if (away <= least) [found, least] = [index, away];
  });
  return found;
}
