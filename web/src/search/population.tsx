// The population in figures, or everything scored: sorted, filtered, and drawn only as far as it is seen.

import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Placed, Scored } from '../live/story.ts';
import { paths } from '../ui/address.ts';
import { brief, figure } from '../ui/format.ts';
import { Card, Choice, classes } from '../ui/ui.tsx';
import { Limit } from '../measure/limit.tsx';
import { limitOf } from '../measure/whole.ts';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

interface Row {
  readonly scored: Scored;
  readonly placed: Placed | null;
}

interface Column {
  readonly key: string;
  readonly label: string;
  /** What rows are sorted by; null comes last either way. */
  readonly of: (row: Row) => number | null;
  readonly show: (row: Row) => string;
}

const ROW = 38;

function columnsOf(quantities: Shown['quantities']): readonly Column[] {
  return [
    {
      key: 'rank',
      label: 'Rank',
      of: ({ placed }) => placed?.rank ?? null,
      show: ({ placed }) => String(placed?.rank ?? '–'),
    },
    {
      key: 'crowding',
      label: 'Crowding',
      of: ({ placed }) => (placed === null ? null : (placed.crowding ?? Number.MAX_VALUE)),
      show: ({ placed }) =>
        placed === null ? '–' : placed.crowding === null ? '∞' : figure(placed.crowding),
    },
    ...quantities.map(({ key, short, of, show }) => ({
      key,
      label: short,
      of: ({ scored }: Row) => of(scored),
      show: ({ scored }: Row) => show(of(scored)),
    })),
    {
      key: 'born',
      label: 'Generation',
      of: ({ scored }) => scored.generation,
      show: ({ scored }) => String(scored.generation),
    },
  ];
}

type Order = readonly [key: string, direction: 1 | -1];

function sorted(rows: readonly Row[], columns: readonly Column[], [key, direction]: Order): readonly Row[] {
  const column = columns.find((one) => one.key === key);
  if (column === undefined) return rows;
  return rows.toSorted((a, b) => {
    const [p, q] = [column.of(a), column.of(b)];
    if (p === null || q === null) return Number(p === null) - Number(q === null);
    return direction * (p - q);
  });
}

const EXTENTS = [
  ['population', 'the population'],
  ['all', 'everything scored'],
] as const;

export const Population = memo(function Population(props: Shown) {
  const { search, story, quantities, generation, selected, select, passes } = props;
  const [extent, setExtent] = useState<(typeof EXTENTS)[number][0]>('population');
  const [order, setOrder] = useState<Order>(['rank', 1]);
  const [macs, setMacs] = useState('');
  const [params, setParams] = useState('');
  const columns = useMemo(() => columnsOf(quantities), [quantities]);
  const at = story.generations[generation];
  const rows = useMemo(() => {
    const placed = new Map((at?.members ?? []).map((member) => [member.id, member]));
    const all =
      extent === 'all' ? story.scored : [...placed.keys()].flatMap((id) => story.byId.get(id) ?? []);
    const [maxMacs, maxParams] = [limitOf(macs) ?? Infinity, limitOf(params) ?? Infinity];
    const kept = all.filter(
      (scored) => passes(scored) && scored.macs <= maxMacs && scored.params <= maxParams,
    );
    return sorted(
      kept.map((scored) => ({ scored, placed: placed.get(scored.id) ?? null })),
      columns,
      order,
    );
  }, [extent === 'all' ? story.scored : at, extent, macs, params, passes, columns, order]);
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 8,
  });
  const template = { gridTemplateColumns: `110px repeat(${columns.length}, minmax(92px, 1fr))` };
  return (
    <Card
      title={extent === 'all' ? 'Everything scored' : `Population of generation ${at?.generation ?? 0}`}
      className={styles['population']}
      tools={
        <>
          <span className="faint">{rows.length} rows</span>
          <Choice label="Show" value={extent} options={EXTENTS} onChange={setExtent} />
          <Limit label="MACs up to" example="20M" value={macs} onChange={setMacs} />
          <Limit label="params up to" example="100k" value={params} onChange={setParams} />
        </>
      }
    >
      <div
        ref={scroll}
        className={styles['table']}
        role="table"
        aria-label="Architectures"
        aria-rowcount={rows.length + 1}
        tabIndex={0}
      >
        <div role="rowgroup" className={styles['thead']}>
          <div role="row" className={styles['row']} style={template}>
            <span role="columnheader">Architecture</span>
            {columns.map(({ key, label }) => (
              <span
                key={key}
                role="columnheader"
                aria-sort={order[0] !== key ? 'none' : order[1] === 1 ? 'ascending' : 'descending'}
              >
                <button
                  type="button"
                  onClick={() =>
                    setOrder(([before, direction]) => [key, before === key ? (direction === 1 ? -1 : 1) : 1])
                  }
                >
                  {label}
                  {order[0] === key && <span aria-hidden>{order[1] === 1 ? ' ▲' : ' ▼'}</span>}
                </button>
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = rows[index];
            if (row === undefined) return null;
            const { id } = row.scored;
            return (
              <div
                key={id}
                role="row"
                aria-rowindex={index + 2}
                className={classes(styles['row'], styles['body'], id === selected && styles['selected'])}
                style={{ ...template, transform: `translateY(${start}px)` }}
                tabIndex={0}
                onClick={() => select(id)}
                onKeyDown={({ key }) => key === 'Enter' && select(id)}
              >
                <span role="cell">
                  <Link href={paths.architecture(id, search.id)}>{brief(id)}</Link>
                </span>
                {columns.map((column) => (
                  <span key={column.key} role="cell">
                    {column.show(row)}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {rows.length === 0 && <p className="faint">None passes the limits and ranges.</p>}
    </Card>
  );
});
