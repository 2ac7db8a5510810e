// Evolution without generations: what it promises of order, replay and one lane.

import fc from 'fast-check';
import {
  type Evaluate,
  hypervolumeOf,
  INITIAL_STATE,
  propose,
  recombinationAmong,
  type ResolvedSettings,
  search,
  type SearchState,
} from '../../src/search/evolution.ts';
import type { Candidate, Individual } from '../../src/search/individual.ts';
import { measureOf, scaleOver, toPoints } from '../../src/search/objectives.ts';
import { randomFor, randomInt } from '../../src/search/random.ts';
import { parseSettings, plannedEvaluations, spaceOf } from '../../src/search/settings.ts';
import { admit, fill, replay, type SteadyState, steadySearch } from '../../src/search/steady.ts';
import { STRATEGIES } from '../../src/search/strategy.ts';
import { evaluateBy, landscape } from './landscape.ts';

const SETTINGS: ResolvedSettings = {
  ...parseSettings({ strategy: 'steady', population: 8, offspring: 6, generations: 4, seed: 3 }),
  blocks: 2,
};
/** 8 + 4 * 6 */
const ALL = 32;
const NEVER = new AbortController().signal;

async function run(
  lanes: number,
  evaluate: Evaluate = evaluateBy(landscape),
  from: SearchState = INITIAL_STATE,
): Promise<readonly SearchState[]> {
  const states: SearchState[] = [];
  for await (const state of steadySearch(SETTINGS, evaluate, NEVER, from, lanes)) states.push(state);
  return states;
}

/** Scores that come in an order of their own: of those under way, the one the seed picks. */
function disordered(seed: number): Evaluate {
  const random = randomFor(seed, 0, 'variation');
  const waiting: { readonly candidate: Candidate; readonly done: () => void }[] = [];
  let isDrawing = false;
  const draw = (): void => {
    isDrawing = false;
    const [one] = waiting.splice(randomInt(random, waiting.length), 1);
    one?.done();
    if (waiting.length > 0) later();
  };
  const later = (): void => {
    if (!isDrawing) setImmediate(draw);
    isDrawing = true;
  };
  return async ([candidate]) => {
    await new Promise<void>((done) => {
      waiting.push({ candidate: candidate as Candidate, done });
      later();
    });
    return [landscape((candidate as Candidate).genotype)];
  };
}

test.each([1, 3, 8, 20])(
  'with %i lanes a generation is as many arrivals as there are offspring',
  async (lanes) => {
    const states = await run(lanes, disordered(lanes));
    expect(states.map(({ generation }) => generation)).toEqual([0, 1, 2, 3, 4]);
    expect(states.map(({ individuals }) => individuals.length)).toEqual([8, 14, 20, 26, 32]);
    for (const { individuals, population } of states) {
      expect(population).toHaveLength(8);
      expect(new Set(individuals.map(({ id }) => id)).size).toBe(individuals.length);
    }
    expect(states.at(-1)?.individuals.map(({ born }) => born)).toEqual(
      [8, 6, 6, 6, 6].flatMap((count, born) => Array.from({ length: count }, () => born)),
    );
  },
);

test('it begins with the population every strategy begins with', async () => {
  const first = propose(SETTINGS, INITIAL_STATE).map(({ id }) => id);
  const [state] = await run(1);
  expect(state?.individuals.map(({ id }) => id)).toEqual(first);
});

test('with one lane it is a function of its settings, with more of the order of arrivals too', async () => {
  const [once, again] = [await run(1), await run(1, disordered(9))];
  expect(again).toEqual(once);
  const [many, other] = [await run(8, disordered(1)), await run(8, disordered(2))];
  expect(await run(8, disordered(1))).toEqual(many);
  expect(other.at(-1)?.individuals).not.toEqual(many.at(-1)?.individuals);
});

test('whatever the order, replaying the arrivals comes to the same state', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 1000 }), fc.integer({ min: 1, max: 20 }), async (seed, lanes) => {
      for (const state of await run(lanes, disordered(seed))) {
        const replayed = replay(SETTINGS, state.individuals, lanes);
        expect(replayed.search).toEqual(state);
        expect(JSON.parse(JSON.stringify(replayed))).toEqual(replayed);
      }
    }),
    { numRuns: 20 },
  );
});

test('one that is stopped goes on with what was under way', async () => {
  const whole = await run(1);
  expect(await run(1, evaluateBy(landscape), whole[1])).toEqual(whole.slice(2));
  const lanes = 5;
  const [first] = await run(lanes, disordered(4));
  const { pending } = replay(SETTINGS, first?.individuals ?? [], lanes);
  const asked: string[] = [];
  const rest = await run(
    lanes,
    (candidates, signal) => {
      asked.push(...candidates.map(({ id }) => id));
      return evaluateBy(landscape)(candidates, signal);
    },
    first,
  );
  expect(asked.slice(0, lanes)).toEqual(pending.map(({ id }) => id));
  expect(rest.at(-1)?.individuals).toHaveLength(ALL);
});

