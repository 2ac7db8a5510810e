// Which architectures are listed, and in which order.

import { useQuery } from 'urql';
import { DATASETS } from '../api/documents.ts';
import type { ArchitectureOrderField, OrderDirection } from '../api/generated/graphql.ts';
import { Limit } from '../measure/limit.tsx';
import { Choice } from '../ui/ui.tsx';
import { type Asked, FIELDS, orderOf, sortOf } from './asked.ts';
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
