// A scatter plot on a canvas: points in layers with lines between some of them, told apart by colour and shape.
// It knows nothing of architectures: a point is two values, a look and a name.

import { type KeyboardEvent, type MouseEvent, useCallback, useMemo, useRef, useState } from 'react';
import { type Dot, drawAxes, drawMarks, frameOf, nearest, type Trail } from './marks.ts';
import { type ScaleKind, toPixel } from './scale.ts';
import styles from './plot.module.css';
import { type Surface, useCanvas, useWidth } from './useCanvas.ts';

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
