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

/** The name nearest to `asked`, case aside; null when not even half of it agrees. */
export function nearestName(asked: string, names: readonly string[]): string | null {
  if (asked.length > 100) return null;
  const distances = names.map((name) => editDistance(asked.toLowerCase(), name.toLowerCase()));
  const nearest = distances.indexOf(Math.min(...distances));
  const name = names[nearest];
  return name !== undefined && (distances[nearest] as number) <= name.length / 2 ? name : null;
}
