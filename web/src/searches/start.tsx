// Starts a search: a preset or the settings of another search to begin with, every setting to change.

import type { FormEvent } from 'react';
import { useLocation } from 'wouter';
import { useMutation, useQuery } from 'urql';
import { SEARCH, START } from '../api/documents.ts';
import type { SearchRowFragment, StartMutationVariables } from '../api/generated/graphql.ts';
import { toInput, type Values } from '../form/fields.ts';
import { Fieldset } from '../form/fieldset.tsx';
import form from '../form/form.module.css';
import { useForm } from '../form/useForm.ts';
import { paths, useParameter } from '../ui/address.ts';
import { count, titleOf, whole } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, Notice, State, styles as ui } from '../ui/ui.tsx';
import { clonedValues, equalValues, FIELDS, foremost, further, PRESETS, presetValues } from './form.ts';
import styles from './searches.module.css';

/** How many architectures will be scored, if the fields make sense. */
function plannedOf({ population, offspring, generations }: Values): number | null {
  const planned = Number(population) + Number(offspring) * Number(generations);
  return Number.isFinite(planned) && planned > 0 ? planned : null;
}

/** What a search of these settings comes to when it is run again. */
const sameSeed = ({ strategy, lanes }: SearchRowFragment['settings']): string =>
  strategy === 'STEADY' && lanes > 1
    ? 'With the same seed it begins the same; then it goes by the order in which scores arrive.'
    : 'With the same seed it finds the same.';

function Form({ from }: { readonly from: SearchRowFragment | null }) {
  const state = useForm(FIELDS, () =>
    from === null ? presetValues(PRESETS[1].values) : clonedValues(from.settings),
  );
  const { values } = state;
  const [{ fetching }, start] = useMutation(START);
  const [, navigate] = useLocation();
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!state.check()) return;
    const input = toInput(FIELDS, values) as StartMutationVariables['input'];
    const { data, error } = await start({ input, idempotencyKey: state.key });
    if (error !== undefined) return state.refuse([{ message: problemOf(error) }]);
    const { search, errors = [] } = data?.startSearch ?? {};
    if (search) return navigate(paths.search(search.id));
    state.refuse(errors);
  }
  const planned = plannedOf(values);
  return (
    <form ref={state.form} className={form['form']} onSubmit={(event) => void submit(event)} noValidate>
      <h1>{from === null ? 'Start a search' : 'Start a search like another'}</h1>
      {from !== null && (
        <p className="faint">
          Settings of {titleOf(from.settings)}. {sameSeed(from.settings)}
        </p>
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
            onClick={() =>
              state.setAll(({ dataset = '', seed = '' }) => presetValues({ ...preset.values, dataset, seed }))
            }
          >
            <strong>{preset.name}</strong>
            <span>{preset.description}</span>
          </button>
        ))}
      </div>
      <Fieldset state={state} foremost={foremost} further={further} what="search" />
      {state.problem !== null && <Notice tone="bad">{state.problem}</Notice>}
      <div className={form['foot']}>
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
