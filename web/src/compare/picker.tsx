// Adds a search to the comparison.

import { type FormEvent, useId, useState } from 'react';
import { useQuery } from 'urql';
import { moment, titleOf } from '../ui/format.ts';
import { problemOf } from '../ui/problem.ts';
import { classes, styles as ui } from '../ui/ui.tsx';
import styles from './compare.module.css';
import { CHOICES } from './documents.ts';

export function Picker(props: {
  /** Those in it already. */
  readonly ids: readonly string[];
  readonly onPick: (id: string) => void;
}) {
  const [{ data, error, fetching }, again] = useQuery({ query: CHOICES });
  const [picked, setPicked] = useState('');
  const label = useId();
  const left = (data?.searches.edges ?? [])
    .map(({ node }) => node)
    .filter(({ id }) => !props.ids.includes(id));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (picked !== '') props.onPick(picked);
    setPicked('');
  };
  if (data === undefined) {
    if (error === undefined || fetching) return <p className="faint">Loading the list of searches.</p>;
    return (
      <button
        type="button"
        className={ui['button']}
        title={problemOf(error)}
        onClick={() => again({ requestPolicy: 'network-only' })}
      >
        Read the list of searches again
      </button>
    );
  }
  if (left.length === 0 && !fetching) return <p className="faint">There is no other search to add.</p>;
  return (
    <form className={styles['picker']} onSubmit={submit}>
      <label htmlFor={label}>Add a search</label>
      <select
        id={label}
        className={ui['control']}
        value={picked}
        onChange={(event) => setPicked(event.target.value)}
      >
        <option value="">Which?</option>
        {left.map(({ id, settings, status, createdAt }) => (
          <option key={id} value={id}>
            {`${titleOf(settings)}, ${status.toLowerCase()}, ${moment(createdAt)}`}
          </option>
        ))}
      </select>
      <button type="submit" className={classes(ui['button'])} disabled={picked === ''}>
        Add
      </button>
    </form>
  );
}
