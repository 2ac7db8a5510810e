// Workers in rows: what each is, what it does, and when it was last heard of; by arithmetic where there are several.

import { useEffect, useState } from 'react';
import { moment } from '../ui/format.ts';
import list from '../ui/list.module.css';
import { classes, Progress, styles as ui } from '../ui/ui.tsx';
import {
  agoText,
  briefId,
  briefNumerics,
  type Group,
  heardAgo,
  saySum,
  speedText,
  sumOf,
  totalSpeed,
  type Worker,
} from './fleet.ts';
import styles from './workers.module.css';

/** Milliseconds since the epoch, each second anew. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

const COLUMNS = [
  ['Worker'],
  ['Backend'],
  ['Runs on'],
  ['Threads', 'number'],
  ['Busy'],
  ['GMAC/s', 'number'],
  ['Version'],
  ['Arithmetic'],
  ['Started'],
  ['Last heard of'],
] as const;

function Row({
  worker,
  told,
  now,
}: {
  readonly worker: Worker;
  readonly told: number;
  readonly now: number;
}) {
  const { id, host, backend, adapter, threads, busy, speed, version, numerics, since, lastSeen } = worker;
  return (
    <tr>
      <th scope="row">
        {host}{' '}
        <code className="faint" title={id}>
          {briefId(id)}
        </code>
      </th>
      <td data-label="Backend">{backend}</td>
      <td data-label="Runs on">{adapter ?? 'CPU'}</td>
      <td className="number" data-label="Threads">
        {threads}
      </td>
      <td className={list['progress']}>
        <Progress value={busy / threads} label={`Busy threads of ${host} ${briefId(id)}`} />
        <span className="faint">
          {busy} of {threads}
          <span className={styles['busy']}> busy</span>
        </span>
      </td>
      <td className="number" data-label="GMAC/s">
        {speedText(speed)}
      </td>
      <td data-label="Version">{version}</td>
      <td data-label="Arithmetic" title={numerics}>
        {briefNumerics(numerics)}
      </td>
      <td data-label="Started">
        <time dateTime={since} title={moment(since)}>
          {agoText((now - Date.parse(since)) / 1000)}
        </time>
      </td>
      <td data-label="Last heard of">
        <time dateTime={lastSeen} title={moment(lastSeen)}>
          {agoText(heardAgo(Date.parse(lastSeen), told, now))}
        </time>
      </td>
    </tr>
  );
}

/** `taken`: the arithmetic of new searches, where it is known. */
export function WorkerTable(props: {
  readonly groups: readonly Group[];
  readonly taken: string | null;
  /** When they were told, milliseconds since the epoch. */
  readonly told: number;
}) {
  const { groups, taken, told } = props;
  const now = Math.max(useNow(), told);
  return (
    <div className={ui['scroll']} role="region" aria-label="Table of workers" tabIndex={0}>
      <table className={classes(ui['table'], list['table'], list['unchecked'], styles['table'])}>
        <thead>
          <tr>
            {COLUMNS.map(([name, className]) => (
              <th key={name} className={className}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        {groups.map(({ numerics, workers }) => (
          <tbody key={numerics}>
            {groups.length > 1 && (
              <tr className={styles['group']}>
                <th scope="rowgroup" colSpan={COLUMNS.length}>
                  <strong title={numerics}>{briefNumerics(numerics)}</strong>{' '}
                  <span>
                    {saySum(sumOf(workers))}, {totalSpeed(sumOf(workers))}
                    {numerics === taken && '; new ones take it'}
                  </span>
                </th>
              </tr>
            )}
            {workers.map((worker) => (
              <Row key={worker.id} worker={worker} told={told} now={now} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
