// Guesses which name a person meant.

/** Levenshtein's distance: the fewest single-character edits between two words. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (previous[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    previous = row;
  }
  return previous[b.length] as number;
}

/** Of more letters than any name has: near to none, and not worth the time. */
const MAX_LENGTH = 100;

const distancesTo = (asked: string, names: readonly string[]): readonly number[] =>
  names.map((name) => editDistance(asked.toLowerCase(), name.toLowerCase()));

/** The `count` names nearest to `asked`, case aside, the nearest first; of equally near ones the earlier. */
export function nearestNames(asked: string, names: readonly string[], count: number): readonly string[] {
  const distances = distancesTo(asked.slice(0, MAX_LENGTH), names);
  return names
    .map((name, i) => [name, distances[i] as number] as const)
    .toSorted(([, a], [, b]) => a - b)
    .slice(0, count)
    .map(([name]) => name);
}

/** The name nearest to `asked`, case aside; null when not even half of it agrees. */
export function nearestName(asked: string, names: readonly string[]): string | null {
  if (asked.length > MAX_LENGTH) return null;
  const distances = distancesTo(asked, names);
  const nearest = distances.indexOf(Math.min(...distances));
  const name = names[nearest];
  return name !== undefined && (distances[nearest] as number) <= name.length / 2 ? name : null;
}
