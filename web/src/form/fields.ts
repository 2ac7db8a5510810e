// A form as data: its fields are those of an input type of the API, with the descriptions, defaults and choices
// they have there. What people type stays text until it is sent.

import inputs from '../api/generated/inputs.json' with { type: 'json' };

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly kind: 'whole' | 'number' | 'numbers' | 'text' | 'choice' | 'choices';
  readonly choices: readonly { readonly name: string; readonly description: string | null }[];
  readonly usual: Value;
}

/** A list only for `choices`. */
export type Value = string | readonly string[];
export type Values = Readonly<Record<string, Value>>;
/** By field, what is wrong with it. */
export type Errors = Readonly<Record<string, string>>;

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

export type Given = string | number | readonly (string | number)[] | null | undefined;

const textOf = (value: Given): string => (value === null || value === undefined ? '' : String(value));

function kindOf(field: (typeof inputs)[keyof typeof inputs][number]): FormField['kind'] {
  if (field.list) return field.choices === null ? 'numbers' : 'choices';
  return NUMBERS[field.type] ?? (field.choices === null ? 'text' : 'choice');
}

/** What is given, as the field has it. */
export function valueOf({ kind }: Pick<FormField, 'kind'>, given: Given): Value {
  if (!Array.isArray(given)) return textOf(given);
  const texts = (given as readonly (string | number)[]).map(String);
  return kind === 'choices' ? texts : texts.join(', ');
}

/** All fields of the input, in its order. */
export const fieldsOf = (input: keyof typeof inputs): readonly FormField[] =>
  inputs[input].map((field) => {
    const kind = kindOf(field);
    return {
      name: field.name,
      label: labelOf(field.name),
      description: field.description ?? '',
      kind,
      choices: field.choices ?? [],
      usual: valueOf({ kind }, field.default),
    };
  });

/** Those of the names, in the order of the names. */
export const named = (fields: readonly FormField[], names: readonly string[]): readonly FormField[] =>
  names.flatMap((name) => fields.filter((field) => field.name === name));

export const usualValues = (fields: readonly FormField[]): Values =>
  Object.fromEntries(fields.map(({ name, usual }) => [name, usual]));

const listed = (text: string): readonly string[] => text.split(/[\s,;]+/).filter((part) => part !== '');

type Sent = string | number | readonly (string | number)[];

const SENT: Readonly<Record<FormField['kind'], (value: Value) => Sent>> = {
  whole: Number,
  number: Number,
  numbers: (value) => listed(String(value)).map(Number),
  text: (value) => value,
  choice: (value) => value,
  choices: (value) => value,
};

/** What is sent: numbers as numbers, nothing for what is left empty. */
export const toInput = (fields: readonly FormField[], values: Values): Readonly<Record<string, Sent>> =>
  Object.fromEntries(
    fields.flatMap(({ name, kind }) => {
      const value = values[name] ?? '';
      return value === '' ? [] : [[name, SENT[kind](value)]];
    }),
  );

interface Reading {
  readonly wanted: string;
  readonly reads: (text: string) => boolean;
}

const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));

const READINGS: Readonly<Partial<Record<FormField['kind'], Reading>>> = {
  whole: { wanted: 'an integer', reads: (text) => isNumber(text) && Number.isSafeInteger(Number(text)) },
  number: { wanted: 'a number', reads: isNumber },
  numbers: { wanted: 'numbers with commas between them', reads: (text) => listed(text).every(isNumber) },
};

/** By field, what no number can be read from; of all else the service is the judge. */
export function unreadable(fields: readonly FormField[], values: Values): Errors {
  const wrong = fields.flatMap(({ name, kind }) => {
    const text = String(values[name] ?? '');
    const reading = READINGS[kind];
    if (reading === undefined || text === '' || reading.reads(text)) return [];
    return [[name, `${reading.wanted}; got '${text}'`] as const];
  });
  return Object.fromEntries(wrong);
}

/** The field an error is about; null: none of the form's. */
export function fieldOf(fields: readonly FormField[], path: string | null | undefined): string | null {
  const name = path?.replace(/^input\./, '').split(/[.[]/)[0] ?? '';
  return fields.some((field) => field.name === name) ? name : null;
}
