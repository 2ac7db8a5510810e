// A field for the most that something may be.

import { useId } from 'react';
import { classes, styles as ui } from '../ui/ui.tsx';
import { toWhole } from './whole.ts';

export function Limit(props: {
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
        className={classes(ui['control'], ui['limit'])}
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
