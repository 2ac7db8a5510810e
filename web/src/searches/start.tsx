// Starts a search: a preset or the settings of another search to begin with, every setting to change.

import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useMutation, useQuery } from 'urql';
import { DATASETS, SEARCH, START } from '../api/documents.ts';
import type { SearchRowFragment } from '../api/generated/graphql.ts';
import { paths, useParameter } from '../ui/address.ts';
import { count, titleOf, whole } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, Notice, State, styles as ui } from '../ui/ui.tsx';
import { Field } from './field.tsx';
import {
  clonedValues,
  equalValues,
  fieldOf,
  foremost,
  type FormField,
  further,
  PRESETS,
  presetValues,
  toInput,
  unreadable,
  type Value,
  type Values,
} from './form.ts';
import styles from './searches.module.css';

type Errors = Readonly<Record<string, string>>;

/** Names one request to start, so that asking again is harmless; also where the page has no secure origin. */
const newKey = (): string =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join('-');

/** How many architectures will be scored, if the fields make sense. */
function plannedOf({ population, offspring, generations }: Values): number | null {
  const planned = Number(population) + Number(offspring) * Number(generations);
  return Number.isFinite(planned) && planned > 0 ? planned : null;
}

function Form({ from }: { readonly from: SearchRowFragment | null }) {
  const [values, setValues] = useState<Values>(() =>
    from === null ? presetValues(PRESETS[1].values) : clonedValues(from.settings),
  );
  const [errors, setErrors] = useState<Errors>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [key, setKey] = useState(newKey);
  const [refusals, setRefusals] = useState(0);
  const [{ fetching }, start] = useMutation(START);
  const [{ data: known }] = useQuery({ query: DATASETS });
  const [, navigate] = useLocation();
  const form = useRef<HTMLFormElement>(null);

  const set = (name: string) => (value: Value) => {
    setValues((before) => ({ ...before, [name]: value }));
    setErrors((before) => Object.fromEntries(Object.entries(before).filter(([at]) => at !== name)));
    setKey(newKey);
  };
  function show(at: Errors, whole: string | null): void {
    setErrors(at);
    setProblem(whole);
    setRefusals((n) => n + 1);
  }
  // Once what is wrong is drawn, the reader is taken to the first of it.
  useEffect(() => {
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    wrong?.closest('details')?.setAttribute('open', '');
    wrong?.focus();
  }, [refusals]);
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    const wrong = unreadable(values);
    if (Object.keys(wrong).length > 0) return show(wrong, null);
    const { data, error } = await start({ input: toInput(values), idempotencyKey: key });
    if (error !== undefined) return show({}, problemOf(error));
    const { search, errors: refused = [] } = data?.startSearch ?? {};
    if (search) return navigate(paths.search(search.id));
    const at = refused.map(({ field, message }) => [fieldOf(field), message] as const);
    show(
      Object.fromEntries(at.flatMap(([name, message]) => (name === null ? [] : [[name, message]]))),
      at.find(([name]) => name === null)?.[1] ?? null,
    );
  }
  const row = (field: FormField) => (
    <Field
      key={field.name}
      field={field}
      value={values[field.name] ?? ''}
      error={errors[field.name] ?? null}
      suggestions={field.name === 'dataset' ? (known?.datasets ?? []) : []}
      onChange={set(field.name)}
    />
  );
  const dataset = known?.datasets.find(({ name }) => name === values['dataset']);
  const planned = plannedOf(values);
  return (
    <form ref={form} className={styles['form']} onSubmit={(event) => void submit(event)} noValidate>
      <h1>{from === null ? 'Start a search' : 'Start a search like another'}</h1>
      {from !== null && (
        <p className="faint">Settings of {titleOf(from.settings)}. With the same seed it finds the same.</p>
      )}
      <div className={styles['presets']} role="group" aria-label="Presets">
        {PRESETS.map((preset) => (
          <button
            key={preset.name}
            type="button"
            className={styles['preset']}
            aria-pressed={equalValues(
              values,
              presetValues({
                ...preset.values,
                dataset: values['dataset'] ?? '',
                seed: values['seed'] ?? '',
              }),
            )}
            onClick={() => {
              setValues(({ dataset = '', seed = '' }) => presetValues({ ...preset.values, dataset, seed }));
              setErrors({});
              setKey(newKey);
            }}
          >
            <strong>{preset.name}</strong>
            <span>{preset.description}</span>
          </button>
        ))}
      </div>
      <div className={styles['fields']}>{foremost.map(row)}</div>
      {dataset !== undefined && (
        <p className="faint">
          {dataset.title}: {whole(dataset.samples.train)} training images of {dataset.shape.join(' x ')}
          {dataset.location === 'WEB' && '; not here yet, downloaded when the search starts'}.
        </p>
      )}
      <details className={styles['more']}>
        <summary>More settings</summary>
        <div className={styles['fields']}>{further.map(row)}</div>
      </details>
      {problem !== null && <Notice tone="bad">{problem}</Notice>}
      <div className={styles['foot']}>
        <button type="submit" className={classes(ui['button'], ui['primary'])} disabled={fetching}>
          {fetching ? 'Starting' : 'Start'}
        </button>
        {planned !== null && (
          <span className="faint">
            scores up to {planned < 10_000 ? whole(planned) : count(planned)} architectures
          </span>
        )}
      </div>
    </form>
  );
}

export default function Start() {
  const [from] = useParameter('from');
  const [{ data, error, fetching }] = useQuery({
    query: SEARCH,
    variables: { id: from },
    pause: from === '',
    requestPolicy: 'cache-first',
  });
  if (from === '') return <Form key="new" from={null} />;
  if (fetching) return <State title="Loading its settings" busy />;
  if (data?.search) return <Form key={from} from={data.search} />;
  return (
    <>
      <Notice tone="warn">
        {error === undefined ? 'The search whose settings were to be cloned is gone.' : problemOf(error)}{' '}
        These are the usual settings.
      </Notice>
      <Form key="new" from={null} />
    </>
  );
}
