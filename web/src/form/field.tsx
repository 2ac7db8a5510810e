// One field of the form: its name, a control by its kind, what it is, and what is wrong with it.

import { useId } from 'react';
import { INDICATORS } from '../ui/format.ts';
import { styles as ui } from '../ui/ui.tsx';
import type { FormField, Value } from './fields.ts';

export interface FieldProps {
  readonly field: FormField;
  readonly value: Value;
  readonly error: string | null;
  /** Offered for text. */
  readonly suggestions: readonly { readonly name: string; readonly title: string }[];
  readonly onChange: (value: Value) => void;
}

const INPUT_MODES = {
  whole: 'numeric',
  number: 'decimal',
  numbers: 'text',
  text: 'text',
  choice: 'text',
  choices: 'text',
} as const;

/** EQ5 as eq5, JACOB_COV as Jacobian covariance. */
const nameOf = (choice: string): string =>
  choice in INDICATORS
    ? INDICATORS[choice as keyof typeof INDICATORS].label
    : choice.toLowerCase().replaceAll('_', ' ');

function Choices({
  field,
  value,
  onChange,
  ...rest
}: Pick<FieldProps, 'field' | 'onChange'> & {
  readonly value: string;
  readonly id?: string;
  readonly 'aria-label'?: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}) {
  return (
    <select {...rest} value={value} onChange={(event) => onChange(event.target.value)}>
      {field.choices.map(({ name }) => (
        <option key={name} value={name}>
          {nameOf(name)}
        </option>
      ))}
    </select>
  );
}

export function Field({ field, value, error, suggestions, onChange }: FieldProps) {
  const id = useId();
  const common = { 'aria-describedby': `${id}hint ${id}error`, 'aria-invalid': error !== null };
  const chosen = field.choices.find(({ name }) => name === value);
  const hint = [field.description, chosen?.description ?? ''].filter((text) => text !== '').join(' ');
  const below = (
    <>
      <p id={`${id}hint`} className={ui['hint']}>
        {hint}
      </p>
      <p id={`${id}error`} className={ui['wrong']} hidden={error === null}>
        {error}
      </p>
    </>
  );
  if (field.kind === 'choices') {
    const values = typeof value === 'string' ? [value] : value;
    return (
      <fieldset className={ui['field']}>
        <legend className={ui['legend']}>{field.label}</legend>
        {values.map((one, i) => (
          <Choices
            key={i}
            {...common}
            field={field}
            aria-label={`${field.label} ${i + 1}`}
            value={one}
            onChange={(changed) => onChange(values.map((before, k) => (k === i ? String(changed) : before)))}
          />
        ))}
        {below}
      </fieldset>
    );
  }
  return (
    <div className={ui['field']}>
      <label htmlFor={id}>{field.label}</label>
      {field.kind === 'choice' ? (
        <Choices {...common} id={id} field={field} value={String(value)} onChange={onChange} />
      ) : (
        <input
          {...common}
          id={id}
          value={String(value)}
          inputMode={INPUT_MODES[field.kind]}
          autoComplete="off"
          spellCheck={false}
          list={suggestions.length > 0 ? `${id}list` : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {suggestions.length > 0 && (
        <datalist id={`${id}list`}>
          {suggestions.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </datalist>
      )}
      {below}
    </div>
  );
}
