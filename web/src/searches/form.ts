// The form that starts a search: its fields, what most people set of them, and presets.

import type { SearchRowFragment } from '../api/generated/graphql.ts';
import { fieldsOf, type Given, named, usualValues, valueOf, type Values } from '../form/fields.ts';

export const FIELDS = fieldsOf('StartSearchInput');

/** What most people set, in this order; the rest is one click away. */
const FOREMOST = ['dataset', 'initChannels', 'population', 'offspring', 'generations', 'seed'];
export const foremost = named(FIELDS, FOREMOST);
export const further = FIELDS.filter(({ name }) => !FOREMOST.includes(name));

const AFTERWARDS: ReadonlySet<string> = new Set(['trainBest', 'trainEpochs']);
/** What decides the outcome of a search; what is trained of it afterwards does not. */
export const SETTINGS = FIELDS.filter(({ name }) => !AFTERWARDS.has(name));

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

export const presetValues = (values: Values): Values => ({ ...usualValues(FIELDS), ...values });

/** Settings as they are compared: without those that a search's strategy does not look at. */
export const lookedAt = (settings: SearchRowFragment['settings']) => ({
  ...settings,
  lanes: settings.strategy === 'STEADY' ? settings.lanes : null,
});

/** The values of another search's settings. */
export const clonedValues = (settings: SearchRowFragment['settings']): Values => ({
  ...usualValues(FIELDS),
  ...Object.fromEntries(
    SETTINGS.map((field) => [
      field.name,
      valueOf(field, (settings as Readonly<Record<string, Given>>)[field.name]),
    ]),
  ),
});

export const equalValues = (a: Values, b: Values): boolean =>
  FIELDS.every(({ name }) => String(a[name]) === String(b[name]));
