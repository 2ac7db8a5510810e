// Enums made from the search's own tables of names, so that a new indicator or strategy is one line
// where it is described, and the compiler asks for that line.

import { registerEnumType } from 'type-graphql';

/** GraphQL's spelling of a name: `jacobCov` is JACOB_COV, `multi-class` is MULTI_CLASS. */
export const toConstant = (name: string): string =>
  name
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase();

/** Registers an enum of all names in a table of descriptions; what comes back is its type in thunks. */
export function defineEnum<N extends string>(
  name: string,
  description: string,
  descriptions: Readonly<Record<N, string>>,
): Readonly<Record<string, N>> {
  const entries = Object.entries(descriptions) as [N, string][];
  const values = Object.fromEntries(entries.map(([value]) => [toConstant(value), value]));
  const valuesConfig = Object.fromEntries(
    entries.map(([value, text]) => [toConstant(value), { description: text }]),
  );
  registerEnumType(values, { name, description, valuesConfig });
  return values;
}
