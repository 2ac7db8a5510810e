// Draws parallel coordinates: lines over axes, the ghosts of those outside a brush, and what lies above them.

import { tickText } from '../ui/format.ts';
import { type Brushes, pixelsOf } from './brush.ts';
import { type Axis, rangeOf, type ScaleKind, ticksOf, toPixel } from './scale.ts';
import type { Surface } from './useCanvas.ts';

export interface ParallelAxis {
  readonly key: string;
  readonly label: string;
  readonly kind: ScaleKind;
  /** How its values are written; as ticks are unless given. */
  readonly show?: (value: number) => string;
}

export interface Strand {
  readonly id: string;
  /** By the key of an axis; null: the line is broken there. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly colour: string;
  /** 0 to 1. */
  readonly opacity: number;
}

/** An axis in its place. */
export interface Column extends ParallelAxis {
  readonly at: number;
  readonly axis: Axis;
}

/** A line in its place: a pixel for each axis, NaN where it is broken. */
export type Path = Float32Array;

const MARGIN = { side: 34, top: 44, bottom: 14 };

export function columnsOf(
  axes: readonly ParallelAxis[],
  lines: readonly Strand[],
  width: number,
  height: number,
): readonly Column[] {
  const apart = (width - 2 * MARGIN.side) / Math.max(1, axes.length - 1);
  return axes.map((one, i) => {
    const known = lines.flatMap(({ values }) => values[one.key] ?? []);
    const [min, max] = rangeOf(known, one.kind, 0.03);
    return {
      ...one,
      at: Math.round(axes.length === 1 ? width / 2 : MARGIN.side + i * apart),
      axis: { kind: one.kind, min, max, from: height - MARGIN.bottom, to: MARGIN.top },
    };
  });
}

export const pathOf = (columns: readonly Column[], { values }: Strand): Path =>
  Float32Array.from(columns, ({ key, axis }) => {
    const value = values[key] ?? null;
    const pixel = value === null ? NaN : toPixel(axis, value);
    return Number.isFinite(pixel) ? pixel : NaN;
  });

function trace(context: CanvasRenderingContext2D, columns: readonly Column[], path: Path): void {
  let down = false;
  columns.forEach(({ at }, i) => {
    const y = path[i] ?? NaN;
    if (Number.isNaN(y)) down = false;
    else if (down) context.lineTo(at, y);
    else {
      context.moveTo(at, y);
      down = true;
    }
  });
}

/** So many lines may be wider than a pixel. */
const BOLD = 100;

/** Those outside a brush first, in one stroke, so that they never add up to more than a shadow. */
export function drawLines(
  { context, palette }: Surface,
  columns: readonly Column[],
  lines: readonly Strand[],
  paths: readonly Path[],
  passes: readonly boolean[],
): void {
  context.lineJoin = 'bevel';
  context.lineWidth = 1;
  context.strokeStyle = palette.line;
  context.globalAlpha = 0.45;
  context.beginPath();
  paths.forEach((path, i) => passes[i] === false && trace(context, columns, path));
  context.stroke();
  // A few may be bold; many would run together.
  context.lineWidth = passes.filter(Boolean).length <= BOLD ? 1.75 : 1;
  lines.forEach((line, i) => {
    const path = paths[i];
    if (path === undefined || passes[i] === false) return;
    context.globalAlpha = line.opacity;
    context.strokeStyle = line.colour;
    context.beginPath();
    trace(context, columns, path);
    context.stroke();
  });
  context.globalAlpha = 1;
}

/** As much of a text as there is room for. */
function fitted(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = text.length - 1;
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** Names above the axes; where they are too long for one row, every other stands higher. */
function drawLabels({ context, width, palette }: Surface, columns: readonly Column[]): void {
  context.font = '600 12px system-ui, sans-serif';
  context.fillStyle = palette.ink;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const apart = columns.length < 2 ? width : (columns[1]?.at ?? 0) - (columns[0]?.at ?? 0);
  const rows = columns.some(({ label }) => context.measureText(label).width > apart - 12) ? 2 : 1;
  columns.forEach(({ label, at }, i) => {
    const isEnd = i === 0 || i === columns.length - 1;
    const text = fitted(context, label, isEnd ? MARGIN.side + (rows * apart) / 2 - 10 : rows * apart - 12);
    const wide = context.measureText(text).width;
    const left = Math.min(width - wide - 2, Math.max(2, at - wide / 2));
    context.fillText(text, left, MARGIN.top - 14 - (rows === 2 && i % 2 === 0 ? 17 : 0));
  });
}

/** Text stays legible over lines by a rim of paper. */
export function drawAxes(surface: Surface, columns: readonly Column[]): void {
  const { context, palette } = surface;
  drawLabels(surface, columns);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.lineJoin = 'round';
  const apart = columns.length < 2 ? Infinity : (columns[1]?.at ?? 0) - (columns[0]?.at ?? 0);
  columns.forEach(({ at, axis, show = tickText }, i) => {
    const isLast = i > 0 && i === columns.length - 1;
    context.strokeStyle = palette.faint;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(at + 0.5, axis.from);
    context.lineTo(at + 0.5, axis.to);
    const all = ticksOf(axis, Math.max(2, Math.floor((axis.from - axis.to) / 70)));
    const ticks = apart < 70 && all.length > 2 ? [all.at(0), all.at(-1)] : all;
    context.textAlign = isLast ? 'right' : 'left';
    for (const tick of ticks) {
      if (tick === undefined) continue;
      const y = Math.round(toPixel(axis, tick)) + 0.5;
      const side = isLast ? -1 : 1;
      context.moveTo(at, y);
      context.lineTo(at + 5 * side, y);
    }
    context.stroke();
    context.strokeStyle = palette.card;
    context.lineWidth = 3;
    context.fillStyle = palette.ink;
    for (const tick of ticks) {
      if (tick === undefined) continue;
      const [x, y] = [at + (isLast ? -8 : 8), toPixel(axis, tick)];
      context.strokeText(show(tick), x, y);
      context.fillText(show(tick), x, y);
    }
  });
}

/** What changes under the pointer: ranges, and the lines that are chosen or pointed at. */
export function drawAbove(
  { context, palette }: Surface,
  columns: readonly Column[],
  marked: readonly (readonly [path: Path, colour: string])[],
  brushes: Brushes,
): void {
  for (const { key, at, axis } of columns) {
    const span = brushes.get(key);
    if (span === undefined) continue;
    const [low, high] = pixelsOf(axis, span);
    context.fillStyle = palette.accent;
    context.globalAlpha = 0.25;
    context.fillRect(at - 7, low, 15, high - low);
    context.globalAlpha = 1;
    context.strokeStyle = palette.accent;
    context.lineWidth = 1;
    context.strokeRect(at - 6.5, low, 14, high - low);
  }
  for (const [path, colour] of marked) {
    for (const [style, width] of [
      [palette.ink, 5],
      [colour, 2.5],
    ] as const) {
      context.strokeStyle = style;
      context.lineWidth = width;
      context.lineJoin = 'round';
      context.beginPath();
      trace(context, columns, path);
      context.stroke();
    }
  }
}
