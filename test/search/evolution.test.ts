import fc from 'fast-check';
import type { Evaluation } from '../../src/search/evaluation.ts';
import {
  advance,
  type Evaluate,
  frontOf,
  hypervolumeOf,
  INITIAL_STATE,
  membersOf,
  populationOf,
  propose,
  type ResolvedSettings,
  search,
  type SearchState,
} from '../../src/search/evolution.ts';
import { type ArchitectureId, architectureId } from '../../src/search/identity.ts';
import { dominates } from '../../src/search/nsga2.ts';
import { OBJECTIVES_NAMES } from '../../src/search/objectives.ts';
import { parseSettings, plannedEvaluations } from '../../src/search/settings.ts';
import { mstf } from '../../src/search/space/mstf.ts';
import type { Genotype } from '../../src/search/space/space.ts';
import { evaluateBy, infeasible, landscape, scored } from './landscape.ts';

const settingsOf = (given: Parameters<typeof parseSettings>[0] = {}): ResolvedSettings => ({
  ...parseSettings({ population: 8, offspring: 6, generations: 5, ...given }),
  blocks: 2,
});

const NEVER = new AbortController().signal;

async function run(
  settings: ResolvedSettings,
  of: (genotype: Genotype) => Evaluation = landscape,
  from?: SearchState,
): Promise<readonly SearchState[]> {
  const states: SearchState[] = [];
  for await (const state of search(settings, evaluateBy(of), NEVER, from)) states.push(state);
  return states;
}

const last = <T>(items: readonly T[]): T => {
  const item = items.at(-1);
  if (item === undefined) throw new Error('nothing came');
  return item;
};

/** About half of all genotypes, by their genes alone. */
const isDead = (genotype: Genotype): boolean => genotype.reduce((sum, gene) => sum + gene, 0) % 2 === 1;
const halfDead = (genotype: Genotype): Evaluation => (isDead(genotype) ? infeasible() : landscape(genotype));

const anySettings = fc
  .record({
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    population: fc.integer({ min: 1, max: 8 }).map((n) => 2 * n),
    offspring: fc.integer({ min: 1, max: 8 }).map((n) => 2 * n),
    generations: fc.nat({ max: 4 }),
    exploitation: fc.constantFrom(0, 0.25, 1),
    strategy: fc.constantFrom('nsga2', 'random'),
    objectives: fc.constantFrom(...OBJECTIVES_NAMES),
    indicatorScale: fc.constantFrom('log', 'raw'),
  })
  .map(settingsOf);
const anyLandscape = fc.constantFrom(
  landscape,
  halfDead,
  () => infeasible(),
  () => scored({ p1: 1, p2: 1 }),
);

describe('a search', () => {
  test('makes the evaluations it planned, none twice, in generations of the right size', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, anyLandscape, async (settings, of) => {
        const states = await run(settings, of);
        expect(states.map(({ generation }) => generation)).toEqual(
          Array.from({ length: settings.generations + 1 }, (_, i) => i),
        );
        for (const { generation, individuals, population } of states) {
          expect(individuals).toHaveLength(settings.population + generation * settings.offspring);
          expect(individuals.map(({ born }) => born)).toEqual(
            individuals.map((_, i) =>
              i < settings.population ? 0 : 1 + Math.floor((i - settings.population) / settings.offspring),
            ),
          );
          expect(population).toHaveLength(settings.population);
          expect(new Set(population).size).toBe(settings.population);
        }
        const { individuals } = last(states);
        expect(individuals).toHaveLength(plannedEvaluations(settings));
        expect(new Set(individuals.map(({ id }) => id)).size).toBe(individuals.length);
        for (const { id, genotype, evaluation } of individuals) {
          expect(genotype).toEqual(mstf.canonical(genotype));
          expect(id).toBe(architectureId('mstf', genotype));
          expect(evaluation).toEqual(of(genotype));
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is the same in every run', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, anyLandscape, async (settings, of) => {
        expect(await run(settings, of)).toEqual(await run(settings, of));
      }),
      { numRuns: 10 },
    );
  });

  test('stopped at any generation, stored as JSON and resumed, ends the same', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, anyLandscape, async (settings, of) => {
        const whole = await run(settings, of);
        for (const [i, state] of [INITIAL_STATE, ...whole].entries()) {
          const stored = JSON.parse(JSON.stringify(state)) as SearchState;
          expect(stored).toStrictEqual(state);
          expect(await run(settings, of, stored)).toEqual(whole.slice(i));
        }
      }),
      { numRuns: 10 },
    );
  });

  test('longer by some generations begins like a shorter one', async () => {
    const [short, long] = [
      await run(settingsOf({ generations: 2 })),
      await run(settingsOf({ generations: 6 })),
    ];
    expect(long.slice(0, 3)).toEqual(short);
  });

  test('differs by seed', async () => {
    const [a, b] = [await run(settingsOf({ seed: 1 })), await run(settingsOf({ seed: 2 }))];
    expect(last(a).population).not.toEqual(last(b).population);
  });

  test('of either strategy has the same initial population', async () => {
    const [a, b] = [await run(settingsOf()), await run(settingsOf({ strategy: 'random' }))];
    expect(a[0]).toEqual(b[0]);
    expect(a[1]).not.toEqual(b[1]);
  });

  test('of no generations is its initial population', async () => {
    const states = await run(settingsOf({ generations: 0 }));
    expect(states).toHaveLength(1);
    const { generation, individuals, population } = last(states);
    expect(generation).toBe(0);
    expect(population).toEqual(individuals.map(({ id }) => id));
    expect(new Set(individuals.map(({ origin }) => origin))).toEqual(new Set(['random']));
  });

  test('that has ended does nothing more', async () => {
    const settings = settingsOf();
    expect(await run(settings, landscape, last(await run(settings)))).toEqual([]);
  });
});

