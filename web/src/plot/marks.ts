// What a scatter plot is made of, on a canvas: axes, trails and dots.

import { tickText } from '../ui/format.ts';
import { type Axis, rangeOf, type ScaleKind, ticksOf, toPixel } from './scale.ts';
import type { Surface } from './useCanvas.ts';

export interface Dot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly colour: string;
  readonly shape: 'disc' | 'ring' | 'cross' | 'diamond';
  /** 0 to 1. */
  readonly opacity: number;
  readonly radius: number;
}

/** Points joined in order. */
export interface Trail {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  readonly opacity: number;
}

const MARGIN = { left: 64, right: 14, top: 10, bottom: 46 };
/** Pixels within which a point is hit. */
const REACH = 18;

export interface Frame {
  readonly x: Axis;
  readonly y: Axis;
}

export function frameOf(
  dots: readonly Dot[],
  trails: readonly Trail[],
  kinds: readonly [x: ScaleKind, y: ScaleKind],
  width: number,
  height: number,
): Frame {
  const xs = [...dots.map((dot) => dot.x), ...trails.flatMap(({ points }) => points.map(([at]) => at))];
  const ys = [...dots.map((dot) => dot.y), ...trails.flatMap(({ points }) => points.map(([, at]) => at))];
  const [x0, x1] = rangeOf(xs, kinds[0]);
  const [y0, y1] = rangeOf(ys, kinds[1]);
  return {
    x: { kind: kinds[0], min: x0, max: x1, from: MARGIN.left, to: width - MARGIN.right },
    y: { kind: kinds[1], min: y0, max: y1, from: height - MARGIN.bottom, to: MARGIN.top },
  };
}

interface Shape {
  readonly paint: 'fill' | 'stroke';
  /** Adds its outline to the path. */
  outline(context: CanvasRenderingContext2D, x: number, y: number, r: number): void;
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, r: number): void {
  context.moveTo(x + r, y);
  context.arc(x, y, r, 0, 2 * Math.PI);
}

const SHAPES: Readonly<Record<Dot['shape'], Shape>> = {
  disc: { paint: 'fill', outline: circle },
  ring: { paint: 'stroke', outline: circle },
  cross: {
    paint: 'stroke',
    outline(context, x, y, r) {
      context.moveTo(x - r, y - r);
      context.lineTo(x + r, y + r);
      context.moveTo(x - r, y + r);
      context.lineTo(x + r, y - r);
    },
  },
  diamond: {
    paint: 'fill',
    outline(context, x, y, r) {
      context.moveTo(x, y - 1.35 * r);
      context.lineTo(x + 1.35 * r, y);
      context.lineTo(x, y + 1.35 * r);
      context.lineTo(x - 1.35 * r, y);
      context.closePath();
    },
  },
};

/** Dots of one look that follow one another are one path: thousands take a few strokes. */
function drawDots(context: CanvasRenderingContext2D, { x, y }: Frame, dots: readonly Dot[]): void {
  context.lineWidth = 1.5;
  let begun: Dot | null = null;
  const finish = (): void => {
    if (begun === null) return;
    context.globalAlpha = begun.opacity;
    context.fillStyle = begun.colour;
    context.strokeStyle = begun.colour;
    context[SHAPES[begun.shape].paint]();
  };
  for (const dot of dots) {
    if (begun?.colour !== dot.colour || begun.opacity !== dot.opacity || begun.shape !== dot.shape) {
      finish();
      begun = dot;
      context.beginPath();
    }
    SHAPES[dot.shape].outline(context, toPixel(x, dot.x), toPixel(y, dot.y), dot.radius);
  }
  finish();
  context.globalAlpha = 1;
}

export function drawAxes(
  { context, width, height, palette }: Surface,
  { x, y }: Frame,
  labels: readonly [string, string],
): void {
  context.font = '12px system-ui, sans-serif';
  context.lineWidth = 1;
  context.strokeStyle = palette.line;
  context.fillStyle = palette.faint;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  context.beginPath();
  for (const tick of ticksOf(x, Math.max(2, Math.floor((x.to - x.from) / 90)))) {
    const at = Math.round(toPixel(x, tick)) + 0.5;
    context.moveTo(at, y.to);
    context.lineTo(at, y.from);
    context.fillText(tickText(tick), at, y.from + 6);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of ticksOf(y, Math.max(2, Math.floor((y.from - y.to) / 56)))) {
    const at = Math.round(toPixel(y, tick)) + 0.5;
    context.moveTo(x.from, at);
    context.lineTo(x.to, at);
    context.fillText(tickText(tick), x.from - 8, at);
  }
  context.stroke();
  context.fillStyle = palette.ink;
  context.textAlign = 'center';
  context.textBaseline = 'bottom';
  context.fillText(labels[0], (x.from + x.to) / 2, height - 4, width - MARGIN.left);
  context.save();
  context.translate(12, (y.from + y.to) / 2);
  context.rotate(-Math.PI / 2);
  context.textBaseline = 'middle';
  context.fillText(labels[1], 0, 0, y.from - y.to);
  context.restore();
}

export function drawMarks(
  { context, palette }: Surface,
  { x, y }: Frame,
  dots: readonly Dot[],
  trails: readonly Trail[],
  marked: readonly string[],
): void {
  context.lineJoin = 'round';
  for (const { points, colour, opacity } of trails) {
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    points.forEach(([px, py], i) => {
      const [a, b] = [toPixel(x, px), toPixel(y, py)];
      if (i === 0) context.moveTo(a, b);
      else context.lineTo(a, b);
    });
    context.stroke();
  }
  drawDots(context, { x, y }, dots);
  context.strokeStyle = palette.ink;
  context.lineWidth = 2;
  for (const dot of dots) {
    if (!marked.includes(dot.id)) continue;
    context.beginPath();
    context.arc(toPixel(x, dot.x), toPixel(y, dot.y), dot.radius + 4, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** The point nearest to a pixel, if one is within reach; of equals the one drawn on top. */
export function nearest({ x, y }: Frame, dots: readonly Dot[], px: number, py: number): Dot | null {
  let [found, least]: [Dot | null, number] = [null, REACH ** 2];
  for (const dot of dots) {
    const distance = (toPixel(x, dot.x) - px) ** 2 + (toPixel(y, dot.y) - py) ** 2;
    if (distance <= least) [found, least] = [dot, distance];
  }
  return found;
}
