// The view of a search against the method: a search is run, told as events, and what the page makes of them must
// be what the method says of its state.

import fc from 'fast-check';
import type { SearchEvent } from '../../web/src/api/follow.ts';
import { tell, UNTOLD } from '../../web/src/live/story.ts';
import { frontOf, type Quantity } from '../../web/src/measure/quantity.ts';
import { limitOf, toWhole } from '../../web/src/measure/whole.ts';
import { within } from '../../web/src/search/brushes.ts';
import { dotsOf, frontAt, operationShares, trailsOf, type View } from '../../web/src/search/marks.ts';
import { quantitiesOf } from '../../web/src/search/quantities.ts';
import type { Evaluation, Protocol } from '../../src/search/evaluation.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import {
  frontOf as frontOfMembers,
  hypervolumeOf,
  membersOf,
  type ResolvedSettings,
  search,
  type SearchState,
} from '../../src/search/evolution.ts';
import { OBJECTIVES_NAMES, type ObjectivesName } from '../../src/search/objectives.ts';
import { pickBest } from '../../src/search/selection.ts';
import { DEFAULT_SETTINGS } from '../../src/search/settings.ts';
import { formula } from '../support/service.ts';

const PROTOCOL: Protocol = {
  space: 'mstf',
  dataset: 'test',
  batch: 'test',
  batchSize: 4,
  input: [28, 28, 1],
  classes: 2,
  multiLabel: false,
  initChannels: 4,
  seed: 1,
  indicators: ['jacobCov', 'synflow'],
  numerics: 'test',
};

const apiName = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** As the API tells it. */
function eventsOf(settings: ResolvedSettings, states: readonly SearchState[]): readonly SearchEvent[] {
  const events: object[] = [];
  const add = (event: object): number =>
    events.push({ at: '2026-01-01T00:00:00Z', sequence: events.length + 1, ...event });
  let told = 0;
  for (const state of states) {
    for (const { id, genotype, evaluation } of state.individuals.slice(told)) {
      const indicators = Object.entries(evaluation.scores).map(([name, { value, log = null }]) => ({
        name: apiName(name),
        value,
        log,
      }));
      const feasible = evaluation.status === 'ok';
      add({
        __typename: 'ArchitectureEvaluated',
        generation: state.generation,
        reused: false,
        architecture: {
          id,
          genotype,
          macs: evaluation.macs,
          params: evaluation.params,
          feasible,
          indicators,
        },
      });
    }
    told = state.individuals.length;
    const members = membersOf(settings, state);
    const [p1, p2, macs] = state.scale ?? [];
    const best = pickBest(members, settings);
    add({
      __typename: 'GenerationFinished',
      generation: state.generation,
      population: {
        evaluations: told,
        hypervolume: hypervolumeOf(settings, state),
        infeasible: 0,
        scale: state.scale === null ? null : { p1, p2, macs },
        best: best && { individual: { architecture: { id: best.id } } },
        members: members.map(({ id, rank, crowding, born }) => ({
          rank,
          crowding: Number.isFinite(crowding) ? crowding : null,
          individual: { id, born, origin: 'RANDOM', architecture: { id } },
        })),
      },
    });
  }
  return events as SearchEvent[];
}

/** Every fifth cannot be scored, and is known by its costs alone. */
function scoreOf(genotype: Genotype, isInfeasible: boolean): Evaluation {
  const evaluation = formula(genotype, PROTOCOL);
  const { macs, params } = evaluation;
  return isInfeasible ? { status: 'infeasible', reason: 'a test', scores: {}, macs, params } : evaluation;
}

