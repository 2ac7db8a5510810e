// Which architectures are listed, and in which order.

import { useId } from 'react';
import { useQuery } from 'urql';
import { DATASETS } from '../api/documents.ts';
import type { ArchitectureOrderField, OrderDirection } from '../api/generated/graphql.ts';
import { Choice, classes, styles as ui } from '../ui/ui.tsx';
import { type Asked, FIELDS, orderOf, sortOf, toWhole } from './asked.ts';
import styles from './architectures.module.css';

type Change = (name: keyof Asked, value: string) => void;

const FEASIBLE = [
  ['', 'any'],
  ['true', 'feasible'],
  ['false', 'infeasible'],
] as const;

const DIRECTIONS = [
  ['DESC', 'largest first'],
  ['ASC', 'smallest first'],
] as const;

const ORDERS = Object.entries(FIELDS) as [ArchitectureOrderField, string][];

function Limit(props: {
  readonly label: string;
  readonly example: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const hint = useId();
  const wrong = Number.isNaN(toWhole(props.value));
  return (
    <label className={ui['inline']}>
      {props.label}
      <input
        className={classes(ui['control'], styles['limit'])}
        inputMode="text"
        autoComplete="off"
        placeholder={props.example}
        value={props.value}
        aria-invalid={wrong}
        aria-describedby={wrong ? hint : undefined}
        onChange={(event) => props.onChange(event.target.value)}
      />
      {wrong && (
        <span id={hint} className={ui['wrong']}>
          a number, e.g. {props.example}
        </span>
      )}
    </label>
  );
}

export function Filters({ asked, onChange }: { readonly asked: Asked; readonly onChange: Change }) {
  const [{ data }] = useQuery({ query: DATASETS, requestPolicy: 'cache-first' });
  const { by, direction } = orderOf(asked.sort);
  const names = data?.datasets.map(({ name }) => name) ?? [];
  // What the address asks for is shown, whether or not the service knows it.
  const known = asked.dataset === '' || names.includes(asked.dataset) ? names : [asked.dataset, ...names];
  return (
    <form className={styles['filters']} aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <Choice
        label="Dataset"
        value={asked.dataset}
        options={[['', 'any'], ...known.map((name) => [name, name] as const)]}
        onChange={(value) => onChange('dataset', value)}
      />
      <Choice
        label="Scored"
        value={asked.feasible}
        options={FEASIBLE}
        onChange={(value) => onChange('feasible', value)}
      />
      <Limit
        label="MACs up to"
        example="50M"
        value={asked.maxMacs}
        onChange={(value) => onChange('maxMacs', value)}
      />
      <Limit
        label="Parameters up to"
        example="200k"
        value={asked.maxParams}
        onChange={(value) => onChange('maxParams', value)}
      />
      <Limit
        label="Stem channels"
        example="16"
        value={asked.initChannels}
        onChange={(value) => onChange('initChannels', value)}
      />
      <Choice
        label="Order by"
        value={by}
        options={ORDERS}
        onChange={(value) => onChange('sort', sortOf(value, direction))}
      />
      <Choice<OrderDirection>
        label="Order"
        value={direction}
        options={DIRECTIONS}
        onChange={(value) => onChange('sort', sortOf(by, value))}
      />
    </form>
  );
}
