// What is shown of a measured split, computed from what the API gives.

/** Images by true class (rows) and decided class (columns), and names of the classes by label. */
export interface Named {
  readonly counts: readonly (readonly number[])[];
  readonly names: readonly string[];
}

/** Of each row, the share of each column; of a row without images 0. */
export const rowShares = (counts: Named['counts']): readonly (readonly number[])[] =>
  counts.map((row) => {
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((count) => (sum === 0 ? 0 : count / sum));
  });

/** Names by label: those of the dataset, else those that were measured, else numbers. Each once. */
export function classNames(
  count: number,
  known: readonly string[] | null | undefined,
  measured: readonly string[],
): readonly string[] {
  const names = known?.length === count ? known : measured.length === count ? measured : [];
  return Array.from({ length: count }, (_, label) => names[label] ?? `class ${label}`);
}

/** The specificities at which any class has a sensitivity, ascending. */
export const sensitivityColumns = (
  classes: readonly { readonly sensitivityAt: readonly { readonly leastSpecificity: number }[] }[],
): readonly number[] =>
  [
    ...new Set(
      classes.flatMap(({ sensitivityAt }) => sensitivityAt.map(({ leastSpecificity }) => leastSpecificity)),
    ),
  ].toSorted((a, b) => a - b);
