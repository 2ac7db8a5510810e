// What to take: the paper's pick, the knee, and the paper's pick among those that respect limits.

import { memo, useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { PICK } from '../api/documents.ts';
import { Limit } from '../measure/limit.tsx';
import { limitOf } from '../measure/whole.ts';
import { brief, count } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { Card, styles as ui } from '../ui/ui.tsx';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

function Choice(
  props: Pick<Shown, 'story' | 'select' | 'selected'> & {
    readonly rule: string;
    readonly id: string | null;
    readonly none: string;
  },
) {
  const { story, select, selected, rule, id, none } = props;
  const scored = id === null ? undefined : story.byId.get(id);
  return (
    <li>
      <span>{rule}</span>
      {id === null ? (
        <span className="faint">{none}</span>
      ) : (
        <button
          type="button"
          className={ui['button']}
          aria-pressed={selected === id}
          onClick={() => select(id)}
        >
          {brief(id)}
          {scored !== undefined && ` · ${count(scored.macs)} MACs · ${count(scored.params)} params`}
        </button>
      )}
    </li>
  );
}

export const Picks = memo(function Picks({ search, story, select, selected }: Shown) {
  const [macs, setMacs] = useState('');
  const [params, setParams] = useState('');
  const limits = { maxMacs: limitOf(macs), maxParams: limitOf(params) };
  const idle = limits.maxMacs === null && limits.maxParams === null;
  const last = story.generations.at(-1);
  const [{ data, error }, again] = useQuery({
    query: PICK,
    variables: { id: search.id, ...limits },
    pause: idle,
  });
  // Each generation may change the answer.
  useEffect(() => {
    if (!idle) again({ requestPolicy: 'network-only' });
  }, [last?.generation]);
  const picked = data?.search?.pick?.individual.architecture.id ?? null;
  const common = { story, select, selected };
  return (
    <Card title="What to take">
      <ul className={styles['picks']}>
        <Choice {...common} rule="The paper's pick" id={last?.best ?? null} none="nothing feasible" />
        <Choice
          {...common}
          rule="Knee of the front"
          id={search.knee?.individual.architecture.id ?? null}
          none="the front has none"
        />
        {!idle && <Choice {...common} rule="Within the limits" id={picked} none="no member respects them" />}
      </ul>
      <div className={styles['limits']}>
        <Limit label="MACs up to" example="20M" value={macs} onChange={setMacs} />
        <Limit label="params up to" example="100k" value={params} onChange={setParams} />
      </div>
      {error !== undefined && <p className={ui['wrong']}>{problemOf(error)}</p>}
    </Card>
  );
});
