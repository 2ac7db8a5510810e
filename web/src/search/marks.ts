// What the plot of a search shows: everything scored so far, each generation's front as a trail that fades with
// age, and above them the front looked at.

import type { Scored, Story } from '../live/story.ts';
import { ramp } from '../plot/colour.ts';
import type { Dot, Trail } from '../plot/marks.ts';
import { frontOf, type Quantity } from '../measure/quantity.ts';

export interface View {
  readonly story: Story;
  /** Index into the story's generations. */
  readonly generation: number;
  readonly x: Quantity<Scored>;
  readonly y: Quantity<Scored>;
  readonly infeasible: boolean;
  readonly trails: boolean;
  /** The last generation there will be. */
  readonly generations: number;
  readonly best: string | null;
  readonly knee: string | null;
  /** What brushes and filters let pass. */
  readonly passes: (scored: Scored) => boolean;
}

const membersOf = ({ generations, byId }: Story, at: number): readonly Scored[] =>
  (generations[at]?.members ?? []).flatMap(({ id }) => byId.get(id) ?? []);

/** The front of a generation's population in two quantities. */
export const frontAt = (
  story: Story,
  at: number,
  x: Quantity<Scored>,
  y: Quantity<Scored>,
): readonly Scored[] =>
  frontOf(
    membersOf(story, at).filter(({ feasible }) => feasible),
    x,
    y,
  );

const place = (scored: Scored, { x, y }: View): readonly [number, number] | null => {
  const [a, b] = [x.of(scored), y.of(scored)];
  return a === null || b === null ? null : [a, b];
};

export function trailsOf(view: View): readonly Trail[] {
  const { story, generation, generations, x, y } = view;
  const first = view.trails ? 0 : generation;
  return Array.from({ length: Math.max(0, generation - first + 1) }, (_, i) => first + i).flatMap((at) => {
    const points = frontAt(story, at, x, y).flatMap((scored) => {
      const point = place(scored, view);
      return point === null ? [] : [point];
    });
    const age = generation - at;
    return points.length < 2
      ? []
      : [
          {
            points,
            colour: ramp(at / Math.max(1, generations)),
            opacity: age === 0 ? 0.9 : Math.max(0.12, 0.6 * 0.9 ** age),
          },
        ];
  });
}

export function dotsOf(view: View): readonly Dot[] {
  const { story, generation, generations, x, y, passes } = view;
  const last = story.generations[generation]?.generation ?? 0;
  const front = new Set(frontAt(story, generation, x, y).map(({ id }) => id));
  const dots: Dot[] = [];
  const above: Dot[] = [];
  for (const scored of story.scored) {
    if (scored.generation > last || (!scored.feasible && !view.infeasible)) continue;
    const point = place(scored, view);
    if (point === null) continue;
    const [px, py] = point;
    const colour = ramp(scored.generation / Math.max(1, generations));
    const base = { id: scored.id, x: px, y: py, colour };
    const faded = passes(scored) ? 1 : 0.15;
    if (!scored.feasible) dots.push({ ...base, shape: 'cross', opacity: 0.5 * faded, radius: 3 });
    else if (scored.id === view.best) above.push({ ...base, shape: 'diamond', opacity: faded, radius: 7 });
    else if (scored.id === view.knee) above.push({ ...base, shape: 'ring', opacity: faded, radius: 7 });
    else if (front.has(scored.id)) above.push({ ...base, shape: 'disc', opacity: faded, radius: 5.5 });
    else dots.push({ ...base, shape: 'disc', opacity: 0.4 * faded, radius: 2.8 });
  }
  return [...dots, ...above];
}

/** How often each operation stands at a block's nodes, among some genotypes. */
export function operationShares(
  genotypes: readonly (readonly number[])[],
  blockLength: number,
  operations: readonly string[],
): readonly (readonly number[])[] {
  const blocks = Math.floor((genotypes[0]?.length ?? 0) / blockLength);
  // A block's genes: five pairs of operation and input, then the reduction's four.
  const nodes = [0, 2, 4, 6, 8];
  return Array.from({ length: blocks }, (_, block) =>
    operations.map((__, operation) =>
      genotypes.reduce(
        (sum, genes) => sum + nodes.filter((node) => genes[block * blockLength + node] === operation).length,
        0,
      ),
    ),
  );
}
