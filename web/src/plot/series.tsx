// Lines over generations, drawn by uPlot, which is loaded with the first of them.

import { useEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { figure, tickText } from '../ui/format.ts';
import { paletteOf } from './colour.ts';
import styles from './plot.module.css';
import { inTurn } from './turns.ts';
import { useWidth } from './useCanvas.ts';

export interface Line {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

export interface SeriesProps {
  readonly label: string;
  /** What x counts; generations unless given. */
  readonly xLabel?: string;
  /** Of every line's values, ascending. */
  readonly xs: readonly number[];
  readonly lines: readonly Line[];
  readonly height?: number;
  /** An x with a line of its own; null: none. */
  readonly mark?: number | null;
}

/** Milliseconds after which it is loaded again, when it could not be. */
const LOAD_AGAIN = 2000;

const load = async () => (await import('uplot')).default;

/** Steps between ticks of what is counted. */
const WHOLE = [1, 2, 5].flatMap((n) => [n, 10 * n, 100 * n, 1000 * n, 10_000 * n]).toSorted((a, b) => a - b);

/** Where no cursor is, the legend has the last values. */
function showLast(plot: uPlot): void {
  const last = plot.data[0].length - 1;
  if (plot.cursor.idx === null && plot.legend.idx !== last) plot.setLegend({ idx: last }, false);
}

/** A dashed line from top to bottom. */
function drawMark(plot: uPlot, at: number, colour: string): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(at, 'x', true));
  ctx.save();
  ctx.beginPath();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function optionsOf(
  props: SeriesProps,
  [width, height]: readonly [number, number],
  box: HTMLElement,
  marked: () => number | null,
): uPlot.Options {
  const palette = paletteOf(box);
  const axis = {
    stroke: palette.faint,
    grid: { stroke: palette.line, width: 1 },
    ticks: { stroke: palette.line, width: 1 },
  };
  return {
    width,
    height,
    scales: { x: { time: false } },
    axes: [
      { ...axis, incrs: WHOLE },
      { ...axis, size: 56, values: (_, ticks) => ticks.map(tickText) },
    ],
    cursor: { points: { size: 7 } },
    hooks: {
      setLegend: [showLast],
      draw: [
        (plot) => {
          const at = marked();
          if (at !== null) drawMark(plot, at, palette.ink);
        },
      ],
    },
    series: [
      { label: props.xLabel ?? 'generation' },
      ...props.lines.map(({ label, colour }) => ({
        label,
        value: (_: uPlot, value: number | null) => figure(value),
        stroke: colour,
        width: 2,
        spanGaps: true,
        // Lines of one or two values are hard to see.
        points: { show: ({ data: [all] }: uPlot) => all.length < 3 },
      })),
    ],
  };
}

/** Drawn anew when lines come or go, or the place changes; more values are only appended to it. */
export function Series(props: SeriesProps) {
  const { label, xs, lines, height = 210, mark = null } = props;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const width = useWidth(box);
  const [tries, setTries] = useState(0);
  const data = [xs, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const latest = useRef(data);
  latest.current = data;
  const marked = useRef(mark);
  marked.current = mark;
  const shape = lines.map((line) => `${line.label}${line.colour}`).join(' ');
  useEffect(() => {
    let gone = false;
    let giveUp: () => void = () => undefined;
    const element = box.current;
    if (element === null || width === 0) return;
    load().then(
      (Plot) => {
        if (gone) return;
        giveUp = inTurn(() => {
          plot.current = new Plot(
            optionsOf(props, [width, height], element, () => marked.current),
            latest.current,
            element,
          );
        });
      },
      () => {
        // The connection was lost just then.
        if (gone) return;
        const timer = setTimeout(() => setTries((n) => n + 1), LOAD_AGAIN);
        giveUp = () => clearTimeout(timer);
      },
    );
    return () => {
      gone = true;
      giveUp();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [width, height, shape, tries]);
  const append = (): void => {
    if (plot.current === null) return;
    plot.current.setData(latest.current);
    showLast(plot.current);
  };
  useEffect(() => inTurn(append), [xs, lines, mark]);
  const last = lines
    .map(({ label, values }) => `${label} ${values.findLast((value) => value !== null) ?? 'none'}`)
    .join(', ');
  return (
    <div
      ref={box}
      className={styles['series']}
      role="img"
      aria-label={`${label}. Last: ${last}`}
      style={{ minHeight: height + 34 }}
    />
  );
}
