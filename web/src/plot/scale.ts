// Axes: from values to pixels and back, and where to put ticks.

export type ScaleKind = 'linear' | 'log';

export interface Axis {
  readonly kind: ScaleKind;
  /** Of values, min < max. */
  readonly min: number;
  readonly max: number;
  /** Pixels of min and of max. */
  readonly from: number;
  readonly to: number;
}

const transform: Readonly<Record<ScaleKind, (value: number) => number>> = {
  linear: (value) => value,
  log: (value) => Math.log10(value),
};

/** Pixel of a value; NaN where the axis has no place for it. */
export function toPixel({ kind, min, max, from, to }: Axis, value: number): number {
  const of = transform[kind];
  return from + ((of(value) - of(min)) / (of(max) - of(min))) * (to - from);
}

/** The range of some values with a margin; of none 0 to 1. A log axis passes over what is not positive. */
export function rangeOf(values: Iterable<number>, kind: ScaleKind, margin = 0.06): readonly [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value) || (kind === 'log' && value <= 0)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (min > max) return kind === 'log' ? [1, 10] : [0, 1];
  if (kind === 'log') {
    const pad = Math.max(0.02, (Math.log10(max) - Math.log10(min)) * margin);
    return [10 ** (Math.log10(min) - pad), 10 ** (Math.log10(max) + pad)];
  }
  const pad = max > min ? (max - min) * margin : Math.abs(max) * margin || 1;
  return [min - pad, max + pad];
}

const FACTORS = [10, 5, 2, 1, 0.5] as const;

/** Steps of 1, 2 or 5 times a power of ten, about `wanted` of them inside, and two at least: one tells no scale. */
function linearTicks(min: number, max: number, wanted: number): readonly number[] {
  const raw = (max - min) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const largest = FACTORS.findLast((factor) => factor >= 1 && factor * power >= raw) ?? 10;
  const countOf = (step: number): number => Math.floor(max / step) - Math.ceil(min / step) + 1;
  const factor = FACTORS.find((one) => one <= largest && countOf(one * power) >= 2) ?? 0.5;
  const step = factor * power;
  const first = Math.ceil(min / step);
  return Array.from({ length: Math.max(0, countOf(step)) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Powers of ten, with their doubles and fives where there is room; of less than a decade as of a linear axis. */
function logTicks(min: number, max: number, wanted: number): readonly number[] {
  const [low, high] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  if (high - low > 3 * wanted)
    return linearTicks(Math.log10(min), Math.log10(max), wanted).map(
      (exponent) => 10 ** Math.round(exponent),
    );
  const powers = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  const all = powers.flatMap((power) => [1, 2, 5].map((factor) => factor * power));
  const inside = (ticks: readonly number[]): readonly number[] =>
    ticks.filter((tick) => tick >= min && tick <= max);
  if (inside(powers).length >= wanted) {
    const every = Math.ceil(inside(powers).length / wanted);
    return inside(powers).filter((_, i) => i % every === 0);
  }
  return inside(all).length >= 2 ? inside(all) : linearTicks(min, max, wanted);
}

export const ticksOf = (
  { kind, min, max }: Pick<Axis, 'kind' | 'min' | 'max'>,
  wanted: number,
): readonly number[] => (kind === 'log' ? logTicks(min, max, wanted) : linearTicks(min, max, wanted));
