// Shares of a whole, a bar for each row: its parts side by side in their order, and the same as a table for those
// who cannot see it. It knows nothing of operations.

import { useRef } from 'react';
import { inkOn } from './ink.ts';
import plot from './plot.module.css';
import styles from './shares.module.css';
import { useWidth } from './useCanvas.ts';

export interface Part {
  readonly label: string;
  readonly count: number;
  /** #rrggbb or rgb(r g b), so that numbers can be written on it. */
  readonly colour: string;
}

export interface SharesProps {
  readonly label: string;
  readonly rows: readonly { readonly label: string; readonly parts: readonly Part[] }[];
}

/** Pixels a part needs for its number. */
const ROOM = 32;

const totalOf = (parts: readonly Part[]): number => parts.reduce((sum, { count }) => sum + count, 0);
const percent = (count: number, total: number): string =>
  total === 0 ? '–' : `${Math.round((100 * count) / total)} %`;

function Bar({ parts }: { readonly parts: readonly Part[] }) {
  const bar = useRef<HTMLDivElement>(null);
  const width = useWidth(bar);
  const total = totalOf(parts);
  return (
    <div ref={bar} className={styles['bar']}>
      {parts.map(({ label, count, colour }) => {
        const ink = inkOn(colour);
        const isWide = total > 0 && (count / total) * width >= ROOM;
        return (
          <span
            key={label}
            className={styles['part']}
            title={`${label}: ${count} of ${total}, ${percent(count, total)}`}
            style={{ flex: `${count} 0 0px`, background: colour, color: ink ?? undefined }}
          >
            {isWide && ink !== null && percent(count, total)}
          </span>
        );
      })}
    </div>
  );
}

export function Shares({ label, rows }: SharesProps) {
  const legend = new Map(
    rows.flatMap(({ parts }) => parts.map((part) => [part.label, part.colour] as const)),
  );
  return (
    <figure aria-label={label}>
      <div className={styles['rows']} aria-hidden>
        {rows.map((row) => [
          <span key={`${row.label} name`} className={styles['name']}>
            {row.label}
          </span>,
          <Bar key={row.label} parts={row.parts} />,
        ])}
      </div>
      <div className={plot['legend']} aria-hidden>
        {[...legend].map(([name, colour]) => (
          <span key={name}>
            <i className={plot['swatch']} style={{ background: colour }} />
            {name}
          </span>
        ))}
      </div>
      <div className="unseen">
        <table>
          <caption>{label}</caption>
          <thead>
            <tr>
              <th scope="col">Of</th>
              {[...legend.keys()].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.label}>
                <th scope="row">{row.label}</th>
                {[...legend.keys()].map((name) => {
                  const count = row.parts.find((part) => part.label === name)?.count ?? 0;
                  return <td key={name}>{`${count} (${percent(count, totalOf(row.parts))})`}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}