const range = (values: readonly number[]) => ({ min: Math.min(...values), max: Math.max(...values) });

describe('the population', () => {
  test('holds the infeasible only while feasible ones are too few', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, async (settings) => {
        for (const state of await run(settings, halfDead)) {
          const feasible = state.individuals.filter(({ genotype }) => !isDead(genotype)).length;
          const dead = populationOf(state).filter(({ genotype }) => isDead(genotype)).length;
          expect(dead).toBe(Math.max(0, settings.population - feasible));
        }
      }),
      { numRuns: 20 },
    );
  });

  test('of nothing feasible has no front, no scale, no hypervolume, and goes on', async () => {
    const settings = settingsOf();
    const state = last(await run(settings, () => infeasible()));
    expect(state).toMatchObject({ generation: 5, scale: null, frame: null });
    const members = membersOf(settings, state);
    expect(members).toHaveLength(8);
    expect(members.map(({ objectives, rank, crowding }) => ({ objectives, rank, crowding }))).toEqual(
      members.map(() => ({ objectives: null, rank: 0, crowding: 0 })),
    );
    expect(frontOf(members)).toEqual([]);
    expect(hypervolumeOf(settings, state)).toBe(0);
  });

  test('its front is nobody’s inferior, under the scale of parents and offspring', async () => {
    const settings = settingsOf({ seed: 3 });
    const states = await run(settings);
    const [before, after] = states.slice(-2) as [SearchState, SearchState];
    const pool = [
      ...populationOf(before),
      ...after.individuals.filter(({ born }) => born === after.generation),
    ];
    const scores = (name: 'jacobCov' | 'synflow') => pool.map(({ evaluation }) => evaluation.scores[name]!);
    expect(after.scale).toEqual([
      range(scores('jacobCov').map(({ value }) => value!)),
      range(scores('synflow').map(({ log }) => log!)),
      range(pool.map(({ evaluation }) => evaluation.macs)),
    ]);

    const members = membersOf(settings, after);
    const front = frontOf(members);
    expect(front.length).toBeGreaterThan(0);
    for (const member of members) {
      const beaten = members.some((other) => dominates(other.objectives, member.objectives));
      expect(front.includes(member)).toBe(!beaten);
      expect(member.rank === 0).toBe(!beaten);
    }
    const { id } = members[0]!;
    expect(after.individuals.find((individual) => individual.id === id)).toMatchObject({
      genotype: members[0]!.genotype,
    });
  });
});

const candidate = (name: string) =>
  ({ id: name as ArchitectureId, genotype: [], origin: 'random', parents: [] }) as const;

describe('advance, by hand', () => {
  const settings: ResolvedSettings = {
    ...settingsOf({ population: 2, offspring: 2, objectives: 'indicators' }),
    blocks: 1,
  };
  const first = advance(
    settings,
    INITIAL_STATE,
    [candidate('a'), candidate('b')],
    [scored({ p1: 0, p2: 4 }), scored({ p1: 2, p2: 0 })],
  );

  test('the first generation is kept whole and frames the hypervolume', () => {
    expect(first).toMatchObject({ generation: 0, population: ['a', 'b'] });
    expect(first.scale).toEqual([
      { min: 0, max: 2 },
      { min: 0, max: 4 },
      { min: 100, max: 100 },
    ]);
    expect(first.frame).toEqual(first.scale);
    // a at (0, -1), b at (-1, 0): each on an axis of the frame, an area of none.
    expect(hypervolumeOf(settings, first)).toBe(0);
  });

  const second = advance(
    settings,
    first,
    [candidate('c'), candidate('d')],
    [scored({ p1: 4, p2: 4 }), infeasible()],
  );

  test('the next replaces whom it dominates; the frame stays, the scale follows', () => {
    expect(second).toMatchObject({ generation: 1, population: ['a', 'c'] });
    expect(second.individuals.map(({ id, born }) => [id, born])).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 1],
      ['d', 1],
    ]);
    expect(second.scale?.[0]).toEqual({ min: 0, max: 4 });
    expect(second.frame).toEqual(first.frame);
    // c at (-2, -1) in the first generation's frame.
    expect(hypervolumeOf(settings, second)).toBe(2);
    expect(membersOf(settings, second).map(({ id, objectives, rank }) => [id, objectives, rank])).toEqual([
      ['a', [0, -1], 1],
      ['c', [-1, -1], 0],
    ]);
  });

  test('states are not touched', () => {
    expect(INITIAL_STATE.individuals).toEqual([]);
    expect(first.individuals).toHaveLength(2);
  });

  test('the first generation that tells feasible ones apart frames the hypervolume', () => {
    const dead = advance(
      settings,
      INITIAL_STATE,
      [candidate('a'), candidate('b')],
      [infeasible(), infeasible()],
    );
    expect(dead.frame).toBeNull();
    const alive = advance(settings, dead, [candidate('c')], [scored({ p1: 1, p2: 1 })]);
    expect(alive.scale).not.toBeNull();
    expect(alive.frame).toBeNull();
    expect(alive.population).toEqual(['a', 'c']);
    const offspring = [candidate('d'), candidate('e')];
    const apart = advance(settings, alive, offspring, [scored({ p1: 2, p2: 3 }), scored({ p1: 3, p2: 2 })]);
    expect(apart.frame).toEqual(apart.scale);
    expect(hypervolumeOf(settings, apart)).toBeGreaterThan(0);
  });

  test('refuses evaluations that do not match', () => {
    expect(() => advance(settings, INITIAL_STATE, [candidate('a')], [])).toThrow(
      '1 candidates came with 0 evaluations',
    );
  });

  test('refuses a population that was never scored', () => {
    expect(() => populationOf({ ...first, population: ['z' as ArchitectureId] })).toThrow('z');
  });
});

