// Starts a training of what is given, with the recipe of MedMNIST's experiments unless it is changed.

import { type FormEvent, useId } from 'react';
import { useLocation } from 'wouter';
import { useMutation } from 'urql';
import type { TrainMutationVariables } from '../api/generated/graphql.ts';
import { toInput, usualValues, type Values } from '../form/fields.ts';
import { Fieldset } from '../form/fieldset.tsx';
import form from '../form/form.module.css';
import { useForm } from '../form/useForm.ts';
import { paths } from '../ui/address.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, Notice, styles as ui } from '../ui/ui.tsx';
import { TRAIN } from './documents.ts';
import { FIELDS, foremost, further } from './form.ts';
import styles from './trainings.module.css';

interface TrainProps {
  readonly title: string;
  readonly subject: Pick<TrainMutationVariables['input'], 'architecture' | 'baseline'>;
  /** What is not as usual to begin with. */
  readonly begin: Values;
}

/** Closed until it is wanted. */
export function TrainForm({ title, subject, begin }: TrainProps) {
  const state = useForm(FIELDS, () => ({ ...usualValues(FIELDS), ...begin }));
  const [{ fetching }, train] = useMutation(TRAIN);
  const [, navigate] = useLocation();
  const id = useId();
  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!state.check()) return;
    const input = { ...toInput(FIELDS, state.values), ...subject } as TrainMutationVariables['input'];
    const { data, error } = await train({ input, idempotencyKey: state.key });
    if (error !== undefined) return state.refuse([{ message: problemOf(error) }]);
    const { run, errors = [] } = data?.trainArchitecture ?? {};
    if (run) return navigate(paths.training(run.id));
    state.refuse(errors);
  }
  return (
    <details className={styles['train']}>
      <summary id={id}>{title}</summary>
      <form
        ref={state.form}
        className={form['form']}
        aria-labelledby={id}
        onSubmit={(event) => void submit(event)}
        noValidate
      >
        <Fieldset state={state} foremost={foremost} further={further} what="training" />
        {state.problem !== null && <Notice tone="bad">{state.problem}</Notice>}
        <div className={form['foot']}>
          <button type="submit" className={classes(ui['button'], ui['primary'])} disabled={fetching}>
            {fetching ? 'Starting' : 'Train'}
          </button>
          <span className="faint">The epoch with the best validation AUC is tested and kept.</span>
        </div>
      </form>
    </details>
  );
}
