// ROC curves beside the diagonal of chance.

import { seriesColour } from './colour.ts';
import plot from './plot.module.css';
import styles from './roc.module.css';

export interface RocCurve {
  readonly label: string;
  /** Said in the legend, e.g. its AUC with an interval. */
  readonly note: string;
  /** From (0, 0) to (1, 1). */
  readonly points: readonly (readonly [falsePositives: number, truePositives: number])[];
}

/** Of the drawing; it is scaled to its place. */
const [SIZE, LEFT, TOP, BOTTOM] = [300, 46, 10, 44];
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const DASHES = [undefined, '7 3', '2 3'] as const;
const COLOURS = 6;

const x = (share: number): number => LEFT + share * SIZE;
const y = (share: number): number => TOP + (1 - share) * SIZE;
const pathOf = (points: RocCurve['points']): string =>
  points.map(([a, b], i) => `${i === 0 ? 'M' : 'L'}${x(a).toFixed(2)} ${y(b).toFixed(2)}`).join('');

/** More than there are colours are told apart by dashes too. */
const strokeOf = (i: number) => ({
  stroke: seriesColour(i),
  strokeDasharray: DASHES[Math.floor(i / COLOURS) % DASHES.length],
});

export function Roc({ label, curves }: { readonly label: string; readonly curves: readonly RocCurve[] }) {
  const said = curves.map((curve) => `${curve.label}: ${curve.note}`).join('; ');
  return (
    <>
      <svg
        className={styles['roc']}
        viewBox={`0 0 ${LEFT + SIZE + 12} ${TOP + SIZE + BOTTOM}`}
        role="img"
        aria-label={`${label}. ${said}`}
      >
        {TICKS.map((tick) => (
          <g key={tick}>
            <path className={styles['grid']} d={`M${x(tick)} ${y(0)}V${y(1)}M${x(0)} ${y(tick)}H${x(1)}`} />
            <text x={x(tick)} y={y(0) + 16} textAnchor="middle">
              {tick}
            </text>
            <text x={x(0) - 7} y={y(tick) + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        <path
          className={styles['chance']}
          d={pathOf([
            [0, 0],
            [1, 1],
          ])}
        />
        {curves.map((curve, i) => (
          <path key={curve.label} className={styles['curve']} d={pathOf(curve.points)} {...strokeOf(i)} />
        ))}
        <text className={styles['title']} x={x(0.5)} y={y(0) + 36} textAnchor="middle">
          1 - specificity
        </text>
        <text
          className={styles['title']}
          transform={`translate(12 ${y(0.5)}) rotate(-90)`}
          textAnchor="middle"
        >
          sensitivity
        </text>
      </svg>
      <div className={plot['legend']}>
        {curves.map((curve, i) => (
          <span key={curve.label}>
            <svg width="22" height="4" aria-hidden>
              <path className={styles['curve']} d="M0 2H22" {...strokeOf(i)} />
            </svg>
            {curve.label}: {curve.note}
          </span>
        ))}
        <span>
          <svg width="22" height="4" aria-hidden>
            <path className={styles['chance']} d="M0 2H22" />
          </svg>
          chance
        </span>
      </div>
    </>
  );
}
