// A scatter plot on a canvas: points in layers with lines between some of them, told apart by colour and shape.
// It knows nothing of architectures: a point is two values, a look and a name.

import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react';
import { figure } from '../ui/format.ts';
import { type Axis, rangeOf, type ScaleKind, ticksOf, toPixel } from './scale.ts';
import styles from './plot.module.css';
import { type Surface, useCanvas, useWidth } from './useCanvas.ts';

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

export interface AxisChoice {
  readonly label: string;
  readonly kind: ScaleKind;
}

export interface ScatterProps {
  readonly label: string;
  readonly x: AxisChoice;
  readonly y: AxisChoice;
  readonly dots: readonly Dot[];
  readonly trails: readonly Trail[];
  /** Stable for as long as it is the same, as are dots and trails. */
  readonly selected: readonly string[];
  readonly height?: number;
  readonly onSelect: (id: string) => void;
  /** What is said of a point under the pointer or the keyboard's cursor. */
  readonly describe: (id: string) => readonly (readonly [string, string])[];
}

const MARGIN = { left: 64, right: 14, top: 10, bottom: 46 };
/** Pixels within which a point is hit. */
const REACH = 18;

interface Frame {
  readonly x: Axis;
  readonly y: Axis;
}

function frameOf(
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

const SHAPES: Readonly<
  Record<Dot['shape'], (context: CanvasRenderingContext2D, x: number, y: number, r: number) => void>
> = {
  disc(context, x, y, r) {
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.fill();
  },
  ring(context, x, y, r) {
    context.arc(x, y, r, 0, 2 * Math.PI);
    context.stroke();
  },
  cross(context, x, y, r) {
    context.moveTo(x - r, y - r);
    context.lineTo(x + r, y + r);
    context.moveTo(x - r, y + r);
    context.lineTo(x + r, y - r);
    context.stroke();
  },
  diamond(context, x, y, r) {
    context.moveTo(x, y - 1.35 * r);
    context.lineTo(x + 1.35 * r, y);
    context.lineTo(x, y + 1.35 * r);
    context.lineTo(x - 1.35 * r, y);
    context.closePath();
    context.fill();
  },
};

function drawAxes(
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
    context.fillText(figure(tick), at, y.from + 6);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of ticksOf(y, Math.max(2, Math.floor((y.from - y.to) / 56)))) {
    const at = Math.round(toPixel(y, tick)) + 0.5;
    context.moveTo(x.from, at);
    context.lineTo(x.to, at);
    context.fillText(figure(tick), x.from - 8, at);
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

function drawMarks(
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
  context.lineWidth = 1.5;
  for (const dot of dots) {
    context.globalAlpha = dot.opacity;
    context.fillStyle = dot.colour;
    context.strokeStyle = dot.colour;
    context.beginPath();
    SHAPES[dot.shape](context, toPixel(x, dot.x), toPixel(y, dot.y), dot.radius);
  }
  context.globalAlpha = 1;
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
function nearest({ x, y }: Frame, dots: readonly Dot[], px: number, py: number): Dot | null {
  let [found, least]: [Dot | null, number] = [null, REACH ** 2];
  for (const dot of dots) {
    const distance = (toPixel(x, dot.x) - px) ** 2 + (toPixel(y, dot.y) - py) ** 2;
    if (distance <= least) [found, least] = [dot, distance];
  }
  return found;
}

/** Where arrow keys lead: along x, among the points that are drawn strongest. */
const STEPS: Readonly<Record<string, (at: number, length: number) => number>> = {
  ArrowRight: (at, length) => Math.min(length - 1, at + 1),
  ArrowUp: (at, length) => Math.min(length - 1, at + 1),
  ArrowLeft: (at) => Math.max(0, at - 1),
  ArrowDown: (at) => Math.max(0, at - 1),
  Home: () => 0,
  End: (_, length) => length - 1,
};

export function Scatter(props: ScatterProps) {
  const { label, x, y, dots, trails, selected, height = 420, onSelect, describe } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [hovered, setHovered] = useState<string | null>(null);
  const frame = useMemo(
    () => frameOf(dots, trails, [x.kind, y.kind], width, height),
    [dots, trails, x.kind, y.kind, width, height],
  );
  const draw = useCallback(
    (surface: Surface) => {
      drawAxes(surface, frame, [x.label, y.label]);
      drawMarks(surface, frame, dots, trails, hovered === null ? selected : [...selected, hovered]);
    },
    [frame, dots, trails, x.label, y.label, hovered, selected],
  );
  const canvas = useCanvas(width, height, draw);
  const reachable = useMemo(() => {
    const strongest = Math.max(0, ...dots.map(({ opacity }) => opacity));
    return dots.filter(({ opacity }) => opacity === strongest).toSorted((a, b) => a.x - b.x);
  }, [dots]);

  const under = (event: MouseEvent<HTMLElement>): Dot | null => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return nearest(frame, dots, event.clientX - left, event.clientY - top);
  };
  const press = (event: KeyboardEvent): void => {
    if ((event.key === 'Enter' || event.key === ' ') && hovered !== null) {
      event.preventDefault();
      return onSelect(hovered);
    }
    const step = STEPS[event.key];
    if (step === undefined || reachable.length === 0) return;
    event.preventDefault();
    const at = reachable.findIndex(({ id }) => id === (hovered ?? selected[0]));
    setHovered(reachable[at < 0 ? 0 : step(at, reachable.length)]?.id ?? null);
  };
  const shown = hovered === null ? undefined : dots.findLast(({ id }) => id === hovered);
  const facts = shown === undefined ? [] : describe(shown.id);
  const [left, top] = shown === undefined ? [0, 0] : [toPixel(frame.x, shown.x), toPixel(frame.y, shown.y)];
  return (
    <div ref={box} className={styles['box']} style={{ height }}>
      <div
        className={styles['pad']}
        role="application"
        aria-roledescription="scatter plot"
        aria-label={`${label}: ${dots.length} points. Arrow keys go from point to point, Enter selects.`}
        tabIndex={0}
        onPointerMove={(event) => setHovered(under(event)?.id ?? null)}
        onPointerLeave={() => setHovered(null)}
        onClick={(event) => {
          const hit = under(event);
          if (hit !== null) onSelect(hit.id);
        }}
        onKeyDown={press}
        onBlur={() => setHovered(null)}
      >
        <canvas ref={canvas} aria-hidden style={{ width: '100%', height }} />
      </div>
      <div className="unseen" aria-live="polite">
        {facts.map(([name, value]) => `${name} ${value}`).join(', ')}
      </div>
      {shown !== undefined && (
        <dl
          className={styles['tip']}
          style={{
            top: top > height / 2 ? undefined : top + 14,
            bottom: top > height / 2 ? height - top + 14 : undefined,
            left: left > width / 2 ? undefined : left + 10,
            right: left > width / 2 ? width - left + 10 : undefined,
          }}
        >
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
