// Shares of a whole, a bar for each row: its parts side by side in their order, and the same as a table for those
// who cannot see it. It knows nothing of operations.

import { type CSSProperties, useRef } from 'react';
import plot from './plot.module.css';
import styles from './shares.module.css';
import { useWidth } from './useCanvas.ts';

export interface Part {
  readonly label: string;
  readonly count: number;
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
      {parts.map(({ label, count, colour }) => (
        <span
          key={label}
          className={styles['part']}
          title={`${label}: ${count} of ${total}, ${percent(count, total)}`}
          style={{ '--part': colour, flexGrow: count } as CSSProperties}
        >
          {total > 0 && (count / total) * width >= ROOM && percent(count, total)}
        </span>
      ))}
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
