// Fields of a form side by side: what most people set, and the rest one click away.

import { useQuery } from 'urql';
import { DATASETS } from '../api/documents.ts';
import { whole } from '../ui/format.ts';
import { Field } from './field.tsx';
import type { FormField } from './fields.ts';
import styles from './form.module.css';
import type { FormState } from './useForm.ts';

interface FieldsetProps {
  readonly state: FormState;
  readonly foremost: readonly FormField[];
  readonly further: readonly FormField[];
  /** What is going to begin, as in "downloaded when the search starts". */
  readonly what: string;
}

export function Fieldset({ state, foremost, further, what }: FieldsetProps) {
  const [{ data: known }] = useQuery({ query: DATASETS });
  const row = (field: FormField) => (
    <Field
      key={field.name}
      field={field}
      value={state.values[field.name] ?? ''}
      error={state.errors[field.name] ?? null}
      suggestions={field.name === 'dataset' ? (known?.datasets ?? []) : []}
      onChange={(value) => state.set(field.name, value)}
    />
  );
  const dataset = known?.datasets.find(({ name }) => name === state.values['dataset']);
  return (
    <>
      <div className={styles['fields']}>{foremost.map(row)}</div>
      {dataset !== undefined && (
        <p className="faint">
          {dataset.title}: {whole(dataset.samples.train)} training images of {dataset.shape.join(' x ')}
          {dataset.location === 'WEB' && `; not here yet, downloaded when the ${what} starts`}.
        </p>
      )}
      <details className={styles['more']}>
        <summary>More settings</summary>
        <div className={styles['fields']}>{further.map(row)}</div>
      </details>
    </>
  );
}
