// The form that starts a search, as data: its fields are the input type's of the API, with the descriptions,
// defaults and choices it has there. What people type stays text until it is sent.

import inputs from '../api/generated/inputs.json' with { type: 'json' };
import type { SearchRowFragment, StartMutationVariables } from '../api/generated/graphql.ts';

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly kind: 'whole' | 'number' | 'text' | 'choice' | 'choices';
  readonly choices: readonly { readonly name: string; readonly description: string | null }[];
  readonly usual: Value;
}

/** A list only for `choices`. */
export type Value = string | readonly string[];
export type Values = Readonly<Record<string, Value>>;

const NUMBERS: Readonly<Record<string, 'whole' | 'number'>> = {
  Int: 'whole',
  SafeInt: 'whole',
  Float: 'number',
};

/** initChannels as Init channels. */
const labelOf = (name: string): string => {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function textOf(value: string | number | readonly string[] | null | undefined): Value {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined ? '' : String(value);
}

export const FIELDS: readonly FormField[] = inputs.StartSearchInput.map((field) => {
  const single = NUMBERS[field.type] ?? (field.choices === null ? 'text' : 'choice');
  return {
    name: field.name,
    label: labelOf(field.name),
    description: field.description ?? '',
    kind: field.list ? 'choices' : single,
    choices: field.choices ?? [],
    usual: textOf(field.default),
  };
});

/** What most people set, in this order; the rest is one click away. */
const FOREMOST = ['dataset', 'initChannels', 'population', 'offspring', 'generations', 'seed'];
export const foremost = FOREMOST.flatMap((name) => FIELDS.filter((field) => field.name === name));
export const further = FIELDS.filter(({ name }) => !FOREMOST.includes(name));

export const usualValues = (): Values => Object.fromEntries(FIELDS.map(({ name, usual }) => [name, usual]));

/** What each preset changes of the usual values. */
export const PRESETS = [
  {
    name: 'Quick',
    description: '8 channels, 20 architectures for 10 generations: seconds',
    values: { initChannels: '8', population: '20', offspring: '20', generations: '10', batchSize: '32' },
  },
  {
    name: 'Small',
    description: "the paper's search at 16 channels, 1,640 architectures: a minute or two",
    values: {},
  },
  {
    name: 'Paper',
    description: "the paper's search at its 128 channels, 1,640 architectures: a quarter of an hour",
    values: { initChannels: '128' },
  },
] as const satisfies readonly {
  readonly name: string;
  readonly description: string;
  readonly values: Values;
}[];

export const presetValues = (values: Values): Values => ({ ...usualValues(), ...values });

/** The values of another search's settings. */
export const clonedValues = (settings: SearchRowFragment['settings']): Values => ({
  ...usualValues(),
  ...Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) =>
      name === '__typename' ? [] : [[name, textOf(value)]],
    ),
  ),
});

export const equalValues = (a: Values, b: Values): boolean =>
  FIELDS.every(({ name }) => String(a[name]) === String(b[name]));

const isNumber = (kind: FormField['kind']): boolean => kind === 'whole' || kind === 'number';

/** What is sent: numbers as numbers, nothing for what is left empty. */
export function toInput(values: Values): StartMutationVariables['input'] {
  const entries = FIELDS.flatMap(({ name, kind }) => {
    const value = values[name] ?? '';
    return value === '' ? [] : [[name, isNumber(kind) ? Number(value) : value]];
  });
  return Object.fromEntries(entries) as StartMutationVariables['input'];
}

/** By field, what no number can be read from; of all else the service is the judge. */
export function unreadable(values: Values): Readonly<Record<string, string>> {
  const wrong = FIELDS.flatMap(({ name, kind }) => {
    const value = String(values[name] ?? '');
    if (value === '' || !isNumber(kind)) return [];
    const number = Number(value);
    const isRead = kind === 'whole' ? Number.isSafeInteger(number) : Number.isFinite(number);
    return isRead && value.trim() !== ''
      ? []
      : [[name, `${kind === 'whole' ? 'an integer' : 'a number'}; got '${value}'`]];
  });
  return Object.fromEntries(wrong) as Readonly<Record<string, string>>;
}

/** The field an error is about; null: none of the form's. */
export function fieldOf(path: string | null | undefined): string | null {
  const name = path?.replace(/^input\./, '').split(/[.[]/)[0] ?? '';
  return FIELDS.some((field) => field.name === name) ? name : null;
}
