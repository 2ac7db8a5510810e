// Parallel coordinates on a canvas: a line for each thing, an axis for each quantity, and a range on any axis
// that lets only those pass that lie in it. It knows nothing of architectures.

import { type KeyboardEvent, type PointerEvent, useCallback, useMemo, useRef, useState } from 'react';
import { tickText } from '../ui/format.ts';
import {
  type Brushes,
  dragged,
  type Grip,
  gripOf,
  inside,
  nearestLine,
  pixelsOf,
  type Span,
  spanOf,
  stepped,
} from './brush.ts';
import styles from './parallel.module.css';
import plot from './plot.module.css';
import { toPixel } from './scale.ts';
import {
  type Column,
  columnsOf,
  drawAbove,
  drawAxes,
  drawLines,
  type ParallelAxis,
  pathOf,
  type Strand,
} from './strands.ts';
import { type Surface, useCanvas, useWidth } from './useCanvas.ts';

export type { ParallelAxis, Strand } from './strands.ts';
export type { Brushes, Span } from './brush.ts';

export interface ParallelProps {
  readonly label: string;
  /** Stable for as long as they are the same, as are lines, selected and brushes. */
  readonly axes: readonly ParallelAxis[];
  readonly lines: readonly Strand[];
  /** Ids of lines. */
  readonly selected: readonly string[];
  readonly brushes: Brushes;
  readonly height?: number;
  /** While it is dragged, too; null: the axis has no range any more. */
  readonly onBrush: (key: string, range: Span | null) => void;
  readonly onSelect: (id: string) => void;
}

/** Pixels within which an axis, and a line, is hit; and from which a press is a drag. */
const [AXIS_REACH, LINE_REACH, DRAG] = [16, 10, 3];

/** The ends of an axis's range, for the keyboard and for those who cannot see it. */
function Handles(props: {
  readonly column: Column;
  readonly span: Span | null;
  readonly onChange: (span: Span | null) => void;
}) {
  const { column, span, onChange } = props;
  const { axis, label, show = tickText } = column;
  const [min, max] = span ?? [axis.min, axis.max];
  const press = (end: 0 | 1) => (event: KeyboardEvent) => {
    const clears = span !== null && ['Escape', 'Delete', 'Backspace'].includes(event.key);
    const next = clears ? null : stepped(axis, span, end, event.key);
    if (next === undefined) return;
    event.preventDefault();
    onChange(next);
  };
  return (
    <div className={styles['strip']} style={{ left: column.at - 16, top: 0, bottom: 0 }}>
      {([1, 0] as const).map((end) => (
        <div
          key={end}
          className={`${styles['handle']} ${span === null ? '' : styles['set']}`}
          style={{ top: toPixel(axis, end === 0 ? min : max) }}
          role="slider"
          tabIndex={0}
          aria-orientation="vertical"
          aria-label={`${label}, ${end === 0 ? 'least' : 'most'}`}
          aria-valuemin={end === 0 ? axis.min : min}
          aria-valuemax={end === 0 ? max : axis.max}
          aria-valuenow={end === 0 ? min : max}
          aria-valuetext={show(end === 0 ? min : max)}
          onKeyDown={press(end)}
        />
      ))}
    </div>
  );
}

/** Of a pointer, within what listens to it. */
function placeOf(event: PointerEvent<HTMLElement>): readonly [px: number, py: number] {
  const { left, top } = event.currentTarget.getBoundingClientRect();
  return [event.clientX - left, event.clientY - top];
}

interface Drag {
  readonly column: Column;
  readonly grip: Grip;
  readonly start: number;
  readonly moved: boolean;
}

export function ParallelCoordinates(props: ParallelProps) {
  const { label, axes, lines, selected, brushes, height = 340, onBrush, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const drag = useRef<Drag | null>(null);
  const [hovered, setHovered] = useState<string | null>(null);
  const width = useWidth(box);
  const columns = useMemo(() => columnsOf(axes, lines, width, height), [axes, lines, width, height]);
  const paths = useMemo(() => lines.map((line) => pathOf(columns, line)), [columns, lines]);
  const passes = useMemo(() => lines.map(({ values }) => inside(values, brushes)), [lines, brushes]);
  const below = useCanvas(
    width,
    height,
    useCallback(
      (surface: Surface) => {
        drawLines(surface, columns, lines, paths, passes);
        drawAxes(surface, columns);
      },
      [columns, lines, paths, passes],
    ),
  );
  // A canvas of their own: lines need not be drawn anew for each move of the pointer.
  const above = useCanvas(
    width,
    height,
    useCallback(
      (surface: Surface) => {
        const marked = lines.flatMap(({ id, colour }, i) => {
          const path = paths[i];
          return path !== undefined && (id === hovered || selected.includes(id))
            ? [[path, colour] as const]
            : [];
        });
        drawAbove(surface, columns, marked, brushes);
      },
      [columns, lines, paths, hovered, selected, brushes],
    ),
  );

  /** Id of the line meant; one outside a brush never is. */
  const lineAt = (px: number, py: number): string | null => {
    const reachable = paths.map((path, i) => (passes[i] === true ? path : []));
    const xs = columns.map(({ at }) => at);
    return lines[nearestLine(reachable, xs, px, py, LINE_REACH)]?.id ?? null;
  };
  const rangeOn = ({ key, axis }: Column): readonly [number, number] | null => {
    const span = brushes.get(key);
    return span === undefined ? null : pixelsOf(axis, span);
  };

  const down = (event: PointerEvent<HTMLElement>): void => {
    const [px, py] = placeOf(event);
    const column = columns.find(({ at }) => Math.abs(at - px) <= AXIS_REACH);
    if (column === undefined || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { column, grip: gripOf(rangeOn(column), py), start: py, moved: false };
  };
  const move = (event: PointerEvent<HTMLElement>): void => {
    const [px, py] = placeOf(event);
    if (drag.current === null) return setHovered(lineAt(px, py));
    const { column, grip, start, moved } = drag.current;
    if (!moved && Math.abs(py - start) < DRAG) return;
    drag.current = { column, grip, start, moved: true };
    setHovered(null);
    onBrush(column.key, spanOf(column.axis, dragged(grip, py, column.axis)));
  };
  const up = (event: PointerEvent<HTMLElement>): void => {
    const held = drag.current;
    drag.current = null;
    if (held?.moved === true || event.button !== 0) return;
    if (held?.grip.kind === 'new' && brushes.has(held.column.key)) return onBrush(held.column.key, null);
    const id = lineAt(...placeOf(event));
    if (id !== null) onSelect(id);
  };
  const passing = passes.filter(Boolean).length;
  return (
    <div ref={box} className={plot['box']} style={{ height }}>
      <div
        className={styles['pad']}
        role="group"
        aria-label={`${label}: ${lines.length} lines over ${axes.length} axes. Each axis has two handles that narrow its range.`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onPointerLeave={() => setHovered(null)}
      >
        <canvas ref={below} aria-hidden style={{ width: '100%', height }} />
        <canvas ref={above} aria-hidden style={{ width: '100%', height }} />
        {width > 0 &&
          columns.map((column) => (
            <Handles
              key={column.key}
              column={column}
              span={brushes.get(column.key) ?? null}
              onChange={(span) => onBrush(column.key, span)}
            />
          ))}
      </div>
      <div className="unseen" aria-live="polite">
        {brushes.size > 0 && `${passing} of ${lines.length} in range`}
      </div>
    </div>
  );
}