describe('progress', () => {
  test('the hypervolume never falls', async () => {
    await fc.assert(
      fc.asyncProperty(anySettings, fc.constantFrom(landscape, halfDead), async (settings, of) => {
        const states = await run(settings, of);
        const volumes = states.map((state) => hypervolumeOf(settings, state));
        volumes.forEach((volume, i) => expect(volume).toBeGreaterThanOrEqual((volumes[i - 1] ?? 0) - 1e-9));
      }),
      { numRuns: 20 },
    );
  });

  test('evolution beats random search with as many evaluations, at eight of ten seeds or more', async () => {
    const budget = { population: 16, offspring: 16, generations: 12 };
    let wins = 0;
    for (let seed = 0; seed < 10; seed++) {
      const [evolved, drawn] = [
        settingsOf({ ...budget, seed }),
        settingsOf({ ...budget, seed, strategy: 'random' }),
      ];
      const [a, b] = [last(await run(evolved)), last(await run(drawn))];
      if (hypervolumeOf(evolved, a) > hypervolumeOf(drawn, b)) wins++;
    }
    expect(wins).toBeGreaterThanOrEqual(8);
  });
});

describe('propose', () => {
  test('names the candidates that the next step scores', async () => {
    const settings = settingsOf();
    const asked: unknown[] = [];
    const evaluate: Evaluate = (candidates) => {
      asked.push(candidates);
      return evaluateBy(landscape)(candidates, NEVER);
    };
    let before = INITIAL_STATE;
    for await (const state of search(settings, evaluate, NEVER)) {
      expect(asked.at(-1)).toEqual(propose(settings, before));
      before = state;
    }
    expect(asked).toHaveLength(6);
  });

  test.each(['nsga2', 'random'])('draws anew in every generation: %s', async (strategy) => {
    const settings = settingsOf({ strategy, exploitation: 0 });
    const state = last(await run(settings));
    const ids = [0, 1, 2].map((more) =>
      propose(settings, { ...state, generation: state.generation + more }).map(({ id }) => id),
    );
    expect(new Set(ids.flat()).size).toBe(3 * settings.offspring);
  });
});

describe('interruption', () => {
  test('an aborted signal lets nothing start', async () => {
    const asked: unknown[] = [];
    const evaluate: Evaluate = (candidates) => {
      asked.push(candidates);
      return Promise.resolve([]);
    };
    const reason = new Error('paused');
    await expect(search(settingsOf(), evaluate, AbortSignal.abort(reason)).next()).rejects.toBe(reason);
    expect(asked).toEqual([]);
  });

  test('between generations keeps what is finished', async () => {
    const controller = new AbortController();
    const states: SearchState[] = [];
    const running = search(settingsOf(), evaluateBy(landscape), controller.signal);
    const drain = async (): Promise<void> => {
      for await (const state of running) {
        states.push(state);
        if (state.generation === 1) controller.abort(new Error('paused'));
      }
    };
    await expect(drain()).rejects.toThrow('paused');
    expect(states.map(({ generation }) => generation)).toEqual([0, 1]);
    const rest = await run(settingsOf(), landscape, last(states));
    expect([...states, ...rest]).toEqual(await run(settingsOf()));
  });

  test('a failing evaluation ends the search with its error', async () => {
    const reason = new Error('no engine');
    await expect(search(settingsOf(), () => Promise.reject(reason), NEVER).next()).rejects.toBe(reason);
  });
});
