// All searches, the newest first: how far each has come, and what can be done to it.

import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useQuery } from 'urql';
import { SEARCHES } from '../api/documents.ts';
import { useKept } from '../api/useKept.ts';
import type { SearchesQuery } from '../api/generated/graphql.ts';
import { paths } from '../ui/address.ts';
import { count, duration, figure, isAtWork, moment, titleOf, whole } from '../ui/format.ts';
import list from '../ui/list.module.css';
import { Pages, useLookAgain } from '../ui/list.tsx';
import { problemOf } from '../ui/problem.ts';
import { classes, Notice, Progress, State, Status, styles as ui } from '../ui/ui.tsx';
import { Unread } from '../ui/unread.tsx';
import { Controls } from './controls.tsx';

type Row = SearchesQuery['searches']['edges'][number]['node'];

const PAGE = 25;

const took = ({ createdAt, finishedAt }: Row): string =>
  finishedAt ? duration((Date.parse(finishedAt) - Date.parse(createdAt)) / 1000) : '–';

function SearchRow(props: {
  readonly row: Row;
  readonly checked: boolean;
  readonly onCheck: (checked: boolean) => void;
  readonly onChange: () => void;
}) {
  const { row, checked } = props;
  const { progress, best } = row;
  const name = titleOf(row.settings);
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare ${name}`}
          checked={checked}
          onChange={(event) => props.onCheck(event.target.checked)}
        />
      </td>
      <th scope="row">
        <Link href={paths.search(row.id)}>{name}</Link>
        {row.failure && <p className={ui['wrong']}>{row.failure.message}</p>}
      </th>
      <td>
        <Status of={row.status} position={row.queuePosition ?? null} />
      </td>
      <td className={list['progress']}>
        <Progress value={progress.evaluations / progress.plannedEvaluations} label={`Progress of ${name}`} />
        <span className="faint">
          {whole(progress.evaluations)} of {whole(progress.plannedEvaluations)}
        </span>
      </td>
      <td className="number" data-label="Hypervolume">
        {figure(row.hypervolume)}
      </td>
      <td data-label="Best">
        {best ? (
          <Link href={paths.architecture(best.individual.architecture.id, row.id)}>
            {count(best.individual.architecture.macs)} MACs, {count(best.individual.architecture.params)}{' '}
            params
          </Link>
        ) : (
          '–'
        )}
      </td>
      <td data-label="Started">{moment(row.createdAt)}</td>
      <td className="number" data-label="Took">
        {took(row)}
      </td>
      <td>
        <Controls id={row.id} status={row.status} name={name} onDone={props.onChange} />
      </td>
    </tr>
  );
}

const COLUMNS = ['State', 'Scored', 'Hypervolume', 'Best', 'Started', 'Took', ''] as const;

export function Searches() {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [checked, setChecked] = useState<readonly string[]>([]);
  const [, navigate] = useLocation();
  const [{ data: answer, error, fetching, stale }, again] = useQuery({
    query: SEARCHES,
    variables: { first: PAGE, after: cursors.at(-1) ?? null },
  });
  const data = useKept(answer);
  const rows = data?.searches.edges.map(({ node }) => node) ?? [];
  const look = (): void => again({ requestPolicy: 'network-only' });
  const busy = rows.some(isAtWork) || error !== undefined;
  useLookAgain(look, { settled: !fetching && !stale, busy, answer: data });

  if (data === undefined) {
    if (error === undefined) return <State title="Loading searches" busy />;
    return <Unread what="The searches" error={error} again={look} />;
  }
  const { totalCount, pageInfo } = data.searches;
  if (totalCount === 0) {
    return (
      <State title="No search yet">
        <p>
          A search looks for small networks that tell the images of a dataset apart, without training one. The
          quick preset takes seconds, the paper's a minute or two.
        </p>
        <Link href={paths.start()} className={classes(ui['button'], ui['primary'])}>
          Start a search
        </Link>
      </State>
    );
  }
  const check = (id: string) => (on: boolean) =>
    setChecked((ids) => (on ? [...ids, id] : ids.filter((other) => other !== id)));
  return (
    <>
      <div className={list['head']}>
        <h1>Searches</h1>
        <button
          type="button"
          className={ui['button']}
          disabled={checked.length < 2}
          onClick={() => navigate(paths.compare(checked))}
        >
          {checked.length < 2 ? 'Check two to compare' : `Compare ${checked.length}`}
        </button>
      </div>
      {error !== undefined && <Notice tone="bad">{problemOf(error)}</Notice>}
      <div className={classes(ui['card'], ui['scroll'])}>
        <table className={classes(ui['table'], list['table'])}>
          <thead>
            <tr>
              <th>
                <span className="unseen">Compare</span>
              </th>
              <th>Search</th>
              {COLUMNS.map((name) => (
                <th key={name} className={name === 'Hypervolume' || name === 'Took' ? 'number' : undefined}>
                  {name === '' ? <span className="unseen">Actions</span> : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <SearchRow
                key={row.id}
                row={row}
                checked={checked.includes(row.id)}
                onCheck={check(row.id)}
                onChange={look}
              />
            ))}
          </tbody>
        </table>
      </div>
      <Pages
        cursors={cursors}
        onTurn={setCursors}
        size={PAGE}
        shown={rows.length}
        total={totalCount}
        next={pageInfo}
      />
    </>
  );
}
