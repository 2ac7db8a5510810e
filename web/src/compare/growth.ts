// Curves of several searches over one axis.

/** What a curve is drawn over; by evaluations, searches of other sizes compare. */
export type Against = 'generation' | 'evaluations';

interface Step extends Readonly<Record<Against, number>> {
  readonly hypervolume: number;
}

/** Every place any curve has a value at, ascending, and each curve's values there; null: none there. */
export function curvesOf(
  curves: readonly (readonly Step[])[],
  against: Against,
): { readonly xs: readonly number[]; readonly values: readonly (readonly (number | null)[])[] } {
  const xs = [...new Set(curves.flatMap((steps) => steps.map((step) => step[against])))].toSorted(
    (a, b) => a - b,
  );
  const values = curves.map((steps) => {
    const at = new Map(steps.map((step) => [step[against], step.hypervolume]));
    return xs.map((x) => at.get(x) ?? null);
  });
  return { xs, values };
}