/** The next proposal, all that it is made from looked up anew. */
function proposeAnew(
  settings: ResolvedSettings,
  { search, members, elders, pending }: SteadyState,
): Candidate {
  const space = spaceOf(settings);
  const nth = search.individuals.length + pending.length;
  const variation = randomFor(settings.seed, nth, 'variation');
  const isExploited = settings.exploitation > 0 && variation() < settings.exploitation;
  const measures = members.map(({ evaluation }) => measureOf(evaluation, settings));
  const [candidate] = STRATEGIES[members.length === 0 ? 'random' : 'steady'](
    {
      space,
      upperBounds: space.upperBounds(settings.blocks),
      known: { has: (id) => [...search.individuals, ...pending].some((one) => one.id === id) },
      population: members,
      points: toPoints(measures, search.scale, settings.objectives),
      recombination: () => recombinationAmong(settings, elders),
      exploitation: isExploited ? 1 : 0,
      random: { variation, immigrants: randomFor(settings.seed, nth, 'immigrants') },
    },
    1,
  );
  return candidate as Candidate;
}

function fillSlowly(settings: ResolvedSettings, state: SteadyState, lanes: number): SteadyState {
  const { search, pending } = state;
  const isFull =
    pending.length >= lanes || search.individuals.length + pending.length >= plannedEvaluations(settings);
  if (isFull) return state;
  const more = { ...state, pending: [...pending, proposeAnew(settings, state)] };
  return fillSlowly(settings, more, lanes);
}

test.each([
  { name: 'lanes beyond its initial population', lanes: 300, arrivals: 60, blocks: 2, generations: 60 },
  {
    name: 'a small space, where much is proposed twice',
    lanes: 40,
    arrivals: 200,
    blocks: 1,
    generations: 60,
  },
  { name: 'more lanes than there is to do', lanes: 300, arrivals: 20, blocks: 2, generations: 4 },
])('proposals are those made one by one, all looked up anew: $name', ({ lanes, arrivals, ...given }) => {
  const settings: ResolvedSettings = { ...SETTINGS, ...given };
  let slow = fillSlowly(settings, replay(settings, [], 1), lanes);
  expect(replay(settings, [], lanes)).toEqual(slow);
  const arrived: Individual[] = [];
  for (let i = 0; i < arrivals; i++) {
    const { id, genotype } = slow.pending[(7 * i) % slow.pending.length] as Candidate;
    slow = fillSlowly(settings, admit(settings, slow, id, landscape(genotype)), lanes);
    arrived.push(slow.search.individuals.at(-1) as Individual);
  }
  expect(replay(settings, arrived, lanes)).toEqual(slow);
  // And at one go, now that there are members to propose from.
  expect(fill(settings, slow, 2 * lanes)).toEqual(fillSlowly(settings, slow, 2 * lanes));
});

test('no more are under way than there are lanes, and no fewer while there is more to do', async () => {
  let [underWay, most, scored] = [0, 0, 0];
  const evaluate = disordered(6);
  const counts: number[] = [];
  await run(5, async (candidates, signal) => {
    underWay += 1;
    most = Math.max(most, underWay);
    const evaluations = await evaluate(candidates, signal);
    scored += 1;
    if (scored < ALL - 5) counts.push(underWay);
    underWay -= 1;
    return evaluations;
  });
  expect(most).toBe(5);
  expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
  expect(scored).toBe(ALL);
});

test('it searches: what it finds covers more than as many random architectures, by its mean over ten seeds', async () => {
  const gains: number[] = [];
  for (let seed = 0; seed < 10; seed++) {
    const settings = { ...SETTINGS, seed, population: 16, generations: 20 };
    const found: SearchState[] = [];
    const evaluate = evaluateBy(landscape);
    for await (const state of steadySearch(settings, evaluate, NEVER, INITIAL_STATE, 4)) found.push(state);
    const drawn: SearchState[] = [];
    for await (const state of search({ ...settings, strategy: 'random' }, evaluate, NEVER)) drawn.push(state);
    const [ours, theirs] = [found.at(-1) as SearchState, drawn.at(-1) as SearchState];
    expect(ours.individuals).toHaveLength(theirs.individuals.length);
    const all = [...ours.individuals, ...theirs.individuals];
    const frame = scaleOver(all.map(({ evaluation }) => measureOf(evaluation, settings)));
    const volume = (state: SearchState): number => hypervolumeOf(settings, { ...state, frame });
    gains.push(volume(ours) - volume(theirs));
  }
  expect(gains.filter((gain) => gain > 0).length).toBeGreaterThanOrEqual(7);
  expect(gains.reduce((sum, gain) => sum + gain, 0)).toBeGreaterThan(0);
});

test('a failure, and a signal, end it; nothing more is asked for', async () => {
  const fails: Evaluate = () => Promise.reject(new Error('no engine'));
  await expect(run(3, fails)).rejects.toThrow('no engine');
  const stop = new AbortController();
  let signalled = 0;
  const states = steadySearch(
    SETTINGS,
    (candidates, signal) => {
      signal.addEventListener('abort', () => (signalled += 1));
      return evaluateBy(landscape)(candidates, signal);
    },
    stop.signal,
    INITIAL_STATE,
    3,
  );
  await states.next();
  stop.abort(new Error('enough'));
  await expect(states.next()).rejects.toThrow('enough');
  expect(signalled).toBeGreaterThan(0);
});

test('a score of what is not under way is a fault', () => {
  const state = replay(SETTINGS, [], 1);
  expect(() => admit(SETTINGS, state, 'nobody' as never, landscape([1]))).toThrow(/not under way/u);
});
