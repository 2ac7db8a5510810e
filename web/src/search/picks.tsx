// What to take: the paper's pick, the knee, and the paper's pick among those that respect limits.

import { memo, useEffect, useId, useState } from 'react';
import { useQuery } from 'urql';
import { PICK } from '../api/documents.ts';
import { brief, count } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { Card, styles as ui } from '../ui/ui.tsx';
import type { Shown } from './search.tsx';
import styles from './search.module.css';

/** 1.5M, 500k, 2 G or 300000 as a number; null: no limit, or none that can be read. */
export function limitOf(text: string): number | null {
  const [, digits, prefix = ''] = text.trim().match(/^([\d.,]+)\s*([kKmMgG]?)$/) ?? [];
  if (digits === undefined) return null;
  const factor = { k: 1e3, m: 1e6, g: 1e9 }[prefix.toLowerCase()] ?? 1;
  const value = Math.floor(Number(digits.replaceAll(',', '')) * factor);
  return Number.isSafeInteger(value) ? value : null;
}

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
  const id = useId();
  const limits = { maxMacs: limitOf(macs), maxParams: limitOf(params) };
  const unread = [macs, params].some((text) => text.trim() !== '' && limitOf(text) === null);
  const none = limits.maxMacs === null && limits.maxParams === null;
  const last = story.generations.at(-1);
  const idle = none || unread;
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
        {!none && !unread && (
          <Choice {...common} rule="Within the limits" id={picked} none="no member respects them" />
        )}
      </ul>
      <div className={styles['limits']}>
        <div className={ui['field']}>
          <label htmlFor={`${id}macs`}>At most MACs</label>
          <input
            id={`${id}macs`}
            value={macs}
            placeholder="20 M"
            onChange={(event) => setMacs(event.target.value)}
          />
        </div>
        <div className={ui['field']}>
          <label htmlFor={`${id}params`}>At most params</label>
          <input
            id={`${id}params`}
            value={params}
            placeholder="100 k"
            onChange={(event) => setParams(event.target.value)}
          />
        </div>
      </div>
      {unread && <p className={ui['wrong']}>A limit is a number, such as 20000000, 20 M or 100 k.</p>}
      {error !== undefined && <p className={ui['wrong']}>{problemOf(error)}</p>}
    </Card>
  );
});
