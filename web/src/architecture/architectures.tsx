// All archived architectures, whatever search met them: a table of which only the rows in sight exist.

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import { paths, useParameter } from '../ui/address.ts';
import { whole } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, Notice, State, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import styles from './architectures.module.css';
import { type Asked, orderOf, pressed, type Question, questionOf, USUAL_SORT } from './asked.ts';
import { type Column, columnsFor } from './columns.tsx';
import { Filters } from './filters.tsx';
import { rowAt, type Sight } from './pages.ts';
import { type Archive, usePages } from './usePages.ts';

const ROW_HEIGHT = 38;
/** Milliseconds without a change before the archive is asked. */
const PAUSE = 250;
const TOP: Sight = { first: 0, last: 40 };

/** What the address asks for, and how to change it. */
function useAsked(): readonly [Asked, (name: keyof Asked, value: string) => void] {
  const [dataset, setDataset] = useParameter('dataset');
  const [maxMacs, setMaxMacs] = useParameter('maxMacs');
  const [maxParams, setMaxParams] = useParameter('maxParams');
  const [initChannels, setInitChannels] = useParameter('initChannels');
  const [feasible, setFeasible] = useParameter('feasible');
  const [sort, setSort] = useParameter('sort', USUAL_SORT);
  const change: Readonly<Record<keyof Asked, (value: string) => void>> = {
    dataset: setDataset,
    maxMacs: setMaxMacs,
    maxParams: setMaxParams,
    initChannels: setInitChannels,
    feasible: setFeasible,
    sort: setSort,
  };
  return [
    { dataset, maxMacs, maxParams, initChannels, feasible, sort },
    (name, value) => change[name](value),
  ];
}

/** A value once it has not changed for a while. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

const SORTED = { ASC: 'ascending', DESC: 'descending' } as const;
const ARROWS = { ASC: '↑', DESC: '↓' } as const;

function Head(props: {
  readonly columns: readonly Column[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}) {
  const now = orderOf(props.sort);
  return (
    <div role="row" aria-rowindex={1} className={classes(styles['row'], styles['heads'])}>
      {props.columns.map(({ name, title, by, wide }, i) => (
        <div
          key={name}
          role="columnheader"
          aria-colindex={i + 1}
          aria-sort={by === null ? undefined : by === now.by ? SORTED[now.direction] : 'none'}
          className={classes(wide && styles['wide'])}
        >
          {by === null ? (
            title
          ) : (
            <button type="button" onClick={() => props.onSort(pressed(props.sort, by))}>
              <span aria-hidden>{by === now.by ? ARROWS[now.direction] : ''}</span>
              {title}
            </button>
          )}
        </div>
      ))}
    </div>
  );
}

function Rows(props: {
  readonly archive: Archive;
  readonly columns: readonly Column[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  readonly onSight: (sight: Sight) => void;
}) {
  const { pages } = props.archive;
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: pages.total ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    paddingStart: ROW_HEIGHT,
  });
  const items = rows.getVirtualItems();
  const [first, last] = [items[0]?.index ?? TOP.first, items.at(-1)?.index ?? TOP.last];
  useEffect(() => props.onSight({ first, last }), [first, last]);
  return (
    <div
      ref={scroller}
      className={styles['scroller']}
      role="table"
      aria-label="Architectures"
      aria-rowcount={(pages.total ?? 0) + 1}
      aria-colcount={props.columns.length}
      aria-busy={items.some(({ index }) => rowAt(pages, index) === undefined)}
      tabIndex={0}
    >
      <div role="rowgroup" className={styles['rows']} style={{ height: rows.getTotalSize() }}>
        <Head columns={props.columns} sort={props.sort} onSort={props.onSort} />
        {items.map(({ index, start }) => {
          const row = rowAt(pages, index);
          return (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              className={classes(
                styles['row'],
                styles['body'],
                row?.feasible === false && styles['infeasible'],
              )}
              style={{ height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
            >
              {props.columns.map(({ name, wide, cell }, i) => (
                <div key={name} role="cell" aria-colindex={i + 1} className={classes(wide && styles['wide'])}>
                  {row === undefined ? <span className={styles['coming']} /> : cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Problem({ archive: { error, retry, pages } }: { readonly archive: Archive }) {
  if (error === null) return null;
  if (pages.total === null) return <Unread what="The architectures" error={error} again={retry} />;
  return (
    <Notice tone="bad">
      {problemOf(error)}{' '}
      <button type="button" className={ui['button']} onClick={retry}>
        Try again
      </button>
    </Notice>
  );
}

function Empty({ filtered }: { readonly filtered: boolean }) {
  if (filtered) {
    return (
      <State title="No architecture is like that">
        <p>Loosen the filters to see more.</p>
        <Link className={ui['button'] ?? ''} href={paths.architectures}>
          Without filters
        </Link>
      </State>
    );
  }
  return (
    <State title="No architecture yet">
      <p>Every architecture a search scores is archived, and listed here.</p>
      <Link className={classes(ui['button'], ui['primary'])} href={paths.start()}>
        Start a search
      </Link>
    </State>
  );
}

export default function Architectures() {
  const [asked, change] = useAsked();
  const [sight, setSight] = useState(TOP);
  const key = useSettled(JSON.stringify(questionOf(asked)));
  const question = JSON.parse(key) as Question;
  const archive = usePages(question, sight);
  const { total } = archive.pages;
  const { by } = question.orderBy;
  return (
    <div className={styles['view']}>
      <div className={styles['head']}>
        <h1>Architectures</h1>
        <p className="faint" role="status">
          {total === null ? '' : `${whole(total)} ${total === 1 ? 'architecture' : 'architectures'}`}
        </p>
      </div>
      <Filters asked={asked} onChange={change} />
      <Problem archive={archive} />
      {total === null && archive.error === null && <State title="Loading architectures" busy />}
      {total === 0 && <Empty filtered={Object.keys(question.filter).length > 0} />}
      {total !== null && total > 0 && (
        <div className={classes(ui['card'], styles['card'])}>
          {/* Another question starts at its top. */}
          <Rows
            key={key}
            archive={archive}
            columns={columnsFor(by)}
            sort={asked.sort}
            onSort={(sort) => change('sort', sort)}
            onSight={setSight}
          />
        </div>
      )}
    </div>
  );
}