async function played(objectives: ObjectivesName, indicatorScale: 'log' | 'raw') {
  const settings: ResolvedSettings = {
    ...DEFAULT_SETTINGS,
    population: 12,
    offspring: 12,
    generations: 6,
    blocks: 2,
    objectives,
    indicatorScale,
  };
  const states: SearchState[] = [];
  const evaluate: Parameters<typeof search>[1] = (candidates) =>
    Promise.resolve(candidates.map(({ genotype }, i) => scoreOf(genotype, i % 5 === 4)));
  for await (const state of search(settings, evaluate, new AbortController().signal)) states.push(state);
  const shown = {
    objectives: apiName(objectives),
    indicatorScale: indicatorScale.toUpperCase(),
    indicators: settings.indicators.map(apiName),
  } as Parameters<typeof quantitiesOf>[0];
  return { settings, states, shown, story: tell(UNTOLD, eventsOf(settings, states)) };
}

const CASES = OBJECTIVES_NAMES.flatMap((objectives) =>
  (['log', 'raw'] as const).map((scale) => [objectives, scale] as const),
);

test.each(CASES)(
  '%s, %s: objectives and front of every generation are the method’s',
  async (objectives, scale) => {
    const { settings, states, shown, story } = await played(objectives, scale);
    expect(states.length).toBe(7);
    states.forEach((state, at) => {
      const members = membersOf(settings, state);
      const [f1, f2] = quantitiesOf(shown, story.generations[at]?.scale ?? null);
      const read = members.map(({ id }) => {
        const scored = story.byId.get(id);
        return scored === undefined || f1.of(scored) === null ? null : [f1.of(scored), f2.of(scored)];
      });
      expect(read).toEqual(members.map(({ objectives: point }) => point));
      expect(
        frontAt(story, at, f1, f2)
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(
        frontOfMembers(members)
          .map(({ id }) => id)
          .toSorted(),
      );
    });
  },
);

test.each<readonly [ObjectivesName, string, string]>([
  ['eq5', 'f1 = -p1 - F', 'f2 = -p2 + F'],
  ['indicators', 'f1 = -p1', 'f2 = -p2'],
  ['flopsSecond', 'f1 = F', 'f2 = -p2'],
  ['flopsFirst', 'f1 = F', 'f2 = -p1'],
  ['flopsSum', 'f1 = F', 'f2 = -p1 - p2'],
])('%s is written as %s and %s', async (objectives, first, second) => {
  const { shown } = await played(objectives, 'log');
  expect(
    quantitiesOf(shown, null)
      .slice(0, 2)
      .map(({ label }) => label),
  ).toEqual([first, second]);
});

describe('marks', () => {
  async function viewOf(changes: Partial<View>): Promise<View> {
    const { shown, story } = await played('eq5', 'log');
    const generation = changes.generation ?? 6;
    const [x, y] = quantitiesOf(shown, story.generations[generation]?.scale ?? null);
    const best = story.generations[generation]?.best ?? null;
    return {
      story,
      generation,
      x,
      y,
      infeasible: false,
      trails: true,
      generations: 6,
      best,
      knee: null,
      passes: () => true,
      ...changes,
    };
  }

  test('everything feasible that was scored so far is a dot, once, the front large and the pick a diamond', async () => {
    for (const generation of [0, 3, 6]) {
      const view = await viewOf({ generation });
      const dots = dotsOf(view);
      const scored = view.story.scored.filter((one) => one.feasible && one.generation <= generation);
      expect(dots.map(({ id }) => id).toSorted()).toEqual(scored.map(({ id }) => id).toSorted());
      const front = frontAt(view.story, generation, view.x, view.y).map(({ id }) => id);
      const large = dots.filter(({ radius }) => radius > 5).map(({ id }) => id);
      expect(large.toSorted()).toEqual([...new Set([...front, view.best ?? ''])].toSorted());
      expect(dots.filter(({ shape }) => shape === 'diamond').map(({ id }) => id)).toEqual([view.best]);
    }
  });

  test('the infeasible are shown where they have a place, when asked for', async () => {
    const view = await viewOf({ infeasible: true });
    const costs = {
      ...view,
      x: { ...view.x, of: ({ macs }: { readonly macs: number }) => macs },
      y: { ...view.y, of: ({ params }: { readonly params: number }) => params },
    };
    const crosses = dotsOf(costs)
      .filter(({ shape }) => shape === 'cross')
      .map(({ id }) => id);
    expect(crosses.length).toBeGreaterThan(0);
    expect(crosses).toEqual(view.story.scored.filter(({ feasible }) => !feasible).map(({ id }) => id));
    expect(dotsOf({ ...costs, infeasible: false }).filter(({ shape }) => shape === 'cross')).toEqual([]);
  });

  test('earlier fronts fade, and are left out when they are not wanted', async () => {
    const opacities = trailsOf(await viewOf({})).map(({ opacity }) => opacity);
    expect(opacities.length).toBeGreaterThan(2);
    expect(opacities).toEqual(opacities.toSorted((a, b) => a - b));
    expect(trailsOf(await viewOf({ trails: false })).length).toBe(1);
  });

  test('what brushes leave out fades', async () => {
    const view = await viewOf({});
    const middle = view.story.scored.find((one) => one.feasible)?.macs ?? 0;
    const quantity: Quantity<{ readonly macs: number }> = { ...view.x, key: 'macs', of: ({ macs }) => macs };
    const passes = within(new Map([['macs', [0, middle] as const]]), [quantity]);
    const faint = new Set(
      dotsOf({ ...view, passes })
        .filter(({ opacity }) => opacity < 0.3)
        .map(({ id }) => id),
    );
    const outside = view.story.scored.filter((one) => one.feasible && one.macs > middle).map(({ id }) => id);
    expect([...faint].toSorted()).toEqual(outside.toSorted());
  });
});

test('operations are counted at the five nodes of each block, not at inputs or pools', () => {
  const block = (op: number): number[] => [op, 7, op, 7, op, 7, op, 7, op, 7, 7, 7, 7, 7];
  expect(
    operationShares(
      [
        [...block(0), ...block(1)],
        [...block(0), ...block(2)],
      ],
      14,
      ['a', 'b', 'c'],
    ),
  ).toEqual([
    [10, 0, 0],
    [0, 5, 5],
  ]);
  expect(operationShares([], 14, ['a'])).toEqual([]);
});

describe('front', () => {
  const quantity = (at: 0 | 1, better: 'less' | 'more'): Quantity<readonly [number, number]> => ({
    key: String(at),
    label: '',
    short: '',
    better,
    of: (point) => (Number.isNaN(point[at]) ? null : point[at]),
    show: String,
  });
  const isBetter = (better: 'less' | 'more', a: number, b: number): boolean =>
    better === 'less' ? a < b : a > b;
  const value = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constant(Number.NaN));

  test('is those that no other dominates, equals included, in the order of x', () => {
    const ways = fc.constantFrom<'less' | 'more'>('less', 'more');
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { maxLength: 12 }), ways, ways, (points, bx, by) => {
        const front = frontOf(points, quantity(0, bx), quantity(1, by));
        const placed = points.filter((point) => !point.some(Number.isNaN));
        const dominates = ([a, b]: readonly [number, number], [c, d]: readonly [number, number]): boolean =>
          (isBetter(bx, a, c) || a === c) && (isBetter(by, b, d) || b === d) && (a !== c || b !== d);
        const wanted = placed.filter((point) => !placed.some((other) => dominates(other, point)));
        const inOrder = (all: readonly (readonly [number, number])[]) =>
          all.toSorted(([a, b], [c, d]) => a - c || b - d);
        expect(inOrder(front)).toEqual(inOrder(wanted));
        expect(front.map(([x]) => x)).toEqual(front.map(([x]) => x).toSorted((a, b) => a - b));
      }),
    );
  });
});

test.each<readonly [string, number | null]>([
  ['', null],
  ['20M', 20_000_000],
  ['1.5 k', 1500],
  ['20,000', 20_000],
  ['many', null],
  ['-3', null],
])('the limit %j is %j', (text, limit) => {
  expect(limitOf(text)).toBe(limit);
  expect(Number.isNaN(toWhole(text))).toBe(limit === null && text !== '');
});
