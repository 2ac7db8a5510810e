// Settings of several searches side by side.

/** What is known of a setting: its name, and what people call it. */
export interface Field {
  readonly name: string;
  readonly label: string;
}

export interface SettingRow extends Field {
  /** Of each search, as text. */
  readonly values: readonly string[];
  readonly differs: boolean;
}

type Value = string | number | readonly string[] | null | undefined;
type Settings = Readonly<Record<string, Value>>;

const textOf = (value: Value): string =>
  typeof value === 'object' && value !== null ? value.join(', ') : String(value ?? '–');

/** A row for each field, in their order. */
export const settingRows = (columns: readonly Settings[], fields: readonly Field[]): readonly SettingRow[] =>
  fields.map(({ name, label }) => {
    const values = columns.map((settings) => textOf(settings[name]));
    return { name, label, values, differs: new Set(values).size > 1 };
  });

/** Differences that are told in a name; more are for the table. */
const TOLD = 2;

/** Names that tell searches apart: to titles that are the same is added in what these differ. */
export const namesOf = (
  titles: readonly string[],
  columns: readonly Settings[],
  fields: readonly Field[],
): readonly string[] =>
  titles.map((title, i) => {
    const twins = columns.filter((_, k) => titles[k] === title);
    const differing = settingRows(twins, fields).filter(({ differs }) => differs);
    const told = differing
      .slice(0, TOLD)
      .map(({ name, label }) => `${label.toLowerCase()} ${textOf(columns[i]?.[name])}`);
    return [title, ...told].join(', ');
  });
